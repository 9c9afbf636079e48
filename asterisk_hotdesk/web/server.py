"""The HTTP server: limits for whoever asks, TLS, and nothing secret in the log."""

from __future__ import annotations

import asyncio
import logging
import resource
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.hdrs import SERVER
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from asterisk_hotdesk.config import ProvisioningConfig
from asterisk_hotdesk.errors import ConfigError, Unavailable

log = logging.getLogger(__name__)

WAITING_CONNECTIONS = 4096
"""How many phones may knock at once, as after a power failure; Linux's own limit."""


def app_of(*routes: web.RouteDef) -> web.Application:
    """Return an application that says nothing about itself."""
    app = web.Application(middlewares=[_say_when_unavailable], client_max_size=1024)
    app.on_response_prepare.append(hide_software)
    app.add_routes([web.get("/healthz", _healthz), *routes])
    return app


def tls(config: ProvisioningConfig) -> ssl.SSLContext | None:
    """Return how we speak HTTPS, or None for HTTP.

    Raises `ConfigError` that names the file which cannot be used.
    """
    context = certified(config.tls_certificate, config.tls_key, table="provisioning")
    if context and config.client_certificates != "off":
        # Never required here: a phone without one is to get the answer that unknown
        # phones get.
        context.verify_mode = ssl.CERT_OPTIONAL
        try:
            context.load_verify_locations(config.client_ca)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"provisioning.client_ca: {config.client_ca} is no file of certificates"
                f" in PEM that the service can read ({_reason(error)})"
            ) from None
    return context


def certified(
    certificate: Path | None, key: Path | None, *, table: str
) -> ssl.SSLContext | None:
    """Return how we speak HTTPS with *certificate*, or None for HTTP.

    *table* of the settings names them.  Raises `ConfigError` if they cannot be used.
    """
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"{table}.tls_certificate and tls_key: {certificate} and {key} are not a"
            " certificate and its key in PEM that the service can read"
            f" ({_reason(error)})"
        ) from None
    return context


def _reason(error: OSError) -> str:
    return error.strerror or getattr(error, "reason", None) or type(error).__name__


BODY_SECONDS = 10.0
"""Whoever sends a body has so long for it: aiohttp limits only the time of headers."""

OPEN_FILES = 65_536
"""More are of no use."""


@asynccontextmanager
async def listening(
    app: web.Application,
    host: str,
    port: int,
    *,
    encryption: ssl.SSLContext | None = None,
    patience_seconds: float = 10,
) -> AsyncIterator[int]:
    """Answer HTTP at *host* while the block runs; gives the port, also for port 0.

    Who does not send the head of a request within *patience_seconds* is cut off.
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
    _allow_many_connections()
    await runner.setup()
    try:
        assert runner.server is not None  # noqa: S101 - made by setup()
        # Not aiohttp's own site: it lets a TLS handshake take a minute.
        server = await asyncio.get_running_loop().create_server(
            runner.server,
            host,
            port,
            ssl=encryption,
            ssl_handshake_timeout=patience_seconds if encryption else None,
            backlog=WAITING_CONNECTIONS,
        )
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            # Not awaited: that would wait for connections which are closed below.
            server.close()
    finally:
        await runner.cleanup()


def _allow_many_connections() -> None:
    """Let this process have as many open files as it may.

    Most systems begin with 1,024, and after a power failure every phone connects at
    once.
    """
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(most, OPEN_FILES)
    if now != resource.RLIM_INFINITY and now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


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


async def hide_software(request: web.Request, response: web.StreamResponse) -> None:
    """Take out of *response* which software we are."""
    response.headers.pop(SERVER, None)


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Return whether to log it: what a client sent wrong may hold its token."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


_http_log = logging.getLogger(f"{__name__}.http")
_http_log.addFilter(_is_our_fault)
