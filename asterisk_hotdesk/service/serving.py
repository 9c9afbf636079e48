"""HTTP at an address of the settings."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp.web import Application

from asterisk_hotdesk import web
from asterisk_hotdesk.errors import ConfigError


@asynccontextmanager
async def served(
    app: Application,
    host: str,
    port: int,
    *,
    setting: str,
    encryption: ssl.SSLContext | None = None,
) -> AsyncIterator[None]:
    """Answer HTTP while the block runs.

    Raises `ConfigError`, which names the *setting*, where the port cannot be used.
    """
    async with AsyncExitStack() as stack:
        try:
            listening = web.listening(app, host, port, encryption=encryption)
            await stack.enter_async_context(listening)
        except OSError as error:
            raise ConfigError(
                f"{setting}: {host}:{port} cannot be used ({error.strerror or error});"
                " does another program use it?"
            ) from None
        yield
