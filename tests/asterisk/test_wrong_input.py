"""Wrong PINs, silence, hang-ups, strangers: what callers hear and what remains."""

from __future__ import annotations

import re
import time
from datetime import datetime

import pytest

from tests.asterisk.conftest import (
    Office,
    eventually,
    press,
    press_pin,
    refusal,
    rings,
    sip_phone,
)
from tests.lab.phone import Party
from tests.lab.snom import VirtualSnom

SAME_TIME = 2.5
"""How many times longer one refusal may take than another; a hash takes 40 ms."""


async def test_three_wrong_pins_end_the_call(office: Office) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)

    call = await desk.dial("*77*100*")
    await press_pin(call, office.wrong_pin("100"))
    await voice.says("vm-incorrect", "agent-pass")
    await press(call, office.wrong_pin("100"))
    await eventually(lambda: voice.said().count("vm-incorrect") == 2, "the second no")
    await press(call, office.wrong_pin("100"))
    await call.ended(within=10)

    assert call.ended_by == "them"
    assert voice.said()[-2:] == ["vm-incorrect", "vm-goodbye"]
    assert voice.said().count("vm-incorrect") == 3
    assert office.sitting() == {}
    wrong = ("bad_credentials", "100", "HD0001")
    assert office.recorded("refused") == [wrong] * 3


async def test_the_right_pin_at_the_last_try_is_good(office: Office) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)

    call = await desk.dial("*77*100*")
    for tries in (1, 2):
        await press_pin(call, office.wrong_pin("100"))
        await eventually(lambda n=tries: voice.said().count("vm-incorrect") == n, "no")  # type: ignore[misc]
    await press_pin(call, office.pin("100"))
    await voice.says("vm-extension")
    await call.hangup()

    assert office.sitting() == {"HD0001": "100"}
    # What was wrong before is forgiven to the user.
    subjects = [row["subject"] for row in office.rows("SELECT * FROM pin_attempts")]
    assert sorted(subjects) == ["device:HD0001", "total"]


async def test_silence_ends_the_call(office: Office) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)
    began = time.monotonic()

    call = await desk.dial("*77*100*")
    await call.ended(within=25)

    assert call.ended_by == "them"
    assert voice.said() == ["agent-pass", "agent-pass", "agent-pass", "vm-goodbye"]
    # Three prompts and a farewell of about 1.5 s each, and 3 times 2 s of silence.
    assert 6 < time.monotonic() - began < 20
    assert office.recorded("refused") == []
    assert not in_stasis(office)


async def test_silence_in_the_middle_of_a_pin_is_a_wrong_one(office: Office) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)

    call = await desk.dial("*77*100*")
    await press_pin(call, office.pin("100")[:4])
    await voice.says("vm-incorrect", within=4)
    await call.hangup()

    assert office.recorded("refused") == [("bad_credentials", "100", "HD0001")]


@pytest.mark.parametrize(
    "moment",
    ["extension asked", "extension begun", "PIN asked", "PIN begun", "wrong", "bye"],
)
async def test_hanging_up_leaves_nothing_behind(office: Office, moment: str) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)
    if moment == "bye":
        call = await desk.dial("*77*5*")
        await voice.says("beeperr")
    elif moment.startswith("extension"):
        call = await desk.dial("*77")
        await voice.says("agent-newlocation")
    else:
        call = await desk.dial("*77*100*")
        await voice.says("agent-pass")
    match moment:
        case "extension begun":
            await press(call, "1")
        case "PIN begun":
            await press(call, office.pin("100")[:5])
        case "wrong":
            await press(call, office.wrong_pin("100"))
            await voice.says("vm-incorrect")
    await call.hangup()

    await eventually(lambda: not office.channels(), "no channel in Asterisk", within=3)
    assert not in_stasis(office)
    assert office.sitting() == {}
    assert office.recorded("login") == []
    assert desk.display() == ["HD0001", "HD0001"]
    await works(office, desk)


async def test_hanging_up_during_the_confirmation_keeps_the_login(
    office: Office,
) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")

    await office.sit_down(desk, "100")

    await eventually(lambda: not office.channels(), "no channel in Asterisk", within=3)
    assert not in_stasis(office)
    call = await colleague.call("100")
    await rings(desk, caller=Party("Fixed phone 200", "200"))
    await call.hangup()


