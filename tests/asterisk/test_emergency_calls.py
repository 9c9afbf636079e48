"""A call for help is placed and answered in every state of a switch and of the PBX."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.asterisk.conftest import (
    Office,
    eventually,
    press_pin,
    refusal,
    rings,
)
from tests.asterisk.emergency import centre, emergency_call, is_helped
from tests.asterisk.talks import (
    at_ask_extension,
    at_ask_pin,
    at_bad_credentials,
    at_confirmation,
    between_digits,
)
from tests.asterisk.trouble import kill_service, start_service, until
from tests.lab.faulty import STEPS
from tests.lab.phone import Call, Party
from tests.lab.snom import VirtualSnom

Talk = Callable[[Office, VirtualSnom], Awaitable[Call]]
GARBAGE = ("17:", ":", "x", "99:default/999", '"){$[${', "9999999999:112:1.1", "-1")


@pytest.mark.parametrize(
    ("talk", "desk"),
    [
        (at_ask_extension, "HD0001"),
        (at_ask_pin, "HD0002"),
        (between_digits, "HD0003"),
        (at_bad_credentials, "HD0004"),
        (at_confirmation, "HD0005"),
    ],
    ids=["extension", "pin", "digits", "wrong-pin", "confirmation"],
)
async def test_in_the_middle_of_a_login(office: Office, talk: Talk, desk: str) -> None:
    phone, help_ = await office.desk(desk), await centre(office)
    login = await talk(office, phone)

    await is_helped(phone, help_)
    await login.hangup()


async def test_before_a_login_while_logged_in_and_after_the_logout(
    office: Office,
) -> None:
    desk, help_ = await office.desk("HD0001"), await centre(office)

    await is_helped(desk, help_, "110")
    await office.sit_down(desk, "100")
    await is_helped(desk, help_, "110")
    await office.hotdesk("logout", "100")
    await is_helped(desk, help_, "110")


@pytest.mark.parametrize("step", STEPS)
async def test_where_a_switch_was_cut_short(office: Office, step: str) -> None:
    """The service dies at *step* of a move; both desks call for help, twice."""
    office.end_service_afterwards()
    old, new = await office.desk("HD0001"), await office.desk("HD0002")
    help_ = await centre(office)
    await office.sit_down(old, "100")
    await asyncio.to_thread(office.lab.stop_service)
    await start_service(office.lab, "tests.lab.faulty", step, "run")

    call = await new.dial("*77*100*")
    await press_pin(call, office.pin("100"))
    if step in ("told", "fetched"):
        # A phone is told to fetch once the call is over.
        await until(lambda: office.sitting() == {"HD0002": "100"}, "the move")
        await call.hangup()
    await until(lambda: office.lab.service_pid() is None, "the service dies", within=20)
    await call.hangup()

    for desk in (old, new):
        await is_helped(desk, help_)
    await start_service(office.lab)
    for desk in (old, new):
        await is_helped(desk, help_)


async def test_without_database(office: Office) -> None:
    used, idle = await office.desk("HD0001"), await office.desk("HD0002")
    help_ = await centre(office)
    await office.sit_down(used, "100")
    await asyncio.to_thread(office.lab.stop_database)

    await is_helped(used, help_)
    await is_helped(idle, help_)

    # Afterwards it is known who called: what was missed is kept.
    await office.has_database()
    await eventually(
        lambda: (
            office.recorded("emergency_over")
            == [("112", "100", "HD0001"), ("112", "", "HD0002")]
        ),
        "the calls are on record",
        within=20,
    )


async def test_right_after_asterisk_has_started_and_without_anything_of_ours(
    office: Office,
) -> None:
    used, idle = await office.desk("HD0001"), await office.desk("HD0002")
    help_ = await centre(office)
    await office.sit_down(used, "100")
    await kill_service(office.lab)
    await asyncio.to_thread(office.lab.stop_database)

    await asyncio.to_thread(office.lab.pbx.restart)

    await is_helped(used, help_)
    await is_helped(idle, help_)


@asynccontextmanager
async def garbage_in_astdb(office: Office, garbage: str) -> AsyncIterator[None]:
    """Let all of our AstDB entries, and some that are missing, say *garbage*."""
    cli = office.lab.pbx.cli
    entries = {*office.routes(), "/hotdesk/user/default/100"}
    entries |= {"/hotdesk/emergency/HD0001", "/hotdesk/callback/4930555001"}
    for entry in entries:
        _, family, key = entry.split("/", 2)
        await asyncio.to_thread(cli, f"database put {family} {key} '{garbage}'")
    yield
    for key in ("emergency/HD0001", "callback/4930555001"):
        await asyncio.to_thread(cli, f"database del hotdesk {key}")


async def test_with_nonsense_in_astdb(office: Office) -> None:
    used, idle = await office.desk("HD0001"), await office.desk("HD0002")
    help_ = await centre(office)
    await office.sit_down(used, "100")
    await kill_service(office.lab)

    for garbage in GARBAGE:
        async with garbage_in_astdb(office, garbage):
            await is_helped(used, help_)
            await is_helped(idle, help_)


async def test_while_the_context_of_whoever_sits_there_changes(office: Office) -> None:
    """Her endpoint is in a context that the new dialplan would not have any more."""
    desk, help_ = await office.desk("HD0001"), await centre(office)
    office.afterwards("user", "edit", "104", "--context", "internal")
    await office.hotdesk("user", "edit", "104", "--context", "outside")
    await office.sit_down(desk, "104")
    await asyncio.to_thread(office.lab.stop_service)
    await start_service(office.lab, "tests.lab.faulty", "decided", "run")
    await office.hotdesk("user", "edit", "104", "--context", "internal")
    cli = office.lab.pbx.cli
    try:
        await until(lambda: "hotdesk-as-outside" in cli("dialplan show"), "it is kept")
        await is_helped(desk, help_)
    finally:
        await asyncio.to_thread(office.lab.stop_service)
        await start_service(office.lab)
    await is_helped(desk, help_)


async def test_of_an_account_with_numbers_of_its_own(office: Office) -> None:
    add = ("device", "add", "ACME1", "--mac", "0004130000a1", "--account", "acme")
    await office.hotdesk(*add, "--emergency-number", "+4930555099")
    office.afterwards("device", "remove", "ACME1", "--yes")
    account = '[emergency.accounts.acme]\nnumbers = ["999"]\n'
    async with office.settings(account):
        theirs, ours = await office.desk("ACME1"), await office.desk("HD0001")
        trunk = await office.phone("trunk")

        call = await theirs.dial("999")
        await rings(trunk, caller=Party("ACME1", "+4930555099"))
        await call.hangup()
        assert await refusal(await theirs.dial("112")) == 404
        assert await refusal(await ours.dial("999")) == 404
        call = await ours.dial("112")
        await rings(trunk, caller=Party("HD0001", "+4930555001"))
        await call.hangup()


async def test_an_idle_desk_may_call_first_aid_too(office: Office) -> None:
    internal = 'internal_numbers = ["200"]\n'
    async with office.settings(internal):
        desk, first_aid = await office.desk("HD0001"), await office.phone("200")
        call = await desk.dial("200")
        await rings(first_aid, caller=Party("HD0001", "HD0001"))
        await call.hangup()

        for number in ("201", "0123456", "100", "999", "s"):
            assert (number, await refusal(await desk.dial(number))) == (number, 404)


async def test_the_location_travels_with_the_call_and_with_no_other(
    office: Office,
) -> None:
    site = '[emergency.civic_address]\ncountry = "DE"\nA3 = "Berlin"\nHNO = "7 b"\n'
    async with office.settings(site):
        desk, help_ = await office.desk("HD0001"), await centre(office)
        async with emergency_call(desk, help_) as (_, ringing):
            location = ringing.content("application/pidf+xml")
            for element in ("country>DE<", "A3>Berlin<", "HNO>7 b<", "LOC>Floor 1<"):
                assert element in location
            assert ringing.header("Geolocation").startswith("<cid:")

        await office.sit_down(desk, "100")
        call = await desk.dial("0123456")
        ringing = await help_.ringing()
        assert ringing.content("application/pidf+xml") == ""
        assert ringing.header("Geolocation") == ""
        await call.hangup()
