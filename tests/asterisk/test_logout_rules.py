"""Rules log people out on a real Asterisk, and those who may do it from elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.asterisk.conftest import (
    Office,
    Voice,
    eventually,
    hears_and_presses,
    rings,
)
from tests.lab.phone import Call, Party
from tests.lab.snom import VirtualSnom

SHORT_DAYS = """
[logout]
# Sixteen seconds.
total_hours = 0.0045
"""
DENIED = ("im-sorry", "feature-not-avail-line")
LOGGED_OUT = ("vm-extension", "digits/1", "digits/0", "digits/0", "agent-loggedoff")


async def test_a_rule_logs_out_and_waits_for_the_end_of_a_call(office: Office) -> None:
    async with office.settings(SHORT_DAYS):
        quiet, busy = await office.desk("HD0001"), await office.desk("HD0002")
        colleague = await office.phone("200")
        await office.sit_down(busy, "101")
        call = await colleague.call("101")
        ringing = await rings(busy, caller=Party("Fixed phone 200", "200"))
        await ringing.answer()
        await office.sit_down(quiet, "100")
        await quiet.until(
            lambda: "You will be logged out at" in " ".join(quiet.display()),
            "the display says so before",
            within=20,
        )

        await eventually(
            lambda: office.sitting() == {"HD0002": "101"}, "a logout", within=40
        )
        # What was said before stays a while.
        await quiet.until(
            lambda: quiet.display() == ["HD0001", "HD0001"], "an idle desk", within=30
        )
        assert ringing.state == "connected"

        await call.hangup()
        await eventually(lambda: office.sitting() == {}, "the other one", within=20)
        await busy.until(
            lambda: busy.display() == ["HD0002", "HD0002"], "an idle desk", within=30
        )
    assert office.recorded("logout") == [
        ("expired", "100", "HD0001"),
        ("expired", "101", "HD0002"),
    ]


# By code, from elsewhere -----------------------------------------------------


@asynccontextmanager
async def calling(
    office: Office, desk: VirtualSnom, code: str
) -> AsyncIterator[tuple[Call, Voice]]:
    """Yield a call to *code* and what it says; it is over afterwards."""
    voice = office.voice(desk)
    call = await desk.dial(code)
    await call.answered()
    yield call, voice
    await call.hangup()


@pytest.fixture
async def desk(office: Office) -> VirtualSnom:
    """Return the desk of 101, who may log others out."""
    office.afterwards("user", "edit", "101", "--may-not-log-others-out")
    await office.hotdesk("user", "edit", "101", "--may-log-others-out")
    desk = await office.desk("HD0002")
    await office.sit_down(desk, "101")
    return desk


async def test_who_may_logs_another_out_from_the_own_desk(
    office: Office, desk: VirtualSnom
) -> None:
    left = await office.desk("HD0001")
    await office.sit_down(left, "100")

    async with calling(office, desk, "*77*6*100*") as (call, voice):
        await hears_and_presses(call, voice, "agent-pass", office.wrong_pin("101"))
        await voice.says("vm-incorrect", "agent-pass")
        assert office.sitting() == {"HD0001": "100", "HD0002": "101"}
        await hears_and_presses(call, voice, "agent-pass", office.pin("101"))
        await voice.says(*LOGGED_OUT)

    assert office.sitting() == {"HD0002": "101"}
    await left.shows("HD0001")
    assert office.rows(
        "SELECT code, extension, device, by, actor FROM history"
        " WHERE what = 'logout' ORDER BY id DESC LIMIT 1"
    ) == [
        {
            "code": "forced",
            "extension": "100",
            "device": "HD0001",
            "by": "phone",
            "actor": "101",
        }
    ]


async def test_whoever_hangs_up_at_the_pin_has_done_nothing(
    office: Office, desk: VirtualSnom
) -> None:
    left = await office.desk("HD0001")
    await office.sit_down(left, "100")

    async with calling(office, desk, "*77*6*100*") as (_, voice):
        await voice.says("agent-pass")

    await eventually(lambda: office.channels() == [], "no channel is left")
    assert office.sitting() == {"HD0001": "100", "HD0002": "101"}


async def test_nobody_who_sits_nowhere_can_be_logged_out(
    office: Office, desk: VirtualSnom
) -> None:
    async with calling(office, desk, "*77*6*100*") as (call, voice):
        await hears_and_presses(call, voice, "agent-pass", office.pin("101"))
        await voice.says("beeperr", "agent-loggedoff")
        await call.ended(within=10)

    assert office.recorded("refused") == [("nobody_logged_in", "100", "HD0002")]


@pytest.mark.parametrize("sitting", ["100", ""])
async def test_who_may_not_is_sent_away_without_a_question(
    office: Office, sitting: str
) -> None:
    desk = await office.desk("HD0001")
    if sitting:
        await office.sit_down(desk, sitting)

    async with calling(office, desk, "*77*6*101*") as (call, voice):
        await voice.says(*DENIED)
        await call.ended(within=10)

    assert "agent-pass" not in voice.said()
    assert office.recorded("refused") == [("may_not_log_others_out", "", "HD0001")]
