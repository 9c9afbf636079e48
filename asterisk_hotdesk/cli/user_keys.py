"""`hotdesk user keys`: the function keys that a user finds on every phone."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import click

from asterisk_hotdesk.administration import key_values
from asterisk_hotdesk.administration import keys as key_plans
from asterisk_hotdesk.administration.keys import Plan
from asterisk_hotdesk.cli import changes, csv_files, output
from asterisk_hotdesk.cli.csv_files import Complaints
from asterisk_hotdesk.cli.opening import now, source, with_database
from asterisk_hotdesk.cli.options import account_option, json_option
from asterisk_hotdesk.cli.output import Cell
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.model import KeyKind, User, UserKey
from asterisk_hotdesk.store import Database, Tx, users
from asterisk_hotdesk.store import user_keys as stored_keys

_COLUMNS = ("Position", "Kind", "Value", "Label", "Priority")
_REQUIRED = ("position", "kind")
_OPTIONAL = ("value", "label", "priority")


class _ListsByDefault(click.Group):
    """Takes what is no command of its own for the extension of `list`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = args[0] in self.commands
        return super().resolve_command(ctx, args if known else ["list", *args])


@click.group(cls=_ListsByDefault)
def keys() -> None:
    """List and change a user's function keys: hotdesk user keys EXT lists.

    The phone where the user sits fetches every change. On a phone with too few keys,
    those with the lowest priority number stay; see: hotdesk device keys.
    """


_extension = click.argument("extension", metavar="EXT")


@keys.command("list")
@_extension
@account_option
@json_option
@with_database
async def list_keys(
    config: Config, database: Database, extension: str, account: str, as_json: bool
) -> None:
    """List a user's keys by position.

    --json prints a list of objects with the keys position (from 1, before the hot-desk
    key is put in), kind, value, label and priority (1 to 9).
    """
    async with database.transaction() as tx:
        found = await stored_keys.of(tx, await _user(tx, account, extension))
    if as_json:
        output.as_json([asdict(key) for key in found])
    elif not found:
        output.say("No keys; see: hotdesk user keys set --help")
    else:
        output.table(_COLUMNS, map(_row, found))


@keys.command("set")
@_extension
@click.argument("position")
@click.argument("what", metavar="KIND[:VALUE]")
@click.option("--label", default="", help="What is written beside the key.")
@click.option(
    "--priority",
    default="",
    metavar="1-9",
    help=f"Where keys are too few, the lowest stay; else {UserKey.priority}.",
)
@account_option
@with_database
async def set_key(
    config: Config,
    database: Database,
    /,
    extension: str,
    position: str,
    what: str,
    account: str,
    **given: str,
) -> None:
    """Say what a key does.

    KIND is blf:EXT (a lamp, and pickup), speed:NUMBER, url:URL, dtmf:DIGITS,
    park:NUMBER, line, dnd, forward, transfer, directory or none.
    """
    kind, _, value = what.partition(":")
    key = key_values.key({"position": position, "kind": kind, "value": value, **given})
    await _change(database, account, extension, lambda plan: plan.with_key(key))
    output.say(f"Key {key.position} of {extension} is {_described(key)}.")
    await changes.say_if_nobody_follows(config, database)


@keys.command()
@_extension
@click.argument("position")
@account_option
@with_database
async def remove(
    config: Config, database: Database, extension: str, position: str, account: str
) -> None:
    """Take a key away."""
    wanted = key_values.position(position)
    await _change(database, account, extension, lambda plan: plan.without(wanted))
    output.say(f"Key {wanted} of {extension} removed.")
    await changes.say_if_nobody_follows(config, database)


@keys.command("import")
@_extension
@click.argument(
    "path",
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True),
)
@account_option
@with_database
async def import_keys(
    config: Config, database: Database, extension: str, path: Path, account: str
) -> None:
    """Make the keys in a CSV file all that a user has.

    The file has the columns position and kind, and perhaps value, label and priority.
    If any line is wrong, all wrong lines are told and nothing is changed.
    """
    wanted = _from_csv(path)
    plan = Plan(extension, tuple(wanted))
    await _change(database, account, extension, lambda _: plan)
    output.say(f"{extension} has {_counted(wanted)}.")
    await changes.say_if_nobody_follows(config, database)


@keys.command("export")
@_extension
@account_option
@with_database
async def export_keys(
    config: Config, database: Database, extension: str, account: str
) -> None:
    """Print a user's keys as a CSV file that `import` understands."""
    async with database.transaction() as tx:
        found = await stored_keys.of(tx, await _user(tx, account, extension))
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow((*_REQUIRED, *_OPTIONAL))
    lines.writerows(
        (key.position, key.kind, key.value, key.label, key.priority) for key in found
    )


async def _user(tx: Tx, account: str, extension: str) -> User:
    user = await users.find(tx, account, extension)
    if user is None:
        raise NotFound(f"There is no user {extension} in account {account}.")
    return user


async def _change(
    database: Database,
    account: str,
    extension: str,
    changed: Callable[[Plan], Plan],
) -> None:
    await key_plans.change(
        database, account, extension, changed, source=source(), now=now()
    )


def _from_csv(path: Path) -> list[UserKey]:
    complaints = Complaints()
    rows = csv_files.rows(path, _REQUIRED, _OPTIONAL, complaints)
    found = csv_files.checked(rows, key_values.key, complaints)
    csv_files.complain_of_doubles(
        found,
        lambda key: key.position,
        lambda key: f"position {key.position}",
        complaints,
    )
    complaints.tell()
    return [given.what for given in found]


def _row(key: UserKey) -> list[Cell]:
    return [
        str(key.position),
        key.kind,
        key.value or "-",
        key.label or "-",
        str(key.priority),
    ]


def _described(key: UserKey) -> str:
    if key.kind is KeyKind.NONE:
        return "empty"
    return f"{key.kind} {key.value}".strip()


def _counted(wanted: Iterable[UserKey]) -> str:
    number = len(list(wanted))
    return "1 key" if number == 1 else f"{number} keys"
