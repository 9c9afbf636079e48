"""Rules log people out: in time, one after the other, and never into a call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.expiry import Expiry
from asterisk_hotdesk.store import emergencies, sitting, status
from asterisk_hotdesk.store.emergencies import EmergencyCall
from asterisk_hotdesk.store.status import Seen
from tests.postgres.office import ACME_DESK, ACME_EXTENSION, DESKS, Office

A, B, C = DESKS
ALICE, BOB, CAROL = "100", "101", "102"
HOUR = 3600.0


@dataclass
class Day:
    """A day at the office: who is logged out and warned as time goes by."""

    office: Office
    rules: dict[str, Any]
    calling: set[str] = field(default_factory=set)
    """Devices with a call of which nobody has heard yet."""
    away: bool = False
    """Whether Asterisk can't be asked."""
    deaf: bool = False
    """Whether we hear nothing of calls."""
    warned: list[tuple[str, str, str]] = field(default_factory=list)
    meanwhile: Callable[[str], Awaitable[object]] | None = None
    """What happens at a device just before somebody would be logged out there."""
    _expiry: Expiry | None = None

    async def has_calls(self, device: str) -> bool:
        if self.away:
            raise Unavailable("Asterisk is away")
        if self.meanwhile:
            happens, self.meanwhile = self.meanwhile, None
            await happens(device)
        return device in self.calling

    async def warn(self, device: str, login_id: int, at: str, code: str) -> bool:
        if device in self.calling:
            return False
        self.warned.append((device, at, code))
        return True

    def service_starts(self) -> None:
        """Forget what is not in the database."""
        asterisk = {"ari_password": "x", "ami_secret": "y"}
        self._expiry = Expiry(
            self.office.desks,
            Config.model_validate({"asterisk": asterisk, "logout": self.rules}),
            self,
            warn=self.warn,
            hears_of_calls=lambda: not self.deaf,
            now=lambda: self.office.now,
        )

    async def looks(self) -> dict[str, str]:
        """Return who sits where after all who are due have been logged out."""
        if self._expiry is None:
            self.service_starts()
        assert self._expiry is not None
        await self._expiry._look()
        return await self.office.sitting()

    async def begins(self, *seats: tuple[str, str]) -> None:
        """Seat people, and let the service look at them."""
        for extension, device in seats:
            await self.office.log_in(extension, device)
        await self.looks()


def day(office: Office, **rules: Any) -> Day:
    return Day(office, {"timezone": "Europe/Berlin", "warn_minutes": 0, **rules})


async def hears(office: Office, device: str, *, in_call: bool) -> None:
    async with office.database.transaction() as tx:
        await status.note_seen(tx, [Seen(device=device, in_call=in_call)], office.now)


async def set_user(office: Office, extension: str, change: str) -> None:
    await office.rows(
        f"UPDATE users SET {change} WHERE extension = %s RETURNING id",  # noqa: S608
        extension,
    )


# What is due -----------------------------------------------------------------


async def test_who_made_no_call_for_so_long_is_logged_out(office: Office) -> None:
    today = day(office, idle_hours=4)
    await today.begins((ALICE, A), (BOB, B))
    office.later(2 * HOUR)
    await hears(office, B, in_call=True)
    await hears(office, B, in_call=False)

    office.later(2 * HOUR - 1)
    assert await today.looks() == {A: ALICE, B: BOB}
    office.later(1)
    assert await today.looks() == {B: BOB}
    office.later(2 * HOUR)
    assert await today.looks() == {}


async def test_the_history_says_which_rule_it_was(office: Office) -> None:
    today = day(office, total_hours=8)
    await today.begins((ALICE, A))
    office.later(8 * HOUR)
    await today.looks()

    assert await office.history() == [(ALICE, A, "expired")]
    assert await office.rows(
        "SELECT what, code, extension, device, by, actor FROM history"
        " ORDER BY id DESC LIMIT 1"
    ) == [("logout", "expired", ALICE, A, "rule", "total")]


