"""`hotdesk user`, by an administrator."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from asterisk_hotdesk.cli.opening import hot_desks
from asterisk_hotdesk.config import load
from asterisk_hotdesk.errors import BadCredentials
from asterisk_hotdesk.login import log_in
from asterisk_hotdesk.model import Change
from tests.cli.command import Command
from tests.cli.conftest import Rows, daemon


async def test_users_are_added_listed_and_shown(hotdesk: Command) -> None:
    added = await hotdesk.succeeds(
        "user", "add", "100,105-106", "--name", "Guest EXT", "--context", "house",
        "--language", "de", "--when-logged-out", "voicemail:EXT@default",
        "--ringtone", "3",
    )  # fmt: skip
    assert added.out == "3 users added; they have no PINs yet.\n"
    listed = await hotdesk.json("user", "list")
    assert [user["extension"] for user in listed] == ["100", "105", "106"]
    assert listed[1] == {
        "extension": "105",
        "account": "default",
        "name": "Guest 105",
        "context": "house",
        "language": "de",
        "when_logged_out": "voicemail:105@default",
        "ringtone": 3,
        "mailbox": "",
        "call_groups": "",
        "pickup_groups": "",
        "named_call_groups": "",
        "named_pickup_groups": "",
        "account_code": "",
        "fixed_endpoint": "",
        "queue_interface": "",
        "login_method": None,
        "never_logout": False,
        "logout_after_idle": "",
        "logout_after": "",
        "logout_at": "",
        "may_log_others_out": False,
        "allowed": True,
        "pin_set": False,
        "device": None,
    }
    more: dict[str, object] = {"since": None, "pin_set_at": None, "wrong_pins": 0}
    more |= {"locked_until": None, "logout_rules": []}
    more |= {"logout_due_at": None, "logout_due_by": None}
    assert await hotdesk.json("user", "show", "105") == listed[1] | more
    table = (await hotdesk.succeeds("user", "list")).out.splitlines()
    assert table[0].split("  ")[0] == "Extension"
    assert table[2].startswith("105        Guest 105  default")


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["100", "--name", "A"], 1, "extension 100 exists already in account default"),
        (["0", "--name", "A"], 1, "extension 0 means nobody"),
        (["112", "--name", "A"], 1, "emergency number"),
        (["7", "--name", "A"], 1, "2 to 10 digits"),
        (["200", "--name", 'A" <9>'], 1, "name"),
        (["200", "--name", "A", "--context", "a b"], 1, "context 'a b'"),
        (["200", "--name", "A", "--when-logged-out", "music"], 1, "when logged out"),
        (["200", "--name", ""], 2, "needs EXT and --name"),
        (["200"], 2, "needs EXT and --name"),
        (["abc", "--name", "A"], 2, "expected extensions such as"),
    ],
)
async def test_what_cannot_be_added_changes_nothing(
    office: Command, arguments: list[str], code: int, complaint: str
) -> None:
    refused = await office("user", "add", *arguments)
    assert refused.code == code
    assert complaint in refused.lines[0]
    assert len(await office.json("user", "list")) == 3


async def test_what_a_user_takes_along_to_every_desk(office: Command) -> None:
    await office.succeeds(
        "user", "add", "200-201", "--name", "EXT", "--mailbox", "EXT@default",
        "--call-groups", "7,1-3, 2", "--pickup-groups", "63",
        "--named-call-groups", "sales,hr,sales", "--named-pickup-groups", "hr",
        "--account-code", "k-EXT", "--fixed-endpoint", "EXT",
        "--queue-interface", "Local/EXT@internal/n",
    )  # fmt: skip
    taken = {
        "mailbox": "201@default",
        "call_groups": "1,2,3,7",
        "pickup_groups": "63",
        "named_call_groups": "hr,sales",
        "named_pickup_groups": "hr",
        "account_code": "k-201",
        "fixed_endpoint": "201",
        "queue_interface": "Local/201@internal/n",
    }
    shown = await office.json("user", "show", "201")
    assert shown == shown | taken
    assert "Call groups          1,2,3,7" in (
        (await office.succeeds("user", "show", "201")).out
    )

    # One is taken back, the others stay.
    await office.succeeds("user", "edit", "201", "--call-groups", "", "--name", "Ann")
    taken["call_groups"] = ""
    shown = await office.json("user", "show", "201")
    assert shown == shown | taken


@pytest.mark.parametrize(
    ("option", "text", "complaint"),
    [
        ("--mailbox", "100", "mailbox '100': expected such as 100@default"),
        ("--mailbox", "1@a)\nexten", "mailbox"),
        ("--call-groups", "1,64", "groups '1,64': expected numbers from 0 to 63"),
        ("--pickup-groups", "5-3", "groups '5-3'"),
        ("--pickup-groups", "sales", "groups 'sales'"),
        ("--named-call-groups", "a,,b", "named groups 'a,,b': expected such as"),
        ("--account-code", "a b", "account code 'a b'"),
        ("--fixed-endpoint", "PJSIP/100", "fixed endpoint 'PJSIP/100'"),
        ("--fixed-endpoint", "HD0001", "fixed endpoint 'HD0001': this is a hot desk"),
        ("--queue-interface", "100", "queue interface '100'"),
        ("--queue-interface", "Local/1@a&SIP/2", "queue interface"),
        ("--when-logged-out", "extension:EXT", "this is the user's own extension"),
        ("--when-logged-out", "busy:1", "when logged out 'busy:1': expected"),
    ],
)
async def test_what_a_user_cannot_take_along_is_named(
    office: Command, option: str, text: str, complaint: str
) -> None:
    for command in (["add", "200", "--name", "A"], ["edit", "100"]):
        refused = await office("user", *command, option, text)
        assert refused.code == 1
        assert complaint in refused.lines[0]
        assert len(refused.lines) == 1


async def test_one_extension_in_two_accounts(office: Command) -> None:
    await office.succeeds("user", "add", "100", "--name", "North", "--account", "north")
    assert (await office.json("user", "show", "100"))["name"] == "User 100"
    north = await office.json("user", "show", "100", "--account", "north")
    assert north["name"] == "North"
    missing = await office("user", "show", "101", "--account", "north")
    assert missing.lines == ["There is no user 101 in account north."]


async def test_users_of_a_file(office: Command, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(
        "extension;name;when_logged_out;ringtone\n"
        "200;Çiğdem Öz;number:100;\n"
        "201;;;\n"
        "0;Nobody;;\n"
        "200;Again;;\n"
        "202;Loud;;10\n"
    )
    refused = await office("user", "add", "--csv", str(file))
    assert [line.removeprefix(f"{file}:")[:14] for line in refused.lines] == [
        "3: name '': ex",
        "4: extension 0",
        "5: extension 2",
        "6: ringtone '1",
    ]
    file.write_text(
        "extension;name;when_logged_out;ringtone\n200;Çiğdem Öz;number:100;9\n"
    )
    await office.succeeds("user", "add", "--csv", str(file))
    shown = await office.json("user", "show", "200")
    assert (shown["name"], shown["when_logged_out"]) == ("Çiğdem Öz", "number:100")
    assert shown["ringtone"] == 9


async def test_a_thousand_users_are_added_at_once(hotdesk: Command) -> None:
    async with asyncio.timeout(60):
        await hotdesk.succeeds("user", "add", "1000-1999", "--name", "User EXT")
    assert len(await hotdesk.json("user", "list")) == 1000


async def test_a_pin_comes_from_standard_input_and_lets_one_in(
    office: Command, rows: Rows
) -> None:
    done = await office.succeeds("user", "set-pin", "100", stdin="739251\nmore\n")
    assert done.out == "The PIN of 100 is set.\n"
    assert (await office.json("user", "show", "100"))["pin_set"]
    desks = hot_desks(load(office.config, {}), office.database)
    now = datetime.now(UTC)
    with pytest.raises(BadCredentials):
        await log_in(
            desks, extension="100", pin="739252", device_name="HD0001", now=now
        )
    assert (await office.json("user", "show", "100"))["wrong_pins"] == 1
    await office.succeeds("user", "set-pin", "100", stdin="739250")
    assert (await office.json("user", "show", "100"))["wrong_pins"] == 0
    await log_in(desks, extension="100", pin="739250", device_name="HD0001", now=now)
    told = await rows("SELECT extension, by FROM events WHERE what = 'pin_set'")
    assert told == [{"extension": "100", "by": "command"}] * 2
    everything = str(await rows("SELECT events::text, users::text FROM events, users"))
    assert "739250" not in everything


async def test_what_a_user_logs_in_with_is_set_and_shown(
    office: Command, rows: Rows
) -> None:
    await office.succeeds("user", "set-pin", "100", stdin="739251\n")
    shown = await office.json("user", "show", "100")
    assert (shown["login_method"], shown["pin_set"]) == (None, True)
    assert shown["pin_set_at"]

    refused = await office("user", "edit", "100", "--login-method", "voicemail")
    assert refused.lines == [
        "Whoever logs in with the PIN of a mailbox needs a mailbox; see --mailbox."
    ]
    await office.succeeds(
        "user", "edit", "100", "--login-method", "voicemail", "--mailbox", "EXT@default"
    )
    await office.succeeds("user", "edit", "101", "--login-method", "none")
    listed = {u["extension"]: u for u in await office.json("user", "list")}
    assert listed["100"]["login_method"] == "voicemail"
    assert listed["100"]["mailbox"] == "100@default"
    assert listed["101"]["login_method"] == "none"
    table = (await office.succeeds("user", "list")).out
    assert re.search(r"^100 .* yes ", table, re.MULTILINE)
    assert re.search(r"^101 .* no: not by phone ", table, re.MULTILINE)
    assert re.search(r"^102 .* no: no PIN ", table, re.MULTILINE)

    done = await office.succeeds("user", "set-pin", "100", stdin="739251\n")
    assert done.lines == ["100 does not log in with it: login method voicemail."]

    await office.succeeds("user", "edit", "100", "--login-method", "")
    assert await rows("SELECT login_method FROM users WHERE extension = '100'") == [
        {"login_method": None}
    ]


async def test_a_login_method_that_there_is_not(office: Command) -> None:
    refused = await office("user", "edit", "100", "--login-method", "face")
    assert refused.lines == ["login method 'face': expected pin, voicemail or none"]


@pytest.mark.parametrize(
    "typed", ["", "\n", "123456\n", "111111\n", "12345\n", "73925x\n", "739 251\n", "é"]
)
async def test_a_pin_that_everybody_guesses_is_refused(
    office: Command, typed: str
) -> None:
    refused = await office("user", "set-pin", "100", stdin=typed)
    assert (refused.code, len(refused.lines)) == (1, 1)
    assert not typed.strip() or typed.strip() not in refused.err
    assert not (await office.json("user", "show", "100"))["pin_set"]


async def test_a_pin_for_nobody(office: Command) -> None:
    refused = await office("user", "set-pin", "999", stdin="739251\n")
    assert (refused.code, refused.lines) == (
        1,
        ["There is no user 999 in account default."],
    )


async def test_users_are_denied_and_allowed(office: Command) -> None:
    await office.succeeds("login", "100", "HD0001")
    denied = await office.succeeds("user", "deny", "100-109")
    assert denied.out == "3 users may not log in at hot desks.\n"
    assert denied.lines == [
        "7 of 10 extensions do not exist.",
        "100 is still logged in at HD0001; see: hotdesk logout HD0001",
    ]
    assert (await office("login", "101", "HD0002")).code == 1
    await office.succeeds("user", "allow", "101")
    await office.succeeds("login", "101", "HD0002")
    allowed = {u["extension"]: u["allowed"] for u in await office.json("user", "list")}
    assert allowed == {"100": False, "101": True, "102": False}
    assert (await office("user", "deny", "300-309")).code == 1


async def test_a_user_is_edited(office: Command) -> None:
    await office.succeeds("login", "100", "HD0001")
    async with daemon(office.database) as heard:
        await office.succeeds(
            "user", "edit", "100", "--name", "Ann", "--when-logged-out", "number:102"
        )
    user = await office.json("user", "show", "100")
    assert (user["name"], user["context"]) == ("Ann", "internal")
    assert (user["when_logged_out"], user["device"]) == ("number:102", "HD0001")
    assert heard == [
        Change(
            devices=frozenset({"HD0001"}),
            users=frozenset({"default/100"}),
            directory=True,
        )
    ]
    await office.succeeds("user", "edit", "100", "--when-logged-out", "unavailable")
    for given, kept in (("7", 7), ("", None)):
        await office.succeeds("user", "edit", "100", "--ringtone", given)
        assert (await office.json("user", "show", "100"))["ringtone"] == kept
    for arguments in (["100"], ["100", "--name", "a;b"], ["999", "--name", "A"]):
        assert (await office("user", "edit", *arguments)).code in (1, 2)


async def test_removed_users_are_logged_out_first(office: Command, rows: Rows) -> None:
    await office.succeeds("login", "100", "HD0001")
    async with daemon(office.database) as heard:
        done = await office.succeeds("user", "remove", "100-101", "--yes")
    assert done.out == "2 users removed.\nIn force.\n"
    assert [u["extension"] for u in await office.json("user", "list")] == ["102"]
    assert heard[-1] == Change(
        devices=frozenset({"HD0001"}),
        users=frozenset({"default/100", "default/101"}),
        directory=True,
    )
    told = await rows("SELECT what, code, extension FROM events ORDER BY id DESC")
    assert [tuple(row.values()) for row in told[:3]] == [
        ("user_removed", "", "101"),
        ("user_removed", "", "100"),
        ("logout", "removed", "100"),
    ]
    assert (await office("user", "remove", "100", "--yes")).code == 1
