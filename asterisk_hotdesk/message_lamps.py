"""Message lamps: each phone shows the messages of whoever sits there, or none.

Which mailbox that is, the database says at the moment when the phone is told; so it may
be told twice, late or after a crash, and what it is told last is right.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.pbx.ami import AmiRefused
from asterisk_hotdesk.pbx.mailboxes import Mailboxes, Messages
from asterisk_hotdesk.store import Database, logins

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0

_NOT_WRITTEN = "Unable to retrieve endpoint"
"""What Asterisk says of a device that it does not know yet: its time will come."""


class MessageLamps:
    """Whose lamp has to be told, one after the other."""

    def __init__(
        self, database: Database, mailboxes: Mailboxes, *, per_second: int
    ) -> None:
        self._database = database
        self._mailboxes = mailboxes
        self._pause = 1.0 / per_second
        self._devices: dict[str, None] = {}
        self._changed: set[str] = set()
        """Mailboxes in which something has changed."""
        self._later: dict[str, None] = {}
        """Devices for which it is only time to be told again."""
        self._all_wanted = False
        self._stir = asyncio.Event()
        self._refusal = ""
        """What Asterisk said last time, so that it is not said for every phone."""

    def want(self, devices: Iterable[str]) -> None:
        """Let the lamps of *devices* be told."""
        self._devices.update(dict.fromkeys(devices))
        self._stir.set()

    def want_all(self) -> None:
        """Let every lamp be told: something may have happened that we did not hear."""
        self._all_wanted = True
        self._stir.set()

    def note_messages(self, mailbox: str) -> None:
        """Something has come into *mailbox*, or was heard there."""
        self._changed.add(mailbox)
        self._stir.set()

    def note_registered(self, device: str) -> None:
        """The phone is back: it may have forgotten what its lamp showed."""
        self.want([device])

    async def run(self) -> None:
        """Tell phones what their lamps show, for ever.

        The pace keeps Asterisk's queues short: with 500 waiting tasks it ignores SIP.
        """
        outage = Outage(log, "what message lamps need")
        while True:
            await self._stir.wait()
            try:
                await self._tell_all()
            except HotdeskError as error:
                outage.note(error)
                self._stir.set()
                await asyncio.sleep(RETRY_SECONDS)
            else:
                outage.over()

    async def _tell_all(self) -> None:
        self._stir.clear()
        while True:
            await self._look_up()
            waiting = self._devices or self._later
            if not waiting:
                return
            device = next(iter(waiting))
            # Before it is told: whoever wants it from now on has newer reasons.
            self._devices.pop(device, None)
            self._later.pop(device, None)
            try:
                await self._tell(device)
            except HotdeskError:
                self.want([device])
                raise
            await asyncio.sleep(self._pause)

    async def _look_up(self) -> None:
        """Find out at which devices those sit whose mailboxes changed."""
        if self._all_wanted:
            async with self._database.transaction() as tx:
                desks = await logins.desks(tx)
            self._all_wanted = False
            # Where nobody sits, a lamp that is on is a rare accident.
            desks.sort(key=lambda desk: desk.user is None)
            self._later.update(dict.fromkeys(desk.device.name for desk in desks))
        if self._changed:
            changed = set(self._changed)
            async with self._database.transaction() as tx:
                self._devices.update(
                    dict.fromkeys(await logins.devices_with_mailboxes(tx, changed))
                )
            self._changed -= changed

    async def _tell(self, device: str) -> None:
        async with self._database.transaction() as tx:
            desk = await logins.desk(tx, device)
        if desk is None:
            return
        mailbox = desk.user.mailbox if desk.user else ""
        try:
            messages = (
                await self._mailboxes.messages(mailbox) if mailbox else Messages()
            )
            await self._mailboxes.show(device, messages)
        except AmiRefused as refused:
            if _NOT_WRITTEN in str(refused):
                return
            if self._refusal != str(refused):
                log.warning("message lamps are left alone: %s", refused)
            self._refusal = str(refused)
        else:
            self._refusal = ""
