"""Turns a handful of AMI events into few facts, and keeps these in the database.

AMI events are edges, and lost while nobody listens: after every connect, restart and
reload a snapshot comes first.  While PostgreSQL is away, the facts wait, one for each
device.

PeerStatus is not among the events: for a PJSIP endpoint it says what ContactStatus
has said a moment before, without the contact and its round trip, and calls a phone
reachable that nobody has asked yet.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from asterisk_hotdesk.catch_up import CatchUp
from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.message_lamps import MessageLamps
from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.pbx.ami import LOST, MISSED, Ami, AmiRefused, Message
from asterisk_hotdesk.phones.kinds import kind_of_user_agent
from asterisk_hotdesk.queue_members import QueueMembers
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.status import sightings
from asterisk_hotdesk.store import Database, status
from asterisk_hotdesk.store.status import Absence, Seen

log = logging.getLogger(__name__)

WRITE_SECONDS = 0.2
"""How long facts are gathered before they are written together."""

SNAPSHOT_SECONDS = 1.0
"""How long to wait for further changes of contacts before all are listed."""

LONGEST_PAUSE_SECONDS = 5.0
"""Between two lists of all; they cost Asterisk as much time as us."""


class Listener:
    """Turns a handful of AMI events into `device_status`."""

    def __init__(
        self,
        ami: Ami,
        database: Database,
        refresher: Refresher,
        lamps: MessageLamps,
        queue_members: QueueMembers,
        catch_up: CatchUp,
        now: Callable[[], datetime],
        *,
        also_told: Sequence[Callable[[Message], None]] = (),
    ) -> None:
        self._also_told = also_told
        self._ami = ami
        self._database = database
        self._refresher = refresher
        self._lamps = lamps
        self._queue_members = queue_members
        self._catch_up = catch_up
        self._now = now
        self._pending: dict[str, Seen] = {}
        # Of whom events told since the lists were asked for: an event is newer.
        self._contacts_heard: set[str] = set()
        self._states_heard: set[str] = set()
        # When the last contact of each device that has none was removed.
        self._away_since: dict[str, datetime] = {}
        self._returned: dict[str, Absence] = {}
        self._pbx_answers: bool | None = None
        """What is not written yet; None: nothing is."""
        self._pending_there = asyncio.Event()
        self._snapshot_wanted = asyncio.Event()

    async def run(self) -> None:
        """Listen, write and list, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._keep_writing())
            tasks.create_task(self._keep_listing())

    async def _listen(self) -> None:
        assert self._ami.events is not None  # noqa: S101 - made with events
        while True:
            event = await self._ami.events.get()
            self.take(event)
            for take in self._also_told:
                take(event)

    def take(self, event: Message) -> None:
        """Note what one AMI event says; one without the headers it needs says nothing.

        Sources: Asterisk documentation, AMI events ContactStatus, DeviceStateChange,
        MessageWaiting, FullyBooted, Reload and Shutdown.
        """
        match event.get("event"):
            case "ContactStatus":
                self._take_contact(event)
            case "DeviceStateChange":
                if device := sightings.device_of(event):
                    self._states_heard.add(device)
                    self._take_state(device, event)
            case "MessageWaiting":
                self._lamps.note_messages(event.get("mailbox", ""))
            case "FullyBooted":
                # Also whenever we connect: who knows what happened meanwhile.
                self._note_pbx(answers=True)
                self._catch_up.asterisk_was_reloaded()
                self._begin_anew()
                self._lamps.want_all()
                self._queue_members.want_all()
            case "Reload":
                self._catch_up.asterisk_was_reloaded()
                self._begin_anew()
            case "Shutdown":
                self._note_pbx(answers=False)
            case _ if event is LOST:
                self._note_pbx(answers=False)
                self._away_since.clear()
            case _ if event is MISSED:
                self._begin_anew()

    def _begin_anew(self) -> None:
        # Who was removed then did not leave.
        self._away_since.clear()
        self._snapshot_wanted.set()

    def _note_pbx(self, *, answers: bool) -> None:
        self._pbx_answers = answers
        self._pending_there.set()

    def _take_contact(self, event: Message) -> None:
        seen = sightings.contact_seen(event)
        if seen is None:
            return
        device = seen.device
        self._contacts_heard.add(device)
        self._note(seen)
        if sightings.is_gone(event):
            self._away_since[device] = self._now()
        elif since := self._away_since.pop(device, None):
            self._returned[device] = Absence(device, since, self._now())
        if seen.reachable:
            self._refresher.note_registered(device)
            self._lamps.note_registered(device)
        # The event lacks the user agent, and tells of one contact of perhaps two.
        self._snapshot_wanted.set()

    def _take_state(self, device: str, event: Message) -> None:
        in_call = sightings.is_busy(event)
        self._refresher.note_call(device, in_call=in_call)
        self._note(Seen(device=device, in_call=in_call))

    def _note(self, seen: Seen) -> None:
        known = self._pending.get(seen.device)
        self._pending[seen.device] = known.and_then(seen) if known else seen
        self._pending_there.set()

    async def _keep_writing(self) -> None:
        outage = Outage(log, "what writing the status needs")
        while True:
            await self._pending_there.wait()
            await asyncio.sleep(WRITE_SECONDS)
            self._pending_there.clear()
            try:
                await self._write()
            except HotdeskError as error:
                outage.note(error)
                self._pending_there.set()
                await asyncio.sleep(1.0)
            else:
                outage.over()

    async def _write(self) -> None:
        pending, self._pending = self._pending, {}
        returned, self._returned = self._returned, {}
        answers, self._pbx_answers = self._pbx_answers, None
        try:
            async with self._database.transaction() as tx:
                if answers is not None:
                    await status.note_pbx(tx, self._now(), answers=answers)
                await status.note_seen(tx, pending.values(), self._now())
                await status.note_returned(tx, list(returned.values()))
        except HotdeskError:
            # What was learned meanwhile is newer.
            meanwhile, self._pending = self._pending, pending
            for seen in meanwhile.values():
                self._note(seen)
            self._returned = returned | self._returned
            if self._pbx_answers is None:
                self._pbx_answers = answers
            raise

    async def _keep_listing(self) -> None:
        outage = Outage(log, "what listing the phones needs")
        took = 0.0
        while True:
            await self._snapshot_wanted.wait()
            await asyncio.sleep(max(SNAPSHOT_SECONDS, min(took, LONGEST_PAUSE_SECONDS)))
            self._snapshot_wanted.clear()
            began = time.monotonic()
            try:
                await self._list()
            except HotdeskError as error:
                outage.note(error)
                self._snapshot_wanted.set()
                await asyncio.sleep(1.0)
            else:
                outage.over()
                took = time.monotonic() - began

    async def _list(self) -> None:
        self._contacts_heard.clear()
        self._states_heard.clear()
        listed = filter(None, map(sightings.contact_listed, await self._contacts()))
        contacts = {seen.device: seen for seen in listed}
        for device in contacts.keys() - self._contacts_heard:
            # It has another contact than the one that was removed.
            self._away_since.pop(device, None)
            self._note(contacts[device])
        for state in await self._ami.listing("DeviceStateList"):
            device = sightings.device_of(state)
            if device and device not in self._states_heard:
                self._take_state(device, state)
        async with self._database.transaction() as tx:
            there = contacts.keys() | self._contacts_heard
            await status.note_absent(tx, there, self._now())
            await status.note_kinds(tx, _kinds(contacts.values()))

    async def _contacts(self) -> list[Message]:
        try:
            return await self._ami.listing("PJSIPShowContacts")
        except AmiRefused as refused:
            # Asterisk calls an empty list an error; any other would make all phones
            # seem gone.
            if "No Contacts found" not in str(refused):
                raise
            return []


def _kinds(seen: Iterable[Seen]) -> dict[str, PhoneKind]:
    """Return what kinds of phones these are, by device, of those that say it."""
    said = {one.device: kind_of_user_agent(one.user_agent or "") for one in seen}
    return {device: kind for device, kind in said.items() if kind.vendor}
