"""Lamps of desks: lit while somebody sits there, for whoever watches a desk.

Calls need none of it, so it comes after them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.model import Desk, Seating
from asterisk_hotdesk.outages import Outage, keep_doing
from asterisk_hotdesk.pbx.device_states import IN_USE, NOT_IN_USE, DeviceStates
from asterisk_hotdesk.store import Database, logins

log = logging.getLogger(__name__)

PACE_SECONDS = 0.002
"""Between two lamps, for Asterisk's queues: with 500 waiting tasks it ignores SIP."""


class DeskLamps:
    """Which lamps have to be set, one after the other."""

    def __init__(self, database: Database, states: DeviceStates) -> None:
        self._database = database
        self._states = states
        self._wanted: dict[str, Desk | None] = {}
        """By device name, in the order of the changes; None: the device is gone."""
        self._compare_wanted = False
        self._stir = asyncio.Event()

    def follow(self, seating: Seating) -> None:
        """Let the lamps show who sits at the desks of *seating*."""
        self._wanted.update(seating.desks)
        self._stir.set()

    def want_all(self) -> None:
        """Let every lamp be compared with who sits there."""
        self._compare_wanted = True
        self._stir.set()

    async def run(self) -> None:
        """Set lamps, for ever."""
        await keep_doing(
            self._set_all, self._stir, Outage(log, "what the lamps of desks need")
        )

    async def _set_all(self) -> None:
        if self._compare_wanted:
            # What is wanted during the comparison may have come too late for it.
            self._compare_wanted = False
            try:
                await self._compare()
            except HotdeskError:
                self._compare_wanted = True
                raise
        while self._wanted:
            device, desk = next(iter(self._wanted.items()))
            del self._wanted[device]
            try:
                await self._set(device, desk)
            except HotdeskError:
                # What was wanted meanwhile is newer.
                self._wanted.setdefault(device, desk)
                raise
            await asyncio.sleep(PACE_SECONDS)

    async def _set(self, device: str, desk: Desk | None) -> None:
        if desk is None:
            await self._states.forget(device)
        else:
            await self._states.set(device, _state(desk))

    async def _compare(self) -> None:
        shown = await self._states.all()
        async with self._database.transaction() as tx:
            desks = await logins.desks(tx)
        for device, desk in differing(desks, shown).items():
            self._wanted.setdefault(device, desk)


def differing(desks: Sequence[Desk], shown: dict[str, str]) -> dict[str, Desk | None]:
    """Return which desks' lamps do not show what they should, or should not be."""
    wrong: dict[str, Desk | None] = {
        desk.device.name: desk
        for desk in desks
        if shown.get(desk.device.name) != _state(desk)
    }
    gone = shown.keys() - {desk.device.name for desk in desks}
    return wrong | dict.fromkeys(gone)


def _state(desk: Desk) -> str:
    return IN_USE if desk.user else NOT_IN_USE
