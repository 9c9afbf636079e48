"""What all imports take, and what they say afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from asterisk_hotdesk.cli import changes, output
from asterisk_hotdesk.cli.bringing_in import Brought, Plans, bring_in
from asterisk_hotdesk.cli.csv_files import Complaints
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.model import LoginMethod
from asterisk_hotdesk.store import Database

C = TypeVar("C", bound=Callable[..., object])

FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)


def _encoding(
    ctx: click.Context, param: click.Parameter, name: str | None
) -> str | None:
    try:
        "x".encode(name or "utf-8")
    except (LookupError, ValueError):
        raise click.BadParameter(
            f"{name!r}: expected a name such as windows-1252", ctx, param
        ) from None
    return name


_OPTIONS = (
    click.option(
        "--encoding",
        callback=_encoding,
        metavar="NAME",
        help="Of a file that is not UTF-8, for example windows-1252.",
    ),
    click.option(
        "--account", help="The account (tenant) of lines that name none; else default."
    ),
    click.option(
        "--update",
        is_flag=True,
        help="Change what is there already, which is an error else; columns that the"
        " file does not have stay as they are.",
    ),
    click.option(
        "--dry-run",
        is_flag=True,
        help="Only say what would be added, changed and left as it is.",
    ),
)


def import_options(command: C) -> C:
    """Give *command* --encoding, --account, --update and --dry-run."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


async def load(
    config: Config,
    database: Database,
    brought: Brought,
    complaints: Complaints,
    *,
    update: bool,
    dry_run: bool,
) -> None:
    """Load all that is *brought*, or nothing; say what was done, and what is missing.

    *complaints* are those about what could not be read.
    """
    plans = await bring_in(
        config, database, brought, complaints, update=update, dry_run=dry_run
    )
    outcome = "; ".join(plan.outcome() for plan in plans.told) or "nothing to load"
    if dry_run:
        for plan in plans.told:
            plan.show()
        output.say(f"Nothing was changed. Without --dry-run: {outcome}.")
        return
    output.say(f"{outcome[0].upper()}{outcome[1:]}.")
    _say_what_is_missing(config, plans)
    if plans.change_anything:
        await changes.say_if_nobody_follows(config, database)


def _say_what_is_missing(config: Config, plans: Plans) -> None:
    without_pin = sum(
        (row.new().login_method or config.pins.method) is LoginMethod.PIN
        and not row.pin
        for row in plans.users.added
    )
    phones = sum(row.mac is not None for row in plans.devices.added)
    waiting = len(plans.devices.added) - phones
    if without_pin:
        output.note(
            f"{output.numbered(without_pin, 'new user')} without a PIN; see: hotdesk"
            " user set-pin"
        )
    if phones:
        output.note(
            f"{output.numbered(phones, 'new device')} whose phone has yet to fetch its"
            " configuration, with a new SIP secret; see: hotdesk device enrol"
        )
    if waiting:
        output.note(
            f"{output.numbered(waiting, 'new device')} without a phone; see: hotdesk"
            " device assign, or hotdesk device allow"
        )
