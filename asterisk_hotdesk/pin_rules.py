"""Which PINs may be chosen: not those that everybody tries first.

No text here repeats the PIN.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise

from asterisk_hotdesk.errors import WeakPin

_LEAP_YEAR = 2000
"""For dates that do not tell their year: 29 February may be one."""

_SHORTEST_CONTAINED = 3
"""Shorter extensions are in so many PINs that they tell nobody anything."""


def check_pin(pin: str, *, length: int, extension: str) -> None:
    """Raise `WeakPin` if *pin* cannot be one, or is one that everybody tries first.

    Refused are repetitions (777777, 121212), runs (123456, 987654, 890123), what the
    *extension* gives away, and dates.  The error names the rule.
    """
    if not (pin.isascii() and pin.isdigit() and len(pin) == length):
        raise WeakPin(f"A PIN has exactly {length} digits.")
    if _repeats(pin):
        raise WeakPin("This PIN repeats its digits; choose another.")
    if _runs(pin):
        raise WeakPin("The digits of this PIN count up or down; choose another.")
    if _gives_away(pin, extension) or _gives_away(pin, extension[::-1]):
        raise WeakPin("The extension is in this PIN; choose another.")
    if is_date(pin):
        raise WeakPin("This PIN can be read as a date; choose another.")


def is_date(pin: str) -> bool:
    """Return whether *pin* is a date as people write it.

    Eight digits: day, month and year, month, day and year, or year, month and day, of
    the years 1900 to 2099.  Six digits: the same with the last two digits of the year,
    about one in ten of all PINs.  Four: day and month, month and day, or a year.
    """
    return any(_exists(*parts) for parts in _as_dates(pin))


def _repeats(pin: str) -> bool:
    return any(pin[step:] == pin[:-step] for step in range(1, len(pin) // 2 + 1))


def _runs(pin: str) -> bool:
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    return steps in ({1}, {9})


def _gives_away(pin: str, extension: str) -> bool:
    padded = pin.strip("0") == extension.strip("0")
    contained = len(extension) >= _SHORTEST_CONTAINED and extension in pin
    return padded or contained or pin in extension


def _as_dates(pin: str) -> Iterator[tuple[int, int, int]]:
    """Yield each way to read *pin* as year, month and day."""
    if len(pin) % 2:
        return
    match [int(pin[i : i + 2]) for i in range(0, len(pin), 2)]:
        case (a, b):
            yield _LEAP_YEAR, b, a
            yield _LEAP_YEAR, a, b
            if a in (19, 20):
                yield a * 100 + b, 1, 1
        case (a, b, c):
            # Of 1900 and 2000, 2000 alone has a 29 February.
            yield 2000 + c, b, a
            yield 2000 + c, a, b
            yield 2000 + a, b, c
        case (a, b, c, d):
            if c in (19, 20):
                yield c * 100 + d, b, a
                yield c * 100 + d, a, b
            if a in (19, 20):
                yield a * 100 + b, c, d


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
