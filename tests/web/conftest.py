"""The administrators' site on a real database, and browsers for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from asterisk_hotdesk import administrators
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.model import BY_COMMAND, Role, Seating
from asterisk_hotdesk.store import Database
from asterisk_hotdesk.web import listening
from asterisk_hotdesk.web.admin import AdminSite
from tests.lab.ports import free_tcp_port
from tests.postgres.office import Office, opened
from tests.web.visitor import Visitor

PASSWORD, WRONG = "correct horse battery", "wrong horse battery"


@dataclass
class Served:
    """The site of an office whose PBX follows at once."""

    office: Office
    site: AdminSite
    base_url: str
    _stack: AsyncExitStack

    async def visitor(self, language: str = "en") -> Visitor:
        """Return a new browser."""
        client = await self._stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        )
        return Visitor(self.base_url, client, language)

    async def add(self, name: str, role: str = "admin", language: str = "") -> None:
        """Add an administrator, whose password is PASSWORD."""
        await administrators.add(
            self.office.database,
            self.office.desks.pins,
            name=name,
            password=PASSWORD,
            role=Role(role),
            language=language,
            source=BY_COMMAND,
            now=self.office.now,
        )

    async def logged_in(self, role: str = "admin", language: str = "en") -> Visitor:
        """Return the browser of a new administrator called like the *role*."""
        await self.add(role, role)
        visitor = await self.visitor(language)
        shown = await visitor.log_in(role, PASSWORD)
        assert shown.status == 200
        return visitor

    async def program(self, role: str = "admin") -> Visitor:
        """Return a program with a token."""
        token = await administrators.add_token(
            self.office.database,
            name=f"program-{role}",
            role=Role(role),
            source=BY_COMMAND,
            now=self.office.now,
        )
        visitor = await self.visitor()
        visitor.headers["Authorization"] = f"Bearer {token}"
        return visitor

    async def told(self, what: str) -> list[tuple[object, ...]]:
        """Return who did *what*: code, by, actor, address and name."""
        return await self.office.rows(
            "SELECT code, by, actor, address, name FROM events WHERE what = %s"
            " ORDER BY id",
            what,
        )


@pytest.fixture
def settings() -> dict[str, Any]:
    """Return what a test sets in [web]."""
    return {}


@pytest.fixture
async def served(
    database: Database, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> AsyncIterator[Served]:
    port = free_tcp_port()
    base_url = f"http://127.0.0.1:{port}"
    async with opened(database, monkeypatch) as office, AsyncExitStack() as stack:

        async def follow(seating: Seating) -> None:
            await office.rows(
                "UPDATE switches SET routed_at = decided_at WHERE routed_at IS NULL"
                " RETURNING id"
            )

        office.desks = replace(office.desks, follow=follow)
        config = Config.model_validate(
            {
                "asterisk": {"ari_password": "x", "ami_secret": "y"},
                "provisioning": {"timezone": "Europe/Berlin"},
                "web": {"enabled": True, "base_url": base_url, **settings},
            }
        )
        site = AdminSite(config, office.desks, office.desks.pins, lambda: office.now)
        await stack.enter_async_context(listening(site.app(), "127.0.0.1", port))
        yield Served(office, site, base_url, stack)
