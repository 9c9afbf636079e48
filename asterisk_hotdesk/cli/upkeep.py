"""`hotdesk migrate` and `hotdesk config`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import click

from asterisk_hotdesk.cli import output
from asterisk_hotdesk.cli.opening import migrated, settings
from asterisk_hotdesk.cli.options import json_option


@click.command()
def migrate() -> None:
    """Bring the database up to date.

    The daemon and every other command do so too, when they start.
    """
    for name in (applied := asyncio.run(migrated(settings()))[1]):
        output.say(f"{name} applied")
    if not applied:
        output.say("The database is up to date.")


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
            case dict():
                yield from _flat(value, f"{above}{key}.")
            case list():
                yield f"{above}{key}", ", ".join(map(str, value))
            case None:
                yield f"{above}{key}", "-"
            case _:
                yield f"{above}{key}", str(value)
