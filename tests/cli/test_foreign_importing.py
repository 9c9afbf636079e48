"""`hotdesk import 3cx` and `freepbx`, with files as those PBXs write them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.cli.command import Command
from tests.cli.conftest import Rows

SAMPLES = Path(__file__).parent / "imports"
THREE_CX = str(SAMPLES / "3cx.csv")
BULK = str(SAMPLES / "freepbx_bulk_handler.csv")
USERS = str(SAMPLES / "freepbx_users.csv")
DEVICES = str(SAMPLES / "freepbx_devices.csv")


async def people(hotdesk: Command, *keys: str) -> dict[str, tuple[Any, ...]]:
    listed = await hotdesk.json("user", "list")
    return {user["extension"]: tuple(user[key] for key in keys) for user in listed}


async def test_3cx_extensions_become_users(hotdesk: Command) -> None:
    done = await hotdesk.succeeds("import", "3cx", THREE_CX, "--context", "office")
    assert done.out == "4 users added.\n"
    assert await people(hotdesk, "name", "context", "mailbox", "allowed") == {
        "100": ("Alice Öz", "office", "100@default", True),
        "101": ("Bob van der Berg, Jr.", "office", "", True),
        "102": ("Lobby", "office", "102@default", False),
        "103": ("103", "office", "", True),
    }
    assert await people(hotdesk, "pin_set") == dict.fromkeys(
        ("100", "101", "102", "103"), (False,)
    )


async def test_3cx_columns_that_are_not_used_are_listed_without_their_content(
    hotdesk: Command,
) -> None:
    done = await hotdesk.succeeds("import", "3cx", THREE_CX)
    (unused,) = [line for line in done.lines if line.startswith("Columns")]
    assert {"EmailAddress", "MobileNumber", "AuthPassword", "PIN", "MAC_0"} <= set(
        re.findall(r"\w+", unused)
    )
    assert not {"Number", "FirstName", "Disabled"} & set(re.findall(r"\w+", unused))
    assert "Secret" not in done.out + done.err


async def test_3cx_pins_are_taken_over_where_that_is_said(
    hotdesk: Command, rows: Rows
) -> None:
    done = await hotdesk.succeeds("import", "3cx", THREE_CX, "--pins")
    assert await people(hotdesk, "pin_set") == {
        "100": (True,), "101": (True,), "102": (True,), "103": (False,)
    }  # fmt: skip
    assert "1 new user without a PIN; see: hotdesk user set-pin" in done.lines
    stored = str(await rows("SELECT users::text FROM users"))
    assert "739251" not in stored + done.out + done.err


async def test_3cx_pins_that_cannot_be_ours_are_told_by_line(
    hotdesk: Command, tmp_path: Path
) -> None:
    path = tmp_path / "short.csv"
    path.write_text("Number,FirstName,PIN\n100,Ann,7392\n101,Bob,739251\n")
    refused = await hotdesk("import", "3cx", str(path), "--pins")
    assert refused.lines == [f"{path}:2: A PIN has exactly 6 digits."]
    assert await hotdesk.json("user", "list") == []


async def test_an_update_from_3cx_keeps_what_3cx_does_not_know(
    hotdesk: Command,
) -> None:
    await hotdesk.succeeds(
        "user", "add", "100", "--name", "Al", "--context", "house", "--language", "de"
    )
    await hotdesk.succeeds("import", "3cx", THREE_CX, "--update")
    kept = (await people(hotdesk, "name", "context", "language"))["100"]
    assert kept == ("Alice Öz", "house", "de")


async def test_freepbx_extensions_become_users(hotdesk: Command) -> None:
    done = await hotdesk.succeeds("import", "freepbx", BULK)
    assert done.out == "3 users added.\n"
    assert await people(hotdesk, "name", "context", "mailbox", "when_logged_out") == {
        "200": ("Alice Öz", "from-internal", "200@default", "voicemail:200@default"),
        "201": ("Bob", "from-internal-restricted", "", "unavailable"),
        "202": ("Lobby", "from-internal", "202@default", "voicemail:202@default"),
    }
    alice = await hotdesk.json("user", "show", "200")
    assert (alice["language"], alice["account_code"]) == ("de", "sales-7")
    assert alice["named_call_groups"] == "sales"
    assert alice["named_pickup_groups"] == "front,sales"
    assert "sip-Secret" not in done.out + done.err


async def test_freepbx_users_dial_from_the_context_that_was_said(
    hotdesk: Command,
) -> None:
    await hotdesk.succeeds("import", "freepbx", BULK, "--context", "office")
    assert set((await people(hotdesk, "context")).values()) == {("office",)}


async def test_freepbx_pins_of_mailboxes_are_taken_over_where_that_is_said(
    hotdesk: Command,
) -> None:
    await hotdesk.succeeds("import", "freepbx", BULK, "--pins")
    assert await people(hotdesk, "pin_set") == {
        "200": (True,), "201": (False,), "202": (True,)
    }  # fmt: skip


async def test_freepbx_devices_and_users_become_both(hotdesk: Command) -> None:
    done = await hotdesk.succeeds("import", "freepbx", USERS, DEVICES, "--pins")
    assert done.out == "2 users added; 2 devices added.\n"
    assert "1 device left out: not ad-hoc" in done.lines
    assert await people(hotdesk, "name", "context", "mailbox", "pin_set") == {
        "300": ("Alice", "from-internal", "300@default", True),
        "301": ("Bob", "from-internal", "", False),
    }
    window = await hotdesk.json("device", "show", "HD3001")
    assert (window["location"], window["mac"]) == ("Floor 1, window", None)
    assert (window["emergency_number"], window["base_user"]) == ("+493055501", None)
    floor = await hotdesk.json("device", "show", "HD3002")
    assert (floor["location"], floor["base_user"]) == ("Floor 2", "300")
    assert len(await hotdesk.json("device", "list")) == 2


async def test_a_default_user_that_no_file_brings_is_told_by_line(
    hotdesk: Command,
) -> None:
    refused = await hotdesk("import", "freepbx", DEVICES)
    assert refused.lines == [f"{DEVICES}:3: there is no user 300 in account default"]
    assert await hotdesk.json("device", "list") == []


async def test_two_files_that_bring_the_same_extension(
    hotdesk: Command, tmp_path: Path
) -> None:
    again = tmp_path / "again.csv"
    again.write_text("extension,name\n300,Alice\n")
    refused = await hotdesk("import", "freepbx", USERS, str(again))
    assert refused.lines == [f"{again}:2: extension 300 is in {USERS}:2 already"]


async def test_files_of_something_else_are_refused(
    hotdesk: Command, tmp_path: Path
) -> None:
    path = tmp_path / "other.csv"
    path.write_text("phone,who\n100,Ann\n")
    refused = await hotdesk("import", "3cx", str(path))
    assert refused.lines == [
        f"{path}: not 3CX's export of extensions: no column Number"
    ]
    refused = await hotdesk("import", "freepbx", str(path))
    assert refused.lines == [
        f"{path}: not of FreePBX: neither a column extension nor the columns id and"
        " devicetype"
    ]


async def test_freepbx_devices_that_are_all_fixed(
    hotdesk: Command, tmp_path: Path
) -> None:
    path = tmp_path / "devices.csv"
    path.write_text("id,devicetype,user\n3003,fixed,301\n")
    done = await hotdesk.succeeds("import", "freepbx", str(path))
    assert done.out == "Nothing to load.\n"
    assert done.lines == ["1 device left out: not ad-hoc"]