async def test_an_outage_over_the_time_logs_out_after_it_and_once(
    office: Office,
) -> None:
    today = day(office, daily_at="18:00")
    await today.begins((ALICE, A))
    office.later(20 * HOUR)
    today.service_starts()

    assert await today.looks() == {}
    await office.log_in(ALICE, A)
    assert await today.looks() == {A: ALICE}
    office.later(HOUR)
    assert await today.looks() == {A: ALICE}


async def test_a_clock_that_is_set_back_logs_nobody_out_twice(office: Office) -> None:
    today = day(office, daily_at="18:00")
    await today.begins((ALICE, A))
    # In Berlin, it was nine.
    office.later(9 * HOUR)
    assert await today.looks() == {}

    office.later(-HOUR)
    await office.log_in(BOB, B)
    office.later(HOUR - 1)
    assert await today.looks() == {B: BOB}
    office.later(1)
    assert await today.looks() == {}
    await office.log_in(ALICE, A)
    assert await today.looks() == {A: ALICE}


async def test_users_and_devices_have_rules_of_their_own(office: Office) -> None:
    today = day(office)
    await set_user(office, ALICE, "logout_after = '1h'")
    await office.rows(
        "UPDATE devices SET options = %s WHERE name = %s RETURNING id",
        '{"logout_after": "2h"}',
        B,
    )
    await today.begins((ALICE, A), (BOB, B), (CAROL, C))

    office.later(HOUR)
    assert await today.looks() == {B: BOB, C: CAROL}
    office.later(HOUR)
    assert await today.looks() == {C: CAROL}


async def test_who_is_exempt_stays(office: Office) -> None:
    today = day(office, total_hours=1)
    await set_user(office, ALICE, "never_logout = true")
    await today.begins((ALICE, A), (BOB, B))

    office.later(2 * HOUR)
    assert await today.looks() == {A: ALICE}


async def test_a_base_user_stays_at_the_own_desk(office: Office) -> None:
    today = day(office, total_hours=1)
    user = await office.user(ALICE)
    await office.rows(
        "UPDATE devices SET base_user_id = %s, base_user_returns = true"
        " WHERE name = %s RETURNING id",
        user.id,
        A,
    )
    await today.begins((ALICE, A), (BOB, B))
    office.later(HOUR)
    assert await today.looks() == {A: ALICE}

    await office.log_in(ALICE, B)
    office.later(HOUR)
    assert await today.looks() == {}


async def test_an_account_has_rules_of_its_own(office: Office) -> None:
    today = day(office, accounts={"acme": {"total_hours": 1}})
    await today.begins((ALICE, A), (ACME_EXTENSION, ACME_DESK))

    office.later(HOUR)
    assert await today.looks() == {A: ALICE}


# Calls come first ------------------------------------------------------------


async def test_who_is_in_a_call_is_logged_out_some_seconds_after_it(
    office: Office,
) -> None:
    today = day(office, total_hours=1)
    await today.begins((ALICE, A))
    office.later(HOUR - 10)
    await hears(office, A, in_call=True)
    office.later(600)
    assert await today.looks() == {A: ALICE}

    await hears(office, A, in_call=False)
    office.later(4)
    assert await today.looks() == {A: ALICE}
    office.later(1)
    assert await today.looks() == {}


async def test_a_call_that_nobody_has_heard_of_yet_comes_first(office: Office) -> None:
    today = day(office, total_hours=1)
    await today.begins((ALICE, A))
    office.later(HOUR)

    today.calling.add(A)
    assert await today.looks() == {A: ALICE}
    today.calling.clear()
    assert await today.looks() == {}


async def test_where_nobody_knows_of_calls_everybody_stays(office: Office) -> None:
    today = day(office, total_hours=1)
    await today.begins((ALICE, A))
    office.later(HOUR)

    today.away = True
    with pytest.raises(Unavailable):
        await today.looks()
    today.deaf = True
    assert await today.looks() == {A: ALICE}
    today.away = today.deaf = False
    assert await today.looks() == {}


