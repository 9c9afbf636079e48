"""`hotdesk admin token`: with what programs may use the API."""

from __future__ import annotations

import click

from asterisk_hotdesk import administrators
from asterisk_hotdesk.cli import asking, output
from asterisk_hotdesk.cli.opening import now, source, with_database
from asterisk_hotdesk.cli.options import json_option, role_option, yes_option
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.model import Role
from asterisk_hotdesk.store import Database, api_tokens


@click.group()
def token() -> None:
    """Add, list and remove tokens with which programs use the API."""


@token.command()
@click.argument("name")
@role_option(required=True)
@with_database
async def add(config: Config, database: Database, name: str, role: str) -> None:
    """Make a token for a program, and print it.

    It is shown this once: only its hash is kept.
    """
    text = await administrators.add_token(
        database, name=name, role=Role(role), source=source(), now=now()
    )
    output.note("keep this; it is not shown again:")
    output.say(text)


@token.command("list")
@json_option
@with_database
async def list_tokens(config: Config, database: Database, as_json: bool) -> None:
    """List tokens, but not what is secret about them.

    --json prints a list of objects with the keys name, role, made_at and used_at (null:
    never).
    """
    async with database.transaction() as tx:
        known = await api_tokens.all_tokens(tx)
    if as_json:
        output.as_json([vars(one) for one in known])
    elif not known:
        output.say("No tokens; see: hotdesk admin token add --help")
    else:
        output.table(
            ("Name", "Role", "Made", "Last used"),
            (
                (o.name, o.role, output.moment(o.made_at), output.moment(o.used_at))
                for o in known
            ),
        )


@token.command()
@click.argument("name")
@yes_option
@with_database
async def remove(config: Config, database: Database, name: str, yes: bool) -> None:
    """Remove a token: it opens nothing any more."""
    asking.confirm(f"Remove token {name}?", yes=yes)
    await administrators.remove_token(database, name=name, source=source(), now=now())
    output.say(f"Token {name} removed.")
