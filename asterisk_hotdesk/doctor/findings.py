"""What the doctor says: a finding, how bad it is, and what helps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is; part of the public interface, the worst first."""

    ERROR = "error"
    """Something does not work, or lets strangers in."""
    WARNING = "warning"
    """Something will bite one day, or could not be looked at."""
    NOTE = "note"
    """Good to know; nothing has to be done."""


@dataclass(frozen=True)
class Finding:
    """One thing that the doctor found.

    The code is part of the public interface (`--json`, monitoring): never rename one.
    """

    code: str
    severity: Severity
    what: str
    remedy: str


def error(code: str, what: str, remedy: str) -> Finding:
    """Return a finding that something does not work."""
    return Finding(code, Severity.ERROR, what, remedy)


def warning(code: str, what: str, remedy: str) -> Finding:
    """Return a finding that something is unwise, or was not looked at."""
    return Finding(code, Severity.WARNING, what, remedy)


def note(code: str, what: str, remedy: str) -> Finding:
    """Return a finding that is good to know."""
    return Finding(code, Severity.NOTE, what, remedy)


def some(names: list[str], most: int = 5) -> str:
    """Return *names* in a row; where there are many, the first ones and how many."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
