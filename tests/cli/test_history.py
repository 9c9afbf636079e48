"""`hotdesk history`: who did what, where, by which way in, and why."""

from __future__ import annotations

import csv
import getpass
from datetime import UTC, datetime, timedelta

import pytest

from asterisk_hotdesk.cli.opening import hot_desks
from asterisk_hotdesk.config import load
from asterisk_hotdesk.errors import Refused
from asterisk_hotdesk.login import log_in
from asterisk_hotdesk.store import events
from asterisk_hotdesk.store.events import Event
from tests.cli.command import Command

NOW = datetime.now(UTC)


async def happened(office: Command, *told: Event) -> None:
    async with office.database.transaction() as tx:
        await events.record(tx, *told)


async def tries(office: Command, extension: str, pin: str, device: str) -> None:
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


async def words(office: Command, *arguments: str) -> list[str]:
    """Return what the history says happened, the oldest first."""
    return [one["text"] for one in await office.json("history", *arguments)]


async def test_logins_and_logouts_are_told_in_words_with_who_and_where(
    office: Command,
) -> None:
    await office.succeeds("login", "100", "HD0001")
    await office.succeeds("login", "101", "HD0001")
    await office.succeeds("logout", "HD0001")

    shown = (await office.succeeds("history", "HD0001")).out.splitlines()

    assert shown[0].split() == ["Time", "User", "Device", "What", "By", "From"]
    told = [line.split(None, 2)[2] for line in shown[2:]]
    by = f"command ({getpass.getuser()})"
    assert [" ".join(line.split()) for line in told] == [
        f"100 User 100 HD0001 logged in {by} -",
        f"100 User 100 HD0001 logged out: somebody else sat down {by} -",
        f"101 User 101 HD0001 logged in {by} -",
        f"101 User 101 HD0001 logged out by somebody else {by} -",
    ]


async def test_whoever_uses_sudo_is_named(
    office: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "frida")
    await office.succeeds("user", "deny", "100")
    monkeypatch.setenv("SUDO_USER", "x\nActor: somebody else")
    await office.succeeds("user", "allow", "100")

    denied, allowed = (await office.json("history", "100"))[-2:]

    assert (denied["text"], denied["actor"], denied["by"]) == (
        "user may not log in at hot desks",
        "frida",
        "command",
    )
    assert allowed["actor"] == getpass.getuser()


@pytest.mark.parametrize(
    ("arguments", "stdin", "text"),
    [
        (["user", "set-pin", "100"], "739251\n", "PIN set"),
        (["user", "edit", "100", "--name", "Alice"], "", "user changed"),
        (["user", "deny", "100"], "", "user may not log in at hot desks"),
        (["user", "keys", "set", "100", "1", "blf:101"], "", "function keys changed"),
        (["user", "remove", "100", "-y"], "", "user removed"),
        (["unlock", "100"], "", "wrong PINs forgotten"),
        (["login", "100", "HD0001"], "", "logged in"),
        (["device", "edit", "HD0001", "--location", "1st floor"], "", "device changed"),
        (["device", "disable", "HD0001"], "", "device disabled"),
        (["device", "release", "HD0001"], "", "device put back into the pool"),
        (["device", "remove", "HD0001", "-y"], "", "device removed"),
        (["unlock", "HD0001"], "", "wrong PINs forgotten"),
        (["unlock", "--all"], "", "all wrong PINs forgotten"),
    ],
)
async def test_what_an_administrator_does_is_told_with_the_name_of_the_login(
    office: Command, arguments: list[str], stdin: str, text: str
) -> None:
    await office.succeeds(*arguments, stdin=stdin)

    last = (await office.json("history"))[-1]

    assert (last["text"], last["by"], last["actor"]) == (
        text,
        "command",
        getpass.getuser(),
    )
    if "100" in arguments:
        assert (last["extension"], last["account"]) == ("100", "default")
        assert last["name"] in ("User 100", "Alice")


async def test_a_refusal_says_where_and_why_and_never_the_pin(office: Command) -> None:
    await office.succeeds("user", "set-pin", "100", stdin="739251\n")
    await tries(office, "100", "481516", "HD0002")
    # A PIN where an extension was asked for.
    await tries(office, "739251", "100", "HD0002")

    wrong, unknown = (await office.json("history", "--what", "refused"))[-2:]

    assert (wrong["text"], wrong["extension"], wrong["name"], wrong["device"]) == (
        "refused: wrong PIN",
        "100",
        "User 100",
        "HD0002",
    )
    assert (unknown["text"], unknown["extension"]) == (
        "refused: no such extension",
        "",
    )
    for form in ("--json", "--csv"):
        printed = (await office.succeeds("history", form)).out
        assert "739251" not in printed
        assert "481516" not in printed


async def test_an_event_of_a_newer_release_is_shown_as_it_is(office: Command) -> None:
    await happened(office, Event(at=NOW, what="teleported", code="far"))

    assert (await words(office))[-1] == "teleported: far"


async def test_only_what_is_asked_for(office: Command) -> None:
    await office.succeeds("user", "add", "100", "--name", "B", "--account", "north")
    await office.succeeds("login", "100", "HD0001")
    await office.succeeds("logout", "100")

    assert await words(office, "100", "--account", "north") == ["user added"]
    assert await words(office, "100", "--what", "login", "--what", "logout") == [
        "logged in",
        "logged out by somebody else",
    ]
    assert await words(office, "HD0001", "--limit", "1") == [
        "logged out by somebody else"
    ]
    assert (await office.succeeds("history", "HD0009")).out == (
        "Nothing is recorded of that.\n"
    )


async def test_since_and_until(office: Command) -> None:
    before = len(await words(office))
    for hours in (50, 30, 2):
        at = NOW - timedelta(hours=hours)
        await happened(office, Event(at=at, what=f"{hours} hours ago"))
    day = f"{(NOW - timedelta(hours=40)).astimezone():%Y-%m-%dT%H:%M}"

    assert (await words(office, "--until", "1h"))[-3:] == [
        "50 hours ago",
        "30 hours ago",
        "2 hours ago",
    ]
    assert (await words(office, "--since", day))[before:] == [
        "30 hours ago",
        "2 hours ago",
    ]
    assert await words(office, "--since", "2d", "--until", "1d") == ["30 hours ago"]


@pytest.mark.parametrize("when", ["yesterday", "12", "5y", "2026-13-01", "0001-01-01"])
async def test_a_time_that_cannot_be_read_is_told_with_examples(
    office: Command, when: str
) -> None:
    refused = await office("history", "--since", when)

    assert refused.code == 2
    assert repr(when) in refused.err
    assert "2026-11-23" in refused.err


async def test_the_table_has_the_last_fifty_and_csv_all(office: Command) -> None:
    told = [Event(at=NOW, what="test", code=str(n)) for n in range(120)]
    await happened(office, *told)

    shown = (await office.succeeds("history")).out.splitlines()
    lines = (await office.succeeds("history", "--csv")).out.splitlines()

    assert "test: 70" in shown[1]
    assert "test: 119" in shown[50]
    codes = [one["code"] for one in csv.DictReader(lines)]
    assert codes[-120:] == [str(n) for n in range(120)]


async def test_a_spreadsheet_sees_no_formula(office: Command) -> None:
    await happened(office, Event(at=NOW, what="test", actor="=1+1"))

    lines = (await office.succeeds("history", "--csv")).out.splitlines()

    assert list(csv.DictReader(lines))[-1]["actor"] == "'=1+1"
