"""Whoever is told of events hears each, also after he could not be reached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import pytest

from asterisk_hotdesk import telling
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.precedence import Precedence
from asterisk_hotdesk.store import Database
from asterisk_hotdesk.store.feed import Reader, Recorded
from asterisk_hotdesk.telling import Teller
from tests.postgres.office import DESKS, Office, opened


class Listener:
    """Keeps what it is told; it may be away for the first few times."""

    def __init__(self, *, away: int = 0) -> None:
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self._away = away

    async def tell(self, read: Sequence[Recorded]) -> None:
        if self._away:
            self._away -= 1
            raise Unavailable("nobody there")
        for recorded in read:
            self.heard.put_nowait(f"{recorded.event.what} {recorded.event.extension}")


@pytest.fixture
async def office(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    monkeypatch.setattr(telling, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(telling, "LOOK_SECONDS", 0.05)
    async with opened(database, monkeypatch) as office:
        yield office


async def told(office: Office, listener: Listener, count: int) -> list[str]:
    """Return the first *count* things that *listener* hears of what happens now."""
    async with office.database.transaction() as tx:
        # From here on, also what happens before the teller looks for the first time.
        await Reader("somebody").unread(tx)
    teller = Teller(office.database, "somebody", listener.tell, Precedence())
    running = asyncio.create_task(teller.run())
    try:
        async with asyncio.timeout(5):
            await office.log_in("100", DESKS[0])
            await office.log_out(DESKS[0])
            return [await listener.heard.get() for _ in range(count)]
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_events_are_told_in_order_and_once(office: Office) -> None:
    listener = Listener()

    assert await told(office, listener, 2) == ["login 100", "logout 100"]
    assert listener.heard.empty()


async def test_nothing_is_lost_while_the_listener_is_away(office: Office) -> None:
    assert await told(office, Listener(away=3), 2) == ["login 100", "logout 100"]
