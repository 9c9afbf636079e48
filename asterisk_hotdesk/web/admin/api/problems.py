"""What the API answers when something is refused: RFC 9457, with our stable codes."""

from __future__ import annotations

import json
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, ValidationError

from asterisk_hotdesk.errors import (
    AlreadyExists,
    AlreadyLoggedIn,
    Conflict,
    InEmergency,
    Invalid,
    NobodyLoggedIn,
    NotFound,
    NotPermitted,
    Refused,
)

CONTENT_TYPE = "application/problem+json"

_STATUSES: tuple[tuple[type[Refused], HTTPStatus], ...] = (
    (Invalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotFound, HTTPStatus.NOT_FOUND),
    (NotPermitted, HTTPStatus.FORBIDDEN),
    (AlreadyExists, HTTPStatus.CONFLICT),
    (AlreadyLoggedIn, HTTPStatus.CONFLICT),
    (Conflict, HTTPStatus.CONFLICT),
    (InEmergency, HTTPStatus.CONFLICT),
    (NobodyLoggedIn, HTTPStatus.CONFLICT),
    (Refused, HTTPStatus.FORBIDDEN),
)
"""The first that fits."""


class Problem(BaseModel):
    """Why a request was refused, as in RFC 9457."""

    status: int
    title: str
    detail: str
    """A sentence for people."""
    code: str
    """For programs; never renamed."""


def of_refusal(refusal: Refused) -> web.Response:
    """Return the answer to a request that the rules forbid."""
    status = next(status for kind, status in _STATUSES if isinstance(refusal, kind))
    return problem(status, refusal.code, str(refusal))


def of_content(error: ValidationError) -> web.Response:
    """Return the answer to a request whose content is wrong; it names what, and why."""
    told = "; ".join(
        f"{'.'.join(map(str, found['loc'])) or 'the content'}: {found['msg']}"
        for found in error.errors(include_url=False, include_input=False)[:5]
    )
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", told)


def problem(status: int, code: str, detail: str) -> web.Response:
    """Return a problem as the API tells it."""
    title = HTTPStatus(status).phrase
    content = Problem(status=status, title=title, detail=detail, code=code)
    headers = (
        {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    )
    return web.Response(
        status=status,
        text=json.dumps(content.model_dump()),
        content_type=CONTENT_TYPE,
        headers=headers,
    )
