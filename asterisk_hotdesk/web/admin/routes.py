"""What is served, and who may ask for it: said once, where a route is declared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

from asterisk_hotdesk.administrators import Session
from asterisk_hotdesk.model import Role, Source
from asterisk_hotdesk.web.admin.words import Words


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request for a page, by somebody who may make it."""

    http: web.Request
    words: Words
    session: Session | None
    """None: nobody is logged in, which only routes for everybody allow."""
    form: Mapping[str, str] = field(repr=False)
    """Of a POST that came from one of our own pages; else empty."""

    @property
    def logged_in(self) -> Session:
        """Return the session of whoever asks, on routes that need a role."""
        assert self.session is not None  # noqa: S101 - checked before the route is run
        return self.session

    @property
    def address(self) -> str:
        """Return the IP address that the request came from."""
        return self.http.remote or ""

    @property
    def source(self) -> Source:
        """Return who does what this request does."""
        return Source("web", self.logged_in.administrator.name, self.address)


@dataclass(frozen=True, kw_only=True)
class Route:
    """A page, or what a form of a page does."""

    method: Literal["GET", "POST"]
    path: str
    needs: Role | None
    """The least role; None: everybody, also who is not logged in."""
    answer: Callable[[Visit], Awaitable[web.StreamResponse]]
    is_use: bool = True
    """Whether a request keeps the session alive, as those that a person makes do."""


def page(
    path: str,
    needs: Role | None,
    answer: Callable[[Visit], Awaitable[web.StreamResponse]],
) -> Route:
    """Return the route of a page that can be looked at."""
    return Route(method="GET", path=path, needs=needs, answer=answer)


def action(
    path: str,
    needs: Role | None,
    answer: Callable[[Visit], Awaitable[web.StreamResponse]],
) -> Route:
    """Return the route of what a form does."""
    return Route(method="POST", path=path, needs=needs, answer=answer)