async def test_calls_that_were_not_heard_may_have_been_made(office: Office) -> None:
    today = day(office, idle_hours=4)
    await today.begins((ALICE, A))
    office.later(3 * HOUR)
    today.deaf = True
    await today.looks()
    office.later(2 * HOUR)
    today.deaf = False

    assert await today.looks() == {A: ALICE}
    office.later(4 * HOUR)
    assert await today.looks() == {}


async def test_during_an_emergency_call_nobody_is_logged_out(office: Office) -> None:
    today = day(office, total_hours=1)
    await today.begins((ALICE, A))
    office.later(HOUR)
    call = EmergencyCall(channel="1.1", device=A, number="112", began_at=office.now)
    async with office.database.transaction() as tx:
        await emergencies.begin(tx, call)
    assert await today.looks() == {A: ALICE}
    assert await office.rows("SELECT 1 FROM events WHERE what = 'refused'") == []

    async with office.database.transaction() as tx:
        await emergencies.end(tx, "1.1", office.now)
    assert await today.looks() == {}


# Whose login it is -----------------------------------------------------------


async def test_who_comes_back_at_the_last_moment_stays(office: Office) -> None:
    today = day(office, total_hours=1)
    await today.begins((ALICE, A))
    office.later(HOUR)

    async def comes_back(device: str) -> None:
        await office.log_out(device)
        await office.log_in(ALICE, device)

    today.meanwhile = comes_back
    assert await today.looks() == {A: ALICE}


# The pace, and warnings ------------------------------------------------------


async def test_phones_are_logged_out_no_faster_than_asterisk_likes(
    office: Office,
) -> None:
    today = day(office, total_hours=1, per_second=5)
    await today.begins((ALICE, A), (BOB, B), (CAROL, C))
    office.later(HOUR)

    began = time.monotonic()
    assert await today.looks() == {}
    assert time.monotonic() - began >= 3 / 5


async def test_all_are_found_however_many_they_are(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitting, "MOST_AT_ONCE", 2)
    today = day(office, total_hours=1)
    await today.begins((ALICE, A), (BOB, B), (CAROL, C))
    office.later(HOUR)

    assert await today.looks() == {}


async def test_the_display_says_it_once_and_before(office: Office) -> None:
    today = day(office, daily_at="18:00", warn_minutes=10)
    await today.begins((ALICE, A))
    office.later(9 * HOUR - 601)
    await today.looks()
    assert today.warned == []

    for _ in range(3):
        office.later(1)
        await today.looks()
    assert today.warned == [(A, "18:00", "*77*5*")]


async def test_a_display_says_it_after_a_call_if_it_is_not_too_late(
    office: Office,
) -> None:
    today = day(office, daily_at="18:00", warn_minutes=10)
    await today.begins((ALICE, A))
    office.later(9 * HOUR - 500)
    today.calling.add(A)
    await today.looks()
    assert today.warned == []

    today.calling.clear()
    await today.looks()
    assert today.warned == [(A, "18:00", "*77*5*")]


async def test_who_calls_after_a_warning_is_warned_again(office: Office) -> None:
    today = day(office, idle_hours=4, warn_minutes=10)
    await today.begins((ALICE, A))
    office.later(4 * HOUR - 60)
    await today.looks()
    await hears(office, A, in_call=True)
    await hears(office, A, in_call=False)
    office.later(4 * HOUR - 60)
    await today.looks()

    assert today.warned == [(A, "13:00", "*77*5*"), (A, "16:59", "*77*5*")]


async def test_the_service_looks_when_somebody_is_due(office: Office) -> None:
    """Not only every so often: at the end of a day, a person looks at the clock."""
    today = day(office, total_hours=1)
    await today.begins((ALICE, A))
    office.later(HOUR - 0.3)
    today.service_starts()
    assert today._expiry is not None
    running = asyncio.create_task(today._expiry.run())
    await asyncio.wait([running], timeout=0.1)
    office.later(1)
    deadline = time.monotonic() + 5
    while await office.sitting():
        assert time.monotonic() < deadline, "nobody is logged out"
        await asyncio.sleep(0.02)
    running.cancel()
