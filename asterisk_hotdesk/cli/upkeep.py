"""`hotdesk migrate` and `hotdesk config`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import click

from asterisk_hotdesk.cli import output
from asterisk_hotdesk.cli.opening import migrated, now, settings, source
from asterisk_hotdesk.cli.options import json_option
from asterisk_hotdesk.store import events, granting, open_database
from asterisk_hotdesk.store.events import Event


@click.command()
@click.option(
    "--grant-read",
    "role",
    metavar="ROLE",
    help="Let a role of PostgreSQL read the views status and history, no table.",
)
def migrate(role: str | None) -> None:
    """Bring the database up to date.

    The daemon and every other command do so too, when they start.
    """
    found = settings()
    dsn, applied = asyncio.run(migrated(found))
    for name in applied:
        output.say(f"{name} applied")
    if not applied:
        output.say("The database is up to date.")
    if role is not None:
        asyncio.run(_grant_read(dsn, found.database.schema_name, role))


async def _grant_read(dsn: str, schema: str, role: str) -> None:
    async with open_database(dsn, schema) as database, database.transaction() as tx:
        await granting.grant_read(tx, schema, role)
        granted = Event(at=now(), what="read_granted", code=role, **vars(source()))
        await events.record(tx, granted)
        tables = await granting.readable_tables(tx, schema, role)
    views = " and ".join(f"{schema}.{view}" for view in granting.VIEWS)
    output.say(f"{role} may read {views}.")
    if tables:
        output.note(
            f"{role} can read tables, too, by other rights ({', '.join(tables)}): PIN"
            " hashes and SIP passwords are in them. Give reports a role of their own."
        )


@click.command()
@json_option
def config(as_json: bool) -> None:
    """Show the settings in force.

    Defaults are included; a secret is shown as ********.

    --json prints an object with the tables and keys of the configuration file.
    """
    found = settings()
    if as_json:
        output.as_json(found.shown())
    else:
        output.fields(_flat(found.shown()))
    for warning in found.warnings:
        output.note(warning)


def _flat(content: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        match value:
            case dict() if not value:
                yield f"{above}{key}", "-"
            case dict():
                yield from _flat(value, f"{above}{key}.")
            case list():
                yield f"{above}{key}", ", ".join(map(str, value))
            case None:
                yield f"{above}{key}", "-"
            case _:
                yield f"{above}{key}", str(value)
