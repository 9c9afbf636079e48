"""Tell of phones that do not fetch: once for each switch, and when they do at last.

A phone is stale that has had `refresh.stale_seconds` since the switch, or since we or
its last call were there to make it fetch.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime

from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.store import Database, events, staleness
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.staleness import Desk, Lagging

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0

BY = "service"
"""Nobody did it: we have noticed."""


class Staleness:
    """Looks for phones that do not fetch, and records them."""

    def __init__(
        self,
        database: Database,
        *,
        stale_seconds: float,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._stale_seconds = stale_seconds
        self._now = now
        self._clock = clock
        self._lagging_since: dict[tuple[str, int], float] = {}
        """By device and generation."""

    async def run(self) -> None:
        """Look, for ever."""
        outage = Outage(log, "what looking for stale phones needs")
        while True:
            try:
                await self.look()
            except HotdeskError as error:
                outage.note(error)
            else:
                outage.over()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Record which phones have become stale, and which no longer are."""
        async with self._database.transaction() as tx:
            fresh = await staleness.take_fresh(tx)
            stale = self._stale(await staleness.lagging(tx))
            if stale:
                await staleness.note_stale(tx, stale, self._now())
            happened = [self._event("fresh", desk) for desk in fresh]
            happened += [self._event("stale", one.desk, one.phone) for one in stale]
            if happened:
                await events.record(tx, *happened)
        for event in happened:
            log.info("%s is %s (%s)", event.device, event.what, event.code or "fetched")

    def _stale(self, lagging: list[Lagging]) -> list[Lagging]:
        """Return those that have lagged for too long by now."""
        now, before = self._clock(), self._lagging_since
        named = {(one.desk.device, one.generation): one for one in lagging}
        self._lagging_since = {which: before.get(which, now) for which in named}
        return [
            named[which]
            for which, since in self._lagging_since.items()
            if now - since >= self._stale_seconds
        ]

    def _event(self, what: str, desk: Desk, code: str = "") -> Event:
        return Event(
            at=self._now(),
            what=what,
            code=code,
            account=desk.account,
            extension=desk.extension,
            name=desk.name,
            device=desk.device,
            by=BY,
        )
