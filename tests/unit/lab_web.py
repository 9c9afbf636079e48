"""A web server on 127.0.0.1 that gives the lab's phones what a test tells it to."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.lab.rtp import Changes

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


class LabWeb:
    """Answers by path; what it has no answer for is 404."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str, str]] = {}  # status, type, text
        self.asked: list[str] = []  # path and query, as they came
        self.agents: list[str] = []
        self.subjects: list[str] = []  # of the certificates that phones showed
        self.changes = Changes()
        self._base = ""

    def url(self, path: str) -> str:
        """Return the absolute URL of *path*, its variables untouched."""
        return self._base + path

    def page(self, path: str, xml: str) -> None:
        """Serve the page *xml* at *path*; WEB in it stands for this server."""
        self.answers[path] = (200, "text/xml", XML + xml.replace("WEB", self._base))

    async def asked_for(self, path: str) -> None:
        """Return once somebody has asked for *path*."""
        await self.changes.until(
            lambda: path in self.asked, 5, lambda: f"{path} in {self.asked}"
        )

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.raw_path))
        self.agents.append(request.headers["User-Agent"])
        if request.transport and (
            shown := request.transport.get_extra_info("peercert")
        ):
            self.subjects += [v for part in shown["subject"] for _, v in part]
        status, kind, text = self.answers.get(request.path, (404, "text/plain", ""))
        self.changes.happened()
        return web.Response(text=text, status=status, content_type=kind)


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[LabWeb]:
    """Serve until the block ends, with HTTPS if *tls* is given."""
    lab = LabWeb()
    app = web.Application()
    app.router.add_get("/{path:.*}", lab._answer)
    server = TestServer(app)
    await server.start_server(ssl=tls)
    lab._base = f"{server.scheme}://127.0.0.1:{server.port}"
    try:
        yield lab
    finally:
        await server.close()
