"""Ranges as people write them: 100-199, or 100,105-110, or HD0001-HD0010."""

from __future__ import annotations

import re
from collections.abc import Iterator

LARGEST = 10_000
"""More than this in one range is probably a slip of the finger."""


def extensions_in(text: str) -> list[str]:
    """Return the extensions that *text* names, each once and in its order.

    Raises ValueError with a text that says what is expected.
    """
    return _all(text, r"()([0-9]+)", "extensions such as 100, 100-199 or 100,105-110")


def names_in(text: str) -> list[str]:
    """Return the device names that *text* names, each once and in its order.

    Raises ValueError with a text that says what is expected.
    """
    return _all(
        text, r"([A-Za-z0-9]*?)([0-9]*)", "devices such as HD0001 or HD0001-HD0010"
    )


def _all(text: str, form: str, expected: str) -> list[str]:
    found: dict[str, None] = {}
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        begin = re.fullmatch(form, first.strip())
        end = re.fullmatch(form, last.strip()) if dash else begin
        if not begin or not end or not begin[0] or not end[0]:
            raise ValueError(f"{text!r}: expected {expected}")
        if not dash:
            found[begin[0]] = None
        else:
            for name in _between(begin[1], begin[2], end[1], end[2], part.strip()):
                found[name] = None
        if len(found) > LARGEST:
            raise ValueError(f"{text!r} names more than {LARGEST}")
    return list(found)


def _between(
    prefix: str, low: str, last_prefix: str, high: str, part: str
) -> Iterator[str]:
    """Yield prefix and number, from *low* to *high*, as wide as they are written."""
    if last_prefix not in ("", prefix) or not low or not high:
        raise ValueError(f"{part!r}: both ends need a number, after the same letters")
    if len(low) != len(high) and "0" in (low[0], high[0]):
        raise ValueError(f"{part!r}: both ends need the same number of digits")
    if len(high) > 15 or not int(low) <= int(high) < int(low) + LARGEST:
        raise ValueError(f"{part!r}: should go upwards, with {LARGEST} at most")
    return (f"{prefix}{n:0{len(low)}d}" for n in range(int(low), int(high) + 1))
