"""What Asterisk says of the phones is what the database says, from wherever we listen.

The messages are those of Asterisk 22.10.1 while a phone registered, was called,
answered, was hung up and unregistered; 200 is a phone of the PBX and none of ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.pbx.ami import LOST, MISSED, Ami, AmiRefused, Message
from asterisk_hotdesk.status import Listener
from asterisk_hotdesk.status import listener as listening
from asterisk_hotdesk.store import Database, Tx, logins, overview, status
from asterisk_hotdesk.store.status import DeviceStatus, Seen
from tests.postgres.office import DESKS, Office, until

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PHONE, OTHER, _ = DESKS


def messages(text: str) -> list[Message]:
    """Return recorded messages as `Ami` hands them on."""
    return [
        {
            name.lower(): value
            for name, _, value in (line.partition(": ") for line in block.split("\n"))
        }
        for block in text.strip().split("\n\n")
    ]


RECORDING = messages(
    """
Event: FullyBooted
Privilege: system,all
Uptime: 83
LastReload: 59
Status: Fully Booted

Event: ContactStatus
Privilege: system,all
URI: sip:HD0001@127.0.0.1:47620
ContactStatus: NonQualified
AOR: HD0001
EndpointName: HD0001
RoundtripUsec: 0

Event: PeerStatus
Privilege: system,all
ChannelType: PJSIP
Peer: PJSIP/HD0001
PeerStatus: Reachable

Event: ContactStatus
Privilege: system,all
URI: sip:HD0001@127.0.0.1:47620
ContactStatus: Reachable
AOR: HD0001
EndpointName: HD0001
RoundtripUsec: 3305

Event: DeviceStateChange
Privilege: call,all
Device: PJSIP/HD0001
State: NOT_INUSE

Event: PeerStatus
Privilege: system,all
ChannelType: PJSIP
Peer: PJSIP/200
PeerStatus: Reachable

Event: DeviceStateChange
Privilege: call,all
Device: PJSIP/200
State: NOT_INUSE

Event: ContactStatus
Privilege: system,all
URI: sip:200@127.0.0.1:60061
ContactStatus: NonQualified
AOR: 200
EndpointName: 200
RoundtripUsec: 0

Event: DeviceStateChange
Privilege: call,all
Device: PJSIP/HD0001
State: RINGING

Event: DeviceStateChange
Privilege: call,all
Device: PJSIP/HD0001
State: INUSE

Event: DeviceStateChange
Privilege: call,all
Device: PJSIP/200
State: RINGING

Event: Reload
Privilege: system,all
Module: res_pjsip.so
Status: 0

Event: DeviceStateChange
Privilege: call,all
Device: PJSIP/200
State: NOT_INUSE

Event: DeviceStateChange
Privilege: call,all
Device: PJSIP/HD0001
State: NOT_INUSE

Event: DeviceStateChange
Privilege: call,all
Device: PJSIP/HD0001
State: UNAVAILABLE

Event: PeerStatus
Privilege: system,all
ChannelType: PJSIP
Peer: PJSIP/HD0001
PeerStatus: Unreachable

Event: ContactStatus
Privilege: system,all
URI: sip:HD0001@127.0.0.1:47620
ContactStatus: Removed
AOR: HD0001
EndpointName: HD0001
RoundtripUsec: 0
"""
)

NEVER_LEFT = 14
"""So many of these messages came before the phone unregistered."""

TOLD: list[tuple[bool | None, bool | None, bool | None]] = [
    (None, None, None),
    (None, None, None),
    (True, False, None),
    (True, False, None),
    (True, True, None),
    *[(True, True, False)] * 4,
    *[(True, True, True)] * 5,
    (True, True, False),
    (True, True, False),
    (True, True, False),
    (False, False, False),
]
"""Registered, reachable and in a call, as known after so many messages."""

CONTACTS = messages(
    """
Event: ContactList
ObjectType: contact
ObjectName: 200;@333ea7d99ac7940df0099c327d77a86a
ViaAddr: 127.0.0.1
Endpoint: 200
ViaPort: 60061
Uri: sip:200@127.0.0.1:60061
UserAgent: lab-phone
Status: NonQualified
RoundtripUsec: N/A

