"""The command with a database of its own, and a daemon that only says it has routed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg.rows import DictRow

from asterisk_hotdesk.model import Change
from asterisk_hotdesk.store import Database, events, installation, logins
from tests.cli.command import Command, settings

_END = Change(devices=frozenset({"the end"}))
"""What makes the daemon stop once it has heard all that came before."""

Rows = Callable[..., Awaitable[list[DictRow]]]


@pytest.fixture
def hotdesk(database: Database, postgres_dsn: str, tmp_path: Path) -> Command:
    """Return the command, with an empty database."""
    config = tmp_path / "hotdesk.toml"
    config.write_text(settings(postgres_dsn, database.schema, tmp_path / "state"))
    config.chmod(0o600)
    return Command(config, database)


@pytest.fixture
async def office(hotdesk: Command) -> Command:
    """Return the command, with devices HD0001 to HD0003 and users 100 to 102."""
    await hotdesk.succeeds("device", "add", "HD0001-HD0003", "--mac", "000413000001")
    await hotdesk.succeeds("user", "add", "100-102", "--name", "User EXT")
    return hotdesk


@pytest.fixture
def rows(database: Database) -> Rows:
    """Return how to ask the database itself."""

    async def ask(query: str, *values: object) -> list[DictRow]:
        async with database.transaction() as tx:
            found = await tx.execute(query, values)
            return await found.fetchall()

    return ask


@asynccontextmanager
async def daemon(database: Database) -> AsyncIterator[list[Change | None]]:
    """Be the daemon of an obedient PBX; yield what it hears.

    It holds the daemon's lock, hears every announcement, and says at once that the
    switches of the devices in it are in force.
    """
    heard: list[Change | None] = []

    async def follow(changes: AsyncIterator[Change | None]) -> None:
        async for change in changes:
            if change == _END:
                return
            heard.append(change)
            async with database.transaction() as tx:
                desks = await logins.desks(tx)
                now = datetime.now(UTC)
                await logins.note_routed(
                    tx, {desk.generation: now for desk in desks if desk.switch}
                )

    async with (
        installation.only_daemon(database, "hotdesk") as lost,
        events.announcements(database, "the daemon") as changes,
    ):
        parts = [asyncio.ensure_future(part) for part in (lost, follow(changes))]
        try:
            yield heard
            async with database.transaction() as tx:
                await events.announce(tx, _END, "a test")
            async with asyncio.timeout(10):
                await parts[1]
        finally:
            for part in parts:
                part.cancel()
            await asyncio.wait(parts)
