"""A browser without a screen: keeps cookies, and sends the forms it was given."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    text: str
    headers: dict[str, str]
    path: str
    """Where the browser is now."""

    def has(self, *words: str) -> bool:
        """Return whether a person would read all of these here."""
        return all(word in self.plain for word in words)

    @property
    def plain(self) -> str:
        """Return the page without its markup."""
        main = self.text.partition("<main")[2].partition("</main>")[0] or self.text
        return " ".join(html.unescape(re.sub("<[^>]*>", " ", main)).split())

    @property
    def rows(self) -> dict[str, str]:
        """Return what the rows of the list say, by device."""
        found = re.findall(
            r'<tr [^>]*data-device="(\w+)"[^>]*>(.*?)</tr>', self.text, re.S
        )
        return {
            device: " ".join(html.unescape(re.sub("<[^>]*>", " ", row)).split())
            for device, row in found
        }

    @property
    def headings(self) -> list[str]:
        """Return what heads the rows of all tables."""
        found = re.findall(r'<th role="rowheader"[^>]*>(.*?)</th>', self.text, re.S)
        return [html.unescape(re.sub("<[^>]*>", "", head)).strip() for head in found]

    def link(self, words: str) -> str:
        """Return where the link that says *words* leads."""
        link = re.search(
            rf'<a [^>]*href="([^"]*)"[^>]*>{re.escape(words)}</a>', self.text
        )
        assert link, f"there is no link {words} on {self.path}"
        return html.unescape(link[1])

    def hidden(self, action: str) -> dict[str, str]:
        """Return the hidden fields of the form that is sent to *action*."""
        where = re.escape(html.escape(action))
        form = re.search(
            rf'<form method="post" action="{where}".*?</form>', self.text, re.S
        )
        assert form, f"there is no form to {action} on {self.path}"
        fields = re.findall(
            r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]
        )
        return {name: html.unescape(value) for name, value in fields}


@dataclass
class Visitor:
    """One browser, or one program with a token."""

    base_url: str
    client: aiohttp.ClientSession
    language: str = "en"
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> Page:
        """Return what is shown at *path*, after all redirections."""
        return await self._ask("GET", path, headers=headers)

    async def send(self, path: str, form: dict[str, str], **headers: str) -> Page:
        """Return what comes after *form*, sent as it is."""
        return await self._ask(
            "POST", path, headers={"Origin": self.base_url, **headers}, data=form
        )

    async def fill(self, page: Page, action: str, **fields: str) -> Page:
        """Return what comes after the form on *page* that goes to *action*."""
        return await self.send(action, page.hidden(action) | fields)

    async def log_in(self, name: str, password: str) -> Page:
        """Return what comes after the login form."""
        form = await self.get("/login")
        return await self.fill(form, "/login", name=name, password=password)

    async def ask_api(
        self, path: str, content: object = None, method: str = "", **headers: str
    ) -> tuple[int, Any]:
        """Return status and JSON of the API."""
        async with self.client.request(
            method or ("GET" if content is None else "POST"),
            self.base_url + path,
            json=content,
            headers=self.headers | headers,
        ) as answer:
            return answer.status, json.loads(await answer.text())

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[asyncio.Queue[tuple[str, Any]]]:
        """Yield what the live stream says from now on: names and contents."""
        heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

        async def listen(answer: aiohttp.ClientResponse) -> None:
            event = ""
            async for line in answer.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "event":
                    event = value
                elif name == "data":
                    heard.put_nowait((event, json.loads(value)))

        async with self.client.get(
            f"{self.base_url}/live/desks",
            headers={"Accept-Language": self.language},
            timeout=aiohttp.ClientTimeout(total=None),
        ) as answer:
            listening = asyncio.ensure_future(listen(answer))
            try:
                async with asyncio.timeout(10):
                    assert await heard.get() == ("beat", {})
                yield heard
            finally:
                listening.cancel()
                await asyncio.wait([listening])

    async def _ask(self, method: str, path: str, **more: Any) -> Page:
        more["headers"] = {"Accept-Language": self.language} | more["headers"]
        async with self.client.request(method, self.base_url + path, **more) as answer:
            return Page(
                answer.status,
                await answer.text(),
                dict(answer.headers),
                answer.url.path_qs,
            )
