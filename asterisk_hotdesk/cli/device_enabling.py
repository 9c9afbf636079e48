"""`hotdesk device enable` and `disable`: whether anybody can use a device."""

from __future__ import annotations

import click

from asterisk_hotdesk.administration import devices
from asterisk_hotdesk.cli import changes, output
from asterisk_hotdesk.cli.opening import hot_desks, now, source, with_database
from asterisk_hotdesk.cli.options import NAMES, names_given
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database

_names = click.argument(
    "names", type=NAMES, metavar="NAME|RANGE...", nargs=-1, required=True
)


@click.command()
@_names
@with_database
async def enable(
    config: Config, database: Database, names: tuple[list[str], ...]
) -> None:
    """Let devices be used again."""
    named = names_given(names)
    await devices.set_enabled(
        hot_desks(config, database), named, enabled=True, source=source(), now=now()
    )
    output.say(f"{output.counted(named, 'device')} enabled.")
    await changes.say_if_nobody_follows(config, database)


@click.command()
@_names
@with_database
async def disable(
    config: Config, database: Database, names: tuple[list[str], ...]
) -> None:
    """Let devices be used by nobody.

    Their phones get no configuration, and whoever sits there is logged out.
    """
    named = names_given(names)
    logged_out = await devices.set_enabled(
        hot_desks(config, database), named, enabled=False, source=source(), now=now()
    )
    for user, device in logged_out:
        output.say(f"{user.extension} is logged out at {device.name}.")
    output.say(f"{output.counted(named, 'device')} disabled.")
    await changes.say_when_in_force(config, database, named)
