"""`hotdesk device discovered`, `assign` and `release`: which phone is which device."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from asterisk_hotdesk.administration import phones, values
from asterisk_hotdesk.administration.values import mac_shown
from asterisk_hotdesk.cli import changes, output
from asterisk_hotdesk.cli.opening import hot_desks, now, source, with_database
from asterisk_hotdesk.cli.options import json_option
from asterisk_hotdesk.cli.output import Cell, moment
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database
from asterisk_hotdesk.store import discovered as discovered_phones
from asterisk_hotdesk.store.discovered import Discovered

_COLUMNS = ("MAC", "Phone", "Firmware", "Address", "By", "First seen", "Seen")


@click.command()
@json_option
@with_database
async def discovered(config: Config, database: Database, as_json: bool) -> None:
    """List phones that asked for a configuration and are no device.

    The one that asked last is first; see: hotdesk device assign.

    --json prints a list of objects with the keys mac (twelve lower-case digits),
    vendor, model and firmware (empty where the phone does not say), address (from
    which it asked), by (how: pnp or http), first_seen_at and seen_at.
    """
    async with database.transaction() as tx:
        found = await discovered_phones.everything(tx)
    if as_json:
        output.as_json([_for_programs(phone) for phone in found])
    elif not found:
        output.say("No phone has asked that is no device.")
    else:
        output.table(_COLUMNS, map(_row, found))


@click.command()
@click.argument("mac")
@click.argument("name")
@click.option("--replace", is_flag=True, help="Also where another phone is the device.")
@with_database
async def assign(
    config: Config, database: Database, mac: str, name: str, replace: bool
) -> None:
    """Make the phone with a MAC address a device that waits for one.

    The phone may fetch its configuration for provisioning.enrolment_minutes. With
    --replace, the phone before it can neither fetch nor register any more; whoever sits
    there stays logged in.
    """
    address = values.mac_address(mac)
    await phones.assign(
        database,
        config.provisioning,
        address,
        name,
        replace=replace,
        source=source(),
        now=now(),
    )
    output.say(f"{mac_shown(address)} is {name}.")
    output.say(output.how_a_phone_comes_in(name))
    await changes.say_if_nobody_follows(config, database)


@click.command()
@click.argument("name")
@with_database
async def release(config: Config, database: Database, name: str) -> None:
    """Put a device back into the pool, where it waits for a phone.

    Whoever sits there is logged out. Its phone can neither fetch nor register any more.
    """
    desks = hot_desks(config, database)
    for user, _ in await phones.release(desks, name, source=source(), now=now()):
        output.say(f"{user.extension} is logged out at {name}.")
    output.say(f"{name} waits for a phone.")
    await changes.say_when_in_force(config, database, [name])


def _for_programs(phone: Discovered) -> dict[str, Any]:
    known = asdict(phone)
    return {"mac": known.pop("mac"), **known.pop("kind"), **known}


def _row(phone: Discovered) -> list[Cell]:
    return [
        mac_shown(phone.mac),
        f"{phone.kind.vendor} {phone.kind.model}".strip() or "-",
        phone.kind.firmware or "-",
        phone.address,
        phone.by,
        moment(phone.first_seen_at),
        moment(phone.seen_at),
    ]
