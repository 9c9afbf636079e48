"""How a PIN comes in: hidden from the screen, the process list and the history."""

from __future__ import annotations

import sys

import click

from asterisk_hotdesk.administration import users
from asterisk_hotdesk.cli import output
from asterisk_hotdesk.cli.opening import hot_desks, now, source
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.login import find_user
from asterisk_hotdesk.model import LoginMethod
from asterisk_hotdesk.store import Database


async def set_pin(
    config: Config, database: Database, account: str, extension: str
) -> None:
    """Make what the administrator types the user's only PIN."""
    desks = hot_desks(config, database)
    user = await find_user(desks, account, extension)
    pin = _asked(f"PIN of {output.printable(user.name)} ({extension})")
    await users.set_pin(desks, user, pin, source=source(), now=now())
    output.say(f"The PIN of {extension} is set.")
    method = desks.authentication.method(user)
    if method is not LoginMethod.PIN:
        output.note(f"{extension} does not log in with it: login method {method}.")


def _asked(prompt: str) -> str:
    if sys.stdin.isatty():
        typed: str = click.prompt(
            prompt, hide_input=True, confirmation_prompt=True, err=True
        )
        return typed
    line = sys.stdin.buffer.readline(1000).decode(errors="replace")
    if not line:
        raise Invalid("There is no PIN on standard input.")
    return line.rstrip("\r\n")
