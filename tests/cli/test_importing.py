"""`hotdesk import` and `hotdesk export`, by an administrator."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from asterisk_hotdesk.cli.opening import hot_desks
from asterisk_hotdesk.config import load
from asterisk_hotdesk.login import log_in
from asterisk_hotdesk.model import Change
from tests.cli.command import Command, Done
from tests.cli.conftest import Rows, daemon


def written(folder: Path, *lines: str) -> str:
    path = folder / "given.csv"
    path.write_text("".join(f"{line}\n" for line in lines))
    return str(path)


def told(refused: Done, path: str) -> list[str]:
    assert (refused.code, refused.out) == (1, "")
    return [line.removeprefix(f"{path}:") for line in refused.lines]


async def exported(hotdesk: Command, what: str) -> str:
    return (await hotdesk.succeeds("export", what)).out


@pytest.fixture
async def grown_office(office: Command) -> Command:
    """Return the command, with an office in which everything is set somewhere."""
    for arguments in (
        "user add 200 --name Çiğdem --account north --context house --language de"
        " --when-logged-out voicemail:EXT@default --ringtone 3 --mailbox EXT@default"
        " --call-groups 7,1-3 --pickup-groups 63 --named-call-groups sales"
        " --named-pickup-groups hr,sales --account-code k-EXT --fixed-endpoint EXT"
        " --queue-interface Local/EXT@house/n --login-method voicemail",
        "user deny 101",
        "user keys set 100 2 blf:101 --label Bob,_inside",
        "user keys set 100 12 url:https://wiki.example/a?b=c:d --priority 9",
        "user keys set 200 1 dnd --account north",
        "device add HD0004 --mac 00:04:13:00:00:0a --location Floor_1,_window"
        " --emergency-number +493055501 --language de --transport tls --srtp --codecs"
        " g722,alaw --timezone Europe/Berlin --outbound-proxy sbc.example:5061"
        " --hot-desk-key off --keep-key-positions --base-user 100",
        "device add HD0005 --mac 00:04:13:00:00:0b --account north --first-user 200",
        "device pool 1 --prefix P",
        "device disable HD0002",
    ):
        await office.succeeds(*arguments.split())
    await office.succeeds("user", "set-pin", "102", stdin="739251\n")
    return office


async def test_what_is_exported_makes_an_empty_database_the_same(
    grown_office: Command, tmp_path: Path
) -> None:
    kinds = ("users", "devices", "keys")
    files = {kind: tmp_path / f"{kind}.csv" for kind in kinds}
    for kind in kinds:
        await grown_office.succeeds("export", kind, "--file", str(files[kind]))
    users = await grown_office.json("user", "list")
    devices = [
        await grown_office.json("device", "show", device["name"])
        for device in await grown_office.json("device", "list")
    ]
    await grown_office.succeeds("device", "remove", "HD0001-HD0005,P0001", "--yes")
    await grown_office.succeeds("user", "remove", "100-102", "--yes")
    await grown_office.succeeds("user", "remove", "200", "--account=north", "--yes")

    done = {
        kind: await grown_office.succeeds("import", kind, str(files[kind]))
        for kind in kinds
    }
    assert done["users"].out == "4 users added.\n"
    assert done["devices"].out == "6 devices added.\n"
    assert done["keys"].out == "3 keys added.\n"
    for kind in kinds:
        assert await exported(grown_office, kind) == files[kind].read_text()
    assert await grown_office.json("user", "list") == [
        user | {"pin_set": False} for user in users
    ]
    for before in devices:
        after = await grown_office.json("device", "show", before["name"])
        assert after["options"] == before["options"]
        assert after["base_user"] == before["base_user"]
        assert after["first_user"] == before["first_user"]
        assert after["enabled"] == before["enabled"]


async def test_after_an_import_is_said_what_is_missing(
    grown_office: Command, tmp_path: Path
) -> None:
    people = written(tmp_path, "extension,name,pin", "300,Eve,739251", "301,Dan,")
    done = await grown_office.succeeds("import", "users", people)
    assert done.lines == [
        "1 new user without a PIN; see: hotdesk user set-pin",
        "the daemon is not running: the PBX follows when it is back.",
    ]
    desks = written(tmp_path, "name,mac", "HD0010,000413000010", "HD0011,")
    done = await grown_office.succeeds("import", "devices", desks)
    assert done.lines[:2] == [
        "1 new device whose phone has yet to fetch its configuration, with a new SIP"
        " secret; see: hotdesk device enrol",
        "1 new device without a phone; see: hotdesk device assign, or hotdesk device"
        " allow",
    ]


async def test_secrets_are_never_exported(grown_office: Command, rows: Rows) -> None:
    texts = [await exported(grown_office, kind) for kind in ("users", "devices")]
    (stored,) = await rows(
        "SELECT array_agg(sip_secret) || array_agg(web_password)"
        " || (SELECT array_agg(pin_hash) FROM users WHERE pin_hash <> '') AS hidden"
        " FROM devices"
    )
    assert len(stored["hidden"]) == 13
    assert not any(secret in text for secret in stored["hidden"] for text in texts)
    assert "739251" not in "".join(texts)


async def test_a_dry_run_tells_line_by_line_and_changes_nothing(
    office: Command, tmp_path: Path, rows: Rows
) -> None:
    file = written(
        tmp_path,
        "extension,name,language,pin",
        "100,User 100,,",
        "101,Bob,de,739251",
        "200,Eve,,482613",
    )
    before = await rows("SELECT * FROM users"), await rows("SELECT * FROM events")
    done = await office.succeeds("import", "users", file, "--update", "--dry-run")
    assert done.out.splitlines() == [
        "Line  Action  User  Details",
        "2     leave   100",
        "3     change  101   name: User 101 → Bob; language: - → de; a new PIN",
        "4     add     200   name: Eve; context: internal; with a PIN",
        "Nothing was changed. Without --dry-run: 1 user added, 1 changed, 1 unchanged.",
    ]
    assert "739251" not in done.out + done.err
    assert before == (
        await rows("SELECT * FROM users"),
        await rows("SELECT * FROM events"),
    )


async def test_an_update_changes_what_the_file_says_and_no_more(
    grown_office: Command, tmp_path: Path, rows: Rows
) -> None:
    await grown_office.succeeds("login", "100", "HD0001")
    before = {
        (u["account"], u["extension"]): u
        for u in await grown_office.json("user", "list")
    }
    (event,) = await rows("SELECT max(id) AS last FROM events")
    file = written(
        tmp_path,
        "account,extension,name,language",
        ",100,Alice,de",
        "north,200,Çiğdem,de",
    )
    async with daemon(grown_office.database) as heard:
        done = await grown_office.succeeds("import", "users", file, "--update")
    assert done.out == "1 user changed, 1 unchanged.\n"
    before["default", "100"] |= {"name": "Alice", "language": "de", "device": "HD0001"}
    assert await grown_office.json("user", "list") == list(before.values())
    assert heard[-1] == Change(
        devices=frozenset({"HD0001"}),
        users=frozenset({"default/100"}),
        directory=True,
    )
    recorded = await rows(
        "SELECT what, extension, by FROM events WHERE id > %s", event["last"]
    )
    assert recorded == [{"what": "user_edited", "extension": "100", "by": "command"}]


async def test_every_wrong_line_is_told_and_nothing_is_loaded(
    office: Command, tmp_path: Path
) -> None:
    file = written(
        tmp_path,
        "extension;name;login_method;fixed_endpoint;pin;allowed",
        "100;Taken;;;;",
        "200;Ann;;;;",
        "201;too;few",
        "",
        '202;"two\nlines";;;;',
        "200;Again;;;;",
        "203;No mailbox;voicemail;;;",
        "204;Sits at a desk;;HD0001;;",
        "205;Weak;;;111111;",
        "206;Not a digit;;;73925x;",
        "207;Perhaps;;;;maybe",
        "112;Help;;;;",
    )
    refused = await office("import", "users", file)
    assert told(refused, file) == [
        "2: extension 100 exists already in account default; --update changes it",
        "4: has 3 fields, the header 6",
        "6: name 'two\\nlines': expected 1 to 80 printable letters, without"
        ' " \\ < > ;',
        "8: extension 200 is in line 3 already",
        "9: login method voicemail: a mailbox is needed as well",
        "10: fixed endpoint 'HD0001': this is a hot desk; name a phone of the PBX's"
        " own",
        "11: This PIN repeats its digits; choose another.",
        "12: A PIN has exactly 6 digits.",
        "13: allowed 'maybe': expected yes or no",
        "14: extension 112 is an emergency number",
    ]
    assert len(await office.json("user", "list")) == 3


async def test_a_context_that_is_too_long_with_its_account_is_told_by_line(
    office: Command, tmp_path: Path
) -> None:
    file = written(
        tmp_path, "extension,name,context,account", f"200,Ann,{'c' * 60},northern"
    )
    (line,) = told(await office("import", "users", file), file)
    assert line.endswith("with the account northern it is too long for Asterisk")


async def test_a_pin_of_a_file_lets_one_in_and_is_seen_nowhere(
    office: Command, tmp_path: Path, rows: Rows
) -> None:
    file = written(tmp_path, "extension,name,pin", "100,Alice,482613", "200,Eve,739251")
    done = await office.succeeds("import", "users", file, "--update")
    desks = hot_desks(load(office.config, {}), office.database)
    for extension, pin, device in (
        ("100", "482613", "HD0001"),
        ("200", "739251", "HD0002"),
    ):
        await log_in(
            desks,
            extension=extension,
            pin=pin,
            device_name=device,
            now=datetime.now(UTC),
        )
    everything = str(await rows("SELECT events::text, users::text FROM events, users"))
    for pin in ("482613", "739251"):
        assert pin not in done.out + done.err + everything
    recorded = await rows("SELECT extension FROM events WHERE what = 'pin_set'")
    assert {row["extension"] for row in recorded} == {"100", "200"}


async def test_a_refused_pin_of_a_file_is_seen_nowhere_with_every_detail(
    office: Command, tmp_path: Path
) -> None:
    file = written(tmp_path, "extension,name,pin", "100,Alice,111111", "0,Eve,739251")
    refused = await office.process("--verbose", "import", "users", file, "--update")
    assert refused.code == 1
    assert not any(pin in refused.err for pin in ("111111", "739251"))


async def test_a_new_pin_of_a_file_ends_a_lock(
    office: Command, tmp_path: Path, rows: Rows
) -> None:
    await office.succeeds("user", "set-pin", "100", stdin="739251\n")
    desks = hot_desks(load(office.config, {}), office.database)
    with pytest.raises(Exception, match="wrong"):
        await log_in(
            desks,
            extension="100",
            pin="905172",
            device_name="HD0001",
            now=datetime.now(UTC),
        )
    file = written(tmp_path, "extension,name,pin", "100,Alice,482613")
    await office.succeeds("import", "users", file, "--update")
    assert (await office.json("user", "show", "100"))["wrong_pins"] == 0


async def test_devices_are_updated(office: Command, tmp_path: Path, rows: Rows) -> None:
    file = written(
        tmp_path,
        "name,mac,location,base_user",
        "HD0001,,Attic,100",
        "HD0002,00:04:13:00:00:99,,",
        "HD0003,00:04:13:00:00:03,,",
    )
    (before,) = await rows("SELECT * FROM devices WHERE name = 'HD0002'")
    done = await office.succeeds("import", "devices", file, "--update")
    assert done.out == "2 devices changed, 1 unchanged.\n"
    attic = await office.json("device", "show", "HD0001")
    assert (attic["mac"], attic["location"]) == ("000413000001", "Attic")
    assert attic["base_user"] == "100"
    (after,) = await rows("SELECT * FROM devices WHERE name = 'HD0002'")
    assert after["mac"] == "000413000099"
    assert after["sip_secret"] != before["sip_secret"]
    recorded = await rows("SELECT device FROM events WHERE what = 'device_edited'")
    assert [row["device"] for row in recorded] == ["HD0001", "HD0002"]


async def test_what_a_file_cannot_change_of_a_device_is_told_by_line(
    office: Command, tmp_path: Path
) -> None:
    file = written(
        tmp_path,
        "name,mac,account,enabled,first_user",
        "HD0001,,north,,",
        "HD0002,,,no,",
        "HD0003,00:04:13:00:00:01,,,",
        "HD0004,,,,999",
    )
    refused = await office("import", "devices", file, "--update")
    assert told(refused, file) == [
        "2: device HD0001 is in account default; to move it, see: hotdesk device edit"
        " --account",
        "3: device HD0002: to disable it, see: hotdesk device disable",
        "4: another device has the MAC address 00:04:13:00:00:01",
        "5: there is no user 999 in account default",
    ]
    refused = await office(
        "import", "devices", written(tmp_path, "name,mac", "HD0001,")
    )
    assert told(refused, file) == [
        "2: device HD0001 exists already; --update changes it"
    ]
    assert len(await office.json("device", "list")) == 3


async def test_keys_are_added_and_updated(office: Command, tmp_path: Path) -> None:
    await office.succeeds("user", "keys", "set", "100", "1", "dnd")
    await office.succeeds("user", "keys", "set", "100", "3", "blf:102")
    await office.succeeds("login", "100", "HD0001")
    file = written(
        tmp_path,
        "extension,position,kind,value",
        "100,1,speed,030123",
        "100,2,blf,101",
        "100,3,blf,102",
        "101,1,line,",
    )
    refused = await office("import", "keys", file)
    assert told(refused, file) == [
        "2: 100 has a key at position 1 already; --update changes it",
        "4: 100 has a key at position 3 already; --update changes it",
    ]
    async with daemon(office.database) as heard:
        done = await office.succeeds("import", "keys", file, "--update")
    assert done.out == "2 keys added, 1 changed, 1 unchanged.\n"
    assert [
        (key["position"], key["kind"], key["value"])
        for key in await office.json("user", "keys", "100")
    ] == [(1, "speed", "030123"), (2, "blf", "101"), (3, "blf", "102")]
    assert heard == [
        Change(
            devices=frozenset({"HD0001"}),
            users=frozenset({"default/100", "default/101"}),
        )
    ]


async def test_wrong_keys_are_told_by_line(office: Command, tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "extension,position,kind",
        "999,1,dnd",
        "100,0,dnd",
        "100,1,dnd",
        "100,1,line",
        ",1,dnd",
    )
    assert told(await office("import", "keys", file), file) == [
        "2: there is no user 999 in account default",
        "3: position '0': expected 1 to 200",
        "5: position 1 of 100 is in line 4 already",
        "6: extension '': expected 2 to 10 digits",
    ]


async def test_lines_that_name_no_account_and_context_get_those_of_the_options(
    hotdesk: Command, tmp_path: Path
) -> None:
    file = written(
        tmp_path, "extension,name,context,account", "100,A,,", "101,B,house,south"
    )
    await hotdesk.succeeds(
        "import", "users", file, "--account", "north", "--context", "office"
    )
    placed = [
        (user["extension"], user["account"], user["context"])
        for user in await hotdesk.json("user", "list")
    ]
    assert placed == [("100", "north", "office"), ("101", "south", "house")]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("extension,name\n100,Jürgen\n".encode("utf-8-sig"), ()),
        ("extension\tname\r\n100\tJürgen\r\n".encode("utf-16"), ()),
        ("extension;name\r\n100;Jürgen\r\n".encode("cp1252"), ("windows-1252",)),
        ("extension;name\n100;Jürgen\n".encode("utf-16-be"), ("utf-16-be",)),
        ('"extension";"name"\n\n"100";"Jürgen"\n'.encode(), ("utf-8",)),
    ],
)
async def test_files_are_read_as_spreadsheets_write_them(
    hotdesk: Command, tmp_path: Path, content: bytes, options: tuple[str, ...]
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    encoding = [f"--encoding={name}" for name in options]
    await hotdesk.succeeds("import", "users", str(path), *encoding)
    assert [user["name"] for user in await hotdesk.json("user", "list")] == ["Jürgen"]


async def test_a_file_in_another_encoding_is_refused_with_the_line(
    hotdesk: Command, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("extension,name\n100,Ann\n101,Jürgen\n".encode("cp1252"))
    (line,) = told(await hotdesk("import", "users", str(path)), str(path))
    assert line.startswith("3: not UTF-8 text; save the file as CSV UTF-8")
    unknown = await hotdesk("import", "users", str(path), "--encoding", "klingon")
    assert (unknown.code, unknown.out) == (2, "")
    assert "expected a name such as windows-1252" in unknown.err


async def test_ten_thousand_lines_are_loaded_and_updated_in_seconds(
    hotdesk: Command, tmp_path: Path
) -> None:
    def lines(name: str) -> list[str]:
        return [f"{10_000 + i},{name} {i},sales" for i in range(10_000)]

    file = written(tmp_path, "extension,name,named_call_groups", *lines("User"))
    # Not the wall clock: other tests run beside this one.
    began = time.process_time()
    done = await hotdesk.succeeds("import", "users", file)
    assert done.out == "10000 users added.\n"
    written(tmp_path, "extension,name,named_call_groups", *lines("Person"))
    done = await hotdesk.succeeds("import", "users", file, "--update")
    assert done.out == "10000 users changed.\n"
    assert time.process_time() - began < 15


async def test_an_export_that_cannot_be_written_says_so(hotdesk: Command) -> None:
    refused = await hotdesk("export", "users", "--file", "/nonexistent/users.csv")
    assert (refused.code, refused.lines) == (
        1,
        ["/nonexistent/users.csv: cannot be written: No such file or directory"],
    )


async def test_an_empty_office_is_exported_as_a_header(hotdesk: Command) -> None:
    assert (await exported(hotdesk, "users")).startswith("account,extension,name,")
    assert (await exported(hotdesk, "devices")).startswith("name,mac,account,")
    assert await exported(hotdesk, "keys") == (
        "account,extension,position,kind,value,label,priority\n"
    )
