"""A desk that nobody uses: emergency numbers and our codes, nothing else."""

from __future__ import annotations

import pytest

from tests.asterisk.conftest import Office, refusal, rings
from tests.lab.phone import Party

EMERGENCY_CALLER = Party("HD0001", "+4930555001")
FORBIDDEN = ("200", "0123456", "100", "999", "1120", "8100", "*97", "s", "HD0002")


@pytest.mark.parametrize("number", ["112", "110"])
async def test_an_idle_desk_reaches_an_emergency_centre(
    office: Office, number: str
) -> None:
    desk, centre = await office.desk("HD0001"), await office.phone("trunk")

    call = await desk.dial(number)
    ringing = await rings(centre, caller=EMERGENCY_CALLER)
    assert ringing.dialled == number
    await ringing.answer()
    await call.answered()
    ringing.talk()
    call.talk()
    await call.hears()
    await ringing.hears()
    await call.hangup()


async def test_an_emergency_call_carries_the_desks_number_whoever_sits_there(
    office: Office,
) -> None:
    desk, centre = await office.desk("HD0001"), await office.phone("trunk")
    await office.sit_down(desk, "100")

    call = await desk.dial("112")
    await rings(centre, caller=EMERGENCY_CALLER)
    await call.hangup()

    # An ordinary call to the outside carries the user's.
    call = await desk.dial("0123456")
    await rings(centre, caller=Party("Alice", "100"))
    await call.hangup()


async def test_an_idle_desk_reaches_nothing_else(office: Office) -> None:
    desk, outside = await office.desk("HD0001"), await office.phone("trunk")
    colleague = await office.phone("200")

    for number in FORBIDDEN:
        assert (number, await refusal(await desk.dial(number))) == (number, 404)

    assert colleague.incoming == []
    assert outside.incoming == []


async def test_a_desk_is_as_restricted_after_a_logout_as_before(
    office: Office,
) -> None:
    desk, centre = await office.desk("HD0001"), await office.phone("trunk")
    colleague = await office.phone("200")
    await office.sit_down(desk, "100")
    call = await desk.dial("200")
    await rings(colleague, caller=Party("Alice", "100"))
    await call.hangup()

    voice = office.voice(desk)
    call = await desk.dial("*77*5*")
    await voice.says("vm-extension")
    await call.hangup()

    for number in FORBIDDEN:
        assert (number, await refusal(await desk.dial(number))) == (number, 404)
    call = await desk.dial("112")
    await rings(centre, caller=EMERGENCY_CALLER)
    await call.hangup()
    # Nobody can call the desk itself: it is no extension.
    assert await refusal(await colleague.call("HD0001")) == 404
