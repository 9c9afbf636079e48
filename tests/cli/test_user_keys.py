"""`hotdesk user keys`, by an administrator."""

from __future__ import annotations

from pathlib import Path

import pytest

from asterisk_hotdesk.model import Change
from tests.cli.command import Command
from tests.cli.conftest import Rows, daemon

BOB = {"position": 2, "kind": "blf", "value": "101", "label": "Bob", "priority": 5}
DOOR = {"position": 1, "kind": "dtmf", "value": "*9#", "label": "", "priority": 1}
WIKI = {
    "position": 12,
    "kind": "url",
    "value": "https://wiki.example/a?b=c:d",
    "label": "Wiki, inside",
    "priority": 9,
}


async def keys(office: Command, extension: str = "100") -> object:
    return await office.json("user", "keys", extension)


async def test_keys_are_set_listed_and_removed(office: Command) -> None:
    assert await keys(office) == []
    done = await office.succeeds(
        "user", "keys", "set", "100", "2", "blf:101", "--label", "Bob"
    )
    assert done.out == "Key 2 of 100 is blf 101.\n"
    await office.succeeds("user", "keys", "set", "100", "1", "dtmf:*9#", "--priority=1")
    assert await keys(office) == [DOOR, BOB]
    assert await keys(office, "101") == []
    table = (await office.succeeds("user", "keys", "100")).out.splitlines()
    assert [line.split() for line in table] == [
        ["Position", "Kind", "Value", "Label", "Priority"],
        ["1", "dtmf", "*9#", "-", "1"],
        ["2", "blf", "101", "Bob", "5"],
    ]
    await office.succeeds("user", "keys", "set", "100", "2", "dnd")
    await office.succeeds("user", "keys", "remove", "100", "1")
    (left,) = await office.json("user", "keys", "list", "100")
    assert (left["kind"], left["value"], left["label"]) == ("dnd", "", "")
    again = await office("user", "keys", "remove", "100", "1")
    assert again.lines == ["100 has no key at position 1."]


@pytest.mark.parametrize(
    ("position", "what", "complaint"),
    [
        ("0", "dnd", "position '0': expected 1 to 200"),
        ("201", "dnd", "position '201'"),
        ("x", "dnd", "position 'x'"),
        ("1", "lamp:101", "kind 'lamp': expected blf, speed, line"),
        ("1", "blf", "value '' of kind blf: expected digits"),
        ("1", "blf:10 1", "value '10 1' of kind blf"),
        ("1", "speed:alice@example.net", "value 'alice@example.net' of kind speed"),
        ("1", "park", "value '' of kind park"),
        ("1", "dtmf:12x", "value '12x' of kind dtmf: expected digits, *, # and A"),
        ("1", "url:ftp://x", "value 'ftp://x' of kind url: expected http://"),
        ("1", "url:https://", "value 'https://' of kind url"),
        ("1", "url:https://x/a b", "value 'https://x/a b' of kind url"),
        ("1", "dnd:1", "value '1': a key of kind dnd has none"),
    ],
)
async def test_what_is_no_key_is_refused(
    office: Command, position: str, what: str, complaint: str
) -> None:
    refused = await office("user", "keys", "set", "100", position, what)
    assert (refused.code, len(refused.lines)) == (1, 1)
    assert refused.lines[0].startswith(complaint)
    assert await keys(office) == []


async def test_labels_and_priorities_have_limits(office: Command) -> None:
    for option in (["--label", "a\nb"], ["--label", "x" * 41], ["--priority", "10"]):
        refused = await office("user", "keys", "set", "100", "1", "dnd", *option)
        assert (refused.code, len(refused.lines)) == (1, 1)


async def test_keys_of_nobody(office: Command, tmp_path: Path) -> None:
    file = tmp_path / "keys.csv"
    file.write_text("position,kind\n1,dnd\n")
    for arguments in (
        ["999"],
        ["set", "999", "1", "dnd"],
        ["remove", "999", "1"],
        ["import", "999", str(file)],
        ["export", "999"],
    ):
        refused = await office("user", "keys", *arguments)
        assert refused.code == 1
        assert refused.lines == ["There is no user 999 in account default."]


async def test_what_is_exported_can_be_imported(
    office: Command, tmp_path: Path
) -> None:
    file = tmp_path / "keys.csv"
    file.write_text(
        "position;kind;value;label;priority\n"
        "12;url;https://wiki.example/a?b=c:d;Wiki, inside;9\n"
        "1;dtmf;*9#;;1\n"
        "2;blf;101;Bob;\n"
    )
    done = await office.succeeds("user", "keys", "import", "100", str(file))
    assert done.out == "100 has 3 keys.\n"
    assert await keys(office) == [DOOR, BOB, WIKI]
    exported = await office.succeeds("user", "keys", "export", "100")
    file.write_text(exported.out)
    await office.succeeds("user", "keys", "set", "101", "7", "dnd")
    await office.succeeds("user", "keys", "import", "101", str(file))
    assert await keys(office, "101") == [DOOR, BOB, WIKI]


async def test_every_bad_line_of_a_file_is_told_and_all_keys_stay(
    office: Command, tmp_path: Path
) -> None:
    await office.succeeds("user", "keys", "set", "100", "2", "blf:101", "--label=Bob")
    file = tmp_path / "keys.csv"
    file.write_text(
        "position,kind,value,priority\n1,dnd,,\n2,blf,,\n1,line,,\n3,dnd,,0\n"
    )
    refused = await office("user", "keys", "import", "100", str(file))
    assert [line.removeprefix(f"{file}:") for line in refused.lines] == [
        "3: value '' of kind blf: expected digits, * and #, perhaps with + before them",
        "4: position 1 is in line 2 already",
        "5: priority '0': expected 1 to 9",
    ]
    assert await keys(office) == [BOB]


async def test_the_phone_where_the_user_sits_fetches_the_change(
    office: Command, rows: Rows
) -> None:
    waiting = "SELECT 1 FROM switches WHERE refreshed_at IS NULL"
    await office.succeeds("login", "100", "HD0001")
    await rows("UPDATE switches SET refreshed_at = now() RETURNING 1")
    assert await rows(waiting) == []
    async with daemon(office.database) as heard:
        await office.succeeds("user", "keys", "set", "100", "1", "dnd")
        await office.succeeds("user", "keys", "set", "101", "1", "dnd")
    assert len(await rows(waiting)) == 1
    assert heard == [
        Change(devices=frozenset({"HD0001"}), users=frozenset({"default/100"})),
        Change(users=frozenset({"default/101"})),
    ]
