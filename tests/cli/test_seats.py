"""`hotdesk login`, `logout`, `unlock` and `status`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from asterisk_hotdesk.cli.opening import hot_desks
from asterisk_hotdesk.config import load
from asterisk_hotdesk.errors import BadCredentials, LockedOut
from asterisk_hotdesk.login import log_in
from tests.cli.command import Command
from tests.cli.conftest import Rows, daemon


async def seated(hotdesk: Command) -> dict[str, str]:
    listed = (await hotdesk.json("status"))["devices"]
    return {d["device"]: d["extension"] for d in listed if d["extension"]}


async def test_a_login_is_in_force_once_the_daemon_has_routed_it(
    office: Command,
) -> None:
    async with daemon(office.database):
        done = await office.succeeds("login", "100", "HD0001")
    assert done.out == "100 (User 100) is logged in at HD0001.\nIn force.\n"
    assert done.err == ""
    assert await seated(office) == {"HD0001": "100"}


async def test_without_the_daemon_a_login_is_decided_all_the_same(
    office: Command,
) -> None:
    done = await office.succeeds("login", "100", "HD0001")
    assert done.lines == ["the daemon is not running: in force when it is back."]
    assert await seated(office) == {"HD0001": "100"}


async def test_who_sits_there_or_elsewhere_is_told(office: Command) -> None:
    await office.succeeds("login", "100", "HD0001")
    await office.succeeds("login", "101", "HD0002")
    done = await office.succeeds("login", "100", "HD0002")
    assert done.out.splitlines() == [
        "100 is logged out at HD0001.",
        "101 is logged out at HD0002.",
        "100 (User 100) is logged in at HD0002.",
    ]
    assert await seated(office) == {"HD0002": "100"}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["login", "999", "HD0001"], "There is no user 999 in account default."),
        (["login", "100", "HD0009"], "There is no device HD0009."),
        (["logout", "HD0001"], "Nobody is logged in at HD0001."),
        (["logout", "100"], "100 is not logged in."),
        (["logout", "HD0009"], "There is no device or user HD0009."),
        (["logout", "100", "--as", "device"], "There is no device 100."),
        (["unlock", "HD0009"], "There is no device or user HD0009."),
        (["device", "show", "HD0009"], "There is no device HD0009."),
    ],
)
async def test_what_is_refused_is_told_in_one_line(
    office: Command, rows: Rows, arguments: list[str], complaint: str
) -> None:
    refused = await office(*arguments)
    assert (refused.code, refused.lines, refused.out) == (1, [complaint], "")
    assert await rows("SELECT 1 FROM events WHERE what = 'refused'") == []


async def test_a_user_of_another_account_is_refused(office: Command) -> None:
    await office.succeeds("user", "add", "200", "--name", "N", "--account", "north")
    refused = await office("login", "200", "HD0001", "--account", "north")
    assert refused.code == 1
    assert "belongs to account north" in refused.err


async def test_logging_out_by_device_by_extension_and_all(
    office: Command, rows: Rows
) -> None:
    for extension, device in (("100", "HD0001"), ("101", "HD0002"), ("102", "HD0003")):
        await office.succeeds("login", extension, device)
    async with daemon(office.database):
        by_device = await office.succeeds("logout", "HD0001")
        assert by_device.out == "100 is logged out at HD0001.\nIn force.\n"
        await office.succeeds("logout", "101")
        assert await seated(office) == {"HD0003": "102"}
        assert (await office("logout", "--all", stdin="n\n")).code == 1
        assert await seated(office) == {"HD0003": "102"}
        await office.succeeds("logout", "--all", stdin="y\n")
    assert await seated(office) == {}
    reasons = await rows("SELECT DISTINCT end_reason FROM logins")
    assert reasons == [{"end_reason": "forced"}]
    told = await rows("SELECT DISTINCT by FROM events WHERE what = 'logout'")
    assert told == [{"by": "command"}]


async def test_a_name_that_is_user_and_device_has_to_be_told_apart(
    office: Command,
) -> None:
    await office.succeeds("device", "add", "100", "--mac", "000413000100")
    await office.succeeds("login", "100", "HD0001")
    await office.succeeds("login", "101", "100")
    for command in ("logout", "unlock"):
        refused = await office(command, "100")
        assert refused.code == 1
        assert "--as user or --as device" in refused.err
    await office.succeeds("logout", "100", "--as", "device")
    assert await seated(office) == {"HD0001": "100"}
    await office.succeeds("logout", "100", "--as", "user")
    assert await seated(office) == {}


@pytest.mark.parametrize(
    "arguments",
    [["logout"], ["logout", "100", "--all"], ["unlock"], ["unlock", "100", "--all"]],
)
async def test_whom_has_to_be_said(office: Command, arguments: list[str]) -> None:
    assert (await office(*arguments)).code == 2


async def test_an_administrator_unlocks(office: Command, rows: Rows) -> None:
    await office.succeeds("user", "set-pin", "100", stdin="739251\n")
    desks = hot_desks(load(office.config, {}), office.database)

    async def attempt(pin: str) -> None:
        now = datetime.now(UTC)
        await log_in(desks, extension="100", pin=pin, device_name="HD0001", now=now)

    for _ in range(5):
        with pytest.raises(BadCredentials):
            await attempt("000000")
    with pytest.raises(LockedOut):
        await attempt("739251")
    locked = await office.json("user", "show", "100")
    assert locked["wrong_pins"] == 5
    assert datetime.fromisoformat(locked["locked_until"]) > datetime.now(UTC)
    done = await office.succeeds("unlock", "100")
    assert done.out == "100 may try again; wrong PINs forgotten: 5\n"
    await attempt("739251")
    subjects = await rows("SELECT count(*) AS left FROM pin_attempts")
    assert subjects == [{"left": 2}]
    await office.succeeds("unlock", "HD0001")
    await office.succeeds("unlock", "--all")
    assert await rows("SELECT 1 FROM pin_attempts") == []
    told = await rows(
        "SELECT code, extension, device FROM events WHERE what = 'unlocked' ORDER BY id"
    )
    assert [tuple(row.values()) for row in told] == [
        ("", "100", ""),
        ("", "", "HD0001"),
        ("all", "", ""),
    ]


async def test_status_tells_who_sits_where_and_which_phones_lag_behind(
    office: Command, rows: Rows
) -> None:
    async with daemon(office.database):
        await office.succeeds("login", "100", "HD0002")
        running = await office.json("status")
    await rows(
        "INSERT INTO device_status (device_id, registered, reachable, in_call)"
        " SELECT id, true, true, true FROM devices WHERE name = 'HD0002' RETURNING 1"
    )
    await rows(
        "UPDATE switches SET decided_at = now() - interval '61 s' RETURNING 1",
    )
    assert running["daemon_running"] is True
    assert not running["devices"][0]["stale"]
    status = await office.json("status")
    assert status["daemon_running"] is False
    used, *idle = status["devices"]
    for time in ("since", "decided_at", "routed_at", "routed_since"):
        assert datetime.fromisoformat(used.pop(time)).tzinfo is not None
    assert used.pop("generation") > 0
    assert used == {
        "device": "HD0002",
        "account": "default",
        "extension": "100",
        "name": "User 100",
        "in_force": True,
        "confirmed": False,
        "stale": True,
        "registered": True,
        "reachable": True,
        "in_call": True,
        "address": "",
        "user_agent": "",
        "restarted_at": None,
        "mac": "000413000002",
        "location": "",
        "enabled": True,
        "vendor": "",
        "model": "",
        "firmware": "",
        "refreshed_at": None,
        "confirmed_at": None,
        "registered_since": None,
        "round_trip_ms": None,
        "in_emergency_call": False,
        "last_call_at": None,
        "seen_at": None,
        "booted_at": None,
        "fetched_at": None,
        "fetched_generation": None,
        "routed_extension": "100",
        "provisioned_extension": None,
        "pbx_answers": None,
    }
    assert [desk["device"] for desk in idle] == ["HD0001", "HD0003"]
    assert idle[0]["extension"] is idle[0]["confirmed"] is idle[0]["registered"] is None
    shown = (await office.succeeds("status")).out.splitlines()
    assert shown[1].split()[:3] == ["HD0002", "100", "User"]
    assert "in force  stale  in call" in shown[1]
    assert shown[-1] == (
        "devices: 3 (used: 1, idle: 2); stale phones: 1; pending switches: 0;"
        " the daemon is not running"
    )
    await rows("UPDATE switches SET confirmed_at = now() RETURNING 1")
    assert not (await office.json("status"))["devices"][0]["stale"]


async def test_status_names_phones_that_restart_and_their_firmware(
    office: Command, rows: Rows
) -> None:
    for device, extension in (("HD0001", "100"), ("HD0002", "101"), ("HD0003", "102")):
        await office.succeeds("login", extension, device)
    await rows(
        "UPDATE devices SET vendor = 'snom', model = 'D785', firmware = '10.1.33.33'"
        " WHERE name = 'HD0001' RETURNING 1"
    )
    await rows(
        "INSERT INTO device_status (device_id) SELECT id FROM devices RETURNING 1"
    )
    await rows(
        "UPDATE switches SET confirmed_at = now(), restarted_at = now() FROM devices"
        " WHERE switches.id = switch_id AND name IN ('HD0001', 'HD0002') RETURNING 1"
    )
    shown = (await office.succeeds("status")).out.splitlines()
    assert ["restarts" in line for line in shown[1:4]] == [True, True, False]
    assert shown[-2:] == [
        "Restarts where it should only fetch: HD0001. Update the firmware of snom D785"
        " 10.1.33.33.",
        "Restarts where it should only fetch: HD0002. Update the firmware of the"
        " phone.",
    ]
    told = (await office.json("status"))["devices"]
    assert [one["restarted_at"] is None for one in told] == [False, False, True]
    details = (await office.succeeds("device", "show", "HD0001")).out
    assert "; update the firmware of snom D785 10.1.33.33" in details
    status = (await office.json("device", "show", "HD0003"))["status"]
    assert status["restarted_at"] is None


async def test_an_empty_office(hotdesk: Command) -> None:
    assert await hotdesk.json("status") == {"daemon_running": False, "devices": []}
    assert await hotdesk.json("device", "list") == []
    assert await hotdesk.json("user", "list") == []
    assert "hotdesk device add" in (await hotdesk.succeeds("device", "list")).out
    assert "hotdesk user add" in (await hotdesk.succeeds("user", "list")).out
    assert (await hotdesk.succeeds("status")).out.startswith("devices: 0 ")
    assert (await hotdesk.succeeds("logout", "--all")).out == "Nobody is logged in.\n"


async def test_two_administrators_at_once(office: Command) -> None:
    await asyncio.gather(
        office.process("login", "100", "HD0001"),
        office.process("login", "101", "HD0001"),
        office.process("login", "100", "HD0002"),
    )
    assert set((await seated(office)).values()) <= {"100", "101"}
