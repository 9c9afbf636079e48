"""HTTP at an address of the settings, for as long as the service runs."""

from __future__ import annotations

import asyncio
import ssl

from aiohttp.web import Application

from asterisk_hotdesk import web
from asterisk_hotdesk.errors import ConfigError


async def serve(
    app: Application,
    host: str,
    port: int,
    *,
    setting: str,
    encryption: ssl.SSLContext | None = None,
) -> None:
    """Answer HTTP, for ever.

    Raises `ConfigError`, which names the *setting*, where the port cannot be used.
    """
    try:
        async with web.listening(app, host, port, encryption=encryption):
            await asyncio.Event().wait()
    except OSError as error:
        raise ConfigError(
            f"{setting}: {host}:{port} cannot be used ({error.strerror or error});"
            " does another program use it?"
        ) from None
