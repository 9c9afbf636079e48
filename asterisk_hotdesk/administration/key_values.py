"""What an administrator may say about a function key; each wrong value is named."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from asterisk_hotdesk.administration import values
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.model import KeyKind, UserKey

LARGEST_POSITION = 200

_LONGEST_LABEL = 40
_LONGEST_URL = 500

_NUMBER = r"\+?[0-9*#]{1,40}", "digits, * and #, perhaps with + before them"
_NEEDS = {
    KeyKind.BLF: _NUMBER,
    KeyKind.SPEED_DIAL: _NUMBER,
    KeyKind.PARK: _NUMBER,
    KeyKind.DTMF: (r"[0-9*#A-D]{1,40}", "digits, *, # and A to D"),
}
"""The form of the value, and how to say it; other kinds but URL have none."""


def key(row: dict[str, str]) -> UserKey:
    """Return the key of a line with position, kind, value, label and priority.

    Raises `Invalid` that names what is wrong.
    """
    kind = _kind(row["kind"])
    return UserKey(
        position=position(row["position"]),
        kind=kind,
        value=_value(kind, row.get("value", "")),
        label=_label(row.get("label", "")),
        priority=_priority(row.get("priority", "")),
    )


def position(text: str) -> int:
    """Return which key of a user's it is, from 1."""
    return values.number(text, "position", LARGEST_POSITION)


def _priority(text: str) -> int:
    return values.number(text, "priority", 9) if text else UserKey.priority


def _kind(text: str) -> KeyKind:
    try:
        return KeyKind(text)
    except ValueError:
        raise Invalid(f"kind {text!r}: expected {', '.join(KeyKind)}") from None


def _value(kind: KeyKind, text: str) -> str:
    if kind is KeyKind.URL:
        return _url(text)
    if kind not in _NEEDS:
        if text:
            raise Invalid(f"value {text!r}: a key of kind {kind} has none")
        return ""
    form, expected = _NEEDS[kind]
    if not re.fullmatch(form, text):
        raise Invalid(f"value {text!r} of kind {kind}: expected {expected}")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if not right or len(text) > _LONGEST_URL or not text.isprintable() or " " in text:
        raise Invalid(f"value {text!r} of kind url: expected http:// or https://")
    return text


def _label(text: str) -> str:
    if len(text) > _LONGEST_LABEL or not text.isprintable():
        raise Invalid(
            f"label {text!r}: expected at most {_LONGEST_LABEL} printable letters"
        )
    return text.strip()
