"""A person logs in and out by telephone: what is asked, pressed, said and shown."""

from __future__ import annotations

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

CONFIRMED = ("vm-extension", "digits/1", "digits/0", "digits/0", "agent-loginok")
COLLEAGUE = Party("Fixed phone 200", "200")
GIVEN_BACK = ("vm-extension", "digits/1", "digits/0", "digits/0", "agent-loggedoff")


async def test_the_whole_story_of_a_login_and_a_logout(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    voice = office.voice(desk)

    call = await desk.dial("*77*100*")
    await press_pin(call, office.pin("100"))
    await call.ended(within=15)

    assert voice.said() == ["agent-pass", *CONFIRMED]
    assert call.ended_by == "them"
    assert call.heard.loud_seconds > 2
    await desk.shows("Alice 100")
    assert office.sitting() == {"HD0001": "100"}

    ringing = await colleague.call("100")
    await rings(desk, caller=COLLEAGUE)
    await ringing.hangup()

    voice = office.voice(desk)
    call = await desk.dial("*77*5*")
    await call.answered()
    await call.ended(within=15)

    assert voice.said() == [*GIVEN_BACK]
    await desk.shows("HD0001")
    assert office.sitting() == {}
    assert [row[1:] for row in office.recorded("login")] == [("100", "HD0001")]
    assert office.recorded("logout") == [("logged_out", "100", "HD0001")]


async def test_without_an_extension_it_asks_for_it_first(office: Office) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)

    call = await desk.dial("*77")
    await voice.says("agent-newlocation")
    await press(call, "101#")
    await voice.says("agent-newlocation", "agent-pass")
    await press(call, office.pin("101"))
    await voice.says("vm-extension", "digits/1", "digits/0", "digits/1")
    await call.hangup()

    await desk.shows("Bob 101")


async def test_a_key_interrupts_the_prompt(office: Office) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)

    call = await desk.dial("*77*100*")
    await voice.says("agent-pass")
    await call.hears(0.2)
    await press(call, office.pin("100")[0])
    stopped = office.lab.pbx.log_dir / "messages.log"
    await eventually(
        lambda: "Playback stopped for sound:agent-pass" in stopped.read_text(),
        "the prompt falls silent",
        within=1,
    )
    await press(call, office.pin("100")[1:])
    await voice.says("vm-extension")
    await call.hangup()

    await desk.shows("Alice 100")


async def test_keys_pressed_before_the_voice_begins_count(office: Office) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)

    call = await desk.dial("*77*100*")
    await call.answered()
    await press(call, office.pin("100"))
    await voice.says("vm-extension")
    await call.hangup()

    await desk.shows("Alice 100")


async def test_the_hash_key_ends_a_pin_that_is_too_short(office: Office) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)

    call = await desk.dial("*77*100*")
    await press_pin(call, office.pin("100")[:3] + "#")
    await voice.says("vm-incorrect", "agent-pass", within=2)
    await call.hangup()

    assert office.sitting() == {}
    assert office.recorded("refused") == [("bad_credentials", "100", "HD0001")]


async def test_the_star_key_starts_over(office: Office) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)

    call = await desk.dial("*77")
    await voice.says("agent-newlocation")
    await press(call, "10*")
    await voice.says("agent-newlocation", "agent-newlocation")
    await press(call, "100#")
    await voice.says("agent-pass")
    await press(call, office.wrong_pin("100")[:4] + "*")
    # Nothing was dialled that says who it is: the extension is asked for again.
    await voice.says("agent-pass", "agent-newlocation")
    await press(call, "101#")
    await voice.says("agent-newlocation", "agent-pass")
    await press(call, office.pin("101"))
    await voice.says("vm-extension")
    await call.hangup()

    await desk.shows("Bob 101")
    assert office.recorded("refused") == []
    assert office.rows("SELECT subject FROM pin_attempts") == []


async def test_the_star_key_keeps_the_dialled_extension(office: Office) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)

    call = await desk.dial("*77*100*")
    await press_pin(call, office.pin("100")[:4] + "*")
    await voice.says("agent-pass", "agent-pass")
    await press(call, office.pin("100"))
    await voice.says("vm-extension")
    await call.hangup()

    await desk.shows("Alice 100")


