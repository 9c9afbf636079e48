"""The AMI listener: what Asterisk says of our phones, kept current in the database.

AMI events are edges, and lost while nobody listens: after every connect, restart and
reload a snapshot comes first.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import datetime

from asterisk_hotdesk.catch_up import CatchUp
from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.message_lamps import MessageLamps
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.pbx.ami import LOST, Ami, AmiRefused, Message
from asterisk_hotdesk.queue_members import QueueMembers
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.store import Database, status
from asterisk_hotdesk.store.status import Absence, Seen

log = logging.getLogger(__name__)

WRITE_SECONDS = 0.2
"""How long facts are gathered before they are written together."""

SNAPSHOT_SECONDS = 1.0
"""How long to wait for further changes of contacts before all are listed."""

_BUSY = frozenset({"INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD"})


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
        self._returned: list[Absence] = []
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
        MessageWaiting, FullyBooted and Reload.
        """
        match event.get("event"):
            case "ContactStatus":
                self._take_contact(event)
            case "DeviceStateChange":
                if device := _device_of(event):
                    self._states_heard.add(device)
                    self._take_state(device, event.get("state", ""))
            case "MessageWaiting":
                self._lamps.note_messages(event.get("mailbox", ""))
            case "FullyBooted":
                # Also whenever we connect: who knows what happened meanwhile.
                self._catch_up.asterisk_was_reloaded()
                self._begin_anew()
                self._lamps.want_all()
                self._queue_members.want_all()
            case "Reload":
                self._catch_up.asterisk_was_reloaded()
                self._begin_anew()
            case _ if event is LOST:
                self._begin_anew()

    def _begin_anew(self) -> None:
        # Who was removed then did not leave.
        self._away_since.clear()
        self._snapshot_wanted.set()

    def _take_contact(self, event: Message) -> None:
        device = event.get("endpointname") or event.get("aor", "")
        if not device:
            return
        self._contacts_heard.add(device)
        gone = event.get("contactstatus") == "Removed"
        reachable = event.get("contactstatus") == "Reachable"
        self._note(
            Seen(
                device=device,
                registered=not gone,
                reachable=reachable,
                round_trip_us=_number(event.get("roundtripusec")),
            )
        )
        if gone:
            self._away_since[device] = self._now()
        elif since := self._away_since.pop(device, None):
            self._returned.append(Absence(device, since, self._now()))
        if reachable:
            self._refresher.note_registered(device)
            self._lamps.note_registered(device)
        # The event lacks address and user agent: the list has them.
        self._snapshot_wanted.set()

    def _take_state(self, device: str, state: str) -> None:
        in_call = state in _BUSY
        self._refresher.note_call(device, in_call=in_call)
        self._note(Seen(device=device, in_call=in_call))

    def _note(self, seen: Seen) -> None:
        known = self._pending.get(seen.device, seen)
        said = {
            f.name: getattr(seen, f.name)
            for f in fields(seen)
            if getattr(seen, f.name) is not None
        }
        self._pending[seen.device] = replace(known, **said)
        self._pending_there.set()

    async def _keep_writing(self) -> None:
        outage = Outage(log, "what writing the status needs")
        while True:
            await self._pending_there.wait()
            await asyncio.sleep(WRITE_SECONDS)
            self._pending_there.clear()
            pending, self._pending = self._pending, {}
            returned, self._returned = self._returned, []
            try:
                async with self._database.transaction() as tx:
                    await status.note_seen(tx, pending.values(), self._now())
                    await status.note_returned(tx, returned)
            except HotdeskError as error:
                outage.note(error)
                # What was learned meanwhile is newer.
                self._returned = returned + self._returned
                meanwhile, self._pending = self._pending, pending
                for seen in meanwhile.values():
                    self._note(seen)
                self._pending_there.set()
                await asyncio.sleep(1.0)
            else:
                outage.over()

    async def _keep_listing(self) -> None:
        outage = Outage(log, "what listing the phones needs")
        while True:
            await self._snapshot_wanted.wait()
            await asyncio.sleep(SNAPSHOT_SECONDS)
            self._snapshot_wanted.clear()
            try:
                await self._list()
            except HotdeskError as error:
                outage.note(error)
                self._snapshot_wanted.set()
                await asyncio.sleep(1.0)
            else:
                outage.over()

    async def _list(self) -> None:
        self._contacts_heard.clear()
        self._states_heard.clear()
        contacts = {c["endpoint"]: c for c in await self._contacts() if "endpoint" in c}
        for device in contacts.keys() - self._contacts_heard:
            # It has another contact than the one that was removed.
            self._away_since.pop(device, None)
            self._note(_seen(device, contacts[device]))
        for state in await self._ami.listing("DeviceStateList"):
            device = _device_of(state)
            if device and device not in self._states_heard:
                self._take_state(device, state.get("state", ""))
        async with self._database.transaction() as tx:
            there = contacts.keys() | self._contacts_heard
            await status.note_absent(tx, there, self._now())

    async def _contacts(self) -> list[Message]:
        try:
            return await self._ami.listing("PJSIPShowContacts")
        except AmiRefused as refused:
            # Asterisk calls an empty list an error; any other would make all phones
            # seem gone.
            if "No Contacts found" not in str(refused):
                raise
            return []


def _device_of(event: Message) -> str:
    """Return the endpoint of which *event* tells the state; empty if it is none."""
    technology, _, device = event.get("device", "").partition("/")
    return device if technology == "PJSIP" else ""


def _seen(device: str, contact: Message) -> Seen:
    return Seen(
        device=device,
        registered=True,
        reachable=contact.get("status") == "Reachable",
        address=_address(contact.get("uri", "")),
        user_agent=contact.get("useragent", "")[:200],
        round_trip_us=_number(contact.get("roundtripusec")),
    )


def _address(uri: str) -> str:
    """Return host and port of a contact's URI, as `192.0.2.7:5060`."""
    return uri.partition("@")[2].partition(";")[0]


def _number(text: str | None) -> int | None:
    # Nine digits fit into the column, and are a quarter of an hour.
    return int(text) if text and re.fullmatch("[0-9]{1,9}", text) else None
