"""Message lamps and queue members: who sits where decides, whatever Asterisk says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from asterisk_hotdesk import message_lamps, outages
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.message_lamps import MessageLamps
from asterisk_hotdesk.model import Seating, User
from asterisk_hotdesk.pbx.ami import Ami, AmiRefused, Headers, Message
from asterisk_hotdesk.pbx.mailboxes import Mailboxes
from asterisk_hotdesk.queue_members import QueueMembers
from asterisk_hotdesk.store import Database, logins
from tests.postgres.office import Office, opened

LIGHT, DARK = ("yes", "3/1"), ("no", "0/0")
MEMBER = "Local/100@internal/n"


@dataclass
class Asterisk:
    """Answers what it is asked over AMI, unless something is amiss."""

    counts: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """By mailbox: urgent, new and old messages."""
    amiss: Exception | None = None
    asked: int = 0
    shown: list[tuple[str, tuple[str, str]]] = field(default_factory=list)
    """Each lamp that was told, in order."""
    paused: list[tuple[str, str]] = field(default_factory=list)
    contents: list[list[str]] = field(default_factory=list)

    async def action(self, name: str, headers: Headers) -> Message:
        self.asked += 1
        if self.amiss:
            raise self.amiss
        said = cast(dict[str, Any], headers)
        if name == "MailboxCount":
            counts = self.counts.get(said["Mailbox"], (0, 0, 0))
            names = ("urgmessages", "newmessages", "oldmessages")
            return dict(zip(names, map(str, counts), strict=True))
        if name == "QueuePause":
            self.paused.append((said["Interface"], said["Paused"]))
        else:
            self.contents.append(said["Variable"])
            lines = dict(
                line.removeprefix("Content=").split(": ")
                for line in said["Variable"]
                if line.startswith("Content=")
            )
            lamp = lines["Messages-Waiting"], lines["Voice-Message"].split()[0]
            self.shown.append((said["Endpoint"], lamp))
        return {}


@dataclass
class Desks:
    """An office with an Asterisk, and what runs."""

    office: Office
    asterisk: Asterisk
    lamps: MessageLamps
    members: QueueMembers

    async def user(self, **columns: str) -> User:
        """Return the user 100 with these columns."""
        for name, value in columns.items():
            await self.office.rows(
                f"UPDATE users SET {name} = %s"  # noqa: S608
                " WHERE extension = '100' AND account = 'default' RETURNING id",
                value,
            )
        return await self.office.user("100")

    async def seating(self, user: User) -> Seating:
        """Return where *user* sits."""
        async with self.office.database.transaction() as tx:
            desk = await logins.user_desk(tx, user.account, user.extension)
        return Seating({}, {user.key: (user, desk)})


@pytest.fixture
async def desks(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desks]:
    """Yield both at work, a hundred times as impatient."""
    monkeypatch.setattr(message_lamps, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(outages, "RETRY_SECONDS", 0.01)
    asterisk = Asterisk()
    ami = cast(Ami, asterisk)
    lamps = MessageLamps(database, Mailboxes(ami, "*77#8@[::1]:5060"), per_second=1000)
    members = QueueMembers(database, ami)
    async with opened(database, monkeypatch) as office:
        tasks = [asyncio.create_task(part.run()) for part in (lamps, members)]
        yield Desks(office, asterisk, lamps, members)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    """Return once the condition holds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - it is not ours to set an event
            await asyncio.sleep(0.005)


async def test_a_lamp_shows_the_messages_of_whoever_sits_there(desks: Desks) -> None:
    desks.asterisk.counts["100@home"] = (1, 2, 1)
    await desks.user(mailbox="100@home")
    await desks.office.log_in("100")

    desks.lamps.want(["HD0001", "HD0002", "unknown"])
    await until(lambda: len(desks.asterisk.shown) == 2)
    assert desks.asterisk.shown == [("HD0001", LIGHT), ("HD0002", DARK)]
    assert desks.asterisk.contents[0] == [
        "Event=message-summary",
        "Content-Type=application/simple-message-summary",
        "Content=Messages-Waiting: yes",
        "Content=Message-Account: sip:*77%238@[::1]:5060",
        "Content=Voice-Message: 3/1 (0/0)",
    ]

    await desks.office.log_out("HD0001")
    desks.lamps.want(["HD0001"])
    await until(lambda: len(desks.asterisk.shown) == 3)
    assert desks.asterisk.shown[-1] == ("HD0001", DARK)