Event: ContactList
ObjectType: contact
ObjectName: HD0001;@f3c1d678b808ca4c091d0d077236e04b
ViaAddr: 127.0.0.1
Endpoint: HD0001
ViaPort: 47620
Uri: sip:HD0001@127.0.0.1:47620
UserAgent: snomD785-SIP 10.1.198.12
Status: Reachable
RoundtripUsec: 3305
"""
)

STATES = messages(
    """
Event: DeviceStateChange
Device: PJSIP/HD0001
State: INUSE

Event: DeviceStateChange
Device: MWI:100@default
State: NOT_INUSE

Event: DeviceStateChange
Device: PJSIP/trunk
State: UNAVAILABLE

Event: DeviceStateChange
Device: PJSIP/200
State: RINGING
"""
)

REFUSED = AmiRefused("PJSIPShowContacts", "No Contacts found")


@dataclass
class FakeAmi:
    """Asterisk: events that a test puts in, and lists as they are at the moment."""

    events: asyncio.Queue[Message] = field(default_factory=asyncio.Queue)
    lists: dict[str, list[Message] | Exception] = field(
        default_factory=lambda: {"PJSIPShowContacts": REFUSED, "DeviceStateList": []}
    )
    listed: int = 0
    while_listing: Callable[[], None] = lambda: None

    async def listing(self, name: str) -> list[Message]:
        found = self.lists[name]
        if name == "DeviceStateList":
            self.while_listing()
            self.listed += 1
        if isinstance(found, Exception):
            raise found
        return found


@dataclass
class FakeRefresher:
    """Remembers what it is told about phones."""

    registered: list[str] = field(default_factory=list)
    in_call: dict[str, bool] = field(default_factory=dict)

    def note_registered(self, device: str) -> None:
        self.registered.append(device)

    def note_call(self, device: str, *, in_call: bool) -> None:
        self.in_call[device] = in_call


@dataclass
class FakeLamps:
    """Remembers whose lamps may be wrong."""

    mailboxes: list[str] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)
    all_times: int = 0

    def note_messages(self, mailbox: str) -> None:
        self.mailboxes.append(mailbox)

    def note_registered(self, device: str) -> None:
        self.registered.append(device)

    def want_all(self) -> None:
        self.all_times += 1


@dataclass
class FakeQueueMembers:
    """Counts how often all were wanted."""

    all_times: int = 0

    def want_all(self) -> None:
        self.all_times += 1


@dataclass
class FakeCatchUp:
    """Counts how often Asterisk was said to have forgotten something."""

    times: int = 0

    def asterisk_was_reloaded(self) -> None:
        self.times += 1


@dataclass
class Desk:
    """A listener, and what it hears and writes."""

    office: Office
    ami: FakeAmi = field(default_factory=FakeAmi)
    refresher: FakeRefresher = field(default_factory=FakeRefresher)
    lamps: FakeLamps = field(default_factory=FakeLamps)
    queue_members: FakeQueueMembers = field(default_factory=FakeQueueMembers)
    catch_up: FakeCatchUp = field(default_factory=FakeCatchUp)
    now: datetime = NOW

    def listener(self, database: Database | None = None) -> Listener:
        return Listener(
            cast(Ami, self.ami),
            database or self.office.database,
            cast(Any, self.refresher),
            cast(Any, self.lamps),
            cast(Any, self.queue_members),
            cast(Any, self.catch_up),
            lambda: self.now,
        )

    def say(self, *events: Message) -> None:
        for event in events:
            self.ami.events.put_nowait(event)

    async def known(self, device: str = PHONE) -> DeviceStatus | None:
        async with self.office.database.transaction() as tx:
            return await status.known_of(tx, device)

    async def until(
        self, expected: Callable[[DeviceStatus], Any], device: str = PHONE
    ) -> DeviceStatus:
        """Return what is known of a phone as soon as it is what is *expected*."""
        known = None
        try:
            async with asyncio.timeout(5):
                while known is None or not expected(known):
                    known = await self.known(device)
        except TimeoutError:
            raise AssertionError(f"still {known}") from None
        return known

    async def believe(self, **seen: Any) -> None:
        """Let the database say what was *seen* of the phone before."""
        async with self.office.database.transaction() as tx:
            await status.note_seen(tx, [Seen(device=PHONE, **seen)], NOW)

    async def forget(self) -> None:
        """Let the database know nothing of any phone."""
        async with self.office.database.transaction() as tx:
            await tx.execute("DELETE FROM device_status")


def state_of(device: str, state: str) -> Message:
    return {"event": "DeviceStateChange", "device": f"PJSIP/{device}", "state": state}


def contact_of(device: str, state: str) -> Message:
    return {
        "event": "ContactStatus",
        "contactstatus": state,
        "aor": device,
        "endpointname": device,
        "roundtripusec": "10",
    }


@pytest.fixture
def desk(office: Office, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return an office whose listener is a hundred times as impatient."""
    monkeypatch.setattr(listening, "WRITE_SECONDS", 0.002)
    monkeypatch.setattr(listening, "SNAPSHOT_SECONDS", 0.005)
    return Desk(office)


