"""Ranges of MAC addresses: as people write them, put together and taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from asterisk_hotdesk.administration import values
from asterisk_hotdesk.administration.values import mac_shown
from asterisk_hotdesk.errors import Invalid

_MAC = r"[0-9a-f]{2}(?:[:.\- ]?[0-9a-f]{2}){5}"
_VENDOR_DIGITS = 6
"""Of an OUI, which IEEE gives to one manufacturer."""


class MacRange(NamedTuple):
    """MAC addresses that count up, as numbers."""

    first: int
    last: int

    @classmethod
    def between(cls, first_mac: str, last_mac: str) -> MacRange:
        """Return the range from one to the other of twelve hexadecimal digits each."""
        return cls(int(first_mac, 16), int(last_mac, 16))

    @property
    def first_mac(self) -> str:
        """Return where it begins, as twelve lower-case hexadecimal digits."""
        return f"{self.first:012x}"

    @property
    def last_mac(self) -> str:
        """Return where it ends."""
        return f"{self.last:012x}"

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __str__(self) -> str:
        if self.first == self.last:
            return mac_shown(self.first_mac)
        return f"{mac_shown(self.first_mac)} to {mac_shown(self.last_mac)}"

    def overlaps(self, other: MacRange) -> bool:
        """Return whether an address is in both."""
        return self.first <= other.last and other.first <= self.last


def macs_in(text: str) -> MacRange:
    """Return the addresses that *text* names: one, two with a dash, or a prefix.

    Raises `Invalid` with a text that says what is expected.
    """
    plain = text.strip().lower()
    ends = re.fullmatch(rf"({_MAC})\s*-\s*({_MAC})", plain)
    if ends:
        return _between(values.mac_address(ends[1]), values.mac_address(ends[2]), text)
    prefix = re.sub(r"[:.\- ]", "", plain)
    digits = prefix.removesuffix("*")
    if re.fullmatch(r"[0-9a-f]{6}|[0-9a-f]{6,11}\*", prefix):
        return MacRange.between(digits.ljust(12, "0"), digits.ljust(12, "f"))
    if re.fullmatch(r"[0-9a-f]{12}", prefix):
        mac = values.mac_address(plain)
        return MacRange.between(mac, mac)
    raise Invalid(
        f"MAC addresses {text!r}: expected one such as 00:04:13:00:00:01, two with a"
        " dash between, or a prefix such as 00:04:13 or 0004130*"
    )


def merged(ranges: Iterable[MacRange]) -> list[MacRange]:
    """Return the same addresses in as few ranges as can be, by address."""
    found: list[MacRange] = []
    for one in sorted(ranges):
        if found and one.first <= found[-1].last + 1:
            found[-1] = MacRange(found[-1].first, max(found[-1].last, one.last))
        else:
            found.append(one)
    return found


def without(ranges: Iterable[MacRange], gone: Iterable[MacRange]) -> list[MacRange]:
    """Return the addresses of *ranges* that are not in *gone*, by address."""
    left = merged(ranges)
    for hole in merged(gone):
        left = [part for one in left for part in _outside(one, hole)]
    return left


def _between(first_mac: str, last_mac: str, text: str) -> MacRange:
    if first_mac > last_mac:
        raise Invalid(f"MAC addresses {text!r}: should go upwards")
    if first_mac[:_VENDOR_DIGITS] != last_mac[:_VENDOR_DIGITS]:
        raise Invalid(
            f"MAC addresses {text!r}: both should begin with the same six digits, which"
            " are the manufacturer's"
        )
    return MacRange.between(first_mac, last_mac)


def _outside(one: MacRange, hole: MacRange) -> list[MacRange]:
    if not one.overlaps(hole):
        return [one]
    parts = (
        MacRange(one.first, min(one.last, hole.first - 1)),
        MacRange(max(one.first, hole.last + 1), one.last),
    )
    return [part for part in parts if part.first <= part.last]
