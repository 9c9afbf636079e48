"""`bench login`: from the last digit of the PIN to *routed*.

Method: `log_in` runs in the daemon's process on a real Asterisk and PostgreSQL, with
users who come back to free desks, after two logins of each.  The PIN's hash is made by
the same code, but its time is taken apart and subtracted: it is slow on purpose.  The
floor is what a login cannot do without, done bare in the same process and in turn with
the logins, so that whatever else the machine does meets both: one commit in PostgreSQL,
one ARI PUT of the endpoint, and the AMI writes of one login (two to AstDB and a hint),
one after the other.  It begins after the same hash, untimed: that leaves little of what
was in the processor's caches, and what follows takes a third longer.  It waits until
all that follows logins is done.  While logins come at a fixed rate, the floor is
measured between them.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import psycopg

from asterisk_hotdesk import login, service
from asterisk_hotdesk.catch_up import RECHECK_SECONDS
from asterisk_hotdesk.pins import Pins
from tests.bench.office import (
    PIN,
    Office,
    device_name,
    extension,
    fill,
    milliseconds,
    open_office,
    percentile,
    running,
    timed,
)

ROUNDS = 400
DESKS = 100
WARM_UP = 2 * DESKS
"""Logins before the first that counts: PostgreSQL plans a statement anew until then."""
RATE = 20
BURST_SECONDS = 16.0
FLOOR_SECONDS = 0.1
"""Between two measurements of the floor while logins come at a rate."""
BLOCK = 100
"""So many times the floor, then as many logins, then the floor again."""
SETTLE_SECONDS = RECHECK_SECONDS + 1.0
"""What follows a login goes on for so long, and must not make the floor look high."""


class TimedPins(Pins):
    """Pins that remember how long each hash took."""

    def __init__(self, pepper: bytes) -> None:
        super().__init__(pepper)
        self.times: list[float] = []
        self.last = 0.0

    async def match(self, pin: str, pin_hash: str | None) -> bool:
        """Match as ever, and remember how long it took, waiting included."""
        with timed(self.times):
            return await super().match(pin, pin_hash)


async def main() -> None:
    """Measure, and print the figures with their method."""
    print("bench login: from the last PIN digit to routed, hash apart")
    async with open_office() as office:
        await fill(office, range(DESKS))
        async with running(office) as daemon:
            pins = TimedPins(login_pepper(office))
            desks = replace(daemon.desks, pins=pins)
            await one_at_a_time(desks, WARM_UP)
            floor, ours, hashes = await in_turn(office, desks, ROUNDS)
            print(f"  floor, bare              {milliseconds(floor)}")
            print(f"  one login at a time      {milliseconds(ours)}")
            print(f"  the hash of its PIN      {milliseconds(hashes)}")
            ratio = percentile(ours, 95) / percentile(floor, 95)
            print(f"  p95 ratio to the floor   {ratio:.2f}   (target 2 or less)")
            floor, steady, late = await at_rate(office, desks, RATE)
            print(f"  floor meanwhile          {milliseconds(floor)}")
            print(f"  at {RATE} logins/s           {milliseconds(steady)}")
            ratio = percentile(steady, 95) / percentile(floor, 95)
            print(f"  p95 ratio to the floor   {ratio:.2f}   (late by {late:.2f} s)")
            rate = await as_many_as_possible(desks)
            print(f"  sustained, hash and all  {rate:.0f} logins/s   (target 40)")


def login_pepper(office: Office) -> bytes:
    """Return the pepper with which the office's PINs were made."""
    from asterisk_hotdesk.pepper import pepper

    return pepper(office.config)


async def log_in_once(desks: login.HotDesks, number: int) -> tuple[float, float]:
    """Log user and desk *number* in and out; return seconds without hash, and hash."""
    pins = desks.pins
    assert isinstance(pins, TimedPins)
    own = TimedPins.__new__(TimedPins)
    own.__dict__.update(pins.__dict__)
    own.times = []
    began = time.perf_counter()
    outcome = await login.log_in(
        replace(desks, pins=own),
        extension=extension(number),
        pin=PIN,
        device_name=device_name(number),
        now=service.now(),
    )
    taken = time.perf_counter() - began
    assert outcome.routed
    return taken - own.times[0], own.times[0]


async def log_out(desks: login.HotDesks, number: int) -> None:
    """Make desk *number* idle."""
    await login.log_out(desks, device_name=device_name(number), now=service.now())


async def one_at_a_time(
    desks: login.HotDesks, rounds: int, people: int = DESKS, first: int = 0
) -> tuple[list[float], list[float]]:
    """Return the times of logins of *people* in turn, and of their hashes."""
    ours, hashes = [], []
    for round_ in range(first, first + rounds):
        number = round_ % people
        taken, hashed = await log_in_once(desks, number)
        ours.append(taken)
        hashes.append(hashed)
        await log_out(desks, number)
    return ours, hashes


