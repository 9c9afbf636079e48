"""Lamps of desks: lit while somebody sits there, whatever was missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest

from asterisk_hotdesk import outages
from asterisk_hotdesk.desk_lamps import DeskLamps
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.model import Seating
from asterisk_hotdesk.pbx.device_states import DeviceStates
from asterisk_hotdesk.store import Database, logins
from tests.postgres.office import ACME_DESK, DESKS, Office, opened, until

PHONE, OTHER, THIRD = DESKS
DARK = dict.fromkeys((*DESKS, ACME_DESK), "NOT_INUSE")


@dataclass
class FakeStates:
    """Asterisk's custom device states; it may be away for some writes."""

    states: dict[str, str] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    away: int = 0
    then: Callable[[], None] | None = None
    """What happens once, right after all of them were read."""

    async def all(self) -> dict[str, str]:
        found = dict(self.states)
        if self.then:
            then, self.then = self.then, None
            then()
        return found

    async def set(self, device: str, state: str) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable("Asterisk's ARI cannot be reached")
        self.written.append(device)
        self.states[device] = state

    async def forget(self, device: str) -> None:
        self.states.pop(device, None)


@pytest.fixture
async def office(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    monkeypatch.setattr(outages, "RETRY_SECONDS", 0.01)
    async with opened(database, monkeypatch) as office:
        yield office


@asynccontextmanager
async def running(office: Office, states: FakeStates) -> AsyncIterator[DeskLamps]:
    lamps = DeskLamps(office.database, cast(DeviceStates, states))
    task = asyncio.create_task(lamps.run())
    try:
        yield lamps
    finally:
        task.cancel()
        await asyncio.wait([task])


async def seating(office: Office, *devices: str) -> Seating:
    async with office.database.transaction() as tx:
        return Seating({name: await logins.desk(tx, name) for name in devices}, {})


async def test_a_lamp_follows_who_comes_and_goes(office: Office) -> None:
    states = FakeStates()
    async with running(office, states) as lamps:
        await office.log_in("100", PHONE)
        lamps.follow(await seating(office, PHONE))
        await until(lambda: states.states == {PHONE: "INUSE"})
        await office.log_out(PHONE)
        lamps.follow(await seating(office, PHONE))
        await until(lambda: states.states == {PHONE: "NOT_INUSE"})


async def test_a_desk_that_is_gone_has_no_lamp(office: Office) -> None:
    states = FakeStates({"HD0099": "INUSE"})
    async with running(office, states) as lamps:
        lamps.follow(Seating({"HD0099": None}, {}))
        await until(lambda: states.states == {})


async def test_only_what_is_wrong_is_put_right(office: Office) -> None:
    await office.log_in("100", PHONE)
    states = FakeStates({**DARK, OTHER: "INUSE", "HD0099": "INUSE"})
    async with running(office, states) as lamps:
        lamps.want_all()
        await until(lambda: states.states == DARK | {PHONE: "INUSE"})

    assert sorted(states.written) == [PHONE, OTHER]


async def test_what_could_not_be_set_is_set_later(office: Office) -> None:
    states = FakeStates(away=3)
    async with running(office, states) as lamps:
        lamps.want_all()
        await until(lambda: states.states == DARK)


async def test_a_restart_of_asterisk_during_a_comparison_is_not_missed(
    office: Office,
) -> None:
    states = FakeStates(dict(DARK))
    async with running(office, states) as lamps:

        def restart() -> None:
            states.states.clear()
            lamps.want_all()

        states.then = restart
        lamps.want_all()
        await until(lambda: states.states == DARK and states.then is None)
