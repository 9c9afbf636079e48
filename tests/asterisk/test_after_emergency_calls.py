"""What goes with a call for help: who is told, who is called back, what has to wait."""

from __future__ import annotations

import asyncio
import json
import re
import stat
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from asterisk_hotdesk.config import PromptsConfig
from tests.asterisk.conftest import Office, eventually, refusal, rings
from tests.asterisk.emergency import ELIN, centre, emergency_call, is_helped, is_known
from tests.asterisk.trouble import (
    Log,
    asterisk_log,
    kill_service,
    other_settings,
    phone_of,
    start_service,
    until,
)
from tests.lab.phone import Party, Phone
from tests.lab.snom import VirtualSnom

NUMBER = ELIN["HD0001"].lstrip("+")


async def calls_back(trunk: Phone, number: str, desk: VirtualSnom) -> None:
    """Return if *desk* rings, as one that is not to be silenced, for a call back."""
    call = await trunk.call(number)
    ringing = await phone_of(desk).ringing()
    # RFC 7090: phones that know it ring in spite of DND.
    assert ringing.header("Priority") == "psap-callback"
    await ringing.answer()
    await call.answered()
    await call.hangup()
    await ringing.ended()


# Calling back ----------------------------------------------------------------


async def test_the_desk_is_called_back_whoever_sits_there(office: Office) -> None:
    desk, elsewhere = await office.desk("HD0001"), await office.desk("HD0002")
    help_ = await centre(office)
    await office.sit_down(desk, "100")
    await is_helped(desk, help_)

    await calls_back(help_, NUMBER, desk)
    await calls_back(help_, f"+{NUMBER}", desk)
    # She goes to another desk; he sits down; nobody does.
    await office.hotdesk("login", "100", "HD0002")
    await calls_back(help_, NUMBER, desk)
    await office.hotdesk("login", "101", "HD0001")
    await calls_back(help_, NUMBER, desk)
    await office.hotdesk("logout", "101")
    await calls_back(help_, NUMBER, desk)
    assert phone_of(elsewhere).incoming == []


async def test_the_call_back_needs_nothing_of_ours(office: Office) -> None:
    desk, help_ = await office.desk("HD0001"), await centre(office)
    await kill_service(office.lab)
    await asyncio.to_thread(office.lab.stop_database)
    await is_helped(desk, help_)
    await asyncio.to_thread(office.lab.pbx.restart)

    await calls_back(help_, NUMBER, desk)


async def number_of(office: Office, desk: str, number: str) -> None:
    """Give *desk* this emergency number, until the test ends."""
    office.afterwards("device", "edit", desk, "--emergency-number", ELIN[desk])
    await office.hotdesk("device", "edit", desk, "--emergency-number", number)
    shown = f"CALLERID(num)={number},HOTDESK_DEVICE={desk}"
    cli = office.lab.pbx.cli
    await until(
        lambda: shown in cli("dialplan show hotdesk-emergency-desk"), "the number"
    )


async def test_of_desks_that_share_a_number_the_last_to_call_is_called_back(
    office: Office,
) -> None:
    one, two = await office.desk("HD0001"), await office.desk("HD0002")
    help_ = await centre(office)
    await number_of(office, "HD0002", ELIN["HD0001"])

    for desk in (one, two, one):
        call = await desk.dial("112")
        ringing = await help_.ringing()
        await call.hangup()
        await ringing.ended()
        await calls_back(help_, NUMBER, desk)

    # The time is over: which of them should ring?
    cli = office.lab.pbx.cli
    for desk_name in ("HD0001", "HD0002"):
        await asyncio.to_thread(
            cli, f"database put hotdesk emergency/{desk_name} 1700000000:112:1.1"
        )
    assert await refusal(await help_.call(NUMBER)) == 404


async def test_afterwards_a_number_leads_where_the_pbx_says(office: Office) -> None:
    """The desk's number is Emil's own, and he sits elsewhere."""
    pinned, emils = await office.desk("HD0001"), await office.desk("HD0002")
    async with office.settings('callback_context = "hotdesk-users"\n'):
        help_ = await centre(office)
        await number_of(office, "HD0001", "104")
        await office.sit_down(emils, "104")
        await asyncio.to_thread(
            office.lab.pbx.cli, "database del hotdesk emergency/HD0001"
        )

        call = await help_.call("104")
        ringing = await phone_of(emils).ringing()
        await call.hangup()
        await ringing.ended()

        call = await pinned.dial("112")
        ringing = await help_.ringing()
        await call.hangup()
        await ringing.ended()
        await calls_back(help_, "104", pinned)


