"""What can be set for one phone: the options of `device add`, `pool` and `edit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from asterisk_hotdesk.cli import values
from asterisk_hotdesk.errors import Invalid

C = TypeVar("C", bound=Callable[..., object])

_CHECKS: dict[str, Callable[[str], Any]] = {
    "transport": values.transport,
    "srtp": values.srtp,
    "codecs": values.codecs,
    "timezone": values.time_zone,
    "outbound_proxy": values.outbound_proxy,
    "hot_desk_key": values.hot_desk_key,
    "keep_key_positions": values.keep_key_positions,
}

OF_PHONES = tuple(_CHECKS)
"""The columns of a CSV file for what `model.DeviceOptions` holds."""

OF_SITTERS = ("first_user", "base_user")
"""And for who sits at a device from its phone's first start on."""


def _as_text(
    ctx: click.Context, param: click.Parameter, chosen: bool | None
) -> str | None:
    return None if chosen is None else "yes" if chosen else "no"


_DESK = (
    click.option("--location", help="Where the desk stands."),
    click.option(
        "--emergency-number", help="Caller ID number of emergency calls from this desk."
    ),
    click.option(
        "--language", help="For example de; else that of provisioning.language."
    ),
)

_PHONE = (
    click.option(
        "--transport",
        metavar="udp|tcp|tls",
        help="How the phone speaks SIP; else as provisioning.sip_transport says.",
    ),
    click.option(
        "--srtp/--no-srtp",
        default=None,
        callback=_as_text,
        help="Whether calls are encrypted.",
    ),
    click.option(
        "--codecs",
        metavar="LIST",
        help="For example g722,alaw, the best first; else those of the PJSIP endpoint.",
    ),
    click.option(
        "--timezone",
        metavar="ZONE",
        help="For example Europe/Berlin; else that of provisioning.timezone.",
    ),
    click.option(
        "--outbound-proxy",
        metavar="HOST[:PORT]",
        help="The SBC that a remote phone goes through.",
    ),
    click.option(
        "--hot-desk-key",
        metavar="N|off",
        help="Which function key logs in and out; else the first.",
    ),
    click.option(
        "--keep-key-positions/--move-keys",
        default=None,
        callback=_as_text,
        help="Whether users' keys stay where they are, and that under ours is lost,"
        " or make room.",
    ),
)

_SITTERS = (
    click.option(
        "--first-user",
        metavar="EXT",
        help="Who sits there once the phone has started.",
    ),
    click.option(
        "--base-user",
        metavar="EXT",
        help="The same, and comes back whenever somebody else has logged out.",
    ),
)


def desk_options(command: C) -> C:
    """Give *command* the options of a desk, and those that `checked` understands."""
    for option in reversed((*_DESK, *_PHONE)):
        command = option(command)
    return command


def sitter_options(command: C) -> C:
    """Give *command* --first-user and --base-user."""
    for option in reversed(_SITTERS):
        command = option(command)
    return command


def checked(given: Mapping[str, str]) -> dict[str, Any]:
    """Return fields of `DeviceOptions` for what is *given*; an empty text is a default.

    Raises `Invalid` that names what is wrong.
    """
    return {
        name: check(given[name]) for name, check in _CHECKS.items() if name in given
    }


def sitter(given: Mapping[str, str]) -> tuple[str, bool] | None:
    """Return whose extension is *given*, and whether that user comes back; else None.

    An empty extension is nobody.
    """
    first, base = given.get("first_user"), given.get("base_user")
    if first and base:
        raise Invalid("first user and base user: expected only one of them")
    if first is None and base is None:
        return None
    return values.somebody(base or first or ""), bool(base)
