"""A window of the browser, watched: what goes wrong in it fails the test."""

from __future__ import annotations

from typing import Literal

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
)

from tests.browser.chromium import PATIENCE_MS

Scheme = Literal["light", "dark"]


class Window:
    """One page as one person sees it, with cookies that no other window has."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.home = home
        self._expected: list[str] = []
        self.complaints: list[str] = []
        self._watch(page.context)

    @classmethod
    async def opened(
        cls,
        browser: Browser,
        home: str,
        *,
        language: str = "en",
        width: int = 1280,
        scheme: Scheme = "light",
        scripts: bool = True,
    ) -> Window:
        """Open a window, in which *home* is where addresses without a host lead."""
        context = await browser.new_context(
            base_url=home,
            locale=language,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(PATIENCE_MS)
        return cls(await context.new_page(), home)

    def expects(self, *words: str) -> None:
        """Say that messages with one of *words* in them are part of the test."""
        self._expected += words

    async def log_in(self, username: str, password: str) -> None:
        """Log in as the form does, but without looking at it."""
        answer = await self.page.request.post(
            "/login",
            form={"name": username, "password": password},
            headers={"Origin": self.home},
            max_redirects=0,
        )
        assert answer.status == 303, await answer.text()

    @property
    def troubles(self) -> list[str]:
        """Return what went wrong: errors, what the policy forbade, and strangers.

        Without what was to be expected.
        """
        return [
            trouble
            for trouble in self.complaints
            if not any(words in trouble for words in self._expected)
        ]

    def _watch(self, context: BrowserContext) -> None:
        context.on("console", self._note_message)
        context.on("weberror", self._note_error)
        context.on("request", self._note_request)

    def _note_message(self, message: ConsoleMessage) -> None:
        # What the content security policy forbids is told here, as an error.
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _note_error(self, error: WebError) -> None:
        self.complaints.append(f"script: {error.error.message}")

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.home}/", "data:", "about:")):
            self.complaints.append(f"asked a stranger: {request.url}")
