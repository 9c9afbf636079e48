"""What a user takes along to any desk: the options of `user add` and `user edit`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from asterisk_hotdesk.cli import logout_options
from asterisk_hotdesk.cli.options import yes_or_no

C = TypeVar("C", bound=Callable[..., object])

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
    *logout_options.OPTIONS,
    click.option(
        "--may-log-others-out/--may-not-log-others-out",
        default=None,
        callback=yes_or_no,
        help="Whether the user may log others out from any hot desk, by a code and the"
        " own PIN.",
    ),
)


def user_options(command: C) -> C:
    """Give *command* the options that `user_values.taken_along` understands."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
