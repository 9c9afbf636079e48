"""What is shown of a user."""

from __future__ import annotations

from typing import Any

from asterisk_hotdesk.cli.output import Cell
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, LoggedOutTreatment, User

COLUMNS = (
    "Extension",
    "Name",
    "Account",
    "Context",
    "Language",
    "When logged out",
    "PIN",
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
        "allowed": user.allowed,
        "pin_set": user.pin_hash is not None,
        "device": device,
    }


def row(user: User, device: str | None) -> list[Cell]:
    """Return what people get of *user*, in the order of `COLUMNS`."""
    return [
        user.extension,
        user.name,
        user.account,
        user.context,
        user.language or "-",
        when_logged_out(user),
        may_log_in(user),
        (device, "green") if device else "-",
    ]


def may_log_in(user: User) -> Cell:
    """Return whether the user can log in by phone, and if not, why."""
    if not user.allowed:
        return ("denied", "red")
    return "set" if user.pin_hash else ("none", "yellow")


def when_logged_out(user: User) -> str:
    """Return what a caller gets, in the words of `hotdesk user add`."""
    if user.logged_out_treatment is LoggedOutTreatment.UNAVAILABLE:
        return str(user.logged_out_treatment)
    return f"{user.logged_out_treatment}:{user.logged_out_target}"


def extension_shown(user: User) -> str:
    """Return the extension, with the account where it is not the usual one."""
    if user.account == DEFAULT_ACCOUNT:
        return user.extension
    return user.key
