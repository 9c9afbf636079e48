"""Who may use the API: every request is checked here, and nowhere else."""

from __future__ import annotations

import asyncio
import json
import logging
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from asterisk_hotdesk.administrators import Administrators
from asterisk_hotdesk.errors import Invalid, NotPermitted, Refused, Unavailable
from asterisk_hotdesk.web.admin.api import problems
from asterisk_hotdesk.web.admin.api.routes import ApiRoute, Call
from asterisk_hotdesk.web.server import BODY_SECONDS

log = logging.getLogger(__name__)


class NotJson(Invalid):
    """The content is not JSON."""

    code = "not_json"


class ApiDoors:
    """Lets programs in that have a token with a sufficient role."""

    def __init__(self, administrators: Administrators) -> None:
        self._administrators = administrators

    def guarded(self, route: ApiRoute) -> Handler:
        """Return what answers *route*; whatever goes wrong is told as a problem."""

        async def serve(http: web.Request) -> web.StreamResponse:
            try:
                return await self._served(route, http)
            except Refused as refusal:
                return problems.of_refusal(refusal)
            except ValidationError as error:
                return problems.of_content(error)
            except Unavailable:
                log.warning("%s: the database is unavailable", http.path)
                return problems.problem(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    "unavailable",
                    "The database does not answer; try again later.",
                )
            except web.HTTPRequestTimeout:
                return problems.problem(408, "too_slow", "The content did not come.")
            except web.HTTPRequestEntityTooLarge:
                return problems.problem(413, "too_large", "The content is too large.")
            except Exception:
                log.exception("the API could not answer %s", http.path)
                return problems.problem(500, "mistake", "This is a mistake of ours.")

        return serve

    async def _served(self, route: ApiRoute, http: web.Request) -> web.Response:
        scheme, _, text = http.headers.get("Authorization", "").partition(" ")
        token = None
        if scheme.lower() == "bearer":
            token = await self._administrators.token(text.strip())
        if token is None:
            return problems.problem(
                HTTPStatus.UNAUTHORIZED,
                "no_token",
                "Send the header Authorization: Bearer TOKEN; see hotdesk admin token.",
            )
        if not token.role.covers(route.needs):
            raise NotPermitted(
                f"This needs the role {route.needs}, and the token {token.name} has the"
                f" role {token.role}."
            )
        call = Call(
            http=http,
            token=token,
            query=route.query.model_validate_strings(dict(http.query)),
            body=route.body.model_validate(await _content(http)),
        )
        content = await route.answer(call)
        return web.Response(
            text=content.model_dump_json(), content_type="application/json"
        )


async def _content(http: web.Request) -> object:
    """Return the JSON that was sent; an empty object where there is none.

    Raises `NotJson` if it is something else.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await http.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    if not body:
        return {}
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise NotJson from None
