"""`hotdesk device`: phones on shared desks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from asterisk_hotdesk.cli import (
    device_adding,
    device_showing,
    editing,
    output,
    removing,
)
from asterisk_hotdesk.cli.opening import with_database
from asterisk_hotdesk.cli.options import (
    NAMES,
    account_option,
    csv_option,
    json_option,
    yes_option,
)
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database, logins


@click.group()
def device() -> None:
    """Add, edit, list and remove devices.

    A device is a phone on a shared desk.
    """


@device.command()
@click.argument("names", type=NAMES, metavar="[NAME|RANGE]", required=False)
@click.option("--mac", help="The phone's MAC address, in any notation.")
@account_option
@click.option("--location", default="", help="Where the desk stands.")
@click.option(
    "--emergency-number",
    default="",
    help="Caller ID number of emergency calls from this desk.",
)
@click.option("--language", help="For example de; else that of provisioning.language.")
@csv_option
@with_database
async def add(
    config: Config,
    database: Database,
    /,
    names: list[str] | None,
    mac: str | None,
    csv_path: Path | None,
    **common: Any,
) -> None:
    """Add a device, a range of them, or those in a CSV file.

    The devices of a range (HD0001-HD0010) get MAC addresses that count up from --mac.

    A CSV file has the columns name and mac, and perhaps account, location,
    emergency_number and language. If any line is wrong, all wrong lines are told and
    nothing is added.

    SIP secrets are made up; phones get them with their configuration, and `hotdesk
    device show NAME --secrets` prints one.
    """
    if csv_path:
        if names or mac:
            raise click.UsageError("--csv takes no NAME and no --mac.")
        wanted = device_adding.from_csv(csv_path)
    else:
        if not names or not mac:
            raise click.UsageError("A device needs NAME and --mac (or use --csv).")
        wanted = device_adding.from_options(names, mac, **common)
    await device_adding.add(config, database, wanted)


@device.command("list")
@json_option
@with_database
async def list_devices(config: Config, database: Database, as_json: bool) -> None:
    """List all devices by name.

    --json prints a list of objects with the keys name, mac (twelve lower-case
    digits), account, location, emergency_number, language (or null) and user (the
    extension of who sits there, or null).
    """
    async with database.transaction() as tx:
        desks = await logins.desks(tx)
    desks.sort(key=lambda desk: desk.device.name)
    if as_json:
        output.as_json([device_showing.summary(desk) for desk in desks])
    elif not desks:
        output.say("No devices; see: hotdesk device add --help")
    else:
        output.table(device_showing.COLUMNS, map(device_showing.row, desks))


@device.command()
@click.argument("name")
@click.option("--secrets", is_flag=True, help="Show the SIP secret too.")
@json_option
@with_database
async def show(
    config: Config, database: Database, name: str, secrets: bool, as_json: bool
) -> None:
    """Show a device: who sits there, what its phone says, where it fetches.

    The provisioning URL holds a token: whoever has it gets the phone's configuration.

    --json prints an object with the keys of `device list` and: user_name and since (of
    who sits there, or null), switch (null, or an object with generation and the times
    decided_at, routed_at, refreshed_at and confirmed_at), status (null, or an object
    with registered, reachable, in_call, address, user_agent, round_trip_us, seen_at,
    fetched_at, fetched_generation and fetched_user_agent) and provisioning_url; with
    --secrets also sip_secret.
    """
    found = await device_showing.details(config, database, name)
    if as_json:
        output.as_json(found.for_programs(with_secrets=secrets))
    else:
        output.fields(found.for_people(with_secrets=secrets))


@device.command()
@click.argument("name")
@click.option("--mac", help="The MAC address of the phone that stands there now.")
@click.option("--location", help="Where the desk stands.")
@click.option("--emergency-number", help="Caller ID number of emergency calls.")
@click.option("--language", help='For example de; "" for the default.')
@with_database
async def edit(
    config: Config, database: Database, /, name: str, **wanted: str | None
) -> None:
    """Change a device, for example when its phone was exchanged.

    What is not given stays as it is; whoever sits there stays logged in.
    """
    await editing.edit_device(config, database, name, **wanted)


@device.command()
@click.argument("names", type=NAMES, metavar="NAME|RANGE...", nargs=-1, required=True)
@yes_option
@with_database
async def remove(
    config: Config, database: Database, names: tuple[list[str], ...], yes: bool
) -> None:
    """Remove devices; whoever sits there is logged out.

    A phone that is removed can no longer register.
    """
    named = dict.fromkeys(name for group in names for name in group)
    await removing.remove_devices(config, database, list(named), yes=yes)
