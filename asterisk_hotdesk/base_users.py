"""Seat base users: at the first start of a phone, and after somebody else has left.

That somebody is due is decided with the logout, in the database; here it is done, so
that whatever a crash cuts short is done later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from asterisk_hotdesk.errors import HotdeskError, Refused
from asterisk_hotdesk.login import HotDesks, log_in_by_administrator
from asterisk_hotdesk.model import Device, Source, User
from asterisk_hotdesk.store import base_users, events
from asterisk_hotdesk.store.events import Event

log = logging.getLogger(__name__)

BY_BASE_USER = Source("base user")

LOOK_SECONDS = 5.0
"""How long it takes at most after a phone has registered, of which nobody tells us."""


class BaseUsers:
    """Seats whoever is due."""

    def __init__(self, desks: HotDesks, now: Callable[[], datetime]) -> None:
        self._desks = desks
        self._now = now
        self._wanted = asyncio.Event()

    def look(self) -> None:
        """Look soon: somebody has left a desk, or a phone has started."""
        self._wanted.set()

    async def run(self) -> None:
        """Seat whoever is due, for ever."""
        while True:
            try:
                await self._seat_all()
            except HotdeskError as error:
                log.warning("base users have to wait: %s", error)
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wanted.wait()
            except TimeoutError:
                continue
            self._wanted.clear()

    async def _seat_all(self) -> None:
        async with self._desks.database.question() as tx:
            due = await base_users.due(tx)
        for user, device in due:
            await self._seat(user, device)

    async def _seat(self, user: User, device: Device) -> None:
        try:
            await log_in_by_administrator(
                self._desks,
                user=user,
                device=device,
                now=self._now(),
                source=BY_BASE_USER,
            )
        except Refused as error:
            log.warning("%s cannot sit at %s: %s", user.key, device.name, error)
            await self._keep_refusal(error, user, device)
        async with self._desks.database.transaction() as tx:
            await base_users.is_there(tx, device)

    async def _keep_refusal(self, refusal: Refused, user: User, device: Device) -> None:
        refused = Event(
            at=self._now(),
            what="refused",
            code=refusal.code,
            account=device.account,
            extension=user.extension,
            name=user.name,
            device=device.name,
            by=BY_BASE_USER.by,
        )
        async with self._desks.database.transaction() as tx:
            await events.record(tx, refused)
