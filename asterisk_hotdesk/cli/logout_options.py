"""Which rules log out one user, or whoever sits at one device: options of both."""

from __future__ import annotations

import click

from asterisk_hotdesk.cli.options import yes_or_no

OPTIONS = (
    click.option(
        "--never-logout/--logout-by-rules",
        default=None,
        callback=yes_or_no,
        help="Whether no rule logs out, not even those of the settings.",
    ),
    click.option(
        "--logout-after-idle",
        metavar="SPAN",
        help="Logged out so long after the last call, such as 4h or 90m.",
    ),
    click.option(
        "--logout-after", metavar="SPAN", help="Logged out so long after the login."
    ),
    click.option(
        "--logout-at", metavar="HH:MM", help="Logged out every day at this time."
    ),
)
