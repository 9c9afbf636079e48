"""`bench scale`: what one login costs with 10, 1,000 and 10,000 devices; enrolment.

Method: for each size a fresh Asterisk and PostgreSQL.  The service runs as a process of
its own while an administrator's CSV enrols all devices and a phone of the PBX registers
again and again; enrolment ends when the last endpoint is written in Asterisk.  Memory
is the service's resident set after that.  Then the daemon's parts run in the measuring
process, and logins are timed as in `bench login`.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from tests.bench.login import TimedPins, login_pepper, one_at_a_time
from tests.bench.office import (
    Office,
    device_name,
    fill,
    milliseconds,
    open_office,
    percentile,
    running,
)
from tests.lab.phone import Phone

SIZES = (10, 1_000, 10_000)
ROUNDS = 100
LONGEST_ENROLMENT_SECONDS = 300.0


async def main() -> None:
    """Measure, and print the figures with their method."""
    print("bench scale: one login at a time, hash apart, by number of devices")
    halves = []
    for size in SIZES:
        async with open_office() as office:
            seconds, slowest, megabytes = await enrol(office, size)
            async with running(office) as daemon:
                pins = TimedPins(login_pepper(office))
                desks = replace(daemon.desks, pins=pins)
                await one_at_a_time(desks, 20, size)
                times, _ = await one_at_a_time(desks, ROUNDS, size)
        halves.append(percentile(times, 50))
        print(f"  {size:6} devices           {milliseconds(times)}")
        print(
            f"         enrolled in {seconds:.1f} s; a REGISTER took"
            f" {slowest * 1000:.0f} ms at most; service {megabytes:.0f} MB"
        )
    print(f"  p50 of the largest to the smallest  {halves[-1] / halves[0]:.2f}")


async def enrol(office: Office, size: int) -> tuple[float, float, float]:
    """Return seconds to enrol, the slowest REGISTER meanwhile, and the megabytes."""
    await asyncio.to_thread(office.lab.start_service)
    enrolled = asyncio.Event()
    watching = asyncio.create_task(slowest_register(office, enrolled))
    began = time.monotonic()
    await fill(office, range(size))
    await until_written(office, size)
    seconds = time.monotonic() - began
    enrolled.set()
    slowest = await watching
    await until_looked_after(office, size)
    megabytes = resident_megabytes(office.lab.service_pid())
    await asyncio.to_thread(office.lab.stop_service)
    return seconds, slowest, megabytes


def resident_megabytes(pid: int | None) -> float:
    """Return how much memory the process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line[:6] == "VmRSS:")
    return int(resident.split()[1]) / 1024


async def slowest_register(office: Office, until: asyncio.Event) -> float:
    """Register a phone of the PBX again and again; return the longest time."""
    slowest = 0.0
    address = ("127.0.0.1", office.pbx.ports.sip)
    async with Phone("200", office.pbx.sip_passwords["200"], address) as phone:
        while not until.is_set():
            began = time.perf_counter()
            await phone.register(within=60)
            slowest = max(slowest, time.perf_counter() - began)
            await asyncio.sleep(0.2)
    return slowest


async def until_looked_after(office: Office, size: int) -> None:
    """Return when the daemon has also looked again at all that it wrote."""
    deadline = time.monotonic() + LONGEST_ENROLMENT_SECONDS
    questions = [
        "database get hotdesk form",
        *(
            f"database get hotdesk_endpoint/endpoint {device_name(number)}"
            for number in (0, size // 2, size - 1)
        ),
    ]
    for question in questions:
        while (
            "Value:"
            not in (answer := await asyncio.to_thread(office.pbx.cli, question))
            or "stir_shaken" in answer
        ):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{question}: the daemon is not done")
            await asyncio.sleep(0.5)


async def until_written(office: Office, size: int) -> None:
    """Return when Asterisk has the endpoint of every device."""
    deadline = time.monotonic() + LONGEST_ENROLMENT_SECONDS
    missing = [device_name(number) for number in range(size)]
    while missing:
        if await office.ari.endpoint(missing[-1]) is not None:
            missing.pop()
            continue
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(missing)} endpoints are not written")
        await asyncio.sleep(0.2)