async def test_new_messages_light_the_desk_and_no_other(desks: Desks) -> None:
    desks.asterisk.counts["100@home"] = (0, 3, 1)
    await desks.user(mailbox="100@home")
    await desks.office.log_in("100", "HD0002")
    await desks.office.log_in("101", "HD0001")

    desks.lamps.note_messages("nobodys@home")
    desks.lamps.note_messages("100@home")
    await until(lambda: desks.asterisk.shown)
    desks.lamps.note_registered("HD0002")
    await until(lambda: len(desks.asterisk.shown) == 2)
    assert desks.asterisk.shown == [("HD0002", LIGHT)] * 2


async def test_after_an_outage_every_lamp_is_told_used_desks_first(
    desks: Desks,
) -> None:
    await desks.office.log_in("101", "HD0003")
    desks.asterisk.amiss = Unavailable("Asterisk's AMI is not connected")

    desks.lamps.want_all()
    await until(lambda: desks.asterisk.asked > 2)
    desks.asterisk.amiss = None
    await until(lambda: len(desks.asterisk.shown) == 4)
    assert desks.asterisk.shown[0] == ("HD0003", DARK)
    assert {device for device, _ in desks.asterisk.shown[1:]} == {
        "HD0001",
        "HD0002",
        "ACME1",
    }


async def test_a_member_is_paused_while_the_user_is_away(desks: Desks) -> None:
    user = await desks.user(queue_interface=MEMBER)
    desks.members.want_all()
    await until(lambda: desks.asterisk.paused == [(MEMBER, "true")])

    await desks.office.log_in("100")
    desks.members.follow(await desks.seating(user))
    await until(lambda: desks.asterisk.paused[1:] == [(MEMBER, "false")])

    # Who sits there already is not resumed again, for she may take a break.
    await desks.office.rows("UPDATE switches SET routed_at = now() RETURNING id")
    desks.members.follow(await desks.seating(user))
    desks.members.want_all()
    await desks.office.log_out()
    desks.members.follow(await desks.seating(user))
    await until(lambda: desks.asterisk.paused[2:] == [(MEMBER, "true")])


async def test_who_is_in_no_queue_costs_nothing(desks: Desks) -> None:
    desks.members.follow(await desks.seating(await desks.user()))
    desks.members.follow(await desks.seating(await desks.user(queue_interface=MEMBER)))

    await until(lambda: desks.asterisk.paused)
    assert desks.asterisk.asked == 1


async def test_a_missing_right_is_told_once(
    desks: Desks, caplog: pytest.LogCaptureFixture
) -> None:
    user = await desks.user(queue_interface=MEMBER)
    desks.asterisk.amiss = AmiRefused("QueuePause", "Permission denied")
    with caplog.at_level(logging.INFO, "asterisk_hotdesk"):
        await refused(desks, user)
        await refused(desks, user)
    of_queues, of_lamps = (record.getMessage() for record in caplog.records)
    assert of_queues.startswith(f"queue members such as {MEMBER} of default/100 stay")
    assert of_lamps.startswith("message lamps are left alone")
    for line in (of_queues, of_lamps):
        assert line.endswith("compare the rights in manager.conf with the README")


async def refused(desks: Desks, user: User) -> None:
    """Return once Asterisk has refused a pause, and then a lamp."""
    before = desks.asterisk.asked
    desks.members.follow(await desks.seating(user))
    await until(lambda: desks.asterisk.asked > before)
    desks.lamps.want(["HD0001"])
    await until(lambda: desks.asterisk.asked > before + 1)


async def test_a_device_that_asterisk_does_not_know_yet_is_no_trouble(
    desks: Desks, caplog: pytest.LogCaptureFixture
) -> None:
    desks.asterisk.amiss = AmiRefused(
        "PJSIPNotify", "Unable to retrieve endpoint HD0001"
    )
    with caplog.at_level(logging.INFO, "asterisk_hotdesk"):
        desks.lamps.want(["HD0001"])
        await until(lambda: desks.asterisk.asked)
        desks.asterisk.amiss = None
        desks.lamps.want(["HD0002"])
        await until(lambda: desks.asterisk.shown)
    assert caplog.records == []
