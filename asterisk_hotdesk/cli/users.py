"""`hotdesk user`: people with an extension and a PIN."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from asterisk_hotdesk.cli import (
    editing,
    output,
    permitting,
    pin_setting,
    removing,
    user_adding,
    user_keys,
    user_rows,
    user_showing,
)
from asterisk_hotdesk.cli.opening import with_database
from asterisk_hotdesk.cli.options import (
    EXTENSIONS,
    account_option,
    csv_option,
    json_option,
    yes_option,
)
from asterisk_hotdesk.cli.user_options import user_options
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database, logins, users


@click.group()
def user() -> None:
    """Add, edit, list and remove users; set PINs and function keys."""


user.add_command(user_keys.keys)


@user.command()
@click.argument("extensions", type=EXTENSIONS, metavar="[EXT|RANGE]", required=False)
@click.option("--name", help="What other phones show; EXT stands for the extension.")
@click.option(
    "--context",
    default=user_rows.DEFAULT_CONTEXT,
    show_default=True,
    help="The PBX's dialplan context that the user dials from.",
)
@account_option
@click.option("--language", help="For example de; else that of the device.")
@click.option(
    "--when-logged-out",
    default="unavailable",
    show_default=True,
    metavar="WHAT",
    help="What a caller gets while the user sits nowhere: unavailable, busy,"
    " voicemail:BOX@CONTEXT, number:DIGITS or extension:DIGITS.",
)
@click.option(
    "--ringtone", default="", metavar="1-9", help="How phones ring; else as they do."
)
@user_options
@csv_option
@with_database
async def add(
    config: Config,
    database: Database,
    /,
    extensions: list[str] | None,
    name: str | None,
    csv_path: Path | None,
    **common: Any,
) -> None:
    """Add a user, a range of them, or those in a CSV file.

    A range is 100-199, or 100,105-110. In most options EXT stands for the extension.
    A CSV file has the columns extension and name, and perhaps those of the options:
    context, account, language, when_logged_out, ringtone, mailbox, call_groups,
    pickup_groups, named_call_groups, named_pickup_groups, account_code,
    fixed_endpoint, queue_interface, login_method, never_logout (yes or no),
    logout_after_idle, logout_after, logout_at and may_log_others_out (yes or no), also
    allowed (yes or no) and pin. If any line is wrong, all wrong lines are told and
    nothing is added. What is more, and for files of other PBXs, see: hotdesk import.

    A new user has no PIN, unless the file says one; see: hotdesk user set-pin.
    """
    if csv_path:
        if extensions or name:
            raise click.UsageError("--csv takes no EXT and no --name.")
        wanted = user_adding.from_csv(config, csv_path)
    else:
        if not extensions or not name:
            raise click.UsageError("A user needs EXT and --name (or use --csv).")
        wanted = user_adding.from_options(config, extensions, name, **common)
    await user_adding.add(config, database, wanted)


@user.command("set-pin")
@click.argument("extension", metavar="EXT")
@account_option
@with_database
async def set_pin(
    config: Config, database: Database, extension: str, account: str
) -> None:
    """Set a user's PIN, and forget wrong ones.

    On a terminal it is asked for, twice and hidden; else it is the first line of
    standard input. It is never an argument: those are seen by everybody on this
    machine.
    """
    await pin_setting.set_pin(config, database, account, extension)


@user.command("list")
@json_option
@with_database
async def list_users(config: Config, database: Database, as_json: bool) -> None:
    """List all users by account and extension.

    --json prints a list of objects with the keys extension, account, name, context,
    language (or null), when_logged_out, ringtone (1 to 9, or null), mailbox,
    call_groups, pickup_groups, named_call_groups, named_pickup_groups, account_code,
    fixed_endpoint and queue_interface (texts, empty for none), login_method (pin,
    voicemail, none, or null for pins.method of the settings), never_logout,
    logout_after_idle, logout_after and logout_at (texts, empty for no rule of the
    user's own), may_log_others_out, allowed, pin_set and
    device (where the user sits, or null).
    """
    async with database.transaction() as tx:
        everyone = await users.everyone(tx)
        sitting = await logins.everyone_logged_in(tx)
    where = {user.key: device.name for user, device in sitting}
    if as_json:
        output.as_json([user_showing.summary(u, where.get(u.key)) for u in everyone])
    elif not everyone:
        output.say("No users; see: hotdesk user add --help")
    else:
        output.table(
            user_showing.COLUMNS,
            (user_showing.row(u, where.get(u.key), config.pins) for u in everyone),
        )


@user.command()
@click.argument("extension", metavar="EXT")
@account_option
@json_option
@with_database
async def show(
    config: Config, database: Database, extension: str, account: str, as_json: bool
) -> None:
    """Show a user: where the user sits, and wrong PINs.

    --json prints an object with the keys of `user list` and: since (of the login, or
    null), pin_set_at (a time, or null), wrong_pins (how many in a row), locked_until
    (a time, null, or "unlocked by an administrator"), logout_rules (a list of texts:
    which rules log the user out), logout_due_at (when the next one does, or null) and
    logout_due_by (idle, total, daily, hours or null).
    """
    found = await user_showing.details(config, database, account, extension)
    if as_json:
        output.as_json(found.for_programs())
    else:
        output.fields(found.for_people())


@user.command()
@click.argument("extension", metavar="EXT")
@account_option
@click.option("--name", help="What other phones show.")
@click.option("--context", help="The context that the user dials from.")
@click.option("--language", help='For example de; "" for that of the device.')
@click.option(
    "--when-logged-out", metavar="WHAT", help="As in: hotdesk user add --help"
)
@click.option("--ringtone", metavar="1-9", help='How phones ring; "" for as they do.')
@user_options
@with_database
async def edit(
    config: Config,
    database: Database,
    /,
    extension: str,
    account: str,
    **wanted: str | None,
) -> None:
    """Change a user.  What is not given stays as it is, and "" is none."""
    await editing.edit_user(config, database, account, extension, **wanted)


@user.command()
@click.argument("extensions", type=EXTENSIONS, metavar="EXT|RANGE")
@account_option
@with_database
async def allow(
    config: Config, database: Database, extensions: list[str], account: str
) -> None:
    """Let users log in at hot desks."""
    await permitting.allow(config, database, account, extensions)


@user.command()
@click.argument("extensions", type=EXTENSIONS, metavar="EXT|RANGE")
@account_option
@with_database
async def deny(
    config: Config, database: Database, extensions: list[str], account: str
) -> None:
    """Let users no longer log in; whoever is logged in stays so until logout."""
    await permitting.deny(config, database, account, extensions)


@user.command()
@click.argument("extensions", type=EXTENSIONS, metavar="EXT|RANGE")
@account_option
@yes_option
@with_database
async def remove(
    config: Config,
    database: Database,
    extensions: list[str],
    account: str,
    yes: bool,
) -> None:
    """Remove users; those who sit somewhere are logged out."""
    await removing.remove_users(config, database, account, extensions, yes=yes)
