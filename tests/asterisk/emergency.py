"""What the tests of emergency calls share: a centre that answers, a desk that calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.asterisk.conftest import Office, eventually
from tests.asterisk.trouble import phone_of
from tests.lab.phone import Call, IncomingCall, Party, Phone
from tests.lab.snom import VirtualSnom

ELIN = {f"HD{number:04}": f"+49305550{number:02}" for number in range(1, 6)}
"""The emergency number of each desk of the laboratory."""


async def centre(office: Office) -> Phone:
    """Return the emergency centre: the trunk, where each call is answered at once."""
    trunk = await office.phone("trunk")
    trunk.auto_answer = True
    return trunk


@asynccontextmanager
async def emergency_call(
    desk: VirtualSnom, centre: Phone, number: str = "112"
) -> AsyncIterator[tuple[Call, IncomingCall]]:
    """Yield a call for help that was answered, and its other end; then hang up.

    It was placed without delay, and shows the number of the desk, whoever sits there.
    """
    name = phone_of(desk).username
    call = await desk.dial(number)
    ringing = await centre.ringing(within=5)
    assert (ringing.dialled, ringing.remote) == (number, Party(name, ELIN[name]))
    await call.answered(within=5)
    ringing.talk()
    await call.hears()
    yield call, ringing
    await call.hangup()
    await ringing.ended()


async def is_helped(desk: VirtualSnom, centre: Phone, number: str = "112") -> None:
    """Return if a call for help from *desk* is answered as it should be."""
    async with emergency_call(desk, centre, number):
        pass


async def is_known(office: Office, *, calls: int) -> None:
    """Return once the database knows that so many emergency calls are on."""
    await eventually(
        lambda: (
            len(office.rows("SELECT 1 FROM emergency_calls WHERE ended_at IS NULL"))
            == calls
        ),
        f"{calls} emergency calls are known",
    )
