"""What an administrator sees and sets of the rules that log people out."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.cli.command import Command

DAILY = """
[logout]
idle_hours = 4
daily_at = "18:00"
timezone = "Europe/Berlin"
"""


@pytest.fixture
def strict(office: Command) -> Command:
    """Return the command, in an office that logs people out."""
    office.config.write_text(office.config.read_text() + DAILY)
    return office


async def fields(hotdesk: Command, *arguments: str) -> dict[str, str]:
    """Return what people are shown, by its name."""
    shown = (await hotdesk.succeeds(*arguments)).out.splitlines()
    pairs = (line.split("  ", 1) for line in shown if "  " in line)
    return {name: value.strip() for name, value in pairs}


async def test_the_rules_of_the_office_are_shown_for_everybody(strict: Command) -> None:
    rules = "4h after the last call; daily at 18:00 (Europe/Berlin)"

    for shown in (("user", "show", "100"), ("device", "show", "HD0001")):
        found = await fields(strict, *shown)
        assert found["Logout rules"] == rules
        assert found["Next logout"] == "-"


async def test_the_strictest_rule_of_user_and_device_is_the_next(
    strict: Command,
) -> None:
    later = datetime.now(ZoneInfo("Europe/Berlin")) + timedelta(hours=12)
    rules = strict.config.read_text()
    assert "18:00" in rules
    # At ten to six, that would be the strictest.
    strict.config.write_text(rules.replace("18:00", f"{later:%H:%M}"))
    await strict.succeeds("user", "edit", "100", "--logout-after", "10m")
    await strict.succeeds("device", "edit", "HD0001", "--logout-after-idle", "9m")
    await strict.succeeds("login", "100", "HD0001")

    user = await strict.json("user", "show", "100")
    device = await strict.json("device", "show", "HD0001")

    keys = ("logout_rules", "logout_due_at", "logout_due_by")
    assert [user[key] for key in keys] == [device[key] for key in keys]
    assert user["logout_rules"][:2] == ["9m after the last call", "10m after the login"]
    assert user["logout_due_by"] == "idle"
    since, due = (datetime.fromisoformat(user[k]) for k in ("since", "logout_due_at"))
    assert due == since + timedelta(minutes=9)
    shown = await fields(strict, "user", "show", "100")
    assert shown["Next logout"].endswith("(idle)")


@pytest.mark.parametrize("what", [("user", "100"), ("device", "HD0001")])
async def test_an_exemption_ends_all_rules(
    strict: Command, what: tuple[str, str]
) -> None:
    kind, name = what
    await strict.succeeds("user", "edit", "100", "--logout-after", "10m")
    await strict.succeeds(kind, "edit", name, "--never-logout")
    await strict.succeeds("login", "100", "HD0001")

    shown = await fields(strict, "user", "show", "100")
    assert shown["Logout rules"] == "never"
    assert shown["Next logout"] == "-"

    await strict.succeeds(kind, "edit", name, "--logout-by-rules")
    assert (await strict.json("user", "show", "100"))["logout_due_at"]


async def test_who_may_log_others_out_is_said(office: Command) -> None:
    await office.succeeds("user", "edit", "100", "--may-log-others-out")
    assert (await office.json("user", "show", "100"))["may_log_others_out"] is True
    shown = await fields(office, "user", "show", "100")
    assert shown["May log others out"] == "yes"

    await office.succeeds("user", "edit", "100", "--may-not-log-others-out")
    assert (await office.json("user", "show", "100"))["may_log_others_out"] is False


@pytest.mark.parametrize(
    ("option", "text", "complaint"),
    [
        ("--logout-after", "4", "time '4': expected hours or minutes: 4h or 90m"),
        ("--logout-after-idle", "0m", "time '0m'"),
        ("--logout-at", "25:00", "time of day '25:00': expected such as 18:00"),
    ],
)
async def test_what_is_no_rule_is_named(
    office: Command, option: str, text: str, complaint: str
) -> None:
    for who in (("user", "edit", "100"), ("device", "edit", "HD0001")):
        refused = await office(*who, option, text)
        assert refused.code == 1
        assert complaint in refused.lines[0]
