"""`hotdesk device render` and `keys`."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.cli.conftest import Rows


@pytest.fixture
async def desk(office: Command) -> Command:
    """Return the command; 100 with two keys sits at HD0001, where a D785 stands."""
    await office.succeeds("user", "keys", "set", "100", "1", "blf:101", "--label=Bob")
    await office.succeeds("user", "keys", "set", "100", "2", "dtmf:*9#")
    await office.succeeds("login", "100", "HD0001")
    return office


async def rendered(desk: Command, *arguments: str) -> str:
    return (await desk.succeeds("device", "render", "HD0001", *arguments)).out


async def test_a_configuration_is_what_the_phone_would_get(desk: Command) -> None:
    text = await rendered(desk)
    settings = ET.fromstring(text.encode())  # noqa: S314 - our own
    assert settings.findtext(".//user_idle_text") == "User 100 100"
    assert "https://phones.example/p/TOKEN/" in text


async def test_secrets_are_shown_only_when_asked_for(desk: Command, rows: Rows) -> None:
    (kept,) = await rows("SELECT * FROM devices WHERE name = 'HD0001'")
    secrets = (kept["sip_secret"], kept["web_password"])
    hidden, shown = await rendered(desk), await rendered(desk, "--secrets")
    assert not any(secret in hidden for secret in secrets)
    assert all(secret in shown for secret in secrets)


async def test_a_configuration_as_if_somebody_else_sat_there(desk: Command) -> None:
    as_101, idle = await rendered(desk, "--as=101"), await rendered(desk, "--as=nobody")
    assert "User 101 101" in as_101
    assert "User 10" not in idle
    assert "HD0001" in idle
    assert (await desk.json("device", "show", "HD0001"))["user"] == "100"


async def test_what_a_login_would_make_different(desk: Command) -> None:
    lines = (await rendered(desk, "--as", "101", "--diff")).splitlines()
    assert lines[:2] == ["--- HD0001 now (100)", "+++ HD0001 with 101"]
    assert any(line[0] == "-" and "User 100" in line for line in lines)
    assert any(line[0] == "+" and "User 101" in line for line in lines)
    same = await desk.succeeds("device", "render", "HD0001", "--as", "100", "--diff")
    assert (same.out, same.lines) == ("", ["there is no difference."])


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["HD0009"], 1, "There is no device HD0009."),
        (["HD0001", "--as", "999"], 1, "There is no user 999 in account default."),
        (["HD0001", "--diff"], 2, "--diff compares with --as."),
        (["HD0001", "--file", "x.cfg"], 1, "file 'x.cfg': expected 000413000001.xml"),
        (["HD0004"], 1, "HD0004 waits for a phone; see: hotdesk device assign"),
    ],
)
async def test_what_cannot_be_rendered(
    desk: Command, arguments: list[str], code: int, complaint: str
) -> None:
    await desk.succeeds("device", "pool", "1")
    refused = await desk("device", "render", *arguments)
    assert (refused.code, refused.out, refused.lines[0]) == (code, "", complaint)


async def test_a_broken_template_is_told_with_its_line(
    desk: Command, tmp_path: Path
) -> None:
    override = tmp_path / "templates" / "snom" / "settings.xml.j2"
    override.parent.mkdir(parents=True)
    override.write_text("<settings>\n{{ nonsense }}\n</settings>\n")
    with desk.config.open("a") as file:
        file.write(f'templates_dir = "{tmp_path / "templates"}"\n')
    refused = await desk("device", "render", "HD0001")
    assert refused.code == 1
    assert str(override) in refused.lines[0]
    assert refused.lines[-1] == "Phones get our own template meanwhile."


async def test_keys_are_shown_where_they_are(desk: Command) -> None:
    found = await desk.json("device", "keys", "HD0001")
    assert [(key["slot"], key["kind"], key["position"]) for key in found["placed"]] == [
        (1, "speed", None),
        (2, "blf", 1),
        (3, "dtmf", 2),
    ]
    assert (found["user"], found["dropped"]) == ("100", [])
    assert found["slots"] >= 3
    table = (await desk.succeeds("device", "keys", "HD0001")).out.splitlines()
    assert table[0].split() == ["Key", "Kind", "Value", "Label", "Position"]
    assert table[1].endswith("hot desk")
    assert table[2].split() == ["2", "blf", "101", "Bob", "1"]


async def test_keys_that_have_no_place_are_named(desk: Command) -> None:
    await desk.succeeds("device", "edit", "HD0001", "--keep-key-positions")
    done = await desk.succeeds("device", "keys", "HD0001")
    assert done.lines == ["no place for position 1: blf 101 (Bob)"]
    (dropped,) = (await desk.json("device", "keys", "HD0001"))["dropped"]
    assert (dropped["position"], dropped["priority"]) == (1, 5)


async def test_keys_as_if_nobody_sat_there(desk: Command) -> None:
    found = await desk.json("device", "keys", "HD0001", "--as", "nobody")
    assert (found["user"], len(found["placed"])) == (None, 1)
    await desk.succeeds("device", "edit", "HD0001", "--hot-desk-key", "off")
    found = await desk.json("device", "keys", "HD0001", "--as", "nobody")
    assert found["placed"] == []