async def in_turn(
    office: Office, desks: login.HotDesks, rounds: int
) -> tuple[list[float], list[float], list[float]]:
    """Return the times of the floor, of logins, and of their hashes."""
    floor: list[float] = []
    ours: list[float] = []
    hashes: list[float] = []
    pin_hash = await desks.pins.hash(PIN)
    async with bare(office) as write_bare:
        for first in range(0, rounds, BLOCK):
            await asyncio.sleep(SETTLE_SECONDS)
            await write_bare(0)
            for number in range(first, first + BLOCK):
                await desks.pins.match(PIN, pin_hash)
                with timed(floor):
                    await write_bare(number % DESKS)
            taken, hashed = await one_at_a_time(desks, BLOCK, first=first)
            ours += taken
            hashes += hashed
    return floor, ours, hashes


async def at_rate(
    office: Office, desks: login.HotDesks, per_second: int
) -> tuple[list[float], list[float], float]:
    """Return the times of the floor and of logins at a fixed rate, and the worst delay.

    The logins start on time, and the floor is measured between them.
    """
    floor: list[float] = []
    times: list[float] = []
    late = 0.0

    async def one(number: int) -> None:
        taken, _ = await log_in_once(desks, number)
        times.append(taken)
        await log_out(desks, number)

    async def write_bare_meanwhile() -> None:
        async with bare(office) as write_bare:
            for number in range(int(BURST_SECONDS / FLOOR_SECONDS)):
                await asyncio.sleep(FLOOR_SECONDS)
                with timed(floor):
                    await write_bare(number % DESKS)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write_bare_meanwhile())
        for index in range(int(per_second * BURST_SECONDS)):
            due = began + index / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            late = max(late, time.perf_counter() - due)
            tasks.create_task(one(index % DESKS))
    return floor, times, late


async def as_many_as_possible(desks: login.HotDesks) -> float:
    """Return how many logins a second eight people get through, one after another.

    Nobody logs out: each moves on to the next free desk, so it is logins alone.
    """
    done = 0
    until = time.perf_counter() + BURST_SECONDS

    async def person(first: int) -> None:
        nonlocal done
        turn = 0
        while time.perf_counter() < until:
            turn += 1
            await login.log_in(
                desks,
                extension=extension(first),
                pin=PIN,
                device_name=device_name(first + 8 * (turn % 12)),
                now=service.now(),
            )
            done += 1

    async with asyncio.TaskGroup() as tasks:
        for first in range(8):
            tasks.create_task(person(first))
    return done / BURST_SECONDS


# The floor -----------------------------------------------------------------------


@contextlib.asynccontextmanager
async def bare(office: Office) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Yield a function that makes one commit, one ARI PUT and three AMI writes."""
    connection = await psycopg.AsyncConnection.connect(
        office.database.conninfo, autocommit=True
    )
    async with connection, bare_ami(office) as write:
        await connection.execute("CREATE TABLE bench_floor (at timestamptz)")

        async def once(number: int) -> None:
            name = device_name(number)
            await connection.execute("INSERT INTO bench_floor VALUES (now())")
            await office.ari.put_endpoint(
                name, {"callerid": '"Bench" <1>', "context": "hotdesk-idle"}
            )
            await write(put("bench", f"{name}-desk"))
            await write(put("bench", f"{name}-user"))
            await write(
                {
                    "Action": "DialplanExtensionAdd",
                    "Context": "hotdesk-users",
                    "Extension": extension(number),
                    "Priority": "hint",
                    "Application": f"PJSIP/{name}",
                    "Replace": "yes",
                },
            )

        yield once
        await connection.execute("DROP TABLE bench_floor")


def put(family: str, key: str) -> dict[str, str]:
    """Return an AMI action that writes to AstDB."""
    return {"Action": "DBPut", "Family": family, "Key": key, "Val": "1:default/100"}


@contextlib.asynccontextmanager
async def bare_ami(office: Office) -> AsyncIterator:  # type: ignore[type-arg]
    """Yield a function that sends actions at once and waits for all replies."""
    asterisk = office.config.asterisk
    reader, writer = await asyncio.open_connection(asterisk.ami_host, asterisk.ami_port)

    async def write(*actions: dict[str, str]) -> None:
        for action in actions:
            lines = [f"{name}: {value}" for name, value in action.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode())
        for _ in actions:
            await reader.readuntil(b"\r\n\r\n")

    await reader.readline()
    await write(
        {
            "Action": "Login",
            "Username": asterisk.ami_username,
            "Secret": asterisk.ami_secret.get_secret_value(),
            "Events": "off",
        }
    )
    yield write
    writer.close()
    await writer.wait_closed()
