"""`hotdesk status --watch`, and the same as CSV."""

from __future__ import annotations

import csv

import pytest

from tests.cli.command import Command
from tests.cli.terminal import at_terminal


async def test_a_change_is_seen_as_it_happens_until_ctrl_c(office: Command) -> None:
    terminal = at_terminal(office, "status", "--watch")
    terminal.reads("devices: 3 (used: 0, idle: 3)")
    await office.succeeds("login", "101", "HD0003")
    terminal.reads("User 101")
    terminal.types("\x03")
    code, seen = terminal.ended()
    assert code == 130
    assert "hotdesk: interrupted" in seen
    assert "Traceback" not in seen


async def test_what_the_screen_has_no_room_for_is_counted(office: Command) -> None:
    await office.succeeds("device", "add", "HD1001-HD1090", "--mac", "000413001001")
    await office.succeeds("login", "100", "HD1090")
    terminal = at_terminal(office, "status", "--watch")
    terminal.reads("HD1090")
    terminal.reads("more; see: hotdesk status")
    terminal.types("\x03")
    assert terminal.ended()[0] == 130


async def test_without_a_terminal_nobody_can_watch(office: Command) -> None:
    refused = await office.process("status", "--watch")
    assert refused.code == 2
    assert refused.lines[0] == "--watch needs a terminal; without one, use --json."


async def test_a_terminal_that_cannot_draw_is_told(office: Command) -> None:
    code, seen = at_terminal(office, "status", "--watch", kind="dumb").ended()
    assert code == 2
    assert "this terminal cannot (TERM=dumb)" in seen


@pytest.mark.parametrize(
    "options", [["--json", "--csv"], ["--watch", "--csv"], ["--json", "--watch"]]
)
async def test_only_one_form_at_once(office: Command, options: list[str]) -> None:
    refused = await office("status", *options)
    assert refused.code == 2
    assert "exclude each other" in refused.err


async def test_csv_has_what_json_has(office: Command) -> None:
    await office.succeeds("login", "100", "HD0002")
    told = (await office.json("status"))["devices"]
    lines = (await office.succeeds("status", "--csv")).out.splitlines()
    found = list(csv.DictReader(lines))
    assert list(found[0]) == list(told[0])
    assert [one["device"] for one in found] == ["HD0002", "HD0001", "HD0003"]
    used = found[0]
    assert (used["extension"], used["since"]) == ("100", told[0]["since"])
    assert (used["enabled"], used["in_force"], used["registered"]) == (
        "true",
        "false",
        "",
    )
