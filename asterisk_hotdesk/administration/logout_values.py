"""What may be said of the rules that log out a user, or whoever sits at a device."""

from __future__ import annotations

from collections.abc import Callable

from asterisk_hotdesk.administration import values


def may_log_others_out(text: str) -> bool:
    """Return whether a user may log others out."""
    return values.yes(text, "may log others out")


def _never(text: str) -> bool:
    return values.yes(text, "never logout")


def _span(text: str) -> str:
    return values.like(
        r"([1-9][0-9]{0,3}[hm])?", text.lower(), "time", "hours or minutes: 4h or 90m"
    )


def _clock(text: str) -> str:
    return values.like(
        r"(([01][0-9]|2[0-3]):[0-5][0-9])?", text, "time of day", "such as 18:00"
    )


CHECKS: dict[str, Callable[[str], str | bool]] = {
    "never_logout": _never,
    "logout_after_idle": _span,
    "logout_after": _span,
    "logout_at": _clock,
}
"""By field of `model.OwnLogoutRules`."""
