"""What the API serves: who may ask, with what, and what comes back, said once.

From these declarations requests are checked and the OpenAPI document is made.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from asterisk_hotdesk.model import ApiToken, Role, Source

PREFIX = "/api/v1"


class Content(BaseModel):
    """What is sent: nothing unknown, nothing of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Content):
    """Nothing is sent."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request of a program that may make it."""

    http: web.Request
    token: ApiToken
    query: Any
    """The `query` of the route."""
    body: Any = field(repr=False)
    """The `body` of the route."""

    @property
    def source(self) -> Source:
        """Return who does what this request does."""
        return Source("api", self.token.name, self.http.remote or "")


@dataclass(frozen=True, kw_only=True)
class ApiRoute:
    """One thing that programs can ask for."""

    method: Literal["GET", "POST", "PUT", "PATCH"]
    path: str
    needs: Role
    """The least role of the token."""
    says: str
    """What it does, for the OpenAPI document."""
    answer: Callable[[Call], Awaitable[BaseModel]]
    gives: type[BaseModel]
    query: type[Content] = Nothing
    body: type[Content] = Nothing
    refusals: tuple[int, ...] = ()
    """Further statuses that it may be refused with."""
