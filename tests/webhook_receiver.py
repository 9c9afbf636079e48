"""A receiver of webhooks over real HTTP, which checks signatures as one should."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

SECRET = "whsec_" + base64.b64encode(b"k3y-0f-a-receiver-in-tests").decode()

TOLERANCE_SECONDS = 300

Behaviour = int | Literal["hang", "close"]
"""A status to answer, or what a broken receiver does instead."""


@dataclass(frozen=True)
class Received:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def is_genuine(self, secret: str = SECRET) -> bool:
        """Return whether whoever knows *secret* has signed it, just now.

        Source: Standard Webhooks specification, "Verifying webhook authenticity".
        """
        sent_at = self.headers["webhook-timestamp"]
        if abs(time.time() - int(sent_at)) > TOLERANCE_SECONDS:
            return False
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id}.{sent_at}.".encode() + self.body
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """Keeps what it gets; answers 204 unless it is told to behave otherwise."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    behaviours: list[Behaviour] = field(default_factory=list)
    """Of the next requests, one after the other."""
    always: Behaviour = 204
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append(Received(headers, await request.read()))
        self._came.set()
        behaviour = self.behaviours.pop(0) if self.behaviours else self.always
        if behaviour == "hang":
            await self._ended.wait()
        if not isinstance(behaviour, int):
            assert request.transport is not None
            request.transport.abort()
            behaviour = 500
        return web.Response(status=behaviour, headers={"Location": f"{self.url}?again"})

    async def gets(self, count: int) -> list[Received]:
        """Return the first *count* requests, once they have come."""
        async with asyncio.timeout(10):
            while len(self.got) < count:
                self._came.clear()
                await self._came.wait()
        return self.got[:count]

    async def gets_one(self, **content: str) -> Received:
        """Return the first request with this *content*, once it has come."""
        count = 0
        while True:
            count += 1
            got = (await self.gets(count))[-1]
            if content.items() <= got.json.items():
                return got

    def end(self) -> None:
        """Let go of those that hang."""
        self._ended.set()


@asynccontextmanager
async def receiving(
    encryption: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[Receiver]:
    """Yield a receiver that listens, over HTTPS where it is given *encryption*."""
    receiver = Receiver()
    app = web.Application()
    app.add_routes([web.post("/hook", receiver.take)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=encryption)
    await site.start()
    try:
        scheme = "https" if encryption else "http"
        found = runner.addresses[0][1]
        receiver.url = f"{scheme}://127.0.0.1:{found}/hook"
        yield receiver
    finally:
        receiver.end()
        await runner.cleanup()
