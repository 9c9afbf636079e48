"""The service dies at each step of a switch; the next start puts everything right."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest

from tests.asterisk.conftest import Office, press_pin
from tests.asterisk.trouble import (
    all_right,
    refused,
    rings,
    start_service,
    until,
)
from tests.lab.faulty import STEPS
from tests.lab.phone import Phone
from tests.lab.snom import VirtualSnom

SWITCHES = ("login", "move", "replace", "logout")
REACHED = {
    "endpoint2": ("move",),
    "entry3": ("move", "replace"),
}
"""Only a move writes two endpoints; who is not logged out writes two entries."""


async def _start(office: Office, step: str, switch: str) -> None:
    """Start the service for *switch*: one that dies at *step*, if it gets there.

    One that runs is ended first.
    """
    await asyncio.to_thread(office.lab.stop_service)
    if switch in REACHED.get(step, SWITCHES):
        await start_service(office.lab, "tests.lab.faulty", step, "run")
    else:
        await start_service(office.lab)


async def _until_dead(office: Office) -> None:
    await until(lambda: office.lab.service_pid() is None, "the service to die")


async def _dial_and_crash(office: Office, desk: VirtualSnom, extension: str) -> None:
    """Switch by a call, during or after which the service dies."""
    if extension:
        call = await desk.dial(f"*77*{extension}*")
        await press_pin(call, office.pin(extension))
    else:
        call = await desk.dial("*77*5*")
        await call.answered()

    def switched() -> bool:
        sitting = office.sitting()
        return office.lab.service_pid() is None or (
            extension in sitting.values() if extension else not sitting
        )

    await until(switched, "the switch is decided")
    # Phones are told to fetch once the call is over; without the service it stays on.
    if office.lab.service_pid() is not None:
        await until(
            lambda: office.lab.service_pid() is None or _routed(office),
            "the switch is routed",
        )
    await call.hangup()
    await _until_dead(office)


def _routed(office: Office) -> bool:
    return not office.rows(
        "SELECT 1 FROM switches JOIN devices ON devices.switch_id = switches.id"
        " WHERE routed_at IS NULL"
    )


async def _is_right(
    office: Office,
    begin: float,
    desks: dict[str, VirtualSnom],
    sitting: dict[str, str],
    caller: Phone,
) -> None:
    """Within 5 s of the start: database, AstDB, endpoints, displays and calls."""
    left = begin + 5 - time.monotonic()
    assert office.sitting() == sitting
    await all_right(office, devices=tuple(desks), within=left)
    for name, desk in desks.items():
        await desk.shows(sitting.get(name, name), within=begin + 5 - time.monotonic())
    for extension in ("100", "101"):
        where = next((n for n, e in sitting.items() if e == extension), None)
        if where is None:
            assert await refused(caller, extension) >= 400
        else:
            await rings(caller, extension, desks[where])
    for desk in desks.values():
        assert desk.phone is not None
        assert desk.phone.calls == []


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at(office: Office, step: str) -> None:
    """A login, a move, a replacement and a logout, each cut short at *step*.

    Each start after a crash is that of the service which dies next.
    """
    office.end_service_afterwards()
    one, two = await office.desk("HD0001"), await office.desk("HD0002")
    desks, caller = {"HD0001": one, "HD0002": two}, await office.phone("200")
    steps: tuple[tuple[str, VirtualSnom, str, dict[str, str]], ...] = (
        ("login", one, "100", {"HD0001": "100"}),
        ("move", two, "100", {"HD0002": "100"}),
        ("replace", two, "101", {"HD0002": "101"}),
        ("logout", two, "", {}),
        ("", two, "", {}),
    )
    await _start(office, step, "login")
    for (switch, desk, extension, sitting), following in pairwise(steps):
        if switch not in REACHED.get(step, SWITCHES):
            if extension:
                await office.sit_down(desk, extension)
            await _start(office, step, following[0])
            continue
        await _dial_and_crash(office, desk, extension)
        begin = time.monotonic()
        await _start(office, step, following[0])
        await _is_right(office, begin, desks, sitting, caller)
