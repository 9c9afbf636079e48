"""What is shown of a user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asterisk_hotdesk import rules
from asterisk_hotdesk.administration.user_values import TAKEN_ALONG
from asterisk_hotdesk.cli.logout_showing import Outlook, outlook_at, outlook_nowhere
from asterisk_hotdesk.cli.opening import hot_desks
from asterisk_hotdesk.cli.output import Cell, moment
from asterisk_hotdesk.cli.status_showing import since
from asterisk_hotdesk.config import Config, PinsConfig
from asterisk_hotdesk.login import find_user, user_subject
from asterisk_hotdesk.model import Desk, Failures, LoginMethod, User
from asterisk_hotdesk.store import Database, attempts, logins

COLUMNS = (
    "Extension",
    "Name",
    "Account",
    "Context",
    "Language",
    "When logged out",
    "May log in",
    "Device",
)


def summary(user: User, device: str | None) -> dict[str, Any]:
    """Return what programs get of *user*, who sits at *device*."""
    return {
        "extension": user.extension,
        "account": user.account,
        "name": user.name,
        "context": user.context,
        "language": user.language,
        "when_logged_out": when_logged_out(user),
        "ringtone": user.ringtone,
        **{name: getattr(user, name) for name in TAKEN_ALONG},
        "allowed": user.allowed,
        "pin_set": user.pin_hash is not None,
        "device": device,
    }


def row(user: User, device: str | None, pins: PinsConfig) -> list[Cell]:
    """Return what people get of *user*, in the order of `COLUMNS`."""
    return [
        user.extension,
        user.name,
        user.account,
        user.context,
        user.language or "-",
        when_logged_out(user),
        may_log_in(user, pins),
        (device, "green") if device else "-",
    ]


def may_log_in(user: User, pins: PinsConfig) -> Cell:
    """Return whether the user can log in by phone, and if not, why."""
    if not user.allowed:
        return ("no: denied", "red")
    match user.login_method or pins.method:
        case LoginMethod.NONE:
            return ("no: not by phone", "yellow")
        case LoginMethod.VOICEMAIL:
            return "yes" if user.mailbox else ("no: no mailbox", "yellow")
        case _:
            return "yes" if user.pin_hash else ("no: no PIN", "yellow")


def when_logged_out(user: User) -> str:
    """Return what a caller gets, in the words of `hotdesk user add`."""
    target = f":{user.logged_out_target}" if user.logged_out_target else ""
    return f"{user.logged_out_treatment}{target}"


@dataclass(frozen=True)
class Details:
    """All that is known of one user."""

    user: User
    desk: Desk | None
    wrong_pins: Failures
    limits: PinsConfig
    outlook: Outlook

    def for_programs(self) -> dict[str, Any]:
        """Return it for JSON; the keys are documented in `hotdesk user show`."""
        return {
            **summary(self.user, self.desk.device.name if self.desk else None),
            "since": since(self.desk) if self.desk else None,
            "pin_set_at": self.user.pin_set_at,
            "wrong_pins": self.wrong_pins.count,
            "locked_until": locked_until(self.wrong_pins, self.limits),
            **self.outlook.for_programs(),
        }

    def for_people(self) -> list[tuple[str, Cell]]:
        """Return it as names and values."""
        device = self.desk.device.name if self.desk else None
        shown = list(zip(COLUMNS, row(self.user, device, self.limits), strict=True))
        locked = locked_until(self.wrong_pins, self.limits)
        return [
            *shown,
            ("Ringtone", str(self.user.ringtone or "-")),
            *((_titled(n), _shown(getattr(self.user, n))) for n in TAKEN_ALONG),
            ("Since", moment(since(self.desk)) if self.desk else "-"),
            ("PIN set", moment(self.user.pin_set_at)),
            ("Wrong PINs", str(self.wrong_pins.count)),
            ("Locked until", locked if isinstance(locked, str) else moment(locked)),
            *self.outlook.for_people(),
        ]


def _shown(value: str | bool | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value or "-"


def _titled(name: str) -> str:
    return name.replace("_", " ").capitalize()


async def details(
    config: Config, database: Database, account: str, extension: str
) -> Details:
    """Return all that is known of a user, or raise `NotFound`."""
    desks = hot_desks(config, database)
    user = await find_user(desks, account, extension)
    subject = user_subject(desks, account, extension)
    async with database.transaction() as tx:
        desk = await logins.user_desk(tx, account, extension)
        known = await attempts.failures(tx, subject)
        outlook = (
            await outlook_at(config, tx, desk)
            if desk
            else outlook_nowhere(config, user)
        )
    return Details(user, desk, known[subject], config.pins, outlook)


def locked_until(failures: Failures, limits: PinsConfig) -> datetime | str | None:
    """Return until when the user's PIN is refused, even the right one."""
    if failures.count >= limits.hard_lock_failures:
        return "unlocked by an administrator"
    return rules.locked_until(
        failures,
        limit=limits.user_failures,
        first_lock=timedelta(seconds=limits.first_lock_seconds),
        longest_lock=timedelta(seconds=limits.longest_lock_seconds),
    )
