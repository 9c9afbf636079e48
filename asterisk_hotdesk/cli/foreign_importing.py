"""`hotdesk import 3cx` and `freepbx`: users and devices of other PBXs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from asterisk_hotdesk.cli import (
    csv_files,
    device_rows,
    from_3cx,
    from_freepbx,
    output,
    user_rows,
)
from asterisk_hotdesk.cli.bringing_in import Brought
from asterisk_hotdesk.cli.csv_files import Complaints, Row, Sheet
from asterisk_hotdesk.cli.import_options import FILE, import_options, load
from asterisk_hotdesk.cli.opening import with_database
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.store import Database

_pins_option = click.option(
    "--pins",
    is_flag=True,
    help="Take PINs over: what people log in with at the other PBX's hot desks, or else"
    " the PINs of their mailboxes.",
)


@click.command("3cx")
@click.argument("path", metavar="FILE", type=FILE)
@click.option(
    "--context",
    help="The PBX's dialplan context that the users dial from; else"
    f" {user_rows.DEFAULT_CONTEXT}.",
)
@_pins_option
@import_options
@with_database
async def three_cx(
    config: Config,
    database: Database,
    /,
    path: Path,
    encoding: str | None,
    account: str | None,
    context: str | None,
    pins: bool,
    **how: bool,
) -> None:
    """Load users from 3CX's export of extensions.

    Taken over are number, first and last name, whether there is a mailbox
    (NUMBER@default) and whether the extension is disabled; with --pins also the PIN.
    """
    complaints = Complaints()
    sheet = csv_files.sheet(path, complaints, encoding)
    if not sheet.has("number"):
        raise Invalid(f"{path}: not 3CX's export of extensions: no column Number")
    columns = from_3cx.PINS if pins else ()
    rows = _translated(sheet.rows, from_3cx.user, columns)
    found = user_rows.checked_all(
        config, csv_files.filled_in(rows, account=account, context=context), complaints
    )
    await load(config, database, Brought(users=found), complaints, **how)
    _say_unused(sheet, (*from_3cx.USED, *columns))


@click.command()
@click.argument("paths", metavar="FILE...", type=FILE, nargs=-1, required=True)
@click.option(
    "--context",
    help="The dialplan context that the users dial from; else that of the file, else"
    f" {from_freepbx.CONTEXT}.",
)
@_pins_option
@click.option(
    "--prefix",
    default="HD",
    show_default=True,
    help="Before the id of each ad-hoc device, for FreePBX has an endpoint of that id.",
)
@import_options
@with_database
async def freepbx(
    config: Config,
    database: Database,
    /,
    paths: tuple[Path, ...],
    encoding: str | None,
    account: str | None,
    context: str | None,
    pins: bool,
    prefix: str,
    **how: bool,
) -> None:
    """Load users and devices from FreePBX.

    FILE is the Bulk Handler's export of extensions, or a table of FreePBX's database as
    CSV: users, and devices for the mode "Devices and Users". Its columns tell which.

    Taken over of users are extension, name, context, language, mailbox, account code
    and groups, with --pins also the PIN; of ad-hoc devices id, description, emergency
    caller ID and default user. Other devices are left out.
    """
    complaints = Complaints()
    read = _FreePbx(pins=from_freepbx.PINS if pins else (), prefix=prefix)
    for path in paths:
        read.take(path, csv_files.sheet(path, complaints, encoding))
    people = [_in_context(row, context) for row in read.people]
    brought = Brought(
        users=user_rows.checked_all(
            config,
            csv_files.filled_in(people, account=account),
            complaints,
            context=from_freepbx.CONTEXT,
        ),
        devices=device_rows.checked_all(
            csv_files.filled_in(read.desks, account=account), complaints
        ),
    )
    await load(config, database, brought, complaints, **how)
    if read.others:
        output.note(f"{output.numbered(read.others, 'device')} left out: not ad-hoc")
    for sheet, used in read.sheets:
        _say_unused(sheet, used)


@dataclass
class _FreePbx:
    """What FreePBX's files say, in our columns."""

    pins: Sequence[str]
    """The columns of PINs, if they are wanted."""
    prefix: str
    people: list[Row] = field(default_factory=list)
    desks: list[Row] = field(default_factory=list)
    others: int = 0
    """How many devices are no hot desks."""
    sheets: list[tuple[Sheet, Sequence[str]]] = field(default_factory=list)
    """What was read, and which columns of it were used."""

    def take(self, path: Path, sheet: Sheet) -> None:
        """Add what is in *path*; raise `Invalid` if it is no file of FreePBX."""
        rows = [replace(row, what=from_freepbx.said(row.what)) for row in sheet.rows]
        if sheet.has("extension"):
            self.people += _translated(rows, from_freepbx.user, self.pins)
            self.sheets.append((sheet, (*from_freepbx.USED_OF_USERS, *self.pins)))
        elif sheet.has(*from_freepbx.OF_DEVICES):
            desks = [row for row in rows if from_freepbx.is_hot_desk(row.what)]
            self.desks += _translated(
                desks, lambda line: from_freepbx.device(line, self.prefix)
            )
            self.others += len(rows) - len(desks)
            self.sheets.append((sheet, from_freepbx.USED_OF_DEVICES))
        else:
            raise Invalid(
                f"{path}: not of FreePBX: neither a column extension nor the columns id"
                " and devicetype"
            )


def _translated(
    rows: Iterable[Row],
    translate: Callable[[Mapping[str, str]], dict[str, str]],
    pins: Sequence[str] = (),
) -> list[Row]:
    """Return *rows* in our columns, with the first PIN in the columns *pins*."""
    return [
        replace(row, what=translate(row.what) | _pin(row.what, pins)) for row in rows
    ]


def _pin(line: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    found = next(filter(None, (line.get(column) for column in columns)), "")
    return {"pin": found} if columns else {}


def _in_context(row: Row, context: str | None) -> Row:
    return replace(row, what=row.what | {"context": context}) if context else row


def _say_unused(sheet: Sheet, used: Sequence[str]) -> None:
    if unused := sheet.others_than(used):
        output.note(f"Columns that were not used: {', '.join(unused)}")
