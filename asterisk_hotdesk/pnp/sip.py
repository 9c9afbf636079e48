"""The syntax of SIP, as far as a datagram's headers need it (RFC 3261 §7.3, §25)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

LONGEST_DATAGRAM = 4096
"""Bytes; a phone's SUBSCRIBE has about 450."""

SIP_PORT = 5060
"""The port of a host that is named without one (RFC 3261 §18.2.2, §19.1.2)."""

COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "o": "event",
}
"""What the one-letter names mean (RFC 3261 §7.3.3, RFC 6665 §8.4)."""

_FOLD = re.compile(r"\r\n[ \t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_ADDRESS = re.compile(
    r"""(?:(?:"(?:[^"\\]|\\.)*"\s*|[^"<]*)<([^<>\s]+)>|([^<>;,"\s]+))\s*((?:;.*)?)"""
)
_SENT_BY = re.compile(
    r"SIP\s*/\s*2\.0\s*/\s*UDP\s+([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])\s*(?::\s*(\d{1,5}))?",
    re.ASCII,
)


class Head(NamedTuple):
    """What stands before the body: the first line, and the headers in their order."""

    start: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case and in full, values unfolded and on one line."""

    def lines(self, name: str) -> list[str]:
        """Return the values of all headers of that name."""
        return [value for key, value in self.headers if key == name]

    def only(self, name: str) -> str | None:
        """Return the value of a header that is there exactly once, else None."""
        values = self.lines(name)
        return values[0] if len(values) == 1 and values[0] else None

    def values(self, name: str) -> list[str]:
        """Return the values of all headers of that name, comma lists split."""
        return [value for line in self.lines(name) for value in split(line, ",")]


def read_head(datagram: bytes) -> Head | None:
    """Return the first line and the headers; None for what is not SIP.

    No value has a line break or another control character in it, so each can be sent
    back as it is.
    """
    head, empty_line, _ = datagram.partition(b"\r\n\r\n")
    if not empty_line or len(datagram) > LONGEST_DATAGRAM:
        return None
    try:
        text = head.decode()
    except UnicodeDecodeError:
        return None
    start, *lines = _FOLD.sub(" ", text).split("\r\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t").lower()
        if not colon or not _NAME.fullmatch(name):
            return None
        headers.append((COMPACT.get(name, name), value.strip(" \t")))
    if any(_CONTROL.search(part) for part in (start, *(v for _, v in headers))):
        return None
    return Head(start, tuple(headers))


def is_port(number: int) -> bool:
    """Return whether something can be sent to that UDP port."""
    return 0 < number < 65536


def split(text: str, separator: str) -> list[str]:
    """Return the parts of *text*; nothing in quotes or in <…> separates."""
    parts, start, quoted, angle, escaped = [], 0, False, False, False
    for at, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped = character == "\\"
            quoted = character != '"'
        elif character == '"':
            quoted = True
        elif character in "<>":
            angle = character == "<"
        elif character == separator and not angle:
            parts.append(text[start:at].strip())
            start = at + 1
    return [part for part in (*parts, text[start:].strip()) if part]


def parameters(parts: list[str]) -> dict[str, str]:
    """Return `name=value` parts as a dict: names in lower case, values unquoted."""
    pairs = (part.partition("=") for part in parts)
    return {name.strip().lower(): _unquote(value.strip()) for name, _, value in pairs}


def _unquote(text: str) -> str:
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    return re.sub(r"\\(.)", r"\1", text[1:-1])


@dataclass(frozen=True)
class Party:
    """A value of From, To or Contact."""

    uri: str
    tag: str
    """Empty if there is none."""

    @classmethod
    def parse(cls, value: str) -> Party | None:
        """Return the address in *value*; None if there is none."""
        found = _ADDRESS.fullmatch(value)
        if found is None:
            return None
        bracketed, bare, rest = found.groups()
        return cls(bracketed or bare, parameters(split(rest, ";")).get("tag", ""))


@dataclass(frozen=True)
class Via:
    """A value of Via: who sent the request, and where it wants the response."""

    protocol_and_sender: str
    host: str
    port: int
    parameters: tuple[str, ...]

    @classmethod
    def parse(cls, value: str) -> Via | None:
        """Return the Via in *value*; None if it is not one of SIP over UDP."""
        parts = split(value, ";")
        found = _SENT_BY.fullmatch(parts[0]) if parts else None
        if found is None:
            return None
        host, port = found[1], int(found[2] or SIP_PORT)
        return cls(parts[0], host, port, tuple(parts[1:])) if is_port(port) else None

    @property
    def branch(self) -> str:
        """Return the transaction's name; empty for a phone from before RFC 3261."""
        return parameters([*self.parameters]).get("branch", "")

    @property
    def wants_rport(self) -> bool:
        """Return whether the response shall go where the request came from."""
        return "rport" in parameters([*self.parameters])

    def received(self, host: str, port: int) -> str:
        """Return this Via with the address that the request came from.

        Source: RFC 3581 §4, RFC 3261 §18.2.1.
        """
        seen = [
            parameter
            for parameter in self.parameters
            if not {"received", "rport"} & parameters([parameter]).keys()
        ]
        if self.wants_rport:
            seen += [f"received={host}", f"rport={port}"]
        elif self.host != host:
            seen.append(f"received={host}")
        return ";".join([self.protocol_and_sender, *seen])
