"""`hotdesk status --watch`: the desks as they change."""

from __future__ import annotations

import asyncio
import os
import sys

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from asterisk_hotdesk.cli import output, status_showing
from asterisk_hotdesk.cli.opening import now
from asterisk_hotdesk.cli.status_showing import Picture
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.store import Database, feed

LOOK_SECONDS = 2.0
"""How soon a change is seen of which no event tells, such as a phone that fetches."""

PAUSE_SECONDS = 0.3
"""Between two looks at least, however much happens."""

_AROUND = 5
"""Lines that are not rows: two for the counts, a blank, the head, what is left."""


async def watch(config: Config, database: Database) -> None:
    """Show all desks on the whole screen until interrupted.

    Raises `click.UsageError` without a terminal that can do so.  An outage of the
    database is shown while it lasts.
    """
    if not sys.stdout.isatty():
        raise click.UsageError("--watch needs a terminal; without one, use --json.")
    console = Console(highlight=False)
    if console.is_dumb_terminal:
        raise click.UsageError(
            "--watch draws the screen anew, which this terminal cannot"
            f" (TERM={os.environ['TERM']}); use --json."
        )
    rung = asyncio.Event()
    listening = asyncio.create_task(_listen(database, rung))
    try:
        with Live(console=console, screen=True, auto_refresh=False) as screen:
            while True:
                shown = await _shown(config, database, console.height)
                screen.update(shown, refresh=True)
                await asyncio.sleep(PAUSE_SECONDS)
                await _next_ring(rung)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _shown(config: Config, database: Database, height: int) -> RenderableType:
    try:
        picture = await status_showing.look(config, database)
    except Unavailable as unavailable:
        return Text(f"{output.moment(now())}  {unavailable}; trying again", style="red")
    return _drawn(picture, height)


def _drawn(picture: Picture, height: int) -> RenderableType:
    """Return what fits on a screen of *height*, the desks in use first."""
    rows = picture.rows(output.short_moment)
    most = max(height - _AROUND, 1)
    table = output.drawn(status_showing.COLUMNS, rows[:most], tight=True)
    head = Text(f"{output.moment(now())}  {picture.counted()}\n")
    left = len(rows) - most
    more = Text(f"… and {left} more; see: hotdesk status" if left > 0 else "")
    return Group(head, table, more)


async def _listen(database: Database, rung: asyncio.Event) -> None:
    """Set *rung* whenever something happens, for ever."""
    while True:
        try:
            async with feed.bells(database) as bells:
                async for _ in bells:
                    rung.set()
        except Unavailable:
            await asyncio.sleep(LOOK_SECONDS)


async def _next_ring(rung: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await rung.wait()
    except TimeoutError:
        return
    rung.clear()
