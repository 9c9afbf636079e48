"""AMI: what panoramisk gets wrong stays harmless, whatever the other side does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panoramisk import Manager

from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.pbx import ami as ami_module
from asterisk_hotdesk.pbx.ami import (
    LOST,
    MISSED,
    Ami,
    AmiRefused,
    Message,
    _Protocol,
)
from asterisk_hotdesk.pbx.ami_events import EventQueue
from asterisk_hotdesk.pbx.routes import Routes

USERNAME, SECRET = "hotdesk", "amí-s3cret"
EVENT = "Event: ContactStatus\r\nAOR: HD0001\r\nUserAgent: Zoë's 😀 phone\r\n\r\n"
EVENT_READ = {
    "event": "ContactStatus",
    "aor": "HD0001",
    "useragent": "Zoë's 😀 phone",
}

Answer = Callable[["Session", Message], str | bytes | None]
"""Returns what to answer to an action; None: nothing, now or ever."""


# A scripted Asterisk ---------------------------------------------------------


@dataclass
class Session:
    """One connection, seen from Asterisk."""

    pbx: FakePbx
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    actions: list[Message] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def asked(self, without: tuple[str, ...] = ("Login", "Ping")) -> list[str]:
        return [a["action"] for a in self.actions if a["action"] not in without]

    def send(self, text: str | bytes) -> None:
        self.writer.write(text.encode() if isinstance(text, str) else text)

    async def send_in_pieces(self, *pieces: bytes) -> None:
        """Send *pieces* so that each is a packet of its own."""
        for piece in pieces:
            self.writer.write(piece)
            for _ in range(5):
                await asyncio.sleep(0)

    async def serve(self) -> None:
        self.send("Asterisk Call Manager/11.0.0\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                raw = await self.reader.readuntil(b"\r\n\r\n")
                self.raw.append(raw)
                pairs = (line.partition(": ") for line in raw.decode().splitlines())
                action = {name.lower(): value for name, _, value in pairs if name}
                self.actions.append(action)
                answer = self.pbx.answers.get(action["action"], refused("Invalid"))
                reply = answer(self, action)
                if reply is not None:
                    self.send(reply)
        self.writer.close()


@dataclass
class FakePbx:
    """An AMI server that does what a test says."""

    answers: dict[str, Answer]
    sessions: list[Session] = field(default_factory=list)
    port: int = 0

    async def accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        session = Session(self, reader, writer)
        self.sessions.append(session)
        await session.serve()

    @property
    def last(self) -> Session:
        return self.sessions[-1]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self.accept, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield
            for session in self.sessions:
                session.writer.transport.abort()


def success(message: str = "OK", *lines: str) -> Answer:
    def answer(_: Session, action: Message) -> str:
        text = ["Response: Success", f"ActionID: {action['actionid']}", *lines]
        return "\r\n".join([*text, f"Message: {message}", "", ""])

    return answer


def refused(message: str) -> Answer:
    return lambda _, action: (
        f"Response: Error\r\nActionID: {action['actionid']}\r\nMessage: {message}"
        "\r\n\r\n"
    )


def listed(kind: str, *events: str) -> Answer:
    """Answer with a list, in the form of Asterisk 22."""

    def answer(_: Session, action: Message) -> str:
        identity = f"ActionID: {action['actionid']}\r\n"
        return (
            f"Response: Success\r\n{identity}EventList: start\r\n"
            "Message: Result will follow\r\n\r\n"
            + "".join(f"Event: {kind}\r\n{identity}{e}\r\n\r\n" for e in events)
            + f"Event: {kind}Complete\r\n{identity}EventList: Complete\r\n"
            f"ListItems: {len(events)}\r\n\r\n"
        )

    return answer


def silent(session: Session, action: Message) -> None:
    return None


def log_in(session: Session, action: Message) -> str | bytes | None:
    right = action["username"] == USERNAME and action["secret"] == SECRET
    answer = success() if right else refused("Authentication failed")
    return answer(session, action)


async def until(condition: Callable[[], Any], within: float = 5.0) -> None:
    """Return as soon as *condition* holds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - it may be about anything
            await asyncio.sleep(0.001)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what takes seconds take as long as a test may wait."""
    monkeypatch.setattr(ami_module, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(ami_module, "LONGEST_BACKOFF_SECONDS", 0.01)


@pytest.fixture
async def pbx() -> AsyncIterator[FakePbx]:
    pbx = FakePbx({"Login": log_in, "Ping": success("Pong"), "DBPut": success()})
    async with pbx.listening():
        yield pbx


@asynccontextmanager
async def running(ami: Ami) -> AsyncIterator[Ami]:
    """Run *ami* as the daemon does."""
    task = asyncio.create_task(ami.run())
    try:
        yield ami
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def connected(
    pbx: FakePbx, *, with_events: bool = False, secret: str = SECRET
) -> AsyncIterator[Ami]:
    ami = Ami("127.0.0.1", pbx.port, USERNAME, secret, with_events=with_events)
    async with running(ami):
        await asyncio.wait_for(ami.connected.wait(), 5)
        yield ami


async def events_of(ami: Ami, count: int) -> list[Message]:
    assert ami.events is not None
    async with asyncio.timeout(5):
        return [await ami.events.get() for _ in range(count)]


def numbered(number: int) -> str:
    return f"Event: DeviceStateChange\r\nDevice: PJSIP/{number}\r\n\r\n"


# Actions ---------------------------------------------------------------------


async def test_an_action_is_sent_once_and_answered(pbx: FakePbx) -> None:
    async with connected(pbx) as ami:
        reply = await ami.action("DBPut", {"Family": "a", "Key": "b", "Val": "Zoë"})

    assert reply["response"] == "Success"
    assert reply["message"] == "OK"
    assert pbx.last.asked() == ["DBPut"]
    assert pbx.last.actions[-1]["val"] == "Zoë"


async def test_a_header_can_be_sent_more_than_once(pbx: FakePbx) -> None:
    pbx.answers["PJSIPNotify"] = success()
    async with connected(pbx) as ami:
        await ami.action("PJSIPNotify", {"Endpoint": "x", "Variable": ["a=1", "b=2"]})

    sent = pbx.last.raw[-1].split(b"\r\n")
    assert [line for line in sent if line.startswith(b"Variable")] == [
        b"Variable: a=1",
        b"Variable: b=2",
    ]


async def test_each_action_gets_its_own_answer(pbx: FakePbx) -> None:
    """They come in another order than they were asked in."""
    held: list[Message] = []

    def last_first(session: Session, action: Message) -> str | None:
        held.append(action)
        if len(held) < 20:
            return None
        answers = [success(a["key"])(session, a) for a in reversed(held)]
        return "".join(str(answer) for answer in answers)

    pbx.answers["DBPut"] = last_first
    async with connected(pbx) as ami:
        keys = [f"key {n}" for n in range(20)]
        replies = await asyncio.gather(*(ami.action("DBPut", {"Key": k}) for k in keys))

    assert [reply["message"] for reply in replies] == keys


async def test_what_asterisk_refuses_is_told_in_its_words(pbx: FakePbx) -> None:
    pbx.answers["DBDel"] = refused("Database entry not found")
    async with connected(pbx) as ami:
        with pytest.raises(AmiRefused, match="DBDel: Database entry not found"):
            await ami.action("DBDel", {"Family": "a", "Key": "b"})
        with pytest.raises(AmiRefused, match="Nonsense: Invalid"):
            await ami.listing("Nonsense")
        await ami.action("DBPut")

    assert len(pbx.sessions) == 1


async def test_a_missing_right_is_told_with_the_place_to_look(pbx: FakePbx) -> None:
    pbx.answers["DBPut"] = refused("Permission denied")
    async with connected(pbx) as ami:
        with pytest.raises(AmiRefused, match=r"manager\.conf"):
            await ami.action("DBPut")


@pytest.mark.parametrize(
    "value",
    [
        "x\r\nAction: Command\r\nCommand: core stop now",
        "x\r\n\r\nAction: Originate",
        "x\n",
        "\r",
        "\0",
        ["Event=check-sync", "x\r\nUniqueid: 1"],
    ],
)
async def test_no_value_smuggles_a_header_in(
    pbx: FakePbx, value: str | list[str]
) -> None:
    async with connected(pbx) as ami:
        with pytest.raises(ValueError, match="AMI header Val holds a line break"):
            await ami.action("DBPut", {"Family": "x", "Val": value})
        with pytest.raises(ValueError, match="AMI header Val holds a line break"):
            await ami.listing("DBGet", {"Val": value})
        await ami.action("Ping")

    assert [a["action"] for a in pbx.last.actions] == ["Login", "Ping"]


async def test_without_a_connection_everything_is_unavailable(
    unused_tcp_port: int,
) -> None:
    ami = Ami("127.0.0.1", unused_tcp_port, USERNAME, SECRET, with_events=False)
    with pytest.raises(Unavailable, match="not connected"):
        await ami.action("Ping")
    async with running(ami):
        with pytest.raises(Unavailable, match="not connected"):
            await ami.listing("DBGetTree")


# Lists -----------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 1000])
async def test_a_list_is_what_is_between_its_ends(pbx: FakePbx, count: int) -> None:
    lines = [f"Key: /hotdesk/desk/HD{n}\r\nVal: {n}:" for n in range(count)]
    pbx.answers["DBGetTree"] = listed("DBGetTreeResponse", *lines)
    async with connected(pbx) as ami:
        found = await ami.listing("DBGetTree", {"Family": "hotdesk"})

    assert [(m["key"], m["val"]) for m in found] == [
        (f"/hotdesk/desk/HD{n}", f"{n}:") for n in range(count)
    ]


async def test_events_in_the_middle_of_a_list_are_not_part_of_it(pbx: FakePbx) -> None:
    def answer(session: Session, action: Message) -> str:
        text = str(listed("ContactList", "Endpoint: 1", "Endpoint: 2")(session, action))
        return text.replace("\r\n\r\n", f"\r\n\r\n{EVENT}")

    pbx.answers["PJSIPShowContacts"] = answer
    async with connected(pbx, with_events=True) as ami:
        found = await ami.listing("PJSIPShowContacts")
        events = await events_of(ami, 4)

    assert [m["endpoint"] for m in found] == ["1", "2"]
    assert events == [EVENT_READ] * 4


async def test_routes_read_what_asterisk_really_answers(pbx: FakePbx) -> None:
    """The answers are those of Asterisk 22.10.1."""
    pbx.answers["DBGet"] = listed(
        "DBGetResponse", "Family: hotdesk/desk\r\nKey: HD0001\r\nVal: 17:default/100"
    )
    pbx.answers["DBGetTree"] = listed(
        "DBGetTreeResponse", "Key: /hotdesk/desk/HD0001\r\nVal: 17:default/100"
    )
    pbx.answers["DBDel"] = refused("Database entry could not be deleted")
    async with connected(pbx) as ami:
        routes = Routes(ami, ami)
        assert await routes.read("hotdesk/desk/HD0001") == "17:default/100"
        assert await routes.all() == {"hotdesk/desk/HD0001": "17:default/100"}
        await routes.bring_about({"hotdesk/desk/HD0001": "17:default/100"}, [])
        with pytest.raises(Unavailable, match="hotdesk/desk/HD0001"):
            await routes.bring_about({"hotdesk/desk/HD0001": "18:default/100"}, [])
        with pytest.raises(Unavailable, match="hotdesk/desk/HD0001"):
            await routes.bring_about({}, ["hotdesk/desk/HD0001"])

        pbx.answers["DBGet"] = refused("Database entry not found")
        pbx.answers["DBGetTree"] = listed("DBGetTreeResponse")
        assert await routes.read("hotdesk/desk/HD0001") is None
        assert await routes.all() == {}
        await routes.bring_about({}, ["hotdesk/desk/HD0001"])
        with pytest.raises(Unavailable, match="hotdesk/desk/HD0001"):
            await routes.bring_about({"hotdesk/desk/HD0001": "17:default/100"}, [])


async def test_a_route_that_asterisk_refuses_is_told_in_its_words(pbx: FakePbx) -> None:
    pbx.answers["DBPut"] = refused("Permission denied")
    async with connected(pbx) as ami:
        with pytest.raises(AmiRefused, match="DBPut: Permission denied"):
            await Routes(ami, ami).bring_about({"hotdesk/desk/HD0001": "17:"}, [])


async def test_of_actions_sent_together_each_has_its_answer(pbx: FakePbx) -> None:
    pbx.answers["DBDel"] = refused("Database entry not found")
    async with connected(pbx) as ami:
        deleted, put = await ami.together([("DBDel", {"Key": "a"}), ("DBPut", {})])

    assert isinstance(deleted, AmiRefused)
    assert isinstance(put, list)
    assert [message["response"] for message in put] == ["Success"]
    assert pbx.last.asked() == ["DBDel", "DBPut"]


async def test_a_page_travels_line_by_line_with_what_asterisk_would_take_away(
    pbx: FakePbx,
) -> None:
    pbx.answers["PJSIPNotify"] = success()
    async with connected(pbx) as ami:
        await Routes(ami, ami).show("HD0001", "xml", "text/x", '<a b="1,2">\n \\</a>\n')

    variables = [
        line for line in pbx.last.raw[-1].decode().splitlines() if "Variable" in line
    ]
    assert variables == [
        "Variable: Event=xml",
        "Variable: Content-Type=text/x",
        r"Variable: Content=<a b=\"1\,2\">",
        r"Variable: Content= \\</a>",
    ]


@pytest.mark.parametrize("content", ["", "x" * 1000, "x\n" + "," * 500])
async def test_a_page_that_ami_cannot_carry_is_not_sent(
    pbx: FakePbx, content: str
) -> None:
    async with connected(pbx) as ami:
        with pytest.raises(ValueError, match="a page has lines"):
            await Routes(ami, ami).show("HD0001", "xml", "text/x", content)

    assert pbx.last.asked() == []


# Events of ours --------------------------------------------------------------


async def test_user_events_are_sent_as_they_are_with_no_id_but_their_own(
    pbx: FakePbx,
) -> None:
    pbx.answers["UserEvent"] = lambda _, action: success("Event Sent")(
        _, {"actionid": ""} | action
    )
    async with connected(pbx) as ami:
        await ami.tell([{"UserEvent": "A", "Name": "Zoë"}, {"UserEvent": "B"}])

    assert pbx.last.raw[-3:-1] == [
        "Action: UserEvent\r\nUserEvent: A\r\nName: Zoë\r\n\r\n".encode(),
        b"Action: UserEvent\r\nUserEvent: B\r\n\r\n",
    ]


async def test_a_user_event_that_asterisk_refuses_is_told(pbx: FakePbx) -> None:
    pbx.answers["UserEvent"] = lambda _, action: (
        f"Response: Error\r\nActionID: {action['actionid']}\r\n"
        "Message: Permission denied\r\n\r\n"
    )
    async with connected(pbx) as ami:
        with pytest.raises(AmiRefused, match="UserEvent: Permission denied"):
            await ami.tell([{"UserEvent": "A", "ActionID": "of somebody else"}])
        pbx.answers["UserEvent"] = silent
        await ami.tell([{"UserEvent": "A"}])


async def test_no_user_event_smuggles_a_header_in(pbx: FakePbx) -> None:
    async with connected(pbx) as ami:
        with pytest.raises(ValueError, match="AMI header Name holds a line break"):
            await ami.tell([{"UserEvent": "A", "Name": "x\r\nAction: Reload"}])

    assert pbx.last.asked() == []


# Peers that do not answer ----------------------------------------------------


async def test_an_answer_that_never_comes_is_an_outage_in_time(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    pbx.answers["DBPut"] = silent
    async with connected(pbx) as ami:
        monkeypatch.setattr(ami_module, "ACTION_SECONDS", 0.05)
        began = time.monotonic()
        with pytest.raises(Unavailable, match="did not answer DBPut in time"):
            await asyncio.wait_for(ami.action("DBPut", {"Val": "stale"}), 5)
        assert time.monotonic() - began < 2
        monkeypatch.setattr(ami_module, "ACTION_SECONDS", 5.0)

        await until(lambda: len(pbx.sessions) > 1 and ami.connected.is_set())


async def test_a_list_that_never_ends_is_an_outage_in_time(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ami_module, "SLOW_SECONDS", 0.05)
    pbx.answers["DBGetTree"] = lambda s, a: str(listed("X", "Key: 1")(s, a))[:-20]
    async with connected(pbx) as ami:
        with pytest.raises(Unavailable, match="did not answer DBGetTree in time"):
            await asyncio.wait_for(ami.listing("DBGetTree"), 5)


async def test_what_was_not_answered_is_never_sent_again(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stale route could overwrite a newer one."""
    pbx.answers["DBPut"] = silent
    pbx.answers["DBGet"] = silent
    async with connected(pbx) as ami:
        old = pbx.last
        waiting = [
            asyncio.create_task(ami.action("DBPut", {"Val": "stale"})),
            asyncio.create_task(ami.listing("DBGet", {"Key": "x"})),
        ]
        await until(lambda: len(old.asked()) == 2)
        old.writer.transport.abort()
        for task in waiting:
            with pytest.raises(Unavailable, match="is lost"):
                await asyncio.wait_for(task, 5)

        await until(lambda: len(pbx.sessions) > 1 and ami.connected.is_set())
        # This is when panoramisk would send it again.
        pbx.last.send("Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")
        pbx.answers["DBPut"] = success()
        await ami.action("DBPut", {"Val": "fresh"})

    assert [a.get("val") for a in pbx.last.actions] == [None, "fresh"]