async def test_a_hash_key_after_the_last_digit_does_no_harm(office: Office) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)

    call = await desk.dial("*77*100*")
    await press_pin(call, office.pin("100") + "#")
    await voice.says("agent-pass", *CONFIRMED[:2])
    await call.hangup()
    await desk.shows("Alice 100")

    voice = office.voice(desk)
    call = await desk.dial("*77*100*")
    await press_pin(call, office.wrong_pin("100") + "#")
    await voice.says("agent-pass", "vm-incorrect", "agent-pass")
    await press(call, office.pin("100") + "#")
    await voice.says("vm-extension")
    await call.hangup()
    assert office.recorded("refused") == [("bad_credentials", "100", "HD0001")]


@pytest.mark.parametrize("code", ["*77*0*", "*77"])
async def test_extension_0_logs_out_without_a_pin(office: Office, code: str) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    await office.sit_down(desk, "100")
    voice = office.voice(desk)

    call = await desk.dial(code)
    if code == "*77":
        await voice.says("agent-newlocation")
        await press(call, "0#")
    await voice.says(*GIVEN_BACK[:2])
    assert "agent-pass" not in voice.said()
    await call.hangup()

    await desk.shows("HD0001")
    assert office.sitting() == {}
    assert await refusal(await colleague.call("100")) == 480


async def test_logging_out_an_idle_desk_says_so(office: Office) -> None:
    desk = await office.desk("HD0001")
    voice = office.voice(desk)

    call = await desk.dial("*77*5*")
    await call.answered()
    await call.ended(within=10)

    assert voice.said() == ["beeperr", "agent-loggedoff", "vm-goodbye"]
    assert office.recorded("refused") == [("nobody_logged_in", "", "HD0001")]


async def test_logging_in_again_at_the_same_desk_confirms(office: Office) -> None:
    desk = await office.desk("HD0001")
    await office.sit_down(desk, "100")
    began = office.rows("SELECT id, since FROM logins WHERE until IS NULL")
    voice = office.voice(desk)

    call = await desk.dial("*77*100*")
    await press_pin(call, office.pin("100"))
    await voice.says(*CONFIRMED[:2])
    await call.hangup()

    assert office.recorded("logout") == []
    assert office.rows("SELECT id, since FROM logins WHERE until IS NULL") == began
    await desk.shows("Alice 100", within=10)


async def test_whoever_comes_replaces_whoever_sits_there(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    await office.sit_down(desk, "100")
    await office.sit_down(desk, "101")

    assert office.sitting() == {"HD0001": "101"}
    assert office.recorded("logout") == [("replaced", "100", "HD0001")]
    assert "/hotdesk/user/default/100" not in office.routes()
    assert not any("Alice" in line for line in desk.display())

    # Alice's calls ring nowhere, Bob's ring here.
    assert await refusal(await colleague.call("100")) == 480
    assert sip_phone(desk).incoming == []
    call = await colleague.call("101")
    await rings(desk, caller=COLLEAGUE)
    await call.hangup()


async def test_whoever_moves_leaves_an_idle_desk_behind(office: Office) -> None:
    old, new = await office.desk("HD0001"), await office.desk("HD0002")
    colleague = await office.phone("200")
    await office.sit_down(old, "100")
    voice = office.voice(new)

    call = await new.dial("*77*100*")
    await press_pin(call, office.pin("100"))
    await voice.says("vm-extension")

    # At once: while she still listens, the old desk shows nobody and calls nobody.
    assert office.sitting() == {"HD0002": "100"}
    await old.until(
        lambda: old.display() == ["HD0001", "HD0001"], "the old desk is idle", within=3
    )
    assert await refusal(await old.dial("200")) == 404
    await call.hangup()

    assert office.recorded("logout") == [("moved", "100", "HD0001")]
    await new.shows("Alice 100")
    call = await colleague.call("100")
    await rings(new, caller=COLLEAGUE)
    await call.hangup()
    assert sip_phone(old).incoming == []
