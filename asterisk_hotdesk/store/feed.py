"""The events one after the other, for those who tell others of them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from asterisk_hotdesk.store.database import Database, Tx
from asterisk_hotdesk.store.events import EVENT_COLUMNS, Event
from asterisk_hotdesk.store.listening import CHANGES, RECORDS, listening

MOST_AT_ONCE = 500

GAP_SECONDS = 30.0
"""A number that is missing for so long was taken back: no transaction takes longer."""


@dataclass(frozen=True)
class Recorded:
    """An event and its number in the history."""

    id: int
    event: Event


class Reader:
    """Reads every event once, also one that is committed after a later one.

    Where it has come to is kept under its name, so that it goes on there after a
    restart; what it was told shortly before a crash it may be told again.  A new reader
    begins with what happens from now on, and so does one without a name at every start.
    """

    def __init__(
        self, name: str | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._clock = clock
        self._last: int | None = None
        # Of those after `_last`: which are done, and since when others are missing.
        self._done: set[int] = set()
        self._missing: dict[int, float] = {}

    async def unread(self, tx: Tx) -> list[Recorded]:
        """Return what is not done yet, oldest first, `MOST_AT_ONCE` events at most."""
        if self._last is None:
            self._last = await _position(tx, self._name)
        rows = await tx.execute(
            f"""
            SELECT id, {EVENT_COLUMNS} FROM events
            WHERE id > %s AND NOT (id = ANY(%s)) ORDER BY id LIMIT %s
            """,  # noqa: S608
            [self._last, list(self._done), MOST_AT_ONCE],
        )
        return [Recorded(row.pop("id"), Event(**row)) for row in await rows.fetchall()]

    async def done(self, tx: Tx, read: Iterable[Recorded]) -> None:
        """Keep that these are dealt with."""
        assert self._last is not None  # noqa: S101 - they were read
        self._done.update(recorded.id for recorded in read)
        newest, now = max(self._done, default=self._last), self._clock()
        for number in range(max(self._last + 1, newest - MOST_AT_ONCE), newest):
            if number not in self._done:
                self._missing.setdefault(number, now)
        self._missing = {
            number: since
            for number, since in self._missing.items()
            if number not in self._done and now - since < GAP_SECONDS
        }
        self._last = min(self._missing) - 1 if self._missing else newest
        self._done = {number for number in self._done if number > self._last}
        await tx.execute(
            "UPDATE event_readers SET last_event = %s WHERE name = %s",
            [self._last, self._name],
        )


async def newest(tx: Tx) -> int:
    """Return the number of the last event in the history; 0 if there is none."""
    rows = await tx.execute("SELECT coalesce(max(id), 0) AS newest FROM events")
    row = await rows.fetchone()
    assert row is not None  # noqa: S101 - an aggregate has a row
    return int(row["newest"])


async def _position(tx: Tx, reader: str | None) -> int:
    if reader is None:
        return await newest(tx)
    rows = await tx.execute(
        """
        INSERT INTO event_readers (name, last_event)
        SELECT %s, coalesce(max(id), 0) FROM events
        ON CONFLICT (name) DO UPDATE SET name = excluded.name
        RETURNING last_event
        """,
        [reader],
    )
    row = await rows.fetchone()
    assert row is not None  # noqa: S101 - inserted or updated
    return int(row["last_event"])


@asynccontextmanager
async def bells(database: Database) -> AsyncIterator[AsyncIterator[object]]:
    """Yield what yields whenever an event was recorded, by whichever process.

    Raises `Unavailable` when the connection is lost.
    """
    async with listening(database, CHANGES, RECORDS) as notices:
        yield notices
