"""Questions over AMI: what is answered, to whom, and what nobody gets an answer to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest

from asterisk_hotdesk.config import AmiConfig
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.pbx.ami import Ami, Headers
from asterisk_hotdesk.store import emergencies
from asterisk_hotdesk.store.emergencies import EmergencyCall
from asterisk_hotdesk.userevents import Questions, questions
from tests.postgres.office import ACME_DESK, DESKS, Office, until

PHONE, OTHER, _ = DESKS


@dataclass
class FakeAmi:
    """Hears answers, or is away."""

    heard: list[Headers] = field(default_factory=list)
    away: bool = False
    refused: int = 0

    async def tell(self, events: Sequence[Headers]) -> None:
        if self.away:
            self.refused += 1
            raise Unavailable("Asterisk's AMI is not connected")
        self.heard.extend(events)


@dataclass
class Program:
    """Somebody who asks, and what was heard."""

    office: Office
    ami: FakeAmi
    questions: Questions

    def ask(self, name: str, **headers: str) -> None:
        lower = {key.lower(): value for key, value in headers.items()}
        self.questions.take({"event": "UserEvent", "userevent": name} | lower)

    async def answers(self, name: str, **headers: str) -> list[Headers]:
        """Return all that is answered to a question."""
        before = len(self.ami.heard)
        self.ask(name, **headers)
        await until(lambda: _is_end(self.ami.heard[before:]))
        return self.ami.heard[before:]


def _is_end(heard: Sequence[Headers]) -> bool:
    ends = ("HotdeskStatusComplete", "HotdeskLogoutResponse")
    return bool(heard) and heard[-1]["UserEvent"] in ends


@asynccontextmanager
async def asking(
    office: Office, *, logout_requests: bool = True
) -> AsyncIterator[Program]:
    ami = FakeAmi()
    asked = Questions(
        cast(Ami, ami),
        office.database,
        office.desks,
        AmiConfig(logout_requests=logout_requests),
        stale_seconds=60,
        now=lambda: office.now,
    )
    running = asyncio.create_task(asked.run())
    try:
        yield Program(office, ami, asked)
        assert not running.done(), running
    finally:
        running.cancel()
        await asyncio.wait([running])


@pytest.fixture
async def program(office: Office) -> AsyncIterator[Program]:
    async with asking(office) as program:
        yield program


# Status ----------------------------------------------------------------------


async def test_all_desks_are_listed_page_by_page(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "PAGE", 3)
    *entries, complete = await program.answers("HotdeskStatus", ActionID="1")

    assert [entry["Device"] for entry in entries] == sorted([*DESKS, ACME_DESK])
    assert complete["ListItems"] == "4"
    assert {answer["ActionID"] for answer in (*entries, complete)} == {"1"}


async def test_an_account_has_its_own_desks(program: Program) -> None:
    entry, complete = await program.answers("HotdeskStatus", Account="acme")

    assert (entry["Device"], complete["ListItems"]) == (ACME_DESK, "1")


async def test_somebody_who_sits_nowhere_is_an_empty_list(program: Program) -> None:
    (complete,) = await program.answers("HotdeskStatus", Extension="100")

    assert (complete["Result"], complete["ListItems"]) == ("Success", "0")


async def test_an_extension_may_sit_in_several_accounts(
    office: Office, program: Program
) -> None:
    await office.log_in("100", PHONE)
    await office.log_in("100", ACME_DESK)

    *both, _ = await program.answers("HotdeskStatus", Extension="100")
    *one, _ = await program.answers("HotdeskStatus", Extension="100", Account="acme")

    assert [entry["Device"] for entry in both] == [ACME_DESK, PHONE]
    assert [entry["Device"] for entry in one] == [ACME_DESK]


async def test_how_old_everything_is_is_told_in_seconds(
    office: Office, program: Program
) -> None:
    await office.log_in("100", PHONE)
    office.later(90)

    entry, _ = await program.answers("HotdeskStatus", Device=PHONE)

    assert (entry["DecidedAge"], entry["RoutedAge"]) == ("90", "")
    assert (entry["Stale"], entry["InForce"], entry["Registered"]) == ("yes", "no", "")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Device": "HD9999"}, "not_found"),
        ({"Extension": "999"}, "not_found"),
        ({"Device": "HD0001; DROP TABLE"}, "invalid"),
        ({"Device": "x" * 900}, "invalid"),
        ({"Extension": "\ufffd\ufffd"}, "invalid"),
        ({"Extension": "\u0661\u0662"}, "invalid"),
        ({"Account": "A B"}, "invalid"),
    ],
)
async def test_a_wrong_question_is_answered_with_why(
    program: Program, headers: dict[str, str], code: str
) -> None:
    (complete,) = await program.answers("HotdeskStatus", **headers)

    assert (complete["Result"], complete["Code"]) == ("Error", code)
    assert complete["Message"]


async def test_other_events_are_no_questions(program: Program) -> None:
    for event in (
        {"event": "UserEvent"},
        {"event": "UserEvent", "userevent": "HotdeskStatusEntry"},
        {"event": "UserEvent", "userevent": "HotdeskStatusComplete"},
        {"event": "FullyBooted", "userevent": "HotdeskStatus"},
        {"userevent": "HotdeskStatus"},
    ):
        program.questions.take(event)

    await program.answers("HotdeskStatus", Device=PHONE)

    assert len(program.ami.heard) == 2


async def test_a_flood_of_questions_is_bounded_and_said_once(
    program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(10_000):
        program.ask("HotdeskStatus", Device=PHONE)
    await until(lambda: len(program.ami.heard) >= 2 * questions.MOST_WAITING)

    await program.answers("HotdeskStatus", Device=PHONE)
    assert len(program.ami.heard) == 2 * questions.MOST_WAITING + 2
    assert [m for m in caplog.messages if "too many" in m] == [
        "too many questions over AMI; trying again"
    ]


async def test_whoever_cannot_be_answered_stops_nobody_else(program: Program) -> None:
    program.ami.away = True
    program.ask("HotdeskStatus", Device=PHONE)
    program.ask("HotdeskLogoutRequest", Device=PHONE)
    await until(lambda: program.ami.refused == 2)
    program.ami.away = False

    assert await program.answers("HotdeskStatus", Device=PHONE)


# Logging out -----------------------------------------------------------------


async def test_whoever_sits_at_a_desk_is_logged_out(
    office: Office, program: Program
) -> None:
    await office.log_in("100", PHONE)

    (answer,) = await program.answers("HotdeskLogoutRequest", Device=PHONE)

    assert (answer["Result"], answer["Extension"]) == ("Success", "100")
    assert await office.sitting() == {}
    assert (await office.events())[-1] == ("logout", "forced", "100", PHONE)


async def test_somebody_is_logged_out_wherever_that_is(
    office: Office, program: Program
) -> None:
    await office.log_in("100", ACME_DESK)

    (answer,) = await program.answers(
        "HotdeskLogoutRequest", Extension="100", Account="acme"
    )

    assert (answer["Result"], answer["Device"]) == ("Success", ACME_DESK)


async def test_with_both_nobody_else_is_logged_out(
    office: Office, program: Program
) -> None:
    await office.log_in("101", PHONE)

    (answer,) = await program.answers(
        "HotdeskLogoutRequest", Device=PHONE, Extension="100"
    )

    assert (answer["Result"], answer["Code"]) == ("Error", "nobody_logged_in")
    assert await office.sitting() == {PHONE: "101"}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "invalid"),
        ({"Device": "HD9999"}, "not_a_hot_desk"),
        ({"Device": PHONE}, "nobody_logged_in"),
        ({"Extension": "100"}, "nobody_logged_in"),
        ({"Extension": "999"}, "not_found"),
        ({"Device": "../etc"}, "invalid"),
    ],
)
async def test_a_wrong_request_says_why(
    program: Program, headers: dict[str, str], code: str
) -> None:
    (answer,) = await program.answers("HotdeskLogoutRequest", **headers)

    assert (answer["Result"], answer["Code"]) == ("Error", code)


async def test_nobody_is_logged_out_while_he_calls_for_help(
    office: Office, program: Program
) -> None:
    await office.log_in("100", PHONE)
    call = EmergencyCall(channel="1.1", device=PHONE, number="112", began_at=office.now)
    async with office.database.transaction() as tx:
        await emergencies.begin(tx, call)

    (answer,) = await program.answers("HotdeskLogoutRequest", Device=PHONE)

    assert (answer["Result"], answer["Code"]) == ("Error", "in_emergency")


async def test_requests_are_refused_where_they_are_switched_off(office: Office) -> None:
    await office.log_in("100", PHONE)
    async with asking(office, logout_requests=False) as program:
        (answer,) = await program.answers("HotdeskLogoutRequest", Device=PHONE)

    assert (answer["Code"], await office.sitting()) == ("switched_off", {PHONE: "100"})
