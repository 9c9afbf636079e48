"""A display says who is logged in: once, when it is news, and never into a call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import pytest

from asterisk_hotdesk.display import NEWS, Display
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.model import Desk, PhoneKind, Switch, User
from asterisk_hotdesk.pbx.ami import AmiRefused
from asterisk_hotdesk.pbx.features import CallsOf
from tests.unit.test_phones import ALICE, D785, DEVICE
from tests.unit.test_refresh import until

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LOGIN = Switch(id=7, device_id=1, login_id=1, decided_at=NOW)
SNOM = replace(DEVICE, phone=D785)


def desk(**changes: Any) -> Desk:
    return replace(Desk(device=SNOM, user=ALICE, switch=LOGIN), **changes)


@dataclass
class Office:
    """Desks as the database knows them, and what Asterisk is told to send."""

    desks: dict[str, Desk] = field(default_factory=lambda: {"HD0001": desk()})
    shown: list[tuple[str, str, str, str]] = field(default_factory=list)
    without_database: bool = False
    """For one transaction."""
    refuses: str = ""
    """The device that Asterisk does not know."""
    in_call: set[str] = field(default_factory=set)
    now: datetime = NOW
    calls: CallsOf | None = field(default_factory=CallsOf)
    """What the PBX keeps of its users' calls; None: it cannot be asked."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        if self.without_database:
            self.without_database = False
            raise Unavailable("PostgreSQL cannot be reached")
        yield

    async def desk(self, tx: object, name: str) -> Desk | None:
        return self.desks.get(name)

    async def show(
        self, device: str, event: str, content_type: str, content: str
    ) -> None:
        if device == self.refuses:
            raise AmiRefused("PJSIPNotify", "Unable to retrieve endpoint")
        self.shown.append((device, event, content_type, content))

    async def calls_of(self, user: User) -> CallsOf:
        if self.calls is None:
            raise Unavailable("Asterisk cannot be reached")
        return self.calls

    def has_shown(self, device: str) -> bool:
        return any(name == device for name, *_ in self.shown)


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    office = Office()
    monkeypatch.setattr("asterisk_hotdesk.store.logins.desk", office.desk)
    return office


@pytest.fixture
async def display(office: Office) -> AsyncIterator[Display]:
    display = Display(
        cast(Any, office),
        cast(Any, office),
        cast(Any, office),
        in_call=lambda device: device in office.in_call,
        default_language="en",
        per_second=1000,
        now=lambda: office.now,
    )
    task = asyncio.create_task(display.run())
    yield display
    assert not task.done(), task
    task.cancel()
    await asyncio.wait([task])


async def told(display: Display, office: Office, *generations: int) -> list[str]:
    """Return which pages were shown after these were confirmed, one by one."""
    for generation in generations or (LOGIN.id,):
        last = f"LAST{len(office.shown)}"
        office.desks[last] = desk(switch=replace(LOGIN, decided_at=office.now))
        display.confirmed("HD0001", generation)
        display.confirmed(last, LOGIN.id)
        await until(partial(office.has_shown, last))
    return [page for device, *_, page in office.shown if device == "HD0001"]


async def test_a_snom_says_who_is_logged_in(display: Display, office: Office) -> None:
    (page,) = await told(display, office)

    assert "You are logged in as Alice (100)" in page
    assert office.shown[0][:3] == ("HD0001", "xml", "application/snomxml")


async def test_it_is_said_in_the_users_language(
    display: Display, office: Office
) -> None:
    office.desks["HD0001"] = desk(user=replace(ALICE, language="nl"))

    (page,) = await told(display, office)

    assert "U bent aangemeld als Alice (100)" in page


async def test_it_is_said_why_the_phone_may_not_ring(
    display: Display, office: Office
) -> None:
    office.calls = CallsOf(do_not_disturb=True, forwarded_to="01701234567")

    (page,) = await told(display, office)

    assert "Do not disturb is on" in page
    assert "Calls are forwarded to 01701234567" in page


async def test_a_pbx_that_cannot_be_asked_hides_no_login(
    display: Display, office: Office
) -> None:
    office.calls = None

    (page,) = await told(display, office)

    assert "You are logged in as Alice (100)" in page


async def test_it_is_said_once(display: Display, office: Office) -> None:
    """A change of her keys makes the phone fetch again, and confirm again."""
    assert len(await told(display, office, LOGIN.id, LOGIN.id)) == 1


async def test_the_next_login_is_said_again(display: Display, office: Office) -> None:
    await told(display, office)
    later = replace(LOGIN, id=8, decided_at=NOW + timedelta(seconds=9))
    office.desks["HD0001"] = desk(switch=later)

    assert len(await told(display, office, 8)) == 2


async def test_what_the_menu_has_said_is_not_repeated(
    display: Display, office: Office
) -> None:
    display.has_said("HD0001", LOGIN.decided_at)

    assert await told(display, office) == []


async def test_old_news_is_no_news(display: Display, office: Office) -> None:
    office.now = NOW + NEWS + timedelta(seconds=1)

    assert await told(display, office) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"user": None},
        {"user": None, "switch": None},
        {"switch": replace(LOGIN, id=8)},
        {"device": replace(DEVICE, phone=PhoneKind())},
        {"device": replace(DEVICE, phone=PhoneKind(vendor="fanvil"))},
    ],
    ids=["idle", "never used", "newer switch", "unknown phone", "no such screen"],
)
async def test_nothing_is_said(
    display: Display, office: Office, changed: dict[str, Any]
) -> None:
    office.desks["HD0001"] = desk(**changed)

    assert await told(display, office) == []


async def test_nothing_is_said_at_a_desk_that_is_gone(
    display: Display, office: Office
) -> None:
    del office.desks["HD0001"]

    assert await told(display, office) == []


async def test_nothing_is_said_into_a_call(display: Display, office: Office) -> None:
    office.in_call = {"HD0001"}

    assert await told(display, office) == []


async def test_without_the_database_nothing_is_said(
    display: Display, office: Office
) -> None:
    office.without_database = True

    assert await told(display, office) == []


async def test_what_asterisk_refuses_is_not_sent_again(
    display: Display, office: Office
) -> None:
    office.refuses = "HD0001"
    assert await told(display, office) == []

    office.refuses = ""
    assert await told(display, office) == []


async def test_a_snom_says_when_its_user_will_be_logged_out(
    display: Display, office: Office
) -> None:
    office.desks["HD0001"] = desk(user=replace(ALICE, language="de"))
    await display.warn("HD0001", 1, "18:00", "*77*5*")

    ((device, *_, page),) = office.shown
    assert device == "HD0001"
    assert "Sie werden um 18:00 abgemeldet" in page
    assert "Sofort abmelden: *77*5*" in page


@pytest.mark.parametrize(
    ("login", "in_call", "phone"),
    [(2, False, D785), (1, True, D785), (1, False, PhoneKind(vendor="fanvil"))],
    ids=["another login", "in a call", "no such screen"],
)
async def test_no_logout_is_announced(
    display: Display, office: Office, login: int, in_call: bool, phone: PhoneKind
) -> None:
    office.in_call = {"HD0001"} if in_call else set()
    office.desks["HD0001"] = desk(device=replace(DEVICE, phone=phone))

    is_done = await display.warn("HD0001", login, "18:00", "*77*5*")

    assert office.shown == []
    assert is_done == (not in_call)
