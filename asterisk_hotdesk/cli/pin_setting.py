"""How a PIN comes in: hidden from the screen, the process list and the history."""

from __future__ import annotations

import sys

import click

from asterisk_hotdesk.cli import changes, output
from asterisk_hotdesk.cli.opening import hot_desks, now
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.login import find_user, user_subject
from asterisk_hotdesk.model import LoginMethod
from asterisk_hotdesk.pin_rules import check_pin
from asterisk_hotdesk.store import Database, attempts, users


async def set_pin(
    config: Config, database: Database, account: str, extension: str
) -> None:
    """Make what the administrator types the user's only PIN."""
    desks = hot_desks(config, database)
    user = await find_user(desks, account, extension)
    pin = _asked(f"PIN of {output.printable(user.name)} ({extension})")
    check_pin(pin, length=config.pins.length, extension=extension)
    pin_hash = await desks.pins.hash(pin)
    async with database.transaction() as tx:
        await users.set_pin_hash(tx, user, pin_hash, now())
        # Whoever asked for a new PIN has usually tried the old one too often.
        await attempts.forgive(tx, user_subject(desks, account, extension))
        await changes.record_of_users(tx, "pin_set", [(account, extension)])
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
