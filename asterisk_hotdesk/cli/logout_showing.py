"""What is shown of the rules that log people out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from asterisk_hotdesk.cli.output import Cell, moment
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.logout_rules import Due, LogoutRules, rules_at
from asterisk_hotdesk.model import Desk, Device, User
from asterisk_hotdesk.store import Tx, sitting


@dataclass(frozen=True)
class Outlook:
    """Which rules log a user out, or whoever sits at a device, and when."""

    rules: LogoutRules | None
    """None: no rule does, by exemption."""
    due: Due | None = None
    waits: bool = False
    """Whether a call comes first."""

    def for_programs(self) -> dict[str, Any]:
        """Return it for JSON; the keys are documented in `hotdesk user show`."""
        return {
            "logout_rules": list(_told(self.rules)) if self.rules else [],
            "logout_due_at": self.due.at if self.due else None,
            "logout_due_by": self.due.rule if self.due else None,
        }

    def for_people(self) -> list[tuple[str, Cell]]:
        """Return it as names and values."""
        return [
            ("Logout rules", self._rules()),
            ("Next logout", self._due()),
        ]

    def _rules(self) -> str:
        if self.rules is None:
            return "never"
        return "; ".join(_told(self.rules)) or "-"

    def _due(self) -> str:
        if self.due is None:
            return "-"
        waits = ", after the call" if self.waits else ""
        return f"{moment(self.due.at)} ({self.due.rule}{waits})"


async def outlook_at(config: Config, tx: Tx, desk: Desk) -> Outlook:
    """Return the outlook of whoever sits at *desk*, also when nobody does."""
    if desk.user is None or desk.switch is None or desk.switch.login_id is None:
        return Outlook(_rules(config, desk.device))
    here = await sitting.still(tx, desk.switch.login_id)
    if here is None:
        # A base user at the own desk.
        return Outlook(None)
    rules = _rules(config, desk.device, desk.user)
    due = rules and rules.due(
        since=here.since, last_call_at=here.last_call_at, in_call=bool(here.in_call)
    )
    return Outlook(rules, due or None, bool(here.in_call) or here.in_emergency_call)


def outlook_nowhere(config: Config, user: User) -> Outlook:
    """Return the outlook of *user*, who sits nowhere."""
    return Outlook(rules_at(config, user.account, "", user))


def _rules(config: Config, device: Device, *users: User) -> LogoutRules | None:
    options = device.options
    return rules_at(config, device.account, options.timezone, *users, options)


def _told(rules: LogoutRules) -> Iterator[str]:
    if rules.idle:
        yield f"{_span(rules.idle)} after the last call"
    if rules.total:
        yield f"{_span(rules.total)} after the login"
    for at in sorted(rules.daily):
        yield f"daily at {at:%H:%M} ({rules.zone.key})"
    if rules.closing:
        yield f"when the office closes ({rules.zone.key})"


def _span(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    hours = minutes / 60
    return f"{hours:g}h" if hours.is_integer() else f"{minutes:g}m"
