"""`hotdesk export`: what administrators have said, as CSV files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from asterisk_hotdesk.cli import csv_files, device_rows, key_rows, output, user_rows
from asterisk_hotdesk.cli.opening import with_database
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.store import Database
from asterisk_hotdesk.store import devices as stored_devices
from asterisk_hotdesk.store import user_keys as stored_keys
from asterisk_hotdesk.store import users as stored_users


@click.group()
def export() -> None:
    """Write users, devices or keys to a CSV file.

    It is UTF-8 text with a comma between columns, and hotdesk import understands it.
    PINs, SIP secrets and other passwords are never in it.
    """


_file = click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where to write; else to standard output.",
)


@export.command()
@_file
@with_database
async def users(config: Config, database: Database, path: Path | None) -> None:
    """Write all users, by account and extension."""
    async with database.transaction() as tx:
        everyone = await stored_users.everyone(tx)
    _write(path, user_rows.COLUMNS, [user_rows.of(one) for one in everyone], "user")


@export.command()
@_file
@with_database
async def devices(config: Config, database: Database, path: Path | None) -> None:
    """Write all devices, by name.

    Which phone has come in is not in the file: phones have to enrol again where it is
    loaded.
    """
    async with database.transaction() as tx:
        everything = await stored_devices.everything(tx)
        sitters = await stored_users.extensions(
            tx, {d.base_user_id for d in everything if d.base_user_id is not None}
        )
    lines = [
        device_rows.of(device, sitters.get(device.base_user_id or 0, ""))
        for device in everything
    ]
    _write(path, device_rows.COLUMNS, lines, "device")


@export.command()
@_file
@with_database
async def keys(config: Config, database: Database, path: Path | None) -> None:
    """Write all users' function keys, by account, extension and position."""
    async with database.transaction() as tx:
        everyones = await stored_keys.everyones(tx)
    lines = [key_rows.of(owner, key) for owner in everyones for key in everyones[owner]]
    _write(path, key_rows.COLUMNS, lines, "key")


def _write(
    path: Path | None,
    columns: Iterable[str],
    lines: Sequence[Mapping[str, str]],
    kind: str,
) -> None:
    # Bytes: the language of the terminal must not decide what is in a file.
    content = csv_files.text_of(columns, lines).encode()
    if path is None:
        click.echo(content, nl=False)
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Invalid(f"{path}: cannot be written: {error.strerror}") from None
    output.say(f"{output.numbered(len(lines), kind)} written to {path}.")
