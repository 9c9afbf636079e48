"""What an administrator can decide: second logins, codes, prompts."""

from __future__ import annotations

from tests.asterisk.conftest import (
    Office,
    eventually,
    press,
    press_pin,
    refusal,
    rings,
)
from tests.lab.phone import Party

REFUSE = """
[policy]
second_login = "refuse"
"""
CODES = """
[codes]
prefix = "*88"
ask = "PREFIX#"
login = "PREFIXEXT#"
logout = "*99"
"""
PROMPTS = """
[prompts]
ask_pin = ["no-such-sound"]
bad_credentials = ["nor-this-one"]
logged_in = ["nor-this-one", "NUMBER"]
logged_out = ["vm-extension", "no-such-sound"]
"""


async def test_a_second_login_can_be_refused(office: Office) -> None:
    async with office.settings(REFUSE):
        desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")
        await office.sit_down(desk, "100")
        voice = office.voice(other_desk)

        call = await other_desk.dial("*77*100*")
        await press_pin(call, office.pin("100"))
        await call.ended(within=10)

        number = ["digits/1", "digits/0", "digits/0"]
        said = ["agent-pass", "vm-extension", *number, "is-in-use", "vm-goodbye"]
        assert [sound for sound in voice.said() if sound in said] == said
        assert office.sitting() == {"HD0001": "100"}
        assert office.recorded("refused") == [("already_logged_in", "100", "HD0002")]
        assert other_desk.display() == ["HD0002", "HD0002"]

        done = await office.hotdesk("login", "100", "HD0002", check=False)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert office.sitting() == {"HD0001": "100"}

        # Somebody else may still take the desk, and then she is free to log in.
        await office.sit_down(desk, "101")
        await office.sit_down(other_desk, "100")
        assert office.sitting() == {"HD0001": "101", "HD0002": "100"}


async def test_all_codes_can_be_chosen(office: Office) -> None:
    async with office.settings(CODES):
        desk = await office.desk("HD0001")
        assert desk.keys()[0].argument == "*88#"

        voice = office.voice(desk)
        call = await desk.dial("*88100#")
        await press_pin(call, office.pin("100"))
        await voice.says("vm-extension")
        await call.hangup()
        await desk.shows("Alice 100")
        assert desk.keys()[0].argument == "*99"
        colleague = await office.phone("200")
        ringing = await colleague.call("100")
        await rings(desk, caller=Party("Fixed phone 200", "200"))
        await ringing.hangup()

        voice = office.voice(desk)
        call = await desk.dial("*99")
        await voice.says("vm-extension")
        await call.hangup()
        voice = office.voice(desk)
        call = await desk.dial("*88#")
        await voice.says("agent-newlocation")
        await call.hangup()
        for old in ("*77", "*77*100*", "*77*5*"):
            assert await refusal(await desk.dial(old)) == 404

    desk = await office.desk("HD0002")
    voice = office.voice(desk)
    call = await desk.dial("*77*100*")
    await voice.says("agent-pass")
    await call.hangup()


async def test_a_missing_sound_silences_and_ends_nothing(office: Office) -> None:
    before = office.lab.service_log.stat().st_size
    async with office.settings(PROMPTS):
        log = office.lab.service_log.read_bytes()[before:].decode()
        for sound in ("no-such-sound", "nor-this-one"):
            assert any(sound in line and "WARNING" in line for line in log.splitlines())

        desk = await office.desk("HD0001")
        voice = office.voice(desk)
        call = await desk.dial("*77*100*")
        await voice.says("beep")
        await press_pin(call, office.wrong_pin("100"))
        await voice.says("beep", "beep", "beep")
        await press(call, office.pin("100"))
        await voice.says("beep", "digits/1", "digits/0", "digits/0")
        await call.ended(within=10)
        await desk.shows("Alice 100")

        voice = office.voice(desk)
        call = await desk.dial("*77*5*")
        await call.answered()
        await call.ended(within=10)
        assert voice.said() == ["vm-extension"]
        await desk.shows("HD0001")
        await eventually(lambda: not office.channels(), "no channel is left")
