"""`hotdesk device discovered`, `assign` and `release`: which phone is which device."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from asterisk_hotdesk.cli import changes, enrolment, output, values
from asterisk_hotdesk.cli.finding import devices_named, logins_of
from asterisk_hotdesk.cli.opening import hot_desks, with_database
from asterisk_hotdesk.cli.options import json_option
from asterisk_hotdesk.cli.output import Cell, mac_shown, moment
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import AlreadyExists
from asterisk_hotdesk.model import Change, Device, EndReason
from asterisk_hotdesk.store import Database, Tx, logins
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
    async with database.transaction() as tx:
        (device,) = await devices_named(tx, [name])
        await _check(tx, device, address, replace=replace)
        await enrolment.give_phone(tx, config, device, address)
        await logins.want_fetch(tx, name)
        await changes.record_of_devices(tx, "phone_assigned", [(device.account, name)])
        change = Change(devices=frozenset({name}), directory=True)
        await changes.tell_daemon(tx, change)
    output.say(f"{mac_shown(address)} is {name}.")
    output.say(enrolment.what_to_do(name))
    await changes.say_if_nobody_follows(config, database)


@click.command()
@click.argument("name")
@with_database
async def release(config: Config, database: Database, name: str) -> None:
    """Put a device back into the pool, where it waits for a phone.

    Whoever sits there is logged out. Its phone can neither fetch nor register any more.
    """
    desks = hot_desks(config, database)
    async with database.transaction() as tx:
        (device,) = await devices_named(tx, [name])
        await enrolment.take_phone(tx, device)
        await changes.record_of_devices(tx, "phone_released", [(device.account, name)])
        change = Change(devices=frozenset({name}), directory=True)
        await changes.tell_daemon(tx, change)
    sitting = await logins_of(database, [device], [])
    await changes.end_logins(desks, sitting, EndReason.FORCED)
    for user, _ in sitting:
        output.say(f"{user.extension} is logged out at {name}.")
    output.say(f"{name} waits for a phone.")
    await changes.say_when_in_force(config, database, [name])


async def _check(tx: Tx, device: Device, mac: str, *, replace: bool) -> None:
    """Raise `AlreadyExists` if the phone or the device is taken."""
    holder = await logins.desk_by_mac(tx, mac)
    if holder and holder.device.id == device.id:
        raise AlreadyExists(
            f"{mac_shown(mac)} is {device.name} already; to let it fetch again, see:"
            f" hotdesk device enrol {device.name}"
        )
    if holder:
        raise AlreadyExists(
            f"{mac_shown(mac)} is {holder.device.name}; see: hotdesk device release"
            f" {holder.device.name}"
        )
    if device.mac and not replace:
        raise AlreadyExists(
            f"{device.name} is the phone {mac_shown(device.mac)}; to exchange it, say"
            " --replace"
        )


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
