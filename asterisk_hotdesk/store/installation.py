"""Which database this is, and the lock that only one daemon can hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import psycopg
from psycopg.rows import DictRow, dict_row

from asterisk_hotdesk.errors import Fenced
from asterisk_hotdesk.store.database import (
    ANSWER_SECONDS,
    Database,
    Tx,
    cut_off_after,
    translated_errors,
)

_PATIENCE_SECONDS = 3.0
"""How long the server may take to notice that the daemon before us is dead."""

_LOOK_SECONDS = 2.0


async def identity(tx: Tx) -> str:
    """Return what tells this database from every other."""
    rows = await tx.execute("SELECT id::text FROM installation")
    row = await rows.fetchone()
    assert row is not None  # noqa: S101 - the first migration puts it there
    return str(row["id"])


@asynccontextmanager
async def only_daemon(
    database: Database, application: str
) -> AsyncIterator[Awaitable[None]]:
    """Hold the right to be the daemon of *application* while the block runs.

    Raises `Fenced` if another daemon has it.  Yields what ends, by raising
    `Unavailable`, when the right is lost together with the connection.
    """
    with translated_errors():
        connection = await psycopg.AsyncConnection[DictRow].connect(
            database.conninfo, autocommit=True, row_factory=dict_row
        )
        async with connection:
            deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
            while not await _locked(connection, f"{database.schema}:{application}"):
                if asyncio.get_running_loop().time() > deadline:
                    raise Fenced(
                        "Another hotdesk daemon is running with this database and"
                        f" Stasis application {application!r}. Stop it first."
                    )
                await asyncio.sleep(0.1)
            yield _until_lost(connection)


async def _locked(connection: Tx, name: str) -> bool:
    rows = await connection.execute(
        "SELECT pg_try_advisory_lock(hashtextextended('hotdesk daemon ' || %s, 0))"
        " AS locked",
        [name],
    )
    row = await rows.fetchone()
    return row is not None and bool(row["locked"])


async def _until_lost(connection: Tx) -> None:
    with translated_errors():
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with cut_off_after(connection, ANSWER_SECONDS):
                await connection.execute("SELECT 1")


async def daemon_is_running(tx: Tx, schema: str, application: str) -> bool:
    """Return whether somebody has the right that `only_daemon` gives.

    A lock on a bigint is shown as its two halves.  Source: PostgreSQL documentation,
    pg_locks.
    """
    rows = await tx.execute(
        """
        SELECT EXISTS (
            SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
            WHERE datname = current_database() AND locktype = 'advisory'
              AND objsubid = 1 AND granted
              AND (classid::bigint << 32 | objid::bigint)
                  = hashtextextended('hotdesk daemon ' || %s, 0)) AS running
        """,
        [f"{schema}:{application}"],
    )
    row = await rows.fetchone()
    return row is not None and bool(row["running"])
