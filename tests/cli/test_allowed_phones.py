"""`hotdesk device allow`, `allowed` and `disallow`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.cli.command import Command


async def allowed(hotdesk: Command) -> list[tuple[str, str, str]]:
    """Return from where to where phones are allowed, and in which account."""
    return [
        (one["first_mac"], one["last_mac"], one["account"])
        for one in await hotdesk.json("device", "allowed")
    ]


async def test_phones_are_allowed_one_by_one_by_range_and_by_prefix(
    hotdesk: Command,
) -> None:
    done = await hotdesk.succeeds(
        "device", "allow", "0004.1300.000A", "00:04:13:00:01:00-00:04:13:00:01:ff",
        "0004134*", "--account", "north",
    )  # fmt: skip
    assert done.out == f"{1 + 256 + 16**5} phones may become devices.\n"
    assert await allowed(hotdesk) == [
        ("00041300000a", "00041300000a", "north"),
        ("000413000100", "0004130001ff", "north"),
        ("000413400000", "0004134fffff", "north"),
    ]
    assert (await hotdesk.json("device", "allowed"))[1]["phones"] == 256
    table = (await hotdesk.succeeds("device", "allowed")).out.splitlines()
    assert table[0].split() == ["First", "Last", "Phones", "Account"]
    assert table[2].split() == [
        "00:04:13:00:01:00",
        "00:04:13:00:01:FF",
        "256",
        "north",
    ]


async def test_overlaps_within_an_account_become_one(hotdesk: Command) -> None:
    await hotdesk.succeeds("device", "allow", "000413000000-0004130000ff")
    await hotdesk.succeeds("device", "allow", "000413000080-00041300017f")
    await hotdesk.succeeds("device", "allow", "000413000180")
    assert await allowed(hotdesk) == [("000413000000", "000413000180", "default")]


async def test_what_another_account_has_is_refused_by_name(hotdesk: Command) -> None:
    await hotdesk.succeeds("device", "allow", "00041300*", "--account", "north")
    refused = await hotdesk("device", "allow", "00:04:13", "00:04:14")
    assert (refused.code, refused.lines) == (
        1,
        [
            "00:04:13:00:00:00 to 00:04:13:FF:FF:FF: account north has"
            " 00:04:13:00:00:00 to 00:04:13:00:FF:FF already"
        ],
    )
    assert await allowed(hotdesk) == [("000413000000", "00041300ffff", "north")]


async def test_a_hole_is_taken_out_of_a_range(hotdesk: Command) -> None:
    await hotdesk.succeeds("device", "allow", "00:04:13")
    await hotdesk.succeeds("device", "allow", "00:04:14", "--account", "north")
    done = await hotdesk.succeeds("device", "disallow", "00:04:13:00:00:01", "00:04:14")
    assert done.out == f"{1 + 16**6} phones may no longer become devices.\n"
    assert await allowed(hotdesk) == [
        ("000413000000", "000413000000", "default"),
        ("000413000002", "000413ffffff", "default"),
    ]
    refused = await hotdesk("device", "disallow", "00:04:14")
    assert refused.code == 1
    assert refused.lines[0].startswith("00:04:14:00:00:00 to 00:04:14:FF:FF:FF")


async def test_all_phones_of_a_file_are_allowed(
    hotdesk: Command, tmp_path: Path
) -> None:
    file = tmp_path / "phones.csv"
    file.write_text("mac,account\n00:04:13:00:00:01,\n00:04:14,south\n")
    await hotdesk.succeeds("device", "allow", "--csv", str(file), "--account", "north")
    assert await allowed(hotdesk) == [
        ("000413000001", "000413000001", "north"),
        ("000414000000", "000414ffffff", "south"),
    ]


async def test_every_bad_line_of_a_file_is_told_and_none_is_allowed(
    hotdesk: Command, tmp_path: Path
) -> None:
    file = tmp_path / "phones.csv"
    file.write_text("mac,account\n000413000001,north\n0004,\n000413,A B\n")
    refused = await hotdesk("device", "allow", "--csv", str(file))
    assert [line.removeprefix(f"{file}:")[:17] for line in refused.lines] == [
        "3: MAC addresses ",
        "4: account 'A B':",
    ]
    file.write_text("mac,account\n00:04:13,north\n00:04:14,\n000413000001,south\n")
    refused = await hotdesk("device", "allow", "--csv", str(file))
    assert refused.lines == [
        f"{file}:4: 00:04:13:00:00:01: account north has 00:04:13:00:00:00 to"
        " 00:04:13:FF:FF:FF already"
    ]
    assert await allowed(hotdesk) == []


async def test_ten_thousand_phones_are_allowed_while_one_waits(
    hotdesk: Command, tmp_path: Path
) -> None:
    file = tmp_path / "phones.csv"
    file.write_text("\n".join(["mac", *(f"{2 * i:012x}" for i in range(1, 10_001))]))
    async with asyncio.timeout(60):
        for _ in range(2):
            await hotdesk.succeeds("device", "allow", "--csv", str(file))
    assert len(await allowed(hotdesk)) == 10_000


@pytest.mark.parametrize(
    "arguments",
    [["allow"], ["allow", "000413", "--csv", "/dev/null"], ["disallow"]],
)
async def test_what_says_nothing_is_wrong_usage(
    hotdesk: Command, arguments: list[str]
) -> None:
    assert (await hotdesk("device", *arguments)).code == 2