async def test_nobody_but_us_connects_again(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    """panoramisk would, and log in with what it remembers."""
    monkeypatch.setitem(Manager.defaults, "reconnect_timeout", 0)
    monkeypatch.setattr(ami_module, "FIRST_PAUSE_SECONDS", 60.0)
    monkeypatch.setattr(ami_module, "LONGEST_BACKOFF_SECONDS", 60.0)
    async with connected(pbx) as ami:
        pbx.last.writer.transport.abort()
        await until(lambda: not ami.connected.is_set())
        for _ in range(3):
            async with connected(pbx):
                pass

        assert len(pbx.sessions) == 1 + 3


async def test_a_peer_that_goes_in_the_middle_of_a_list_is_noticed_at_once(
    pbx: FakePbx,
) -> None:
    def half(session: Session, action: Message) -> None:
        session.send(str(listed("X", "Key: 1", "Key: 2")(session, action))[:-90])
        session.writer.close()

    pbx.answers["DBGetTree"] = half
    async with connected(pbx) as ami:
        with pytest.raises(Unavailable, match="is lost"):
            await asyncio.wait_for(ami.listing("DBGetTree"), 5)
        await until(lambda: len(pbx.sessions) > 1 and ami.connected.is_set())


async def test_a_peer_that_does_not_answer_pings_is_left(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ami_module, "PING_SECONDS", 0.01)
    async with connected(pbx, with_events=True) as ami:
        first = pbx.last
        await until(lambda: len(first.actions) > 3)
        assert len(pbx.sessions) == 1

        pbx.answers["Ping"] = silent
        monkeypatch.setattr(ami_module, "ACTION_SECONDS", 0.05)
        await until(lambda: len(pbx.sessions) > 1)
        monkeypatch.setattr(ami_module, "ACTION_SECONDS", 5.0)
        pbx.answers["Ping"] = success("Pong")

        assert (await events_of(ami, 1))[0] is LOST
        await asyncio.wait_for(ami.connected.wait(), 5)


async def test_a_ping_that_is_refused_ends_the_connection_not_the_daemon(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ami_module, "PING_SECONDS", 0.01)
    pbx.answers["Ping"] = refused("Missing action in request")
    async with connected(pbx):
        await until(lambda: len(pbx.sessions) > 1)


async def test_a_peer_that_has_very_much_to_say_is_not_gone(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a ping waits behind all the events."""
    monkeypatch.setattr(ami_module, "PING_SECONDS", 0.2)
    monkeypatch.setattr(ami_module, "ACTION_SECONDS", 0.1)
    pbx.answers["Ping"] = silent
    async with connected(pbx, with_events=True):
        end = time.monotonic() + 0.8

        def talks_on() -> bool:
            pbx.last.send(EVENT)
            return time.monotonic() > end

        await until(talks_on)

        assert len(pbx.sessions) == 1
        await until(lambda: len(pbx.sessions) > 1)


async def test_an_orderly_shutdown_is_noticed_at_once(pbx: FakePbx) -> None:
    async with connected(pbx, with_events=True) as ami:
        pbx.last.send("Event: Shutdown\r\nShutdown: Cleanly\r\nRestart: False\r\n\r\n")
        await until(lambda: len(pbx.sessions) > 1 and ami.connected.is_set())

        assert [e["event"] for e in await events_of(ami, 2)] == [
            "Shutdown",
            LOST["event"],
        ]


# Logging in ------------------------------------------------------------------


async def test_a_wrong_secret_is_said_once_and_nothing_seems_connected(
    pbx: FakePbx, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ami = Ami("127.0.0.1", pbx.port, USERNAME, "wrong-s3cret", with_events=False)
    async with running(ami):
        await until(lambda: len(pbx.sessions) > 10)

        assert not ami.connected.is_set()
        with pytest.raises(Unavailable, match="not connected"):
            await ami.action("Ping")
    ours = [r for r in caplog.records if r.name.startswith("asterisk_hotdesk")]
    assert [record.getMessage() for record in ours] == [
        "Asterisk's AMI refuses our user name or secret; compare manager.conf with"
        " [asterisk] in hotdesk.toml; trying again"
    ]
    assert "s3cret" not in caplog.text


async def test_pauses_between_attempts_grow_but_stay_bounded(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def quick_sleep(seconds: float) -> None:
        if seconds > 0.01:
            pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(ami_module, "FIRST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(ami_module, "LONGEST_BACKOFF_SECONDS", 10.0)
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    monkeypatch.setattr(asyncio, "sleep", quick_sleep)
    ami = Ami("127.0.0.1", pbx.port, USERNAME, "wrong", with_events=False)
    async with running(ami):
        await until(lambda: len(pauses) >= 9)

    assert pauses[:9] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10, 10]


async def test_after_a_good_connection_the_next_attempt_comes_soon(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def quick_sleep(seconds: float) -> None:
        if seconds > 0.01:
            pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(ami_module, "FIRST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(ami_module, "LONGEST_BACKOFF_SECONDS", 10.0)
    monkeypatch.setattr(ami_module, "STEADY_SECONDS", 0.0)
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    monkeypatch.setattr(asyncio, "sleep", quick_sleep)
    async with connected(pbx) as ami:
        for attempt in range(1, 6):
            await until(ami.connected.is_set)
            pbx.last.writer.transport.abort()
            await until(lambda n=attempt: len(pauses) == n)  # type: ignore[misc]

    assert pauses == [0.2] * 5


async def test_an_asterisk_that_starts_later_is_found(
    unused_tcp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    pbx = FakePbx({"Login": log_in}, port=unused_tcp_port)
    ami = Ami("127.0.0.1", unused_tcp_port, USERNAME, SECRET, with_events=False)
    async with running(ami):
        await until(lambda: caplog.messages)
        async with pbx.listening():
            await asyncio.wait_for(ami.connected.wait(), 5)

    assert caplog.messages[:2] == [
        "Asterisk's AMI cannot be reached (ConnectionRefusedError); trying again",
        "Asterisk's AMI is back",
    ]


@pytest.mark.parametrize("mute", ["never answers", "closes at once"])
async def test_a_peer_that_does_not_let_us_in_is_tried_again(
    pbx: FakePbx,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    mute: str,
) -> None:
    def close(session: Session, action: Message) -> None:
        session.writer.close()

    monkeypatch.setattr(ami_module, "LOGIN_SECONDS", 0.05)
    pbx.answers["Login"] = silent if mute == "never answers" else close
    ami = Ami("127.0.0.1", pbx.port, USERNAME, SECRET, with_events=True)
    async with running(ami):
        await until(lambda: len(pbx.sessions) > 3)
        monkeypatch.setattr(ami_module, "LOGIN_SECONDS", 5.0)
        pbx.answers["Login"] = log_in
        await asyncio.wait_for(ami.connected.wait(), 5)

    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []
    assert len(caplog.messages) == 2


async def test_only_who_wants_events_asks_for_them(pbx: FakePbx) -> None:
    async with connected(pbx, with_events=True) as ami:
        assert ami.events is not None
        assert pbx.last.actions[0]["events"] == "on"
    async with connected(pbx) as ami:
        assert ami.events is None
        assert pbx.last.actions[0]["events"] == "off"
        pbx.last.send(EVENT)
        await ami.action("DBPut")


# Events ----------------------------------------------------------------------


async def test_events_come_in_order(pbx: FakePbx) -> None:
    async with connected(pbx, with_events=True) as ami:
        for number in range(2000):
            pbx.last.send(numbered(number))
        found = await events_of(ami, 2000)

    assert [e["device"] for e in found] == [f"PJSIP/{n}" for n in range(2000)]


async def test_a_lost_connection_is_told_among_the_events(pbx: FakePbx) -> None:
    async with connected(pbx, with_events=True) as ami:
        pbx.last.send(numbered(1))
        await until(lambda: ami.events and ami.events.qsize() == 1)
        pbx.last.writer.transport.abort()
        await until(lambda: len(pbx.sessions) > 1 and ami.connected.is_set())
        pbx.last.send(numbered(2))
        before, lost, after = await events_of(ami, 3)

    assert before["device"] == "PJSIP/1"
    assert lost is LOST
    assert after["device"] == "PJSIP/2"


async def test_events_that_nobody_can_read_in_time_become_one_loss(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ami_module, "MOST_QUEUED_EVENTS", 10)
    async with connected(pbx, with_events=True) as ami:
        pbx.last.send("".join(numbered(n) for n in range(25)))
        await ami.action("Ping")
        assert ami.events is not None
        found = [ami.events.get_nowait() for _ in range(ami.events.qsize())]

    assert found[0] is MISSED
    assert [e["device"] for e in found[1:]] == [f"PJSIP/{n}" for n in range(21, 25)]


async def test_a_letter_split_between_two_packets_survives(pbx: FakePbx) -> None:
    sent = EVENT.encode()
    async with connected(pbx, with_events=True) as ami:
        for cut in range(1, len(sent)):
            await pbx.last.send_in_pieces(sent[:cut], sent[cut:])
        found = await events_of(ami, len(sent) - 1)

    assert found == [EVENT_READ] * (len(sent) - 1)


async def test_bytes_that_are_no_text_harm_one_letter_only(pbx: FakePbx) -> None:
    async with connected(pbx, with_events=True) as ami:
        pbx.last.send(b"Event: A\r\nName: Zo\xff\xfe\xebx\r\n\r\n" + EVENT.encode())
        broken, whole = await events_of(ami, 2)

    assert broken["name"] == "Zo\ufffd\ufffd\ufffdx"
    assert whole == EVENT_READ


async def test_a_header_of_a_megabyte_is_read(pbx: FakePbx) -> None:
    long = "é" * 500_000
    pbx.answers["DBGet"] = listed("DBGetResponse", f"Val: {long}")
    async with connected(pbx, with_events=True) as ami:
        pbx.last.send(f"Event: UserEvent\r\nText: {long}\r\n\r\n{EVENT}")
        event, after = await events_of(ami, 2)
        (found,) = await ami.listing("DBGet")

    assert event["text"] == long
    assert after == EVENT_READ
    assert found["val"] == long
    assert len(pbx.sessions) == 1


@pytest.mark.parametrize(
    "garbage",
    [
        "garbage\r\n\r\n",
        "\r\n\r\n\r\n\r\n\r\n\r\n",
        "Event:\r\n\r\n",
        ": \r\n\r\n",
        "Key: value\r\n\r\n",
        "Response: Follows\r\n\r\n",
        "Response: Success\r\nActionID: nobody's\r\n\r\n",
        "Response: Success\r\n\r\n",
        "Event: A\r\nEvent: B\r\n\r\n",
        "Event: A\r\nActionID: 1\r\nActionID: 2\r\n\r\n",
        b"\x00\xff\xfe\r\n\r\n",
        "Asterisk Call Manager/11.0.0\r\n\r\n",
        "\x1b[31m\u2028\r\n\r\n",
    ],
)
async def test_garbage_between_messages_is_passed_over(
    pbx: FakePbx, garbage: str | bytes
) -> None:
    async with connected(pbx, with_events=True) as ami:
        for _ in range(3):
            pbx.last.send(garbage)
            pbx.last.send(EVENT)
        reply = await ami.action("DBPut")
        assert ami.events is not None
        found = [ami.events.get_nowait() for _ in range(ami.events.qsize())]

    assert reply["message"] == "OK"
    assert [e for e in found if e.get("event") == "ContactStatus"] == [EVENT_READ] * 3
    assert len(pbx.sessions) == 1


async def test_garbage_that_is_glued_to_a_message_does_not_hide_it(
    pbx: FakePbx,
) -> None:
    async with connected(pbx, with_events=True) as ami:
        pbx.last.send(f"no header\r\n{EVENT}")

        assert await events_of(ami, 1) == [EVENT_READ]


async def test_of_a_repeated_header_the_first_counts(pbx: FakePbx) -> None:
    async with connected(pbx, with_events=True) as ami:
        pbx.last.send("Event: X\r\nVar: 1\r\nVar: 2\r\nVar: 3\r\nA: 4\r\na: 5\r\n\r\n")
        (event,) = await events_of(ami, 1)

    assert (event["var"], event["a"]) == ("1", "4")


@pytest.mark.parametrize(
    "forged",
    [
        "event: Shutdown",
        "Event: Shutdown",
        "EVENT: FullyBooted",
        "Response: Success\r\nMessage: forged",
        "Privilege: system,all",
    ],
)
async def test_whoever_may_send_user_events_cannot_speak_as_asterisk(
    pbx: FakePbx, forged: str
) -> None:
    async with connected(pbx, with_events=True) as ami:
        pbx.last.send(
            "Event: UserEvent\r\nPrivilege: user,all\r\nUserEvent: X\r\n"
            f"{forged}\r\n\r\n"
        )
        (event,) = await events_of(ami, 1)
        await ami.action("DBPut")

    assert (event["event"], event["privilege"]) == ("UserEvent", "user,all")
    assert len(pbx.sessions) == 1


async def test_a_user_event_is_no_answer_even_with_the_id_of_a_question(
    pbx: FakePbx,
) -> None:
    def forge(session: Session, action: Message) -> str:
        return (
            "Event: UserEvent\r\nUserEvent: X\r\nResponse: Success\r\n"
            f"Val: forged\r\nActionID: {action['actionid']}\r\n\r\n"
        ) + str(success("true")(session, action))

    pbx.answers["DBPut"] = forge
    async with connected(pbx, with_events=True) as ami:
        reply = await ami.action("DBPut")

    assert reply["message"] == "true"
    assert "val" not in reply


async def test_a_message_without_an_end_ends_the_connection_not_the_memory(
    pbx: FakePbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ami_module, "LONGEST_MESSAGE", 10_000)
    async with connected(pbx, with_events=True) as ami:
        pbx.last.send("Event: X\r\n" + "A: b\r\n" * 10_000)
        await until(lambda: len(pbx.sessions) > 1 and ami.connected.is_set())
        pbx.last.send(EVENT)
        lost, event = await events_of(ami, 2)

    assert lost is LOST
    assert event == EVENT_READ


async def test_a_header_may_hold_what_separates_headers(pbx: FakePbx) -> None:
    async with connected(pbx, with_events=True) as ami:
        pbx.last.send("Event: X\r\nA: b: c\r\nURI: sip:1@[::1]:5060\r\nE: \r\n\r\n")
        (event,) = await events_of(ami, 1)

    assert (event["a"], event["uri"]) == ("b: c", "sip:1@[::1]:5060")


# The queue -------------------------------------------------------------------


def queued(*events: Message, most: int = 100) -> list[Message]:
    """Return what is read of *events* after nobody has read for a while."""
    queue = EventQueue(most)
    for event in events:
        queue.put_nowait(event)
    return [queue.get_nowait() for _ in range(queue.qsize())]


def state(device: str, now: str) -> Message:
    return {"event": "DeviceStateChange", "device": device, "state": now}


def test_of_each_device_only_the_newest_state_waits_to_be_read() -> None:
    read = queued(state("A", "1"), state("B", "1"), state("A", "2"), state("A", "3"))

    assert read == [state("B", "1"), state("A", "3")]


def test_what_tells_of_different_things_waits_apart() -> None:
    contact = {"event": "ContactStatus", "endpointname": "A"}
    voicemail = {"event": "MessageWaiting", "mailbox": "A"}

    assert queued(state("A", "1"), contact, voicemail, contact) == [
        state("A", "1"),
        voicemail,
        contact,
    ]


def test_no_user_event_is_dropped_for_another() -> None:
    call = {"event": "UserEvent", "userevent": "HotdeskEmergency", "device": "A"}

    assert queued(call, call | {"x": "y"}) == [call, call | {"x": "y"}]


def test_a_million_events_of_ten_devices_are_ten_that_wait() -> None:
    queue = EventQueue(100)
    for number in range(10**6):
        queue.put_nowait(state(str(number % 10), "INUSE"))

    assert queue.qsize() == 10


def test_a_new_event_comes_after_what_was_told_before() -> None:
    """So a snapshot that FullyBooted asks for is older than it."""
    booted = {"event": "FullyBooted"}

    assert queued(state("A", "1"), booted, state("A", "2")) == [
        booted,
        state("A", "2"),
    ]


class Sink:
    """Stands for a connection behind panoramisk's protocol."""

    save_stream = None
    forgetable_actions = ()

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def hear(self, event: Message) -> None:
        self.heard.append(event)


def heard(*packets: bytes) -> list[Message]:
    """Return the events that a connection hears in *packets*."""
    protocol, sink = _Protocol(), Sink()
    protocol.connection_made(None)
    protocol.factory, protocol.encoding = sink, "utf8"
    protocol.log.setLevel(logging.CRITICAL)
    for packet in packets:
        protocol.data_received(packet)
    return sink.heard


values = st.text(
    st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20
).map(lambda text: text.replace(":", ""))
streams = st.lists(
    st.dictionaries(st.from_regex(r"\A[A-Z][a-z]{2,8}\Z"), values, max_size=4),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)
@given(streams, st.lists(st.integers(0, 10**4), max_size=12))
def test_however_the_bytes_arrive_the_events_are_the_same(
    sent: list[dict[str, str]], cuts: list[int]
) -> None:
    texts = [
        "".join(f"{k}: {v}\r\n" for k, v in {"Event": "X", **event}.items()) + "\r\n"
        for event in sent
    ]
    stream = "".join(texts).encode()
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    packets = [stream[a:b] for a, b in pairwise(places)]

    assert heard(*packets) == heard(*(text.encode() for text in texts))
    assert len(heard(*packets)) == len(sent)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=10))
def test_no_bytes_break_the_connection_and_the_next_event_is_heard(
    packets: list[bytes],
) -> None:
    assert heard(*packets, b"\r\n\r\n", EVENT.encode())[-1] == EVENT_READ
