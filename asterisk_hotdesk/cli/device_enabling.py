"""`hotdesk device enable` and `disable`: whether anybody can use a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from asterisk_hotdesk.cli import changes, output
from asterisk_hotdesk.cli.finding import devices_named, logins_of, require_no_emergency
from asterisk_hotdesk.cli.opening import hot_desks, with_database
from asterisk_hotdesk.cli.options import NAMES, names_given
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.model import Change, Device, EndReason
from asterisk_hotdesk.store import Database, devices, logins

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
    found = await _set(database, names_given(names), enabled=True)
    output.say(f"{output.counted([d.name for d in found], 'device')} enabled.")
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
    desks = hot_desks(config, database)
    found = await _set(database, names_given(names), enabled=False)
    # Only now: nobody can sit down any more.
    sitting = await logins_of(database, found, [])
    await changes.end_logins(desks, sitting, EndReason.FORCED)
    for user, device in sitting:
        output.say(f"{user.extension} is logged out at {device.name}.")
    output.say(f"{output.counted([d.name for d in found], 'device')} disabled.")
    await changes.say_when_in_force(config, database, {d.name for d in found})


async def _set(
    database: Database, names: Sequence[str], *, enabled: bool
) -> list[Device]:
    async with database.transaction() as tx:
        found = await devices_named(tx, names)
        if not enabled:
            await require_no_emergency(tx, names)
        for device in found:
            await devices.update(tx, replace(device, enabled=enabled))
            await logins.want_fetch(tx, device.name)
        await changes.record_of_devices(
            tx,
            "device_enabled" if enabled else "device_disabled",
            [(device.account, device.name) for device in found],
        )
        change = Change(devices=frozenset(names), directory=True)
        await changes.tell_daemon(tx, change)
    return found
