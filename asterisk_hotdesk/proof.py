"""What phones prove: that they fetched, and that they restarted.

A fetch confirms a switch.  A restart while the phone was only asked to fetch means that
its firmware is too old to take new settings in its stride.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk.display import Display
from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.outages import Outage, keep_doing
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.store import Database, Tx, logins, status

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Fetch:
    generation: int
    user_agent: str
    at: datetime


class Proof:
    """Keeps what phones prove, many phones at once where many are."""

    def __init__(
        self,
        database: Database,
        refresher: Refresher,
        display: Display,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._refresher = refresher
        self._display = display
        self._now = now
        self._fetches: dict[str, _Fetch] = {}
        self._starts: dict[str, datetime] = {}
        self._something = asyncio.Event()

    def fetched(
        self, device_name: str, generation: int, user_agent: str, address: str
    ) -> None:
        """The phone has the configuration of *generation*."""
        log.info("%s fetched its configuration from %s", device_name, address)
        self._fetches[device_name] = _Fetch(
            generation=generation, user_agent=user_agent, at=self._now()
        )
        self._something.set()

    def started(self, device_name: str) -> None:
        """The phone says that it has just started."""
        log.info("%s has started", device_name)
        self._starts[device_name] = self._now()
        self._something.set()

    async def keep(self) -> None:
        """Keep all that comes, for ever."""
        outage = Outage(log, "what keeping the phones' fetches needs")
        await keep_doing(self._keep_all, self._something, outage)

    async def _keep_all(self) -> None:
        fetches, self._fetches = self._fetches, {}
        starts, self._starts = self._starts, {}
        try:
            async with self._database.transaction() as tx:
                await _keep_fetches(tx, fetches)
                await status.note_started(tx, starts)
        except HotdeskError:
            # What was learned meanwhile is newer.
            self._fetches = fetches | self._fetches
            self._starts = starts | self._starts
            raise
        for device, fetch in fetches.items():
            if self._refresher.confirmed(device, fetch.generation):
                self._display.confirmed(device, fetch.generation)


async def _keep_fetches(tx: Tx, fetches: dict[str, _Fetch]) -> None:
    if not fetches:
        return
    await status.note_fetches(
        tx,
        [
            (name, fetch.generation, fetch.user_agent, fetch.at)
            for name, fetch in fetches.items()
        ],
    )
    await logins.note_confirmed(
        tx, {fetch.generation: fetch.at for fetch in fetches.values()}
    )
