"""`hotdesk history`: what happened, by whom, from where, and why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import click

from asterisk_hotdesk.cli import output
from asterisk_hotdesk.cli.moments import MOMENT
from asterisk_hotdesk.cli.opening import with_database
from asterisk_hotdesk.cli.options import as_csv_option, json_option
from asterisk_hotdesk.cli.output import Cell, key_shown, moment
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.event_words import in_words
from asterisk_hotdesk.model import DEFAULT_ACCOUNT
from asterisk_hotdesk.store import Database
from asterisk_hotdesk.store import history as stored
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.feed import Recorded
from asterisk_hotdesk.store.history import Wanted

_COLUMNS = ("Time", "User", "Device", "What", "By", "From")

_OF_PROGRAMS = (
    *("id", "at", "what", "code", "text", "account", "extension", "name"),
    *("device", "by", "actor", "address"),
)

_MOST_SHOWN = 50


@click.command()
@click.argument("who", metavar="[EXT|DEVICE]", default="")
@click.option("--since", type=MOMENT, metavar="WHEN", help="Only from then on.")
@click.option("--until", type=MOMENT, metavar="WHEN", help="Only before then.")
@click.option(
    "--what",
    multiple=True,
    metavar="KIND",
    help="Only these, such as login, logout or refused; may be repeated.",
)
@click.option("--account", default="", help="Only of this account (tenant).")
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help=f"The last N; else {_MOST_SHOWN}, or all for --json and --csv.",
)
@json_option
@as_csv_option
@with_database
async def history(
    config: Config,
    database: Database,
    /,
    who: str,
    since: datetime | None,
    until: datetime | None,
    what: tuple[str, ...],
    account: str,
    limit: int | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show what happened, the newest last.

    Of one extension or device, or of all. WHEN is a date (its beginning), a time such
    as 2026-11-23T08:30, or how long ago: 90m, 12h, 7d, 2w.

    --json prints a list of objects with the keys id, at, what and code (which never
    change their meaning), text (the same in words), account, extension, name (of the
    user, as it was then), device, by (phone, menu, command, web, api, ami, rule …),
    actor (who did it, where that is not whoever was at the phone) and address; empty
    where it does not apply. --csv prints the same, a line for each.
    """
    output.only_one(json=as_json, csv=as_csv)
    wanted = Wanted(who=who, account=account, what=what, since=since, until=until)
    if as_csv:
        output.csv_head(_OF_PROGRAMS)
        async for page in _pages(database, wanted, limit):
            output.csv_lines(_OF_PROGRAMS, map(_for_programs, page))
    elif as_json:
        output.as_json(
            [
                _for_programs(recorded)
                async for page in _pages(database, wanted, limit)
                for recorded in page
            ]
        )
    else:
        await _show(database, wanted, limit or _MOST_SHOWN)


async def _show(database: Database, wanted: Wanted, limit: int) -> None:
    async with database.transaction() as tx:
        found = await stored.latest(tx, wanted, limit)
    if found:
        output.table(_COLUMNS, [_row(recorded.event) for recorded in found])
    else:
        output.say("Nothing is recorded of that.")


async def _pages(
    database: Database, wanted: Wanted, limit: int | None
) -> AsyncIterator[list[Recorded]]:
    if limit is None:
        async for page in stored.pages(database, wanted):
            yield page
        return
    async with database.transaction() as tx:
        yield await stored.latest(tx, wanted, limit)


def _for_programs(recorded: Recorded) -> dict[str, Any]:
    event = recorded.event
    return {
        "id": recorded.id,
        "text": in_words(event.what, event.code),
        **vars(event),
    }


def _row(event: Event) -> list[Cell]:
    account = event.account or DEFAULT_ACCOUNT
    who = key_shown(account, event.extension) if event.extension else ""
    by = f"{event.by} ({event.actor})" if event.actor else event.by
    return [
        moment(event.at),
        f"{who} {event.name}".strip() or "-",
        event.device or "-",
        _what(event),
        by or "-",
        event.address or "-",
    ]


def _what(event: Event) -> Cell:
    text = in_words(event.what, event.code)
    match event.what:
        case "refused":
            return (text, "yellow")
        case "emergency_call":
            return (text, "red")
        case "login":
            return (text, "green")
    return text
