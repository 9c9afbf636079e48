"""Phones are told to fetch until they do: not too fast, not in a call, not for ever."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, cast

import pytest

from asterisk_hotdesk import refresh
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.pbx.ami import AmiRefused
from asterisk_hotdesk.pbx.routes import Routes
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.store import Database

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PHONE, OTHER = "HD0001", "HD0002"
QUICK = (0.005, 0.01, 0.02)
TELLINGS = 1 + len(QUICK)
"""How often a phone that never fetches is told with growing pauses."""


class FakeRoutes:
    """Asterisk, as far as it sends NOTIFYs."""

    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []
        self.failing: dict[str, Exception] = {}
        self.meanwhile: dict[str, Callable[[], object]] = {}
        """What happens, once, the moment a phone is told."""

    async def refresh(self, device: str) -> None:
        self.told.append((device, time.monotonic()))
        self.meanwhile.pop(device, lambda: None)()
        if device in self.failing:
            raise self.failing[device]

    def times(self, device: str) -> int:
        return Counter(name for name, _ in self.told)[device]


class FakeDatabase:
    """Remembers which generations were noted as refreshed."""

    def __init__(self) -> None:
        self.noted: list[int] = []
        self.there = True

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        if not self.there:
            raise Unavailable("PostgreSQL cannot be reached")
        yield

    async def note_refreshed(self, tx: object, generation: int, now: datetime) -> None:
        assert now == NOW
        self.noted.append(generation)


@pytest.fixture
def routes() -> FakeRoutes:
    return FakeRoutes()


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> FakeDatabase:
    database = FakeDatabase()
    monkeypatch.setattr(
        "asterisk_hotdesk.store.logins.note_refreshed", database.note_refreshed
    )
    return database


@pytest.fixture
async def phones(
    routes: FakeRoutes, database: FakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Refresher]:
    """Yield a running refresher that is very impatient."""
    monkeypatch.setattr(refresh, "RETRY_SECONDS", QUICK)
    refresher = Refresher(
        cast(Database, database),
        cast(Routes, routes),
        per_second=1000,
        now=lambda: NOW,
    )
    task = asyncio.create_task(refresher.run())
    yield refresher
    assert not task.done(), task
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch, phones: Refresher) -> Refresher:
    """Return a refresher that tells no phone a second time during a test."""
    monkeypatch.setattr(refresh, "RETRY_SECONDS", (60.0,))
    return phones


async def until(condition: Callable[[], Any], within: float = 5.0) -> None:
    """Return as soon as *condition* holds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - it may be about anything
            await asyncio.sleep(0.001)


async def as_long_as_the_growing_pauses_take(
    phones: Refresher, routes: FakeRoutes
) -> None:
    """Return when a phone that was wanted now has been told so often."""
    phones.want(OTHER, 1)
    await until(lambda: routes.times(OTHER) >= TELLINGS)


async def test_a_phone_is_told_and_that_is_noted(
    patient: Refresher, routes: FakeRoutes, database: FakeDatabase
) -> None:
    patient.want(PHONE, 17)

    await until(lambda: database.noted)
    assert [device for device, _ in routes.told] == [PHONE]
    assert database.noted == [17]


async def test_a_phone_that_is_wanted_often_is_told_once(
    patient: Refresher, routes: FakeRoutes, database: FakeDatabase
) -> None:
    for generation in (16, 17, 17, 15, 17):
        patient.want(PHONE, generation)
    patient.want(OTHER, 18)

    await until(lambda: len(database.noted) == 2)
    assert routes.times(PHONE) == 1
    assert database.noted == [17, 18]


async def test_a_newer_switch_is_told_at_once(
    patient: Refresher, routes: FakeRoutes, database: FakeDatabase
) -> None:
    patient.want(PHONE, 17)
    await until(lambda: database.noted == [17])

    patient.want(PHONE, 17)
    patient.want(PHONE, 18)

    await until(lambda: database.noted == [17, 18])
    assert routes.times(PHONE) == 2