async def test_a_context_that_leads_back_to_us_ends_the_call(office: Office) -> None:
    async with office.settings('callback_context = "from-outside"\n'):
        help_ = await centre(office)
        await asyncio.to_thread(
            office.lab.pbx.cli, "database del hotdesk emergency/HD0001"
        )
        assert await refusal(await help_.call(NUMBER)) == 404


async def test_who_is_told_answers_for_a_desk_that_does_not(office: Office) -> None:
    async with office.settings('notify_extension = "201"\n'):
        desk, guard = await office.desk("HD0001"), await office.phone("201")
        help_ = await centre(office)
        phone_of(desk).busy = True

        call = await help_.call(NUMBER)
        await guard.ringing()
        await call.hangup()


# Telling ---------------------------------------------------------------------


def mail_hook(folder: Path, *more: str) -> tuple[Path, str]:
    """Return where a program keeps what it is told, and the setting that names it."""
    told, program = folder / "told", folder / "tell"
    lines = [f"#!{sys.executable}", "import sys, time", *more]
    lines.append(f"open({str(told)!r}, 'a').write(sys.stdin.read())")
    program.write_text("\n".join(lines) + "\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return told, f'notify_command = ["{program}"]\n'


def told_to_guard(log: Log) -> list[str]:
    """Return what was played to whoever has been rung at 201."""
    return re.findall(r"<Local/201@internal-\w+;\d> Playing '([^'.]+)\.", log.text())


async def test_a_phone_rings_and_a_program_learns_who_calls_for_help(
    office: Office, tmp_path: Path
) -> None:
    told, setting = mail_hook(tmp_path)
    async with office.settings(setting + 'notify_extension = "201"\n'):
        desk, guard = await office.desk("HD0001"), await office.phone("201")
        help_ = await centre(office)
        await office.sit_down(desk, "100")

        async with emergency_call(desk, help_):
            ringing = await rings(
                guard, caller=Party("Emergency HD0001 Floor 1", ELIN["HD0001"])
            )
            said = asterisk_log(office.lab)
            await ringing.answer()
            spelt = ["beeperr", "digits/1", "digits/1", "digits/2", "letters/h"]
            await until(lambda: told_to_guard(said)[:5] == spelt, "it is spelt")
            await ringing.hears()
            await ringing.hangup()

        await eventually(told.exists, "the program is told")
        facts = json.loads(told.read_text())
        assert datetime.fromisoformat(facts.pop("at"))
        assert facts == {
            "event": "emergency_call",
            "device": "HD0001",
            "account": "default",
            "location": "Floor 1",
            "number": "112",
            "caller_id": ELIN["HD0001"],
            "user": "100",
            "user_name": "Alice",
        }
        assert office.recorded("emergency_call") == [("112", "100", "HD0001")]


async def test_without_database_people_are_told_what_the_call_itself_says(
    office: Office, tmp_path: Path
) -> None:
    told, setting = mail_hook(tmp_path)
    async with office.settings(setting):
        desk, help_ = await office.desk("HD0001"), await centre(office)
        await office.sit_down(desk, "100")
        await asyncio.to_thread(lambda: office.lab.freeze_database(frozen=True))
        try:
            await is_helped(desk, help_)
            await eventually(told.exists, "the program is told", within=20)
        finally:
            await asyncio.to_thread(lambda: office.lab.freeze_database(frozen=False))
        facts = json.loads(told.read_text())
        assert (facts["device"], facts["location"]) == ("HD0001", "Floor 1")
        assert (facts["user"], facts["caller_id"]) == ("100", ELIN["HD0001"])


@pytest.mark.parametrize(
    "program", ["import os; os.abort()", "time.sleep(600)"], ids=["dies", "hangs"]
)
async def test_a_program_that_fails_is_logged_and_delays_nothing(
    office: Office, tmp_path: Path, program: str
) -> None:
    _, setting = mail_hook(tmp_path, program)
    async with office.settings(setting + "notify_command_seconds = 1\n"):
        desk, help_ = await office.desk("HD0001"), await centre(office)
        for _ in range(2):
            await is_helped(desk, help_)

        def logged() -> bool:
            return str(tmp_path / "tell") in office.lab.service_log.read_text()

        await until(logged, "the log says so")
        await until(
            lambda: len(office.recorded("emergency_over")) == 2, "both are on record"
        )


async def test_a_call_that_nobody_noticed_is_told_of_later_and_once(
    office: Office, tmp_path: Path
) -> None:
    told, setting = mail_hook(tmp_path)
    async with office.settings(setting):
        over, on = await office.desk("HD0001"), await office.desk("HD0002")
        help_ = await centre(office)
        await kill_service(office.lab)
        await is_helped(over, help_)
        async with emergency_call(on, help_):
            await start_service(office.lab)
            await is_known(office, calls=1)
            await kill_service(office.lab)
            await start_service(office.lab)
        await is_known(office, calls=0)

        def devices() -> list[str]:
            lines = told.read_text().splitlines() if told.exists() else []
            return sorted(json.loads(line)["device"] for line in lines)

        await eventually(lambda: devices() == ["HD0001", "HD0002"], "both are told")
        assert sorted(d for _, _, d in office.recorded("emergency_call")) == devices()
        assert sorted(d for _, _, d in office.recorded("emergency_over")) == devices()


# Waiting ---------------------------------------------------------------------


async def test_nobody_is_logged_out_or_in_while_a_desk_calls_for_help(
    office: Office,
) -> None:
    desk, elsewhere = await office.desk("HD0001"), await office.desk("HD0002")
    help_ = await centre(office)
    await office.sit_down(desk, "100")

    async with emergency_call(desk, help_):
        await is_known(office, calls=1)
        for command in (
            ("logout", "100"),
            ("login", "101", "HD0001"),
            ("login", "100", "HD0002"),
            ("device", "remove", "HD0001", "--yes"),
            ("device", "disable", "HD0001"),
        ):
            done = await office.hotdesk(*command, check=False)
            assert (command, done.returncode) == (command, 1)
            assert "in an emergency call" in done.stderr
        for phone, code in ((desk, "*77*5*"), (desk, "*77*101*")):
            voice = office.voice(phone)
            call = await phone.dial(code)
            await voice.says(*PromptsConfig().in_emergency)
            await call.hangup()
        # Others are as free as ever.
        await office.sit_down(elsewhere, "101")
        assert office.sitting() == {"HD0001": "100", "HD0002": "101"}

    await is_known(office, calls=0)
    await office.hotdesk("logout", "100")
    assert ("in_emergency", "", "HD0001") in office.recorded("refused")


async def test_a_phone_is_left_alone_during_the_call_and_a_while_after(
    office: Office,
) -> None:
    desk = await office.desk("HD0001")
    quiet = "quiet_seconds = 4"
    async with other_settings(
        office.lab, lambda text: text.replace("quiet_seconds = 0", quiet)
    ):
        help_ = await centre(office)
        async with emergency_call(desk, help_):
            await is_known(office, calls=1)
            await office.hotdesk("device", "edit", "HD0001", "--language", "de")
            office.afterwards("device", "edit", "HD0001", "--language", "")
            # Also a service that has just been started leaves it alone.
            await asyncio.to_thread(office.lab.stop_service)
            await start_service(office.lab)
            fetches = desk.fetches
        over = time.monotonic()
        await is_known(office, calls=0)
        await office.hotdesk("login", "100", "HD0001")
        await desk.until(lambda: desk.fetches > fetches, "it fetches", within=20)
        assert time.monotonic() - over > 4
        await desk.shows("100")


# Where a desk is -------------------------------------------------------------


async def test_a_desk_without_a_location_is_shown_and_may_be_refused(
    office: Office,
) -> None:
    policy = "[policy]\nrefuse_login_without_location = true\n"
    office.afterwards("device", "edit", "HD0003", "--location", "Floor 3")
    await office.hotdesk("device", "edit", "HD0003", "--location", "")
    for command in (("status",), ("device", "list")):
        shown = await office.hotdesk(*command)
        assert "1 without a location (HD0003)" in shown.stdout + shown.stderr

    desk = await office.desk("HD0003")
    async with office.settings(policy):
        voice = office.voice(desk)
        call = await desk.dial("*77*100*")
        await voice.says(*PromptsConfig().no_location)
        await call.hangup()
        done = await office.hotdesk("login", "100", "HD0003", check=False)
        assert "HD0003 has no location" in done.stderr
        assert office.recorded("refused") == [("no_location", "", "HD0003")]
        assert office.sitting() == {}
    await office.sit_down(desk, "100")
