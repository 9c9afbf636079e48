"""Asterisk's extension patterns: what they match, and which of several comes first.

Source: main/pbx.c of Asterisk 22 (`ext_cmp`, `_extension_match_core`); the order was
compared with what `dialplan show` of 22.10.1 lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_SETS = {"X": "0123456789", "Z": "123456789", "N": "23456789"}
_ANY = frozenset(
    "0123456789*#+abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.!@ "
)
"""What `.` and `!` stand for: all that a phone may dial, and some more."""

_DOT, _BANG, _END = 0x18000, 0x28000, 0x30000


@dataclass(frozen=True)
class Pattern:
    """An extension as it is written in the dialplan: `100`, `_1XX`, `_*7.`."""

    text: str
    caller: str = ""
    """For whom alone it is: the part after `/`."""

    @classmethod
    def written(cls, name: str) -> Pattern:
        """Return the pattern of `name` or `name/caller`."""
        text, _, caller = name.partition("/")
        return cls(text.strip(), caller.strip())

    @property
    def is_exact(self) -> bool:
        """Return whether it matches one number only, being no pattern at all."""
        return not self.text.startswith("_")

    @cached_property
    def places(self) -> tuple[frozenset[str], ...]:
        """Return which characters may stand where, up to a `.` or `!`."""
        return tuple(chars for chars, _ in self._parts if chars)

    @cached_property
    def tail(self) -> str:
        """Return `.` or `!` if anything may follow, else an empty text."""
        return next((wild for chars, wild in self._parts if not chars), "")

    @cached_property
    def _parts(self) -> list[tuple[frozenset[str], str]]:
        if self.is_exact:
            return [(frozenset(c), "") for c in self.text if c not in "- "]
        return list(_parsed(self.text[1:]))

    def matches(self, number: str) -> bool:
        """Return whether it matches *number*, whoever calls."""
        return self._compiled.fullmatch(number) is not None

    @cached_property
    def regex(self) -> str:
        """Return the same as a regular expression."""
        said = "".join(
            "[" + "".join(map(re.escape, sorted(chars))) + "]" for chars in self.places
        )
        return said + {"": "", ".": ".+", "!": ".*"}[self.tail]

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.regex, re.DOTALL)

    @cached_property
    def rank(self) -> tuple[object, ...]:
        """Return what sorts patterns into the order in which Asterisk tries them.

        Exact ones come first; then the one with the smaller set of characters at the
        first place where they differ.
        """
        values = [(len(chars) << 8) | ord(min(chars)) for chars in self.places]
        values.append({"": _END, ".": _DOT, "!": _BANG}[self.tail])
        return (not self.is_exact, tuple(values), not self.caller)

    @property
    def fixed_length(self) -> int:
        """Return how many characters are given before the first choice."""
        for length, chars in enumerate(self.places):
            if len(chars) > 1:
                return length
        return len(self.places)

    def common(self, other: Pattern) -> str | None:
        """Return a number that both match, or None where there is none."""
        length = max(self._shortest, other._shortest)
        if not (self._reaches(length) and other._reaches(length)):
            return None
        number = ""
        for at in range(length):
            both = self._at(at) & other._at(at)
            if not both:
                return None
            number += _plainest(both)
        return number

    @property
    def _shortest(self) -> int:
        return len(self.places) + (self.tail == ".")

    def _reaches(self, length: int) -> bool:
        return bool(self.tail) or len(self.places) == length

    def _at(self, index: int) -> frozenset[str]:
        return self.places[index] if index < len(self.places) else _ANY


def _plainest(chars: frozenset[str]) -> str:
    """Return what reads best in an example."""
    return min(chars, key=lambda c: ("123456789*#0".find(c) % 100, c))


def _parsed(text: str) -> Iterator[tuple[frozenset[str], str]]:
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char in ".!":
            yield frozenset(), char
            # Whatever is written behind it is never looked at.
            return
        if char == "[":
            end = text.find("]", at)
            if end < 0:
                return
            chars = _set_of(text[at:end])
            at = end + 1
            if chars:
                yield chars, ""
        elif char.upper() in _SETS:
            yield frozenset(_SETS[char.upper()]), ""
        elif char not in "- ":
            yield frozenset(char), ""


def _set_of(text: str) -> frozenset[str]:
    chars: set[str] = set()
    at = 0
    while at < len(text):
        if text[at + 1 : at + 2] == "-" and at + 2 < len(text):
            chars.update(map(chr, range(ord(text[at]), ord(text[at + 2]) + 1)))
            at += 3
        else:
            chars.add(text[at])
            at += 1
    return frozenset(chars)
