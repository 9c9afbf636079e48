"""`hotdesk import`: users, devices and keys out of files."""

from __future__ import annotations

from pathlib import Path

import click

from asterisk_hotdesk.cli import device_rows, foreign_importing, key_rows, user_rows
from asterisk_hotdesk.cli.bringing_in import Brought
from asterisk_hotdesk.cli.csv_files import Complaints
from asterisk_hotdesk.cli.import_options import FILE, import_options, load
from asterisk_hotdesk.cli.opening import with_database
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database


@click.group("import")
def import_() -> None:
    """Add users, devices and keys of a CSV file, or of another PBX.

    All lines are loaded, or none: every line that is wrong is told with its number. A
    file has a header line; a comma, semicolon or tab between columns; and is UTF-8
    text, or UTF-16 as Excel writes it.

    Bring in users before the devices where they sit, and before their keys.
    """


import_.add_command(foreign_importing.three_cx)
import_.add_command(foreign_importing.freepbx)


@import_.command()
@click.argument("path", metavar="FILE", type=FILE)
@click.option(
    "--context",
    help="The PBX's dialplan context that users dial from whose line names none; else"
    f" {user_rows.DEFAULT_CONTEXT}.",
)
@import_options
@with_database
async def users(
    config: Config,
    database: Database,
    /,
    path: Path,
    encoding: str | None,
    account: str | None,
    context: str | None,
    **how: bool,
) -> None:
    """Load users.

    FILE has the columns extension and name, and perhaps account, those of the options
    of `hotdesk user add` (context, mailbox …), allowed (yes or no) and pin. That is
    what hotdesk export users writes, but for pin.

    A user without a PIN in the file gets none, and one that is there keeps it.
    """
    complaints = Complaints()
    found = user_rows.from_csv(
        config, path, complaints, encoding, account=account, context=context
    )
    await load(config, database, Brought(users=found), complaints, **how)


@import_.command()
@click.argument("path", metavar="FILE", type=FILE)
@import_options
@with_database
async def devices(
    config: Config,
    database: Database,
    /,
    path: Path,
    encoding: str | None,
    account: str | None,
    **how: bool,
) -> None:
    """Load devices.

    FILE has the columns name and mac (empty for a device that waits for a phone), and
    perhaps account, enabled (yes or no) and those of the options of `hotdesk device
    add`. That is what hotdesk export devices writes. SIP secrets are made up.

    With --update, an empty mac leaves the phone, and another one exchanges it.
    """
    complaints = Complaints()
    found = device_rows.from_csv(path, complaints, encoding, account=account)
    await load(config, database, Brought(devices=found), complaints, **how)


@import_.command()
@click.argument("path", metavar="FILE", type=FILE)
@import_options
@with_database
async def keys(
    config: Config,
    database: Database,
    /,
    path: Path,
    encoding: str | None,
    account: str | None,
    **how: bool,
) -> None:
    """Load users' function keys.

    FILE has the columns extension, position and kind, and perhaps account, value, label
    and priority. That is what hotdesk export keys writes.

    Keys at other positions stay; `hotdesk user keys import` takes them away.
    """
    complaints = Complaints()
    found = key_rows.from_csv(path, complaints, encoding, account=account)
    await load(config, database, Brought(keys=found), complaints, **how)
