"""Tell others of every event, in order, and go on after an outage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.precedence import Precedence
from asterisk_hotdesk.store import Database
from asterisk_hotdesk.store.feed import MOST_AT_ONCE, Reader, Recorded

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How soon an event is found whose bell was not heard."""

GATHER_SECONDS = 0.1
"""After the bell, so that many are told of together."""

PAUSE_SECONDS = 1.0
"""Before somebody who could not be told is told once more."""

Tell = Callable[[Sequence[Recorded]], Awaitable[None]]


class Teller:
    """Tells one listener of each event at least once, the oldest first."""

    def __init__(
        self,
        database: Database,
        name: str,
        tell: Tell,
        precedence: Precedence,
        reader: Reader | None = None,
    ) -> None:
        """*tell* raises a `HotdeskError` where it has to be tried again.

        Under *name* the database keeps how far it has come, unless *reader* does that
        in another way.
        """
        self._database = database
        self._tell = tell
        self._precedence = precedence
        self._reader = reader or Reader(name)
        self._outage = Outage(log, f"telling {name} of what happens")
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Say that something has happened."""
        self._rung.set()

    async def run(self) -> None:
        """Tell, for ever."""
        while True:
            try:
                more = await self._tell_next()
            except HotdeskError as error:
                self._outage.note(error)
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            self._outage.over()
            if not more:
                await self._next_ring()

    async def _tell_next(self) -> bool:
        """Tell what is not told yet; return whether there may be more."""
        async with self._database.transaction() as tx:
            unread = await self._reader.unread(tx)
        if unread:
            await self._tell(unread)
        async with self._database.transaction() as tx:
            await self._reader.done(tx, unread)
        return len(unread) == MOST_AT_ONCE

    async def _next_ring(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._rung.wait()
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_SECONDS)
        await self._precedence.give_way()
        self._rung.clear()
