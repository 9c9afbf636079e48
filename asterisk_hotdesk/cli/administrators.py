"""`hotdesk admin`: who may use the web page, and which programs the API."""

from __future__ import annotations

import click

from asterisk_hotdesk import administrators
from asterisk_hotdesk.cli import api_tokens, asking, output
from asterisk_hotdesk.cli.opening import now, source, with_database
from asterisk_hotdesk.cli.options import json_option, role_option, yes_option
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.model import Role
from asterisk_hotdesk.pepper import pepper
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.store import Database
from asterisk_hotdesk.store import administrators as stored

_language_option = click.option(
    "--language",
    type=click.Choice([*administrators.LANGUAGES, ""]),
    help='Of the web page; "" is what the browser asks for.',
)


@click.group()
def admin() -> None:
    """Add, edit, list and remove administrators of the web page; API tokens."""


admin.add_command(api_tokens.token)


@admin.command()
@click.argument("name")
@role_option(required=True)
@_language_option
@with_database
async def add(
    config: Config, database: Database, name: str, role: str, language: str | None
) -> None:
    """Add an administrator of the web page.

    On a terminal the password is asked for, twice and hidden; else it is the first line
    of standard input. It is never an argument: those are seen by everybody on this
    machine.
    """
    await administrators.add(
        database,
        Pins(pepper(config)),
        name=name,
        password=_password_of(name),
        role=Role(role),
        language=language or "",
        source=source(),
        now=now(),
    )
    output.say(f"Administrator {name} added.")
    if not config.web.enabled:
        output.note("the web page is off: set web.enabled = true, restart the service.")


@admin.command("list")
@json_option
@with_database
async def list_administrators(
    config: Config, database: Database, as_json: bool
) -> None:
    """List the administrators of the web page.

    --json prints a list of objects with the keys name, role (viewer, operator, admin)
    and language (en, de, or empty for what the browser asks for).
    """
    async with database.transaction() as tx:
        everyone = await stored.everyone(tx)
    if as_json:
        output.as_json(
            [{"name": a.name, "role": a.role, "language": a.language} for a in everyone]
        )
    elif not everyone:
        output.say("No administrators; see: hotdesk admin add --help")
    else:
        output.table(
            ("Name", "Role", "Language"),
            ((a.name, a.role, a.language or "-") for a in everyone),
        )


@admin.command()
@click.argument("name")
@role_option()
@_language_option
@with_database
async def edit(
    config: Config,
    database: Database,
    name: str,
    role: str | None,
    language: str | None,
) -> None:
    """Change role or language.  With another role, all browsers are logged out."""
    if role is None and language is None:
        raise click.UsageError("Say what to change: --role or --language.")
    await administrators.edit(
        database,
        name=name,
        role=Role(role) if role else None,
        language=language,
        source=source(),
        now=now(),
    )
    output.say(f"Administrator {name} changed.")


@admin.command("set-password")
@click.argument("name")
@with_database
async def set_password(config: Config, database: Database, name: str) -> None:
    """Set another password, forget wrong ones, and log all browsers out.

    It is asked for as by: hotdesk admin add
    """
    await administrators.set_password(
        database,
        Pins(pepper(config)),
        name=name,
        password=_password_of(name),
        source=source(),
        now=now(),
    )
    output.say(f"The password of {name} is set.")


@admin.command()
@click.argument("name")
@yes_option
@with_database
async def remove(config: Config, database: Database, name: str, yes: bool) -> None:
    """Remove an administrator, and log all browsers out."""
    asking.confirm(f"Remove administrator {name}?", yes=yes)
    await administrators.remove(database, name=name, source=source(), now=now())
    output.say(f"Administrator {name} removed.")


def _password_of(name: str) -> str:
    return asking.secret(f"Password of {output.printable(name)}", "password")
