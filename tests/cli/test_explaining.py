"""`hotdesk explain`: what is known is gathered, and the answer is readable."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from asterisk_hotdesk.cli.opening import hot_desks
from asterisk_hotdesk.config import load
from asterisk_hotdesk.errors import Refused
from asterisk_hotdesk.login import log_in
from asterisk_hotdesk.store import events
from asterisk_hotdesk.store.events import Event
from tests.cli.command import Command
from tests.cli.conftest import Rows, daemon

PIN, WRONG = "739251", "481516"


async def tries(office: Command, extension: str, device: str, pin: str = WRONG) -> None:
    """Dial, and be refused."""
    desks = hot_desks(load(office.config, {}), office.database)
    with pytest.raises(Refused):
        await log_in(
            desks,
            extension=extension,
            pin=pin,
            device_name=device,
            now=datetime.now(UTC),
        )


async def explained(office: Command, *arguments: str) -> str:
    return (await office.succeeds("explain", *arguments)).out


async def test_too_many_wrong_pins_and_what_helps(office: Command) -> None:
    await office.succeeds("user", "set-pin", "100", stdin=f"{PIN}\n")
    for _ in range(5):
        await tries(office, "100", "HD0002")
    await tries(office, "100", "HD0002", PIN)

    told = (await explained(office, "100")).splitlines()

    assert told[0].startswith("100 (User 100) sits nowhere, and has never logged in")
    assert "at HD0002, locked after too many wrong PINs." in told[1]
    assert told[2].startswith("100 is locked until 2")
    assert told[3] == "  What helps: Wait, or: hotdesk unlock 100"
    await office.succeeds("unlock", "100")
    assert "Nothing keeps 100 from logging in" in await explained(office, "100")


async def test_a_login_that_the_pbx_and_the_phone_do_not_follow(
    office: Command, rows: Rows
) -> None:
    await office.succeeds("login", "101", "HD0001")
    await rows("UPDATE switches SET decided_at = now() - interval '1 h' RETURNING 1")

    for who in ("101", "HD0001"):
        told = await explained(office, who)
        assert "The daemon is not running" in told
        assert "The PBX has not followed the switch" in told
        assert "The phone is stale" in told
        assert "hotdesk device enrol HD0001" in told
    async with daemon(office.database):
        assert "daemon" not in await explained(office, "HD0001")


async def test_a_user_of_another_account_at_the_wrong_desk(office: Command) -> None:
    await office.succeeds("user", "add", "200", "--name", "Nora", "--account", "north")
    await tries(office, "200", "HD0001")

    told = await explained(office, "200")

    assert "north/200 (Nora) sits nowhere" in told
    assert "HD0001 belongs to account default, 200 to north." in told


async def test_what_others_were_refused_is_not_hers(office: Command) -> None:
    """Somebody was to log her out from another phone, and mistyped his PIN."""
    told = Event(
        at=datetime.now(UTC),
        what="refused",
        code="bad_credentials",
        account="default",
        extension="100",
        device="HD0001",
        by="phone",
        actor="101",
    )
    async with office.database.transaction() as tx:
        await events.record(tx, told)

    assert "Last refused" not in await explained(office, "100")


async def test_everybody_with_the_extension_unless_an_account_is_named(
    office: Command,
) -> None:
    await office.succeeds("user", "add", "100", "--name", "Nora", "--account", "north")

    assert "north/100 (Nora)" in await explained(office, "100")
    assert "100 (User 100)" in await explained(office, "100")
    assert "Nora" not in await explained(office, "100", "--account", "default")


async def test_programs_get_the_same(office: Command) -> None:
    told = await office.json("explain", "100")

    assert {
        "text": "100 has no PIN.",
        "remedy": "hotdesk user set-pin 100",
        "wrong": True,
    } in told


async def test_what_is_gone_and_what_never_was(office: Command) -> None:
    await office.succeeds("device", "remove", "HD0003", "-y")

    gone = await explained(office, "HD0003")
    never = await office("explain", "HD0009")

    assert gone.startswith(
        "There is no device or user HD0003 now. Last: device removed"
    )
    assert (never.code, never.lines) == (
        1,
        ["There is no device or user HD0009, nor was there any."],
    )


async def test_no_pin_is_told(office: Command) -> None:
    await office.succeeds("user", "set-pin", "100", stdin=f"{PIN}\n")
    await tries(office, "100", "HD0001")

    told = await explained(office, "100") + await explained(office, "HD0001")

    assert PIN not in told
    assert WRONG not in told