@asynccontextmanager
async def running(desk: Desk, database: Database | None = None) -> AsyncIterator[Desk]:
    async with running_listener(desk.listener(database)):
        yield desk


@asynccontextmanager
async def running_listener(listener: Listener) -> AsyncIterator[None]:
    task = asyncio.create_task(listener.run())
    try:
        yield
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture
async def deaf(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return an office whose listener never asks for lists."""
    monkeypatch.setattr(listening, "SNAPSHOT_SECONDS", 10**6)
    return desk


def gone(known: DeviceStatus) -> bool:
    """Return whether the phone is what it was at the end of the recording."""
    return (known.registered, known.reachable, known.in_call) == (False, False, False)


# A recording -----------------------------------------------------------------


async def test_after_each_message_the_database_says_what_was_told(deaf: Desk) -> None:
    async with running(deaf):
        for message, told in zip(RECORDING, TOLD[1:], strict=True):
            deaf.say(message)
            if told != (None, None, None):
                await deaf.until(
                    lambda k, t=told: (k.registered, k.reachable, k.in_call) == t  # type: ignore[misc]
                )
        known = await deaf.known()

    assert known is not None
    assert known.seen_at == NOW
    assert await deaf.known("HD0003") is None


async def test_from_wherever_we_listen_we_end_with_the_truth(desk: Desk) -> None:
    """What was missed comes from the list, whatever the database believed."""
    desk.ami.lists["DeviceStateList"] = [state_of(PHONE, "UNAVAILABLE")]
    for begins in range(len(RECORDING) + 1):
        await desk.believe(registered=True, reachable=True, in_call=True)
        desk.ami.listed = 0
        async with running(desk):
            desk.say(LOST, RECORDING[0], *RECORDING[begins:])

            await desk.until(lambda known: desk.ami.listed and gone(known))
        assert desk.refresher.in_call[PHONE] is False


async def test_the_parts_of_a_recording_reach_those_who_wait_for_them(
    deaf: Desk,
) -> None:
    async with running(deaf):
        deaf.say(*RECORDING)
        await deaf.until(gone)

    assert deaf.refresher.registered == [PHONE]
    assert deaf.refresher.in_call == {PHONE: False, "200": False}
    assert deaf.catch_up.times == 2


async def test_no_message_makes_more_of_a_phone_that_is_not_ours(desk: Desk) -> None:
    desk.ami.lists = {"PJSIPShowContacts": CONTACTS, "DeviceStateList": STATES}
    async with running(desk):
        desk.say(*RECORDING[:NEVER_LEFT])
        await desk.until(lambda known: known.address and known.registered)
    async with desk.office.database.transaction() as tx:
        desks = await overview.all_desks(tx)
    assert [desk.device for desk in desks if desk.registered] == [PHONE]


# Lists -----------------------------------------------------------------------


@pytest.mark.parametrize("event", [RECORDING[0], RECORDING[11], MISSED])
async def test_after_a_restart_a_reload_or_a_loss_all_is_listed(
    desk: Desk, event: Message
) -> None:
    desk.ami.lists = {"PJSIPShowContacts": CONTACTS, "DeviceStateList": STATES}
    async with running(desk):
        desk.say(event)
        known = await desk.until(lambda known: known.in_call and known.registered)

    assert known.reachable
    assert known.address == "127.0.0.1:47620"
    assert known.user_agent == "snomD785-SIP 10.1.198.12"
    assert known.round_trip_us == 3305
    assert desk.catch_up.times == (0 if event is MISSED else 1)
    assert desk.refresher.in_call[PHONE]


async def test_a_phone_that_is_not_listed_is_not_registered(desk: Desk) -> None:
    await desk.believe(registered=True, reachable=True, round_trip_us=5, address="a:1")
    desk.ami.lists["PJSIPShowContacts"] = CONTACTS[:1]
    async with running(desk):
        desk.say(MISSED)
        known = await desk.until(lambda known: not known.registered)

    assert not known.reachable
    assert known.round_trip_us is None
    assert known.address == "a:1", "where it was last"


async def test_no_phones_at_all_is_an_answer(desk: Desk) -> None:
    await desk.believe(registered=True, reachable=True)
    desk.ami.lists["PJSIPShowContacts"] = REFUSED
    async with running(desk):
        desk.say(MISSED)
        await desk.until(lambda known: not known.registered)


@pytest.mark.parametrize(
    "failure",
    [
        AmiRefused("PJSIPShowContacts", "Permission denied"),
        Unavailable("Asterisk's AMI is not connected"),
    ],
)
async def test_a_list_that_cannot_be_had_makes_nobody_absent(
    desk: Desk, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.believe(registered=True, reachable=True)
    desk.ami.lists["PJSIPShowContacts"] = failure
    async with running(desk), asyncio.timeout(5):
        desk.say(MISSED)
        while not caplog.messages:
            known = await desk.known()

    assert known is not None
    assert known.registered
    assert desk.ami.listed == 0
    assert caplog.messages == [f"{failure}; trying again"]


async def test_what_happens_while_the_list_is_made_is_newer(desk: Desk) -> None:
    """Else a phone whose call has ended would seem to talk for ever."""
    desk.ami.lists = {"PJSIPShowContacts": CONTACTS, "DeviceStateList": STATES}
    listener = desk.listener()

    def hang_up() -> None:
        listener.take(state_of(PHONE, "NOT_INUSE"))
        listener.take(contact_of(OTHER, "Reachable"))

    desk.ami.while_listing = hang_up
    listening_task = asyncio.create_task(listener.run())
    listener.take(MISSED)
    known = await desk.until(lambda known: known.registered)
    other = await desk.until(lambda known: known.registered, OTHER)
    listening_task.cancel()
    await asyncio.wait([listening_task])

    assert known.in_call is False
    assert desk.refresher.in_call[PHONE] is False
    assert other.reachable


# Outages ---------------------------------------------------------------------


class AwayFirst(Database):
    """A database whose first transaction fails, but not at once."""

    def __init__(self, real: Database) -> None:
        self.real = real
        self.asked = asyncio.Event()
        self.fails = asyncio.Event()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        if not self.asked.is_set():
            self.asked.set()
            await self.fails.wait()
            raise Unavailable("PostgreSQL cannot be reached")
        async with self.real.transaction() as tx:
            yield tx


async def test_what_could_not_be_written_is_written_later_unless_there_is_news(
    deaf: Desk,
) -> None:
    away = AwayFirst(deaf.office.database)
    async with running(deaf, away), asyncio.timeout(5):
        deaf.say(contact_of(PHONE, "Reachable"), state_of(PHONE, "INUSE"))
        await away.asked.wait()
        deaf.say(state_of(PHONE, "NOT_INUSE"))
        while deaf.refresher.in_call[PHONE]:
            await deaf.known()
        away.fails.set()
        known = await deaf.until(lambda known: known.in_call is not None)

    assert known.in_call is False
    assert known.registered


# What nobody should send -----------------------------------------------------


async def test_a_message_without_what_it_needs_says_nothing(deaf: Desk) -> None:
    async with running(deaf):
        deaf.say(
            {},
            {"event": "ContactStatus"},
            {"event": "ContactStatus", "contactstatus": "Reachable"},
            {"event": "DeviceStateChange"},
            {"event": "DeviceStateChange", "device": "PJSIP/"},
            {"event": "DeviceStateChange", "device": "SIP/HD0001", "state": "INUSE"},
            {"event": "DeviceStateChange", "device": "HD0001", "state": "INUSE"},
            {"event": "Hangup"},
            {"event": "hotdesk"},
            state_of(OTHER, "INUSE"),
        )
        await deaf.until(lambda known: known.in_call, OTHER)

    assert await deaf.known() is None
    assert deaf.refresher.in_call == {OTHER: True}
    assert deaf.catch_up.times == 0


async def test_a_round_trip_is_a_number_or_nothing(deaf: Desk) -> None:
    async with running(deaf):
        for said, kept in (
            ("3305", 3305),
            ("0", 0),
            ("", None),
            ("N/A", None),
            ("-1", None),
            ("3.5", None),
            ("\u0663", None),
            ("9" * 9, 10**9 - 1),
            ("9" * 10, None),
            ("9" * 5000, None),
        ):
            await deaf.forget()
            deaf.say(contact_of(PHONE, "Reachable") | {"roundtripusec": said})
            known = await deaf.until(lambda known: known.registered)

            assert known.round_trip_us == kept, said


async def test_a_phone_that_rings_is_in_a_call(deaf: Desk) -> None:
    idle = ("NOT_INUSE", "UNAVAILABLE", "UNKNOWN", "INVALID", "", "SOMETHING_NEW")
    busy = ("INUSE", "RINGING", "RINGINUSE", "ONHOLD", "BUSY")
    async with running(deaf):
        for state in (*idle, *busy):
            await deaf.forget()
            deaf.say(state_of(PHONE, state))
            known = await deaf.until(lambda known: known.in_call is not None)

            assert known.in_call == (state in busy), state
            assert deaf.refresher.in_call == {PHONE: state in busy}


async def test_where_a_phone_is_is_in_its_contact(desk: Desk) -> None:
    async with running(desk):
        for uri, address in (
            ("sip:HD0001@192.0.2.7:5060", "192.0.2.7:5060"),
            ("sip:HD0001@192.0.2.7:5060;transport=tcp;x=@y", "192.0.2.7:5060"),
            ("sip:HD0001@[2001:db8::1]:5060;ob", "[2001:db8::1]:5060"),
            ("sip:192.0.2.7", ""),
            ("", ""),
        ):
            await desk.forget()
            contact = CONTACTS[1] | {"uri": uri, "useragent": "x" * 1000}
            desk.ami.lists["PJSIPShowContacts"] = [contact]
            desk.say(MISSED)
            known = await desk.until(lambda known: known.registered)

            assert known.address == address
            assert known.user_agent == "x" * 200


async def test_what_a_phone_says_of_itself_is_one_harmless_line(desk: Desk) -> None:
    hostile = "evil\ufffd\x1b[31m\u2028phone\udc80"
    async with running(desk):
        contact = CONTACTS[1] | {"useragent": hostile, "uri": "sip:a@b\x07:1"}
        desk.ami.lists["PJSIPShowContacts"] = [contact]
        desk.say(MISSED)
        known = await desk.until(lambda known: known.address)

    assert known.user_agent == "evil\ufffd?[31m?phone?"
    assert known.address == "b?:1"


async def vendor(desk: Desk) -> str:
    return (await desk.office.device(PHONE)).phone.vendor


async def test_a_phone_that_does_not_fetch_tells_its_kind_when_it_registers(
    desk: Desk,
) -> None:
    async with desk.office.database.transaction() as tx:
        await status.note_fetches(tx, [(OTHER, 1, "snom", NOW)])
    desk.ami.lists["PJSIPShowContacts"] = [
        CONTACTS[1] | {"endpoint": device} for device in (PHONE, OTHER)
    ]
    async with running(desk):
        desk.say(MISSED)
        await desk.until(lambda known: known.registered, OTHER)
        await until(lambda: vendor(desk))

    kind = (await desk.office.device(PHONE)).phone
    assert (kind.vendor, kind.model, kind.firmware) == ("snom", "D785", "10.1.198.12")
    assert (await desk.office.device(OTHER)).phone.vendor == ""


async def test_whether_asterisk_answers_is_known(deaf: Desk) -> None:
    async def away() -> bool:
        async with deaf.office.database.transaction() as tx:
            return await status.pbx_away_since(tx) is not None

    async def there() -> bool:
        return not await away()

    async with running(deaf):
        for bad_news in (LOST, {"event": "Shutdown"}):
            deaf.say(bad_news)
            await until(away)
            deaf.say(RECORDING[0])
            await until(there)


words = st.text(max_size=8) | st.sampled_from(
    ["PJSIP/HD0001", "HD0001", "Reachable", "Removed", "INUSE", "9" * 5000]
)
kinds = st.sampled_from(
    [
        "ContactStatus",
        "DeviceStateChange",
        "MessageWaiting",
        "Reload",
        "FullyBooted",
        "Shutdown",
    ]
)
headers = st.sampled_from(
    [
        "endpointname",
        "aor",
        "contactstatus",
        "roundtripusec",
        "device",
        "state",
        "mailbox",
    ]
)


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            lambda kind, rest: {**rest, "event": kind},
            kinds | words,
            st.dictionaries(headers, words),
        )
    )
)
def test_no_message_stops_the_listener(sent: list[Message]) -> None:
    listener = Listener(
        cast(Ami, FakeAmi()),
        cast(Database, None),
        cast(Any, FakeRefresher()),
        cast(Any, FakeLamps()),
        cast(Any, FakeQueueMembers()),
        cast(Any, FakeCatchUp()),
        lambda: NOW,
    )
    for message in sent:
        listener.take(message)


def test_new_messages_and_phones_that_are_back_concern_the_lamps() -> None:
    desk = Desk(cast(Office, None))
    listener = desk.listener(cast(Database, object()))

    listener.take({"event": "MessageWaiting", "mailbox": "100@default"})
    listener.take(
        {"event": "ContactStatus", "endpointname": "X", "contactstatus": "Reachable"}
    )

    assert desk.lamps == FakeLamps(mailboxes=["100@default"], registered=["X"])
    assert desk.queue_members.all_times == 0


def test_asterisk_that_has_started_anew_may_have_forgotten_everybody() -> None:
    desk = Desk(cast(Office, None))
    listener = desk.listener(cast(Database, object()))

    listener.take({"event": "FullyBooted"})
    # A reload forgets neither, and resumes nobody who takes a break.
    listener.take({"event": "Reload"})

    assert (desk.lamps.all_times, desk.queue_members.all_times) == (1, 1)


# The store -------------------------------------------------------------------


async def test_what_is_not_told_stays_as_it_was(desk: Desk) -> None:
    await desk.believe(
        registered=True, reachable=True, address="a:1", user_agent="u", round_trip_us=7
    )
    await desk.believe(in_call=True)
    await desk.believe(reachable=False)
    known = await desk.known()

    assert known is not None
    assert known.registered
    assert known.reachable is False
    assert (known.address, known.user_agent, known.round_trip_us) == ("a:1", "u", 7)
    assert known.in_call


async def test_a_fetch_is_kept_beside_what_asterisk_said(desk: Desk) -> None:
    await desk.believe(registered=True)
    async with desk.office.database.transaction() as tx:
        await status.note_fetches(
            tx,
            [
                (PHONE, 17, "snom", NOW),
                (OTHER, 18, "snom", NOW),
                ("SIP1", 19, "snom", NOW),
            ],
        )
        phone, other = [await status.known_of(tx, name) for name in (PHONE, OTHER)]
        assert await status.known_of(tx, "SIP1") is None

    assert phone
    assert phone.registered
    assert phone.fetched_generation == 17
    assert phone.fetched_at == NOW
    assert other
    assert other.registered is None
    assert other.fetched_user_agent == "snom"


async def test_who_is_not_on_the_list_is_not_registered(desk: Desk) -> None:
    async with desk.office.database.transaction() as tx:
        await status.note_fetches(tx, [(PHONE, 17, "snom", NOW)])
        await status.note_absent(tx, [PHONE], NOW)
        told = {desk.device: desk.registered for desk in await overview.all_desks(tx)}
        assert told.pop(PHONE) is None
        # Not only those that were seen before: the list is complete.
        assert set(told.values()) == {False}
        await status.note_absent(tx, [], NOW)
        known = await status.known_of(tx, PHONE)
        assert known
        assert known.registered is False


# Restarts --------------------------------------------------------------------


@dataclass
class Switched:
    """A desk whose phone was told to fetch, and a clock that counts from there."""

    desk: Desk
    listener: Listener

    def at(self, seconds: float, *events: Message) -> None:
        """Let the listener hear *events* so long after the phone was told."""
        self.desk.now = NOW + timedelta(seconds=seconds)
        for event in events:
            self.listener.take(event)

    async def fetches_at(self, seconds: float) -> None:
        at = NOW + timedelta(seconds=seconds)
        async with self.desk.office.database.transaction() as tx:
            await status.note_fetches(tx, [(PHONE, 1, "snom", at)])

    async def restarted(self) -> bool:
        """Return whether a restart is known, once all that was heard is written."""
        self.listener.take(state_of(OTHER, "INUSE"))
        async with running_listener(self.listener):
            await self.desk.until(lambda known: known.in_call, OTHER)
        known = await self.desk.known()
        return known is not None and known.restarted_at is not None


LEAVES, COMES = contact_of(PHONE, "Removed"), contact_of(PHONE, "NonQualified")


@pytest.fixture
async def switched(deaf: Desk) -> Switched:
    """Return a desk where somebody logged in at NOW, whose phone is told at once."""
    deaf.office.now = NOW
    await deaf.office.log_in("100", PHONE)
    async with deaf.office.database.transaction() as tx:
        known = await logins.desk(tx, PHONE)
        assert known
        await logins.note_refreshed(tx, known.generation, NOW)
    return Switched(deaf, deaf.listener())


async def test_a_phone_that_leaves_fetches_and_comes_back_has_restarted(
    switched: Switched,
) -> None:
    switched.at(2, LEAVES)
    await switched.fetches_at(30)
    switched.at(35, COMES)

    assert await switched.restarted()


async def test_a_phone_that_restarts_over_what_it_fetched_is_noticed_too(
    switched: Switched,
) -> None:
    await switched.fetches_at(1)
    switched.at(3, LEAVES)
    await switched.fetches_at(40)
    switched.at(50, COMES)

    assert await switched.restarted()


async def test_a_phone_that_registers_anew_has_not_restarted(
    switched: Switched,
) -> None:
    switched.at(2, LEAVES)
    await switched.fetches_at(2.5)
    switched.at(3, COMES)

    assert not await switched.restarted()


async def test_a_phone_that_was_away_without_fetching_has_not_restarted(
    switched: Switched,
) -> None:
    """Its network was."""
    await switched.fetches_at(1)
    switched.at(2, LEAVES)
    switched.at(35, COMES)

    assert not await switched.restarted()


async def test_a_phone_that_was_away_before_has_not_restarted(
    switched: Switched,
) -> None:
    switched.at(-60, LEAVES)
    await switched.fetches_at(30)
    switched.at(35, COMES)

    assert not await switched.restarted()


async def test_a_phone_that_restarts_an_hour_later_does_it_for_another_reason(
    switched: Switched,
) -> None:
    switched.at(3600, LEAVES)
    await switched.fetches_at(3630)
    switched.at(3635, COMES)

    assert not await switched.restarted()


@pytest.mark.parametrize(
    "events", [(RECORDING[0],), (RECORDING[11],), (LOST, RECORDING[0])]
)
async def test_who_left_when_asterisk_did_has_not_restarted(
    switched: Switched, events: tuple[Message, ...]
) -> None:
    switched.at(2, LEAVES, *events)
    await switched.fetches_at(30)
    switched.at(35, COMES)

    assert not await switched.restarted()


async def test_a_phone_with_another_contact_has_not_left(
    switched: Switched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a new port: the new contact comes first, then the old one is removed."""
    monkeypatch.setattr(listening, "SNAPSHOT_SECONDS", 0.005)
    switched.desk.ami.lists["PJSIPShowContacts"] = CONTACTS
    switched.at(2, COMES, LEAVES)
    async with running_listener(switched.listener):
        await switched.desk.until(lambda known: known.address)
    await switched.fetches_at(30)
    switched.at(35, COMES)

    assert not await switched.restarted()


async def test_a_phone_that_says_that_it_has_started_has_restarted(
    switched: Switched,
) -> None:
    async with switched.desk.office.database.transaction() as tx:
        await status.note_started(tx, {PHONE: NOW + timedelta(seconds=40)})

    assert await switched.restarted()


async def test_a_restart_is_forgotten_after_three_switches(switched: Switched) -> None:
    async with switched.desk.office.database.transaction() as tx:
        await status.note_started(tx, {PHONE: NOW + timedelta(seconds=40)})
    await switched.desk.office.log_out(PHONE)
    await switched.desk.office.log_in("100", PHONE)
    assert await switched.restarted()

    await switched.desk.office.log_out(PHONE)
    assert not await switched.restarted()