async def test_whoever_may_not_log_in_hears_the_same_after_the_same_time(
    office: Office,
) -> None:
    desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")
    office.afterwards("user", "allow", "103")
    await office.hotdesk("user", "deny", "103")
    office.afterwards("user", "remove", "190", "--yes")
    await office.hotdesk("user", "add", "190", "--name", "Has no PIN")

    refused = Refusals(office)
    await refused.at(desk, "100", office.wrong_pin("100"))
    await refused.at(desk, "199", office.wrong_pin("100"))
    await refused.at(desk, "103", office.pin("103"))
    await refused.at(other_desk, "190", office.pin("100"))

    assert len(set(refused.heard)) == 1
    codes = [row[:2] for row in office.recorded("refused")]
    assert codes[::3] == [
        ("bad_credentials", "100"),
        ("unknown_extension", ""),
        ("not_allowed", "103"),
        ("bad_credentials", "190"),
    ]
    assert max(refused.took) < SAME_TIME * min(refused.took)
    assert office.sitting() == {}


async def test_accounts_do_not_mix(office: Office) -> None:
    desk = await office.desk("HD0001")
    office.afterwards("user", "remove", "700", "--account", "other", "--yes")
    office.afterwards("device", "remove", "HD9001", "--yes")
    other = ("--account", "other")
    await office.hotdesk("user", "add", "700", "--name", "Olga", *other)
    await office.hotdesk("device", "add", "HD9001", "--mac", "00041300f001", *other)
    pin = office.pin("100")
    await office.set_pin("700", pin, *other)
    other_desk = await office.desk("HD9001")
    await other_desk.shows("HD9001")
    await eventually(lambda: sip_phone(other_desk).registered, "HD9001 registers")

    refused = Refusals(office)
    await refused.at(desk, "199", pin, times=2)
    await refused.at(desk, "700", pin, times=2)
    await refused.at(other_desk, "100", pin, times=2)

    assert len(set(refused.heard)) == 1
    assert [row for row in office.recorded("refused") if row[0] == "other_account"] == [
        *[("other_account", "700", "HD0001")] * 2,
        *[("other_account", "100", "HD9001")] * 2,
    ]
    assert max(refused.took) < SAME_TIME * min(refused.took)

    voice = office.voice(other_desk)
    call = await other_desk.dial("*77*700*")
    await press_pin(call, pin)
    await voice.says("vm-extension", "digits/7", "digits/0")
    await call.hangup()
    await other_desk.shows("Olga 700")
    # Users of other accounts are no colleagues: nobody here can call her.
    colleague = await office.phone("200")
    assert await refusal(await colleague.call("700")) == 404


@pytest.mark.parametrize("code", ["*77*100*", "*77*5*"])
async def test_a_phone_that_is_no_hot_desk_is_told_so(
    office: Office, code: str
) -> None:
    phone = await office.phone("200")
    voice = office.voice(phone)

    call = await phone.call(code)
    await call.ended(within=10)

    assert voice.said()[-3:] == ["im-sorry", "feature-not-avail-line", "vm-goodbye"]
    assert office.recorded("refused") == [("not_a_hot_desk", "", "200")]
    assert office.sitting() == {}


def in_stasis(office: Office) -> list[str]:
    """Return the channels that are in a Stasis application."""
    shown = office.lab.pbx.cli("core show channels concise").splitlines()
    return [line for line in shown if "!Stasis!" in line]


async def works(office: Office, desk: VirtualSnom) -> None:
    """See that the next call to hot desking is served."""
    voice = office.voice(desk)
    call = await desk.dial("*77*100*")
    await voice.says("agent-pass")
    await call.hears(0.1)
    await call.hangup()


class Refusals:
    """What refused callers hear, and how long they wait for it."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self.heard: list[tuple[str, ...]] = []
        self.took: list[float] = []

    async def at(
        self, desk: VirtualSnom, extension: str, pin: str, *, times: int = 3
    ) -> None:
        """Try *pin* so many times in one call, which ends with the third."""
        __tracebackhide__ = True
        voice = self._office.voice(desk)
        waited = []
        call = await desk.dial(f"*77*{extension}*")
        for tries in range(1, times + 1):
            await press_pin(call, pin)
            pressed = time.time()
            await eventually(
                lambda n=tries: voice.said().count("vm-incorrect") == n,  # type: ignore[misc]
                f"refusal {tries} of {extension}: {voice.said()}",
            )
            waited.append(_last_played(self._office, "vm-incorrect") - pressed)
        if times == 3:
            await call.ended(within=10)
        else:
            await call.hangup()
        self.heard.append(tuple(voice.said()))
        # The last key's tone ended 40 ms before `pressed`.
        self.took.append(min(waited) + 0.04)


def _last_played(office: Office, sound: str) -> float:
    log = (office.lab.pbx.log_dir / "messages.log").read_text(errors="replace")
    times = re.findall(rf"\[([^\]]+)\] VERBOSE.* Playing '{sound}\.", log)
    return datetime.fromisoformat(times[-1]).astimezone().timestamp()