async def test_phones_are_told_one_after_the_other(
    routes: FakeRoutes, database: FakeDatabase
) -> None:
    refresher = Refresher(
        cast(Database, database), cast(Routes, routes), per_second=100, now=lambda: NOW
    )
    for number in range(10):
        refresher.want(f"HD{number}", number)
    task = asyncio.create_task(refresher.run())
    await until(lambda: len(database.noted) == 10)
    task.cancel()
    await asyncio.wait([task])

    times = [when for _, when in routes.told]
    # The clock of the loop may be a little ahead.
    assert all(b - a > 0.009 for a, b in pairwise(times))
    assert len({device for device, _ in routes.told}) == 10


async def test_whoever_was_wanted_first_is_told_first(
    patient: Refresher, routes: FakeRoutes
) -> None:
    names = [f"HD{n}" for n in (3, 1, 2, 9, 0)]
    for generation, name in enumerate(names):
        patient.want(name, generation)

    await until(lambda: len(routes.told) == 5)
    assert [device for device, _ in routes.told] == names


async def test_a_phone_that_does_not_fetch_is_told_again_and_again(
    phones: Refresher, routes: FakeRoutes
) -> None:
    phones.want(PHONE, 17)

    await until(lambda: routes.times(PHONE) > TELLINGS)


