"""The form of a key plan: a line for each key, saved all at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from asterisk_hotdesk.administration import key_values
from asterisk_hotdesk.administration.keys import Plan
from asterisk_hotdesk.administration.versions import version
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.model import UserKey
from asterisk_hotdesk.web.admin.words import Words

FIELDS = ("position", "kind", "value", "label", "priority")

NEW_LINES = 3
"""Empty ones for new keys."""

_MOST_LINES = key_values.LARGEST_POSITION + NEW_LINES


@dataclass(frozen=True)
class KeyForm:
    """What the form shows, or what was sent with it."""

    lines: list[dict[str, str]]
    """By `FIELDS`; one that is empty, apart from the priority, is no key."""
    version: str
    """Of the plan that whoever fills in the form has seen."""
    press: str = ""
    """`up 2`, `down 2` or `remove 2`, where that was pressed at a line; else empty."""

    @classmethod
    def of(cls, plan: Plan) -> KeyForm:
        """Return the form of *plan*, with some empty lines."""
        lines = [
            {name: str(getattr(key, name)) for name in FIELDS} for key in plan.keys
        ]
        empty = dict.fromkeys(FIELDS, "") | {"priority": str(UserKey.priority)}
        return cls([*lines, *([empty] * NEW_LINES)], version(plan))

    @classmethod
    def sent(cls, form: Mapping[str, str]) -> KeyForm:
        """Return what was sent."""
        numbers = (
            int(found[1])
            for name in form
            if (found := re.fullmatch(r"position-([0-9]{1,3})", name))
        )
        lines = [
            {name: form.get(f"{name}-{number}", "").strip() for name in FIELDS}
            for number in sorted(numbers)[:_MOST_LINES]
        ]
        return cls(lines, form.get("version", ""), form.get("press", ""))


def read(form: KeyForm, extension: str, words: Words) -> Plan:
    """Return the plan that *form* says, after what was pressed.

    A key without a position goes behind all others.  Raises `Invalid` that names what
    is wrong.
    """
    lines = [line for line in form.lines if _says_something(line)]
    keys = [_key(line) for line in lines if line["position"]]
    last = max((key.position for key in keys), default=0)
    unplaced = (line for line in lines if not line["position"])
    keys += [
        _key({**line, "position": str(position)})
        for position, line in enumerate(unplaced, last + 1)
    ]
    positions = [key.position for key in keys]
    for position in positions:
        if positions.count(position) > 1:
            raise Invalid(words.key_twice.format(position=position))
    return _pressed(Plan(extension, tuple(keys)), form.press)


def _pressed(plan: Plan, press: str) -> Plan:
    verb, _, pressed = press.partition(" ")
    if not pressed:
        return plan
    position = key_values.position(pressed)
    if verb == "remove":
        return plan.without(position)
    to = position + (1 if verb == "down" else -1)
    return plan.moved(position, min(max(to, 1), key_values.LARGEST_POSITION))


def _says_something(line: Mapping[str, str]) -> bool:
    return any(line[name] for name in ("position", "kind", "value", "label"))


def _key(line: Mapping[str, str]) -> UserKey:
    try:
        return key_values.key(dict(line))
    except Invalid as refusal:
        raise Invalid(f"{line['position']}: {refusal}") from None
