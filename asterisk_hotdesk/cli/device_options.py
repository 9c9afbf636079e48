"""What can be set for one phone: the options of `device add`, `pool` and `edit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from asterisk_hotdesk.cli import logout_options
from asterisk_hotdesk.cli.options import yes_or_no

C = TypeVar("C", bound=Callable[..., object])

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
        callback=yes_or_no,
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
        callback=yes_or_no,
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
    """Give *command* the options of a desk and its phone (see `device_values`)."""
    for option in reversed((*_DESK, *_PHONE, *logout_options.OPTIONS)):
        command = option(command)
    return command


def sitter_options(command: C) -> C:
    """Give *command* --first-user and --base-user."""
    for option in reversed(_SITTERS):
        command = option(command)
    return command
