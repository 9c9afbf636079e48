"""AGI(hotdesk-dial.agi): a dialplan of the PBX's own asks where a user sits."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.asterisk.conftest import Office, rings
from tests.lab.phone import Party

SCRIPT = Path(sys.executable).with_name("hotdesk-dial.agi")
"""As it is installed."""
CALL = "agi_request: hotdesk-dial.agi\nagi_channel: PJSIP/200-00000001\n\n"
FOUND, ABSENT, DONE = "200 result=1 ({})", "200 result=0", "200 result=1"


async def test_a_dialplan_of_the_pbx_finds_the_desk(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    await office.hotdesk("login", "100", "HD0001")
    # It asks Asterisk alone.
    await asyncio.to_thread(office.lab.stop_service)

    call = await colleague.call("8100")
    ringing = await rings(desk, caller=Party("Fixed phone 200", "200"))
    await ringing.answer()
    await call.answered()
    await call.hangup()


@pytest.mark.parametrize(
    ("number", "sound"), [("8100", "vm-nobodyavail"), ("8000", "invalid")]
)
async def test_a_dialplan_of_the_pbx_learns_that_there_is_no_desk(
    office: Office, number: str, sound: str
) -> None:
    colleague = await office.phone("200")
    voice = office.voice(colleague)

    call = await colleague.call(number)
    await voice.says(sound)
    await call.hangup()

    assert voice.said() == [sound]


def run(arguments: Sequence[str], *answers: str) -> tuple[list[str], int]:
    """Be Asterisk: start the script, give the answers; return what it asked."""
    done = subprocess.run(
        [SCRIPT, *arguments],
        input=CALL + "".join(f"{answer}\n" for answer in answers),
        capture_output=True,
        text=True,
        timeout=20,
    )
    # What is there, Asterisk shows: neither a traceback nor what was asked and said.
    assert done.stderr == ""
    return done.stdout.replace('"', "").splitlines(), done.returncode


def asked(account: str = "default") -> list[str]:
    """Return what the script asks AstDB of 100, who sits at HD0001."""
    return [
        f"DATABASE GET hotdesk/user/{account} 100",
        "DATABASE GET hotdesk/desk HD0001",
    ]


def told(status: str, dial: str = "") -> list[str]:
    """Return with what the script answers."""
    return [
        f"SET VARIABLE HOTDESKSTATUS {status}",
        f"SET VARIABLE HOTDESKDIAL {dial}",
    ]


@pytest.mark.parametrize("account", ["default", "other"])
def test_it_tells_where_a_user_sits(account: str) -> None:
    arguments = ["100"] if account == "default" else ["100", account]
    entries = [FOUND.format("17:HD0001"), FOUND.format(f"17:{account}/100")]

    said, code = run(arguments, *entries, DONE, DONE)

    assert said == asked(account) + told("LOGGED_IN", "PJSIP/HD0001")
    assert code == 0


@pytest.mark.parametrize(
    "desk", ["18:default/101", "18:default/100", "17:default/101", "17:"]
)
def test_it_trusts_no_route_whose_halves_disagree(desk: str) -> None:
    said, code = run(["100"], FOUND.format("17:HD0001"), FOUND.format(desk), DONE, DONE)

    assert said == asked() + told("LOGGED_OUT")
    assert code == 0


def test_it_tells_who_sits_nowhere() -> None:
    said, code = run(["100"], ABSENT, DONE, DONE)

    assert said == asked()[:1] + told("LOGGED_OUT")
    assert code == 0


@pytest.mark.parametrize("arguments", [[], [""], ["1"], ["10x"], ["1" * 11], ["*77"]])
def test_it_asks_nothing_about_what_is_no_extension(arguments: list[str]) -> None:
    said, code = run(arguments, DONE, DONE)

    assert said == told("INVALID")
    assert code == 0


@pytest.mark.parametrize(
    "answers", [[], ["HANGUP"], ["200 result=-1"], [FOUND.format("17:HD0001")]]
)
def test_it_ends_quietly_when_the_caller_hangs_up(answers: list[str]) -> None:
    _, code = run(["100"], *answers)

    assert code == 0


@pytest.mark.parametrize("answer", ["510 Invalid or unknown command", "garbage"])
def test_it_survives_an_asterisk_that_answers_nonsense(answer: str) -> None:
    _, code = run(["100"], answer)

    assert code == 0
