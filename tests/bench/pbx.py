"""`bench pbx`: what our dialplan costs a call, from the INVITE to the ringing.

Method: a phone of the PBX calls a desk's phone again and again, in turn by the user's
extension, which our dialplan looks up, and by an extension of the PBX that dials the
same endpoint directly: the floor.  Time runs from dialling, over the challenge of the
caller's password, to the 180.  Both phones are in the measuring process.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from asterisk_hotdesk import login, service
from asterisk_hotdesk.service import Daemon
from asterisk_hotdesk.store import devices
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
)
from tests.lab.phone import Phone

ROUNDS = 300
PEOPLE = 1_000
"""Users of the office: AstDB and dialplan are searched as they would be."""
DESK = 7
DIRECT = "3000"
RINGS_SECONDS = 5.0


async def main() -> None:
    """Measure, and print the figures with their method."""
    print(f"bench pbx: from INVITE to 180, {ROUNDS} calls of each, in turn")
    async with open_office() as office:
        await fill(office, range(PEOPLE))
        async with running(office) as daemon, phones(office, daemon) as (caller, desk):
            office.pbx.cli(
                f"dialplan add extension {DIRECT},1,Dial,PJSIP/{device_name(DESK)}"
                " into internal"
            )
            floor, ours = [], []
            for round_ in range(ROUNDS + 20):
                direct = await set_up(caller, desk, DIRECT)
                looked_up = await set_up(caller, desk, extension(DESK))
                if round_ >= 20:
                    floor.append(direct)
                    ours.append(looked_up)
    print(f"  floor, Dial(PJSIP/…)     {milliseconds(floor)}")
    print(f"  to a hot-desk user       {milliseconds(ours)}")
    for percent in (50, 95):
        ratio = percentile(ours, percent) / percentile(floor, percent)
        print(f"  p{percent} ratio to the floor   {ratio:.2f}   (target 1.1 or less)")


@contextlib.asynccontextmanager
async def phones(office: Office, daemon: Daemon) -> AsyncIterator[tuple[Phone, Phone]]:
    """Yield a phone of the PBX and that of a desk where somebody sits."""
    name = device_name(DESK)
    async with office.database.transaction() as tx:
        device = await devices.find(tx, name)
    assert device is not None
    address = ("127.0.0.1", office.pbx.ports.sip)
    caller = Phone("200", office.pbx.sip_passwords["200"], address)
    desk = Phone(name, device.sip_secret, address)
    async with caller, desk:
        await caller.register()
        await desk.register()
        outcome = await login.log_in(
            daemon.desks,
            extension=extension(DESK),
            pin=PIN,
            device_name=name,
            now=service.now(),
        )
        assert outcome.routed
        yield caller, desk


async def set_up(caller: Phone, desk: Phone, number: str) -> float:
    """Return how many seconds passed until *caller* heard *desk* ring."""
    began = time.perf_counter()
    call = await caller.call(number)
    await call.until(lambda: call.state != "dialling", RINGS_SECONDS)
    taken = time.perf_counter() - began
    assert call.state == "ringing", f"{number}: {call}"
    rang = await desk.ringing()
    await call.hangup()
    await rang.ended()
    # The next call finds an Asterisk that has done with this one.
    await asyncio.sleep(0.02)
    return taken
