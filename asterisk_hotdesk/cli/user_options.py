"""What a user takes along to any desk: the options of `user add` and `user edit`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.model import LoginMethod

C = TypeVar("C", bound=Callable[..., object])

_HIGHEST_GROUP = 63
"""Asterisk keeps them in a word of 64 bits (main/channel.c, ast_get_group)."""

_OPTIONS = (
    click.option(
        "--mailbox",
        metavar="BOX@CONTEXT",
        help="Whose new messages the phone shows, and what the voicemail code opens.",
    ),
    click.option(
        "--call-groups",
        metavar="LIST",
        help="Groups, such as 1,3-5, that may pick up the user's calls.",
    ),
    click.option(
        "--pickup-groups", metavar="LIST", help="Groups whose calls the user picks up."
    ),
    click.option(
        "--named-call-groups", metavar="LIST", help="The same by name: sales,support."
    ),
    click.option("--named-pickup-groups", metavar="LIST", help="The same by name."),
    click.option(
        "--account-code", metavar="CODE", help="In the call detail records of the PBX."
    ),
    click.option(
        "--fixed-endpoint",
        metavar="ENDPOINT",
        help="A PJSIP endpoint of the PBX that rings as well, wherever the user sits.",
    ),
    click.option(
        "--queue-interface",
        metavar="INTERFACE",
        help="The queue member, such as Local/100@internal/n, that is paused at logout"
        " and resumed at login.",
    ),
    click.option(
        "--login-method",
        metavar="METHOD",
        help="What the user gives to log in by phone: pin (see: hotdesk user set-pin),"
        " voicemail (the PIN of --mailbox) or none; else pins.method of the settings.",
    ),
)


def user_options(command: C) -> C:
    """Give *command* the options that `checked` understands."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def checked(given: Mapping[str, str | None], extension: str) -> dict[str, Any]:
    """Return fields of a user for what is *given*; EXT stands for the extension.

    Raises `Invalid` that names what is wrong.
    """
    return {
        name: check(text.replace("EXT", extension))
        for name, check in _CHECKS.items()
        if (text := given.get(name)) is not None
    }


def _mailbox(text: str) -> str:
    return _like(
        r"([A-Za-z0-9_-]+@[A-Za-z0-9_-]+)?", text, "mailbox", "such as 100@default"
    )


def _groups(text: str) -> str:
    """Return the numbers of groups, each once and in order."""
    expected = f"numbers from 0 to {_HIGHEST_GROUP}, such as 1,3-5"
    pattern = r"([0-9]{1,2}(-[0-9]{1,2})?(,[0-9]{1,2}(-[0-9]{1,2})?)*)?"
    listed = _like(pattern, text.replace(" ", ""), "groups", expected)
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
    listed = _like(pattern, text.replace(" ", ""), "named groups", "such as sales,hr")
    return ",".join(sorted(set(listed.split(","))))


def _account_code(text: str) -> str:
    return _like(
        r"[A-Za-z0-9_.-]{0,40}", text, "account code", "letters, digits, . _ and -"
    )


def _fixed_endpoint(text: str) -> str:
    return _like(
        r"[A-Za-z0-9_.-]{0,64}", text, "fixed endpoint", "a PJSIP endpoint of the PBX"
    )


def _queue_interface(text: str) -> str:
    return _like(
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
        _like("|".join(LoginMethod), text.lower(), "login method", expected)
    )


def _like(pattern: str, text: str, what: str, expected: str) -> str:
    if not re.fullmatch(pattern, text):
        raise Invalid(f"{what} {text!r}: expected {expected}")
    return text


_CHECKS: dict[str, Callable[[str], str | None]] = {
    "mailbox": _mailbox,
    "call_groups": _groups,
    "pickup_groups": _groups,
    "named_call_groups": _named_groups,
    "named_pickup_groups": _named_groups,
    "account_code": _account_code,
    "fixed_endpoint": _fixed_endpoint,
    "queue_interface": _queue_interface,
    "login_method": _login_method,
}

NAMES = tuple(_CHECKS)
"""The fields of a user, the columns of a CSV file and the keys of JSON."""
