"""`hotdesk device`: phones on shared desks."""

from __future__ import annotations

from pathlib import Path

import click

from asterisk_hotdesk.cli import (
    device_adding,
    device_allowing,
    device_assigning,
    device_enabling,
    device_enrolling,
    device_pool,
    device_rendering,
    device_showing,
    editing,
    output,
    removing,
    status_showing,
)
from asterisk_hotdesk.cli.device_options import desk_options, sitter_options
from asterisk_hotdesk.cli.opening import with_database
from asterisk_hotdesk.cli.options import (
    NAMES,
    account_option,
    csv_option,
    json_option,
    names_given,
    yes_option,
)
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database, logins


@click.group()
def device() -> None:
    """Add, edit, list and remove devices; enrol their phones.

    A device is a phone on a shared desk.
    """


for command in (
    device_pool.pool,
    device_enrolling.enrol,
    device_assigning.discovered,
    device_assigning.assign,
    device_assigning.release,
    device_enabling.enable,
    device_enabling.disable,
    device_allowing.allow,
    device_allowing.allowed,
    device_allowing.disallow,
    device_rendering.render_device,
    device_rendering.show_keys,
):
    device.add_command(command)


@device.command()
@click.argument("names", type=NAMES, metavar="[NAME|RANGE]", required=False)
@click.option("--mac", help="The phone's MAC address, in any notation.")
@account_option
@desk_options
@sitter_options
@csv_option
@with_database
async def add(
    config: Config,
    database: Database,
    /,
    names: list[str] | None,
    mac: str | None,
    csv_path: Path | None,
    **given: str | None,
) -> None:
    """Add a device, a range of them, or those in a CSV file.

    The devices of a range (HD0001-HD0010) get MAC addresses that count up from --mac.

    A CSV file has the columns name and mac (empty for a device that waits for a
    phone), and perhaps account, enabled (yes or no) and those of the options: location,
    emergency_number, language, transport, srtp (yes or no), codecs, timezone,
    outbound_proxy, hot_desk_key, keep_key_positions (yes or no), never_logout (yes or
    no), logout_after_idle, logout_after, logout_at, first_user and
    base_user. If any line is wrong, all wrong lines are told and nothing is added.

    SIP secrets are made up; phones get them with their configuration, and `hotdesk
    device show NAME --secrets` prints one. A phone may fetch its first configuration
    for provisioning.enrolment_minutes; see: hotdesk device enrol.
    """
    if csv_path:
        if names or mac:
            raise click.UsageError("--csv takes no NAME and no --mac.")
        wanted = device_adding.from_csv(csv_path)
    else:
        if not names or not mac:
            raise click.UsageError(
                "A device needs NAME and --mac (or use --csv, or: hotdesk device pool)."
            )
        if len(names) > 1 and (given["first_user"] or given["base_user"]):
            raise click.UsageError("A user sits at one device: name only one.")
        wanted = device_adding.from_options(names, mac, given)
    await device_adding.add(config, database, wanted)


@device.command("list")
@json_option
@with_database
async def list_devices(config: Config, database: Database, as_json: bool) -> None:
    """List all devices by name.

    --json prints a list of objects with the keys name, mac (twelve lower-case digits,
    or null: it waits for a phone), enabled, vendor, model and firmware (of the phone,
    empty before it has fetched), account, location, emergency_number, language (or
    null) and user (the extension of who sits there, or null).
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
        lost = [desk.device.name for desk in desks if not desk.device.location]
        for sentence in status_showing.location_advice(lost):
            output.note(sentence)


@device.command()
@click.argument("name")
@click.option("--secrets", is_flag=True, help="Show SIP secret and web password too.")
@json_option
@with_database
async def show(
    config: Config, database: Database, name: str, secrets: bool, as_json: bool
) -> None:
    """Show all that is known of a device and its phone.

    --json prints an object with the keys of `device list` and: user_name and since (of
    who sits there, or null), first_user and base_user (extensions, or null), options
    (an object with transport, srtp, codecs, timezone, outbound_proxy, hot_desk_key (0:
    off), keep_key_positions, never_logout, logout_after_idle, logout_after and
    logout_at; an empty one leaves it to the settings), logout_rules, logout_due_at and
    logout_due_by (as in `user show`), enrolment (an object with state, which is
    waiting, open, done or closed, done_at and open_until (times, or null) and
    deliveries_left), warnings (a list of texts about the phone's model), switch (null,
    or an object with generation and the times decided_at, routed_at, refreshed_at and
    confirmed_at) and status (null, or an object with registered, reachable, in_call,
    address, user_agent, round_trip_us, seen_at, booted_at, fetched_at,
    fetched_generation, fetched_user_agent and restarted_at (null: within its last three
    switches, the phone did not restart where it should only fetch)); with --secrets
    also sip_secret and web_password.
    """
    found = await device_showing.details(config, database, name)
    if as_json:
        output.as_json(found.for_programs(with_secrets=secrets))
    else:
        output.fields(found.for_people(with_secrets=secrets))


@device.command()
@click.argument("name")
@click.option("--mac", help="The MAC address of the phone that stands there now.")
@click.option("--account", help="The account (tenant) that it moves to.")
@desk_options
@sitter_options
@with_database
async def edit(
    config: Config, database: Database, /, name: str, **wanted: str | None
) -> None:
    """Change a device, for example when its phone was exchanged.

    What is not given stays as it is, and "" is the default again; whoever sits there
    stays logged in. With another --mac, the old phone can neither fetch nor register
    any more, and the new one may fetch for provisioning.enrolment_minutes. With another
    --account, whoever sits there is logged out first, and a first or base user is one
    no more.
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
    await removing.remove_devices(config, database, names_given(names), yes=yes)
