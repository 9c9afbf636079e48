"""`hotdesk device`, by an administrator."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from asterisk_hotdesk.model import Change
from tests.cli.command import Command
from tests.cli.conftest import Rows, daemon


async def test_a_device_is_added_listed_and_shown(hotdesk: Command) -> None:
    added = await hotdesk.succeeds(
        "device", "add", "HD0001", "--mac", "0004.1300.000A", "--location", "Floor 1",
        "--emergency-number", "+493055501", "--language", "de", "--account", "north",
    )  # fmt: skip
    assert added.out == "HD0001 added.\n"
    expected = {
        "name": "HD0001",
        "mac": "00041300000a",
        "enabled": True,
        "vendor": "",
        "model": "",
        "firmware": "",
        "account": "north",
        "location": "Floor 1",
        "emergency_number": "+493055501",
        "language": "de",
        "user": None,
    }
    assert await hotdesk.json("device", "list") == [expected]
    shown = await hotdesk.json("device", "show", "HD0001")
    assert expected.items() <= shown.items()
    assert [shown[key] for key in ("user_name", "since", "switch", "status")] == [
        None
    ] * 4
    header, line = (await hotdesk.succeeds("device", "list")).out.splitlines()
    assert re.split("  +", header) == [
        "Device", "MAC", "Phone", "Account", "Location", "Emergency", "Language", "User"
    ]  # fmt: skip
    assert re.split("  +", line) == [
        "HD0001", "00:04:13:00:00:0A", "-", "north", "Floor 1", "+493055501", "de", "-"
    ]  # fmt: skip


async def test_a_range_of_devices_has_addresses_that_count_up(hotdesk: Command) -> None:
    await hotdesk.succeeds("device", "add", "HD0009-HD0011", "--mac", "0004130000fe")
    listed = await hotdesk.json("device", "list")
    assert [(device["name"], device["mac"]) for device in listed] == [
        ("HD0009", "0004130000fe"),
        ("HD0010", "0004130000ff"),
        ("HD0011", "000413000100"),
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["HD0001", "--mac", "00:04:13:00:00:09"], 1, "device HD0001 exists already"),
        (["HD0009", "--mac", "00:04:13:00:00:02"], 1, "the MAC address 00:04:13:00:00"),
        (["HD0009", "--mac", "nonsense"], 1, "expected twelve hexadecimal digits"),
        (["HD9", "--mac", "000413000009", "--account", "A B"], 1, "account 'A B'"),
        (["HD 9", "--mac", "000413000009"], 2, "expected devices such as HD0001"),
        (["HD0009"], 2, "needs NAME and --mac"),
        ([], 2, "needs NAME and --mac"),
        (["HD9", "--csv", "/nonexistent.csv"], 2, "does not exist"),
        (["--csv", "/"], 2, "is a directory"),
        (["HD9", "--mac", "000413000009", "--first-user", "999"], 1, "no user 999"),
        (["HD8-HD9", "--mac", "000413000009", "--base-user", "100"], 2, "one device"),
    ],
)
async def test_what_cannot_be_added_changes_nothing(
    office: Command, arguments: list[str], code: int, complaint: str
) -> None:
    before = await office.json("device", "list")
    refused = await office("device", "add", *arguments)
    assert refused.code == code
    assert complaint in refused.lines[0]
    assert refused.out == ""
    assert await office.json("device", "list") == before


async def test_sip_secrets_are_made_up_and_shown_only_when_asked_for(
    office: Command, rows: Rows
) -> None:
    secrets = {
        row["sip_secret"] for row in await rows("SELECT sip_secret FROM devices")
    }
    assert len(secrets) == 3
    assert min(map(len, secrets)) >= 24
    passwords = {row["web_password"] for row in await rows("SELECT * FROM devices")}
    assert len(passwords) == 3
    assert min(map(len, passwords)) >= 16
    everything = [
        await office.succeeds("device", "list"),
        await office.succeeds("device", "list", "--json"),
        await office.succeeds("device", "show", "HD0001"),
        await office.succeeds("device", "show", "HD0001", "--json"),
        await office.succeeds("status"),
        await office.succeeds("status", "--json"),
    ]
    hidden = secrets | passwords
    assert not any(secret in done.out for secret in hidden for done in everything)
    assert not any("/p/" in done.out for done in everything)
    for options in ([], ["--json"]):
        shown = await office.succeeds("device", "show", "HD0001", "--secrets", *options)
        assert sum(secret in shown.out for secret in secrets) == 1
        assert sum(password in shown.out for password in passwords) == 1


async def test_all_devices_of_a_file_are_loaded(
    hotdesk: Command, tmp_path: Path
) -> None:
    file = tmp_path / "phones.csv"
    file.write_text(
        "name,mac,account,location,emergency_number,language\n"
        "HD0001,00:04:13:00:00:01,,Desk by the window,,\n"
        "HD0002,0004.1300.0002,north,,+4930,de\n"
    )
    done = await hotdesk.succeeds("device", "add", "--csv", str(file))
    assert done.out == "2 devices added.\n"
    first, second = await hotdesk.json("device", "list")
    assert (first["account"], first["location"]) == ("default", "Desk by the window")
    assert (second["account"], second["language"]) == ("north", "de")


async def test_every_bad_line_of_a_file_is_told_and_nothing_is_loaded(
    office: Command, tmp_path: Path
) -> None:
    file = tmp_path / "phones.csv"
    file.write_text(
        "name,mac,language\n"
        "HD0010,00:04:13:00:00:10,\n"
        "HD 11,00:04:13:00:00:11,\n"
        "HD0012,00:04:13,\n"
        "HD0010,00:04:13:00:00:13,\n"
        "HD0014,00:04:13:00:00:10,Deutsch\n"
        "HD0015,00-04-13-00-00-10,\n"
    )
    refused = await office("device", "add", "--csv", str(file))
    assert refused.code == 1
    assert [line.removeprefix(f"{file}:") for line in refused.lines] == [
        "3: device name 'HD 11': expected 1 to 32 letters or digits",
        "4: MAC address '00:04:13': expected twelve hexadecimal digits, for example"
        " 00:04:13:00:00:01",
        "5: device HD0010 is in line 2 already",
        "6: language 'Deutsch': expected such as en or de_CH",
        "7: MAC address 00:04:13:00:00:10 is in line 2 already",
    ]
    file.write_text(
        "name,mac\nHD0009,000413000009\nHD0001,000413000008\nX1,000413000003"
    )
    refused = await office("device", "add", "--csv", str(file))
    assert [line.removeprefix(f"{file}:") for line in refused.lines] == [
        "3: device HD0001 exists already",
        "4: another device has the MAC address 00:04:13:00:00:03",
    ]
    assert len(await office.json("device", "list")) == 3


async def test_ten_thousand_devices_are_loaded_while_one_waits(
    hotdesk: Command, tmp_path: Path
) -> None:
    file = tmp_path / "phones.csv"
    lines = [f"HD{i:05},{i:012x},Floor {i % 40}" for i in range(1, 10_001)]
    file.write_text("\n".join(["name,mac,location", *lines]))
    async with asyncio.timeout(60):
        await hotdesk.succeeds("device", "add", "--csv", str(file))
        shown = await hotdesk.succeeds("status")
    assert "devices: 10000 (used: 0, idle: 10000)" in shown.out


async def test_a_device_is_edited_and_stays_the_same(
    office: Command, rows: Rows
) -> None:
    (before,) = await rows("SELECT * FROM devices WHERE name = 'HD0001'")
    await office.succeeds(
        "device", "edit", "HD0001", "--mac", "00:04:13:00:00:01", "--location", "Attic"
    )
    (after,) = await rows("SELECT * FROM devices WHERE name = 'HD0001'")
    assert after == before | {"location": "Attic"}
    taken = await office("device", "edit", "HD0001", "--mac", "000413000002")
    assert (taken.code, len(taken.lines)) == (1, 1)
    assert (await office("device", "edit", "HD0009", "--location", "x")).code == 1
    assert (await office("device", "edit", "HD0001")).code == 2


async def test_a_removed_device_is_left_first(office: Command, rows: Rows) -> None:
    await office.succeeds("login", "100", "HD0001")
    async with daemon(office.database) as heard:
        no = await office("device", "remove", "HD0001", stdin="n\n")
        assert (no.code, len(await office.json("device", "list"))) == (1, 3)
        assert "100 at HD0001" in no.err
        nothing = await office("device", "remove", "HD0001")
        assert (nothing.code, len(await office.json("device", "list"))) == (1, 3)
        await office.succeeds("device", "remove", "HD0001", "HD0002", stdin="y\n")
    assert [d["name"] for d in await office.json("device", "list")] == ["HD0003"]
    assert (await office.json("user", "show", "100"))["device"] is None
    assert heard[-1] == Change(
        devices=frozenset({"HD0001", "HD0002"}),
        users=frozenset({"default/100"}),
        directory=True,
    )
    told = await rows("SELECT what, code, device, by FROM events ORDER BY id DESC")
    assert [tuple(row.values()) for row in told[:3]] == [
        ("device_removed", "", "HD0002", "command"),
        ("device_removed", "", "HD0001", "command"),
        ("logout", "removed", "HD0001", "command"),
    ]


async def test_devices_are_removed_all_or_none(office: Command) -> None:
    refused = await office("device", "remove", "HD0001", "HD0007", "HD0008", "--yes")
    assert refused.code == 1
    assert refused.lines == ["There is no device HD0007.", "There is no device HD0008."]
    assert len(await office.json("device", "list")) == 3


async def test_the_daemon_hears_of_every_change(hotdesk: Command) -> None:
    async with daemon(hotdesk.database) as heard:
        added = await hotdesk.succeeds(
            "device", "add", "HD0001", "--mac", "000413000001"
        )
        await hotdesk.succeeds("device", "edit", "HD0001", "--location", "Attic")
        await hotdesk.succeeds("device", "remove", "HD0001", "--yes")
    assert heard == [Change(devices=frozenset({"HD0001"}), directory=True)] * 3
    assert added.err == ""
    again = await hotdesk.succeeds("device", "add", "HD0001", "--mac", "000413000001")
    assert again.lines == [
        "the daemon is not running: the PBX follows when it is back."
    ]


async def test_what_a_phone_says_of_itself_cannot_steer_the_terminal(
    office: Command, rows: Rows
) -> None:
    await rows(
        "INSERT INTO device_status (device_id, registered, user_agent)"
        " SELECT id, true, %s FROM devices WHERE name = 'HD0001' RETURNING 1",
        "snom\x1b[2J\x07",
    )
    shown = await office.succeeds("device", "show", "HD0001")
    assert "snom?[2J?" in shown.out
    status = (await office.json("device", "show", "HD0001"))["status"]
    assert (status["registered"], status["reachable"]) == (True, None)
