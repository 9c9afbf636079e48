"""PINs by telephone: chosen anew, those of mailboxes, and the menu without service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.asterisk.conftest import (
    Office,
    Pin,
    Voice,
    eventually,
    hears_and_presses,
    press,
    press_pin,
)
from tests.lab.phone import Call
from tests.lab.snom import VirtualSnom

NEW, NEWER = Pin("736251"), Pin("847362")
UNAVAILABLE = ("im-sorry", "feature-not-avail-line", "please-try-call-later")
HERE = ("vm-extension", "digits/1", "digits/0", "digits/0", "agent-loginok")
GIVEN_BACK = ("vm-extension", "digits/1", "digits/0", "digits/0", "agent-loggedoff")
NOBODY = ("beeperr", "agent-loggedoff")


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


async def own_pin(office: Office, extension: str) -> None:
    """Let the user have the PIN that the laboratory knows, again."""
    await office.set_pin(extension, office.pin(extension))


async def logs_in(office: Office, desk: VirtualSnom, extension: str, pin: str) -> bool:
    """Return whether a user logs in with *pin*, at once."""
    async with calling(office, desk, f"*77*{extension}*") as (call, voice):
        await press_pin(call, pin)
        await eventually(lambda: len(voice.said()) > 1, "the voice says yes or no")
        return voice.said()[1] == "vm-extension"


async def test_whoever_sits_here_chooses_another_pin(office: Office) -> None:
    desk, old = await office.desk("HD0001"), office.pin("100")
    await office.sit_down(desk, "100")
    try:
        async with calling(office, desk, "*77*9*") as (call, voice):
            await hears_and_presses(call, voice, "agent-pass", old)
            await hears_and_presses(call, voice, "vm-newpassword", "123456")
            await voice.says("vm-invalid-password", "vm-newpassword")
            await hears_and_presses(call, voice, "vm-newpassword", NEW)
            await hears_and_presses(call, voice, "vm-reenterpassword", NEWER)
            await voice.says("vm-mismatch", "vm-newpassword")
            await hears_and_presses(call, voice, "vm-newpassword", NEW)
            await hears_and_presses(call, voice, "vm-reenterpassword", NEW)
            await voice.says("vm-passchanged")

        assert not await logs_in(office, desk, "100", old)
        assert await logs_in(office, desk, "100", NEW)
    finally:
        await own_pin(office, "100")


async def test_at_an_idle_desk_it_is_asked_whose_pin(office: Office) -> None:
    desk = await office.desk("HD0001")
    try:
        async with calling(office, desk, "*77*9*") as (call, voice):
            await hears_and_presses(call, voice, "agent-newlocation", "101#")
            await hears_and_presses(call, voice, "agent-pass", office.pin("101"))
            await hears_and_presses(call, voice, "vm-newpassword", NEW)
            await hears_and_presses(call, voice, "vm-reenterpassword", NEW)
            await voice.says("vm-passchanged")

        assert office.sitting() == {}
        assert await logs_in(office, desk, "101", NEW)
    finally:
        await own_pin(office, "101")


async def test_too_old_a_pin_is_changed_on_the_way_in(office: Office) -> None:
    desk = await office.desk("HD0001")
    async with office.settings("expire_days = 30\n", table="pins"):
        office.rows(
            "UPDATE users SET pin_set_at = now() - '31 days'::interval"
            " WHERE extension = '102' RETURNING id"
        )
        try:
            async with calling(office, desk, "*77*102*") as (call, voice):
                await hears_and_presses(call, voice, "agent-pass", office.pin("102"))
                await voice.says("vm-invalid-password", "vm-newpassword")
                await hears_and_presses(call, voice, "vm-newpassword", NEW)
                await hears_and_presses(call, voice, "vm-reenterpassword", NEW)
                await voice.says("vm-extension")
            assert office.sitting() == {"HD0001": "102"}
        finally:
            await own_pin(office, "102")


def mailbox_pin(office: Office, mailbox: str) -> str:
    """Return what voicemail.conf says."""
    text = (office.lab.pbx.config_dir / "voicemail.conf").read_text()
    return Pin(text.partition(f"{mailbox} => ")[2].partition(",")[0])


async def test_the_pin_of_the_mailbox_logs_its_user_in(office: Office) -> None:
    desk, pin = await office.desk("HD0001"), mailbox_pin(office, "103")
    office.afterwards("user", "edit", "103", "--login-method", "", "--mailbox", "")
    await office.hotdesk(
        "user", "edit", "103", "--login-method", "voicemail",
        "--mailbox", "103@default",
    )  # fmt: skip

    assert not await logs_in(office, desk, "103", office.pin("103"))
    assert await logs_in(office, desk, "103", pin)
    assert office.sitting() == {"HD0001": "103"}

    async with calling(office, desk, "*77*9*") as (call, voice):
        await hears_and_presses(call, voice, "agent-pass", pin)
        await voice.says("im-sorry", "feature-not-avail-line", "vm-goodbye")


async def test_who_has_no_login_by_phone_is_logged_in_by_an_administrator(
    office: Office,
) -> None:
    desk = await office.desk("HD0001")
    office.afterwards("user", "edit", "104", "--login-method", "")
    await office.hotdesk("user", "edit", "104", "--login-method", "none")

    assert not await logs_in(office, desk, "104", office.pin("104"))
    assert office.recorded("refused") == [("no_phone_login", "104", "HD0001")]

    await office.hotdesk("login", "104", "HD0001")
    assert office.sitting() == {"HD0001": "104"}


# The menu --------------------------------------------------------------------


async def test_the_menu_says_who_sits_here_and_changes_the_pin(office: Office) -> None:
    desk = await office.desk("HD0001")
    await office.sit_down(desk, "100")
    try:
        async with calling(office, desk, "*77*1*") as (call, voice):
            await voice.says(*HERE, within=15)
            await press(call, "1")
            await hears_and_presses(call, voice, "agent-pass", office.pin("100"))
            await hears_and_presses(call, voice, "vm-newpassword", NEW)
            await hears_and_presses(call, voice, "vm-reenterpassword", NEW)
            await voice.says("vm-passchanged")
            await call.ended(within=10)
        assert await logs_in(office, desk, "100", NEW)
    finally:
        await own_pin(office, "100")


async def test_the_menu_logs_out_at_the_desk_that_was_left(office: Office) -> None:
    left, here = await office.desk("HD0001"), await office.desk("HD0002")
    await office.sit_down(left, "100")

    async with calling(office, here, "*77*1*") as (call, voice):
        await voice.says(*NOBODY, within=15)
        await press(call, "2")
        await hears_and_presses(call, voice, "agent-newlocation", "100#")
        await hears_and_presses(call, voice, "agent-pass", office.pin("100"))
        await voice.says(*GIVEN_BACK, within=15)

    assert office.sitting() == {}
    await left.shows("HD0001")


@pytest.mark.parametrize("dead", ["service", "database"])
async def test_without_service_and_database_the_menu_still_says_who_sits_here(
    office: Office, dead: str
) -> None:
    desk, lab = await office.desk("HD0001"), office.lab
    await office.sit_down(desk, "100")
    # Killed, the service leaves its database running, which nobody starts again.
    await asyncio.to_thread(lab.kill_service)
    if dead == "database":
        await asyncio.to_thread(lab.stop_database)

    async with calling(office, desk, "*77*1*") as (call, voice):
        await voice.says(*HERE, within=15)
        await press(call, "2")
        if dead == "service":
            await hears_and_presses(call, voice, "agent-pass", office.pin("100"))
        await voice.says(*UNAVAILABLE, within=20)
        await call.ended(within=10)


async def test_whoever_hangs_up_in_the_menu_leaves_no_channel(office: Office) -> None:
    desk = await office.desk("HD0001")
    async with calling(office, desk, "*77*1*") as (call, voice):
        await voice.says(*NOBODY, within=15)
        await press(call, "1")
        await voice.says("agent-newlocation", within=15)

    await eventually(lambda: office.channels() == [], "no channel is left")
