"""The browser of a desk phone: one page at a time, used as a person uses it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import aiohttp

from tests.lab.rtp import Changes
from tests.lab.web_client import HiddenQuery

WEB = ("http://", "https://")


class BadPage(Exception):
    """A page that a phone would not show, or not as it was meant; names the culprit."""


class Answer(NamedTuple):
    """What a web server answered."""

    status: int
    type: str  # the Content-Type without its parameters
    charset: str | None
    body: bytes


@dataclass(frozen=True)
class Item:
    """A line of a menu, or a soft key: opens its URL, or its sub-menu."""

    name: str
    url: str = ""
    menu: "Page | None" = None


@dataclass(frozen=True)
class Field:
    """Where a person types; `parameter` is what carries the text to the server."""

    label: str
    parameter: str
    default: str = ""
    hidden: bool = False
    digits: bool = False
    editable: bool = True

    def shows(self, text: str) -> str:
        """What stands on the display when this was typed."""
        return "*" * len(text) if self.hidden else text


@dataclass(frozen=True)
class Page:
    """What a server wants to be shown; `follow` are seconds, and the URL after them."""

    lines: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    fields: tuple[Field, ...] = ()
    soft_keys: tuple[Item, ...] = ()
    url: str = ""  # gets what was typed
    follow: tuple[float, str] | None = None
    silent: bool = False  # obeyed, not shown


class Dialect(NamedTuple):
    """How one vendor's browser works."""

    read: Callable[[Answer], Page]  # raises BadPage
    submitted: Callable[[Page, Sequence[str]], str]  # the URL with what was typed
    command: Callable[[str, str], Awaitable[None]]  # not on the web; from which host


class Browser:
    """Closed, or with a page. `ask` gets a URL; it raises as aiohttp's clients do."""

    def __init__(
        self,
        ask: Callable[[str], Awaitable[Answer]],
        dialect: Dialect,
        changes: Changes,
        problems: list[BaseException],
    ) -> None:
        self.page: Page | None = None
        self.typed = ""  # as the display showed it: a hidden field has only stars
        self._host = ""  # that sent the page
        self._fields: list[str] = []
        self._ask, self._dialect = ask, dialect
        self._changes, self._problems = changes, problems
        self._timer: asyncio.Task[None] | None = None

    def lines(self) -> list[str]:
        """The page as text: its lines, menu, fields and soft keys; [] if closed."""
        if self.page is None:
            return []
        shown = [*self.page.lines, *(item.name for item in self.page.items)]
        for field, text in zip(self.page.fields, self._fields, strict=True):
            shown += [field.label, text]
        shown.append(" ".join(f"[{key.name}]" for key in self.page.soft_keys))
        return [line for line in shown if line]

    async def choose(self, name: str) -> None:
        """Choose a line of the menu; returns when what it opens is there."""
        await self._activate(name, self.page.items if self.page else ())

    async def press_soft_key(self, name: str) -> None:
        """Press the key under a label on the display."""
        await self._activate(name, self.page.soft_keys if self.page else ())

    async def type(self, *texts: str) -> None:
        """Type into the fields in their order, then OK; returns with the answer."""
        __tracebackhide__ = True  # what is typed may be a PIN
        page = self.page or Page()
        editable = [field for field in page.fields if field.editable]
        if not editable or len(texts) != len(editable):
            wanted = f"{len(editable)} fields for {len(texts)} texts"
            raise LookupError(f"{wanted} on {self.lines()}")
        for field, text in zip(editable, texts, strict=True):
            if field.digits and not (text.isascii() and text.isdigit()):
                raise ValueError(f"{field.label!r} takes nothing but digits")
        given = iter(texts)
        values = [next(given) if f.editable else f.default for f in page.fields]
        shown = zip(page.fields, values, strict=True)
        self._fields = [field.shows(value) for field, value in shown]
        typed = zip(editable, texts, strict=True)
        self.typed = " ".join(field.shows(text) for field, text in typed)
        self._changes.happened()
        await self.open(self._dialect.submitted(page, values))

    async def open(self, url: str) -> None:
        """Show what is there; an error page if the server does not deliver."""
        url = HiddenQuery(url)
        if not url.startswith(WEB):
            await self._dialect.command(url, self._host)
            return
        host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
        try:
            answer = await self._ask(url)
        except (aiohttp.ClientError, TimeoutError) as problem:
            self.show(Page((f"No answer: {type(problem).__name__}",)), host)
            return
        if answer.status != 200:
            self.show(Page((f"HTTP {answer.status}",)), host)
        elif answer.body:
            self.show(self._dialect.read(answer), host)

    def show(self, page: Page, host: str) -> None:
        """Show a page in place of the one before; `host` is whose page it is."""
        self._stop_waiting()
        self._host = host
        if not page.silent:
            self.page = page
            self._fields = [field.shows(field.default) for field in page.fields]
        if page.follow:
            self._timer = asyncio.create_task(self._open_later(*page.follow))
        self._changes.happened()

    def close(self) -> None:
        """Go back to what the phone shows by itself."""
        self._stop_waiting()
        self.page = None
        self._changes.happened()

    async def _activate(self, name: str, items: Sequence[Item]) -> None:
        item = next((item for item in items if item.name == name), None)
        if item is None:
            raise LookupError(f"no {name!r} on {self.lines()}")
        if item.menu:
            self.show(item.menu, self._host)
        else:
            await self.open(item.url)

    async def _open_later(self, seconds: float, url: str) -> None:
        await asyncio.sleep(seconds)
        self._timer = None  # from here on the next page must not cancel this
        try:
            await self.open(url)
        except Exception as problem:
            self._problems.append(problem)
        self._changes.happened()

    def _stop_waiting(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
