"""The service is dead or stopped: callers are told, calls go on, nothing is left."""

from __future__ import annotations

import asyncio
import time

import pytest

from asterisk_hotdesk.config import PromptsConfig
from tests.asterisk.conftest import Office, press_pin
from tests.asterisk.talks import (
    at_ask_extension,
    at_ask_pin,
    at_bad_credentials,
    at_confirmation,
    between_digits,
)
from tests.asterisk.trouble import (
    SORRY,
    all_right,
    asterisk_log,
    kill_service,
    other_settings,
    phone_of,
    refused,
    rings,
    start_service,
    stasis_is_empty,
    until,
)


async def test_stopped(office: Office) -> None:
    """An orderly stop leaves PBX and callers as a crash does."""
    desk, fixed = await office.desk("HD0001"), await office.phone("200")
    await office.sit_down(desk, "100")
    waiting = await desk.dial("*77")
    await waiting.answered()
    await waiting.hears(0.2)
    await asyncio.to_thread(office.lab.stop_service)
    await rings(fixed, "100", desk)
    heard = asterisk_log(office.lab)
    call = await desk.dial("*77*5*")
    await heard.hears("HD0001", SORRY)
    await call.hangup()
    await waiting.hangup()
    await stasis_is_empty(office.lab)
    await start_service(office.lab)
    assert office.sitting() == {"HD0001": "100"}


async def test_without_the_service(office: Office) -> None:
    used, idle = await office.desk("HD0001"), await office.desk("HD0002")
    fixed, trunk = await office.phone("200"), await office.phone("trunk")
    await office.sit_down(used, "100")
    lab = office.lab
    await kill_service(lab)
    heard = asterisk_log(lab)

    # The codes are answered by an apology.
    calls = [await idle.dial("*77*101*"), await used.dial("*77*5*")]
    for call in calls:
        await call.answered()
        await call.hears(0.5)
    # An idle desk calls 112 and 110, nothing else; calls go on as before.
    assert await refused(idle, "200") in (403, 404)
    assert await refused(idle, "100") in (403, 404)
    emergency = await rings(idle, "112", trunk)
    assert emergency.dialled == "112"
    assert emergency.remote.number.endswith("02"), "the number of the desk"
    assert (await rings(idle, "110", trunk)).dialled == "110"
    assert (await rings(used, "112", trunk)).remote.number.endswith("01")
    await rings(fixed, "100", used)
    assert (await rings(used, "200", fixed)).remote.number == "100"
    assert await refused(fixed, "101") >= 400

    # Meanwhile the apology was said, and ended the calls.
    for call, name in zip(calls, ("HD0002", "HD0001"), strict=True):
        await call.ended(within=20)
        assert call.ended_by == "them"
        assert heard.played(name) == list(PromptsConfig().unavailable)
    await stasis_is_empty(office.lab)

    await start_service(lab)
    await all_right(office)
    assert office.sitting() == {"HD0001": "100"}


async def test_killed_at_each_prompt(office: Office) -> None:
    """Five people are talking to us, each elsewhere in the dialogue."""
    desks = [await office.desk(f"HD000{number}") for number in range(1, 6)]
    # The confirmation is the shortest-lived: it comes last.
    talks = (
        at_ask_extension,
        at_ask_pin,
        between_digits,
        at_bad_credentials,
        at_confirmation,
    )
    calls = [await talk(office, desk) for talk, desk in zip(talks, desks, strict=True)]
    await kill_service(office.lab)
    assert all(call.state == "connected" for call in calls)

    heard = asterisk_log(office.lab)
    begin = time.monotonic()
    await start_service(office.lab)
    names = [f"HD000{number}" for number in range(1, 6)]
    for name in names:
        # Whoever is being told the outcome hears that sentence to its end first.
        patience = 9 if name == "HD0005" else 5
        await heard.hears(name, SORRY, within=begin + patience - time.monotonic())
    for call in calls:
        await call.ended(within=20)
        assert call.ended_by == "them"
    await stasis_is_empty(office.lab)
    # Only whose PIN was complete sits, and is told so by the display.
    assert office.sitting() == {"HD0005": "104"}
    await desks[4].until(
        lambda: "104" in " ".join(desks[4].display()), "104 is shown", within=5
    )
    await all_right(office)
    assert set(desks[0].display()) == {"HD0001"}


@pytest.mark.parametrize("after_digits", [5, 6], ids=["one-missing", "complete"])
async def test_killed_between_pin_and_confirmation(
    office: Office, after_digits: int
) -> None:
    desk = await office.desk("HD0001")
    heard = asterisk_log(office.lab)
    call = await desk.dial("*77*100*")
    await press_pin(call, office.pin("100")[:after_digits])
    await kill_service(office.lab)
    assert "agent-loginok" not in heard.played("HD0001")
    begin = time.monotonic()
    await start_service(office.lab)
    await heard.hears("HD0001", SORRY, within=begin + 5 - time.monotonic())
    await call.hangup()
    await stasis_is_empty(office.lab)
    await all_right(office)
    # Decided or not, but never by halves; and whoever tries again gets the desk.
    assert office.sitting() in ({}, {"HD0001": "100"})
    if after_digits < 6:
        assert office.sitting() == {}
    shown = "100" if office.sitting() else "HD0001"
    await desk.shows(shown, within=10)


async def test_an_orphan_ends_while_the_service_stays_away(office: Office) -> None:
    """TIMEOUT(absolute) bounds the call of whom nobody serves any more."""
    desk = await office.desk("HD0001")
    short = "call_seconds = 4"
    async with other_settings(
        office.lab, lambda text: text.replace("call_seconds = 60", short)
    ):
        await until(
            lambda: (
                "TIMEOUT(absolute)=4" in office.lab.pbx.cli("dialplan show hotdesk-ivr")
            ),
            "the new dialplan is in force",
        )
        call = await desk.dial("*77")
        await call.answered()
        await call.hears(0.3)
        await kill_service(office.lab)
        assert call.state == "connected"
        await call.ended(within=8)
        assert call.ended_by == "them"
        await stasis_is_empty(office.lab)


async def test_who_hangs_up_after_the_kill_leaves_nothing(office: Office) -> None:
    desk = await office.desk("HD0001")
    call = await desk.dial("*77*100*")
    await call.answered()
    await call.hears(0.2)
    await kill_service(office.lab)
    await call.hangup()
    await stasis_is_empty(office.lab)
    await start_service(office.lab)
    await office.sit_down(desk, "100")
    assert phone_of(desk).calls == []