async def test_a_phone_that_was_silent_for_long_is_told_at_once_when_it_is_back(
    phones: Refresher, routes: FakeRoutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones.want(PHONE, 17)
    await until(lambda: routes.times(PHONE) >= TELLINGS)
    monkeypatch.setattr(refresh, "RETRY_SECONDS", (60.0,))
    before = routes.times(PHONE)
    await until(lambda: routes.times(PHONE) > before)

    phones.note_registered(PHONE)

    await until(lambda: routes.times(PHONE) > before + 1)


async def test_each_pause_is_longer(phones: Refresher, routes: FakeRoutes) -> None:
    phones.want(PHONE, 17)
    await until(lambda: routes.times(PHONE) >= TELLINGS)

    times = [when for _, when in routes.told][:TELLINGS]
    pauses = [b - a for a, b in pairwise(times)]
    for pause, least in zip(pauses, refresh.RETRY_SECONDS, strict=True):
        assert pause > least - 0.001


def test_in_earnest_the_pauses_grow_from_seconds_to_minutes() -> None:
    assert list(refresh.RETRY_SECONDS) == sorted(refresh.RETRY_SECONDS)
    assert refresh.RETRY_SECONDS[0] <= 10
    assert refresh.RETRY_SECONDS[-1] >= 60


async def test_a_phone_that_fetched_is_not_told_again(
    phones: Refresher, routes: FakeRoutes
) -> None:
    routes.meanwhile[PHONE] = lambda: phones.confirmed(PHONE, 17)
    phones.want(PHONE, 17)

    await as_long_as_the_growing_pauses_take(phones, routes)
    assert routes.times(PHONE) == 1


async def test_a_phone_that_fetched_before_it_was_told_is_not_told(
    phones: Refresher, routes: FakeRoutes
) -> None:
    phones.want(PHONE, 17)
    phones.confirmed(PHONE, 18)

    await as_long_as_the_growing_pauses_take(phones, routes)
    assert routes.times(PHONE) == 0


async def test_fetching_what_is_out_of_date_is_no_proof(
    phones: Refresher, routes: FakeRoutes
) -> None:
    phones.want(PHONE, 17)
    phones.confirmed(PHONE, 16)

    await until(lambda: routes.times(PHONE) >= TELLINGS)


async def test_a_fetch_that_nobody_waits_for_harms_nothing(
    phones: Refresher, routes: FakeRoutes
) -> None:
    phones.confirmed(PHONE, 17)
    phones.want(PHONE, 17)

    await until(lambda: routes.times(PHONE) >= 1)


async def test_a_phone_in_a_call_is_told_when_the_call_ends(
    phones: Refresher, routes: FakeRoutes
) -> None:
    phones.note_call(PHONE, in_call=True)
    phones.want(PHONE, 17)
    phones.note_registered(PHONE)
    await as_long_as_the_growing_pauses_take(phones, routes)
    assert routes.times(PHONE) == 0

    phones.note_call(PHONE, in_call=False)

    await until(lambda: routes.times(PHONE) >= 1)


async def test_a_call_between_two_tellings_is_not_disturbed(
    phones: Refresher, routes: FakeRoutes
) -> None:
    routes.meanwhile[PHONE] = lambda: phones.note_call(PHONE, in_call=True)
    phones.want(PHONE, 17)
    await as_long_as_the_growing_pauses_take(phones, routes)
    assert routes.times(PHONE) == 1

    phones.note_call(PHONE, in_call=False)

    await until(lambda: routes.times(PHONE) >= TELLINGS)


async def test_a_call_that_ends_twice_is_told_once(
    patient: Refresher, routes: FakeRoutes
) -> None:
    patient.note_call(PHONE, in_call=True)
    patient.want(PHONE, 17)
    for _ in range(3):
        patient.note_call(PHONE, in_call=False)
    patient.want(OTHER, 1)

    await until(lambda: routes.times(OTHER) >= 1)
    assert routes.times(PHONE) == 1


async def test_the_phone_of_a_call_for_help_is_left_alone_until_a_while_after(
    patient: Refresher, routes: FakeRoutes, database: FakeDatabase
) -> None:
    patient.hold(PHONE)
    patient.want(PHONE, 17)
    patient.note_call(PHONE, in_call=False)
    patient.note_registered(PHONE)
    await _until_another_is_told(patient, routes)
    assert routes.times(PHONE) == 0

    over = time.monotonic()
    patient.release(PHONE, 0.1)
    patient.note_registered(PHONE)
    await until(lambda: routes.times(PHONE))
    assert time.monotonic() - over >= 0.1


async def _until_another_is_told(phones: Refresher, routes: FakeRoutes) -> None:
    """Return when another phone, wanted after all the rest, has been told."""
    phones.want(OTHER, 1)
    await until(lambda: routes.times(OTHER))


async def test_a_second_call_for_help_keeps_the_phone_alone(
    patient: Refresher, routes: FakeRoutes, database: FakeDatabase
) -> None:
    patient.hold(PHONE)
    patient.want(PHONE, 17)
    patient.release(PHONE, 0.02)
    patient.hold(PHONE)
    await asyncio.wait_for(_told_after(patient, routes, 0.05), 5)
    assert routes.times(PHONE) == 0

    patient.release(PHONE, 0.0)
    await until(lambda: routes.times(PHONE))


async def _told_after(phones: Refresher, routes: FakeRoutes, seconds: float) -> None:
    """Return when another phone has been told that was to be left alone so long."""
    phones.release(OTHER, seconds)
    phones.want(OTHER, 1)
    await until(lambda: routes.times(OTHER))


async def test_a_phone_that_is_back_is_told_at_once(
    patient: Refresher, routes: FakeRoutes
) -> None:
    patient.want(PHONE, 17)
    await until(lambda: routes.times(PHONE) >= 1)

    patient.note_registered(PHONE)

    await until(lambda: routes.times(PHONE) >= 2)


async def test_a_phone_that_has_all_is_not_told_when_it_is_back(
    patient: Refresher, routes: FakeRoutes
) -> None:
    patient.want(PHONE, 17)
    patient.confirmed(PHONE, 17)
    patient.note_registered(PHONE)
    patient.want(OTHER, 1)

    await until(lambda: routes.times(OTHER) >= 1)
    assert routes.times(PHONE) == 0


@pytest.mark.parametrize(
    "failure",
    [Unavailable("Asterisk's AMI is not connected"), AmiRefused("PJSIPNotify", "no")],
)
async def test_a_failure_is_tried_again_and_nobody_else_waits(
    phones: Refresher, routes: FakeRoutes, database: FakeDatabase, failure: Exception
) -> None:
    routes.failing[PHONE] = failure
    phones.want(PHONE, 17)
    await as_long_as_the_growing_pauses_take(phones, routes)
    assert set(database.noted) == {1}

    routes.failing.clear()
    phones.want(PHONE, 18)

    await until(lambda: 18 in database.noted)


async def test_phones_are_told_while_the_database_is_away(
    phones: Refresher, routes: FakeRoutes, database: FakeDatabase
) -> None:
    database.there = False
    phones.want(PHONE, 17)

    await until(lambda: routes.times(PHONE) >= TELLINGS)
    assert database.noted == []
