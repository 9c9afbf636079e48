"""HTTP for phones: each fetches its own configuration, and the fetch is the proof."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from aiohttp import web
from aiohttp.hdrs import SERVER
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.model import Desk
from asterisk_hotdesk.phones import (
    PhoneSettings,
    choose_kind,
    kind_of_user_agent,
    phone_file,
    render,
)

TOKEN_DIGITS = 40
"""Hexadecimal: 160 bits, so that nobody finds one by trying."""

USER_AGENT_LENGTH = 200

log = logging.getLogger(__name__)


class PhoneStore(Protocol):
    """What we ask of the database."""

    async def desk_by_mac(self, mac: str) -> Desk | None:
        """Return the desk of the phone with *mac*, twelve lower-case digits."""

    async def note_fetch(
        self, device_name: str, generation: int, user_agent: str, address: str
    ) -> None:
        """Record that the phone has fetched the configuration of *generation*."""


def provisioning_token(key: bytes, mac: str) -> str:
    """Return the token of the phone with *mac*.

    It is derived, so nothing secret is stored per phone, and one phone's token says
    nothing about another's.
    """
    digest = hmac.new(key, b"provisioning:" + mac.encode(), hashlib.sha256)
    return digest.hexdigest()[:TOKEN_DIGITS]


def provisioning_url(config: Config, key: bytes, mac: str) -> str:
    """Return where the phone with *mac* fetches its configuration; a secret."""
    token = provisioning_token(key, mac)
    return f"{config.provisioning.base_url}/p/{token}/{mac}.xml"


def provisioning_app(store: PhoneStore, config: Config, key: bytes) -> web.Application:
    """Return what answers phones; *key* makes their tokens."""

    async def configuration(request: web.Request) -> web.StreamResponse:
        mac = request.match_info["mac"].lower()
        desk = await store.desk_by_mac(mac)
        # Only now, and for unknown phones too: who guesses must not learn from the
        # answer, or from how long it took, which phones there are.
        token_is_right = hmac.compare_digest(
            request.match_info["token"], provisioning_token(key, mac)
        )
        if desk is None or not token_is_right:
            raise web.HTTPNotFound

        seen = kind_of_user_agent(request.headers.get("User-Agent", ""))
        file = phone_file(f"{mac}.xml")
        assert file is not None  # noqa: S101 - the route has seen to the name
        kind = choose_kind(file, seen, desk.device.phone)
        document = render(file, desk, (), _phone_settings(config, key, mac), kind)
        response = web.Response(
            text=document.text,
            content_type=document.content_type,
            charset="utf-8",
            headers={"Cache-Control": "no-store"},
        )
        await response.prepare(request)
        await response.write_eof()
        if request.method == "GET":
            await _note_fetch(store, desk, request)
        return response

    app = web.Application(middlewares=[_say_when_unavailable], client_max_size=1024)
    app.on_response_prepare.append(_hide_software)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get(
        f"/p/{{token:[0-9a-f]{{{TOKEN_DIGITS}}}}}/{{mac:[0-9A-Fa-f]{{12}}}}.xml",
        configuration,
    )
    return app


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, *, patience_seconds: float = 10
) -> AsyncIterator[int]:
    """Answer HTTP at *host* while the block runs; gives the port, also for port 0.

    Who does not send a whole request within *patience_seconds* is cut off.
    """
    # No access log: a phone's token is part of its URL.  Our own logger, for the
    # filter below.  aiohttp cuts off a first request that never ends since 3.14.4;
    # before, `keepalive_timeout` began only after an answer.
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_http_log,
        keepalive_timeout=patience_seconds,
        lingering_time=1,
        max_line_size=1024,
        max_field_size=4096,
        max_headers=50,
        shutdown_timeout=5,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _phone_settings(config: Config, key: bytes, mac: str) -> PhoneSettings:
    return PhoneSettings(
        sip_server=config.provisioning.sip_server,
        sip_port=config.provisioning.sip_port,
        setting_url=provisioning_url(config, key, mac).rpartition("/")[0],
        ask_code=config.codes.ask_code(),
        logout_code=config.codes.logout_code(),
        emergency_numbers=config.emergency.numbers,
        default_language=config.provisioning.language,
        tone_scheme=config.provisioning.tone_scheme,
        timezone=config.provisioning.timezone,
    )


async def _note_fetch(store: PhoneStore, desk: Desk, request: web.Request) -> None:
    user_agent = "".join(filter(str.isprintable, request.headers.get("User-Agent", "")))
    try:
        await store.note_fetch(
            desk.device.name,
            desk.generation,
            user_agent[:USER_AGENT_LENGTH],
            request.remote or "",
        )
    except Unavailable:
        # The phone has what it wants; it is asked to fetch again while unconfirmed.
        log.warning("%s fetched, but that could not be recorded", desk.device.name)


async def _healthz(request: web.Request) -> web.Response:
    return web.Response(text="ok")


@web.middleware
async def _say_when_unavailable(
    request: web.Request, handler: Handler
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Unavailable:
        log.warning("%s gets no answer: the database is unavailable", request.remote)
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"}) from None


async def _hide_software(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.pop(SERVER, None)


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Return whether to log it: what a client sent wrong may hold its token."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


_http_log = logging.getLogger(f"{__name__}.http")
_http_log.addFilter(_is_our_fault)
