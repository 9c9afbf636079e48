"""What an administrator may say about a user; each wrong value is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from asterisk_hotdesk.administration import logout_values, values
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.model import LoginMethod

_HIGHEST_GROUP = 63
"""Asterisk keeps them in a word of 64 bits (main/channel.c, ast_get_group)."""


def fields(given: Mapping[str, str], extension: str) -> dict[str, Any]:
    """Return fields of the user of *extension* for all that is *given*.

    Raises `Invalid` that names what is wrong.
    """
    found = {name: check(given[name]) for name, check in _OWN.items() if name in given}
    if "when_logged_out" in given:
        treatment, target = values.treatment(given["when_logged_out"], extension)
        found |= {"logged_out_treatment": treatment, "logged_out_target": target}
    return found | taken_along(given, extension)


def taken_along(given: Mapping[str, str | None], extension: str) -> dict[str, Any]:
    """Return those of `TAKEN_ALONG` that are *given*; EXT stands for the extension.

    Raises `Invalid` that names what is wrong.
    """
    return {
        name: check(text.replace("EXT", extension))
        for name, check in _TAKEN_ALONG.items()
        if (text := given.get(name)) is not None
    }


def _mailbox(text: str) -> str:
    return values.like(
        r"([A-Za-z0-9_-]+@[A-Za-z0-9_-]+)?", text, "mailbox", "such as 100@default"
    )


def _groups(text: str) -> str:
    """Return the numbers of groups, each once and in order."""
    expected = f"numbers from 0 to {_HIGHEST_GROUP}, such as 1,3-5"
    pattern = r"([0-9]{1,2}(-[0-9]{1,2})?(,[0-9]{1,2}(-[0-9]{1,2})?)*)?"
    listed = values.like(pattern, text.replace(" ", ""), "groups", expected)
    numbers: set[int] = set()
    for part in filter(None, listed.split(",")):
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    if max(numbers, default=0) > _HIGHEST_GROUP or bool(listed) != bool(numbers):
        raise Invalid(f"groups {text!r}: expected {expected}")
    return ",".join(map(str, sorted(numbers)))


def _named_groups(text: str) -> str:
    """Return the names of groups, each once and in order."""
    pattern = r"([A-Za-z0-9_-]{1,40}(,[A-Za-z0-9_-]{1,40})*)?"
    listed = values.like(
        pattern, text.replace(" ", ""), "named groups", "such as sales,hr"
    )
    return ",".join(sorted(set(listed.split(","))))


def _account_code(text: str) -> str:
    return values.like(
        r"[A-Za-z0-9_.-]{0,40}", text, "account code", "letters, digits, . _ and -"
    )


def _fixed_endpoint(text: str) -> str:
    return values.like(
        r"[A-Za-z0-9_.-]{0,64}", text, "fixed endpoint", "a PJSIP endpoint of the PBX"
    )


def _queue_interface(text: str) -> str:
    return values.like(
        r"([A-Za-z0-9]+/[A-Za-z0-9_.@/-]{1,100})?",
        text,
        "queue interface",
        "that of a queue's member, such as Local/100@internal/n",
    )


def _login_method(text: str) -> LoginMethod | None:
    if not text:
        return None
    expected = "pin, voicemail or none"
    return LoginMethod(
        values.like("|".join(LoginMethod), text.lower(), "login method", expected)
    )


_TAKEN_ALONG: dict[str, Callable[[str], str | bool | None]] = {
    "mailbox": _mailbox,
    "call_groups": _groups,
    "pickup_groups": _groups,
    "named_call_groups": _named_groups,
    "named_pickup_groups": _named_groups,
    "account_code": _account_code,
    "fixed_endpoint": _fixed_endpoint,
    "queue_interface": _queue_interface,
    "login_method": _login_method,
    **logout_values.CHECKS,
    "may_log_others_out": logout_values.may_log_others_out,
}

TAKEN_ALONG = tuple(_TAKEN_ALONG)
"""What a user takes along to any desk: fields, columns of a CSV file, keys of JSON."""

_OWN: dict[str, Callable[[str], Any]] = {
    "name": values.person_name,
    "context": values.context_name,
    "language": values.language,
    "ringtone": values.ringtone,
}
