"""What nearly every command needs: the settings, and the database, migrated."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Concatenate, ParamSpec

import click

from asterisk_hotdesk.cli.administrator import unix_login
from asterisk_hotdesk.config import Config, load
from asterisk_hotdesk.login import HotDesks
from asterisk_hotdesk.model import BY_COMMAND, Source
from asterisk_hotdesk.pepper import pepper
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.store import Database, database_dsn, migrate, open_database

P = ParamSpec("P")


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def source() -> Source:
    """Return who does what a command does: whoever has typed it."""
    return replace(BY_COMMAND, actor=unix_login())


def settings() -> Config:
    """Return the settings that `--config` names, or those in the usual places."""
    path: Path | None = click.get_current_context().find_root().params["config_path"]
    return load(path, os.environ)


def with_database(
    command: Callable[Concatenate[Config, Database, P], Awaitable[None]],
) -> Callable[P, None]:
    """Make a click callback of *command*, which gets settings and database first."""

    @functools.wraps(command)
    def callback(*args: P.args, **kwargs: P.kwargs) -> None:
        config = settings()

        async def run() -> None:
            async with opened(config) as database:
                await command(config, database, *args, **kwargs)

        asyncio.run(run())

    return callback


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Database]:
    """Yield the database of *config*, started if it is ours and up to date."""
    async with open_database(
        (await migrated(config))[0], config.database.schema_name
    ) as database:
        yield database


async def migrated(config: Config) -> tuple[str, list[str]]:
    """Return how to reach the database, and the migrations that were missing."""
    dsn = config.database.dsn
    found = database_dsn(dsn.get_secret_value() if dsn else None, config.state_dir)
    return found, await migrate(found, config.database.schema_name)


def hot_desks(config: Config, database: Database) -> HotDesks:
    """Return the rules in force; PBX and phones are the daemon's to bring in line."""
    return HotDesks(
        database=database,
        pins=Pins(pepper(config)),
        limits=config.pins,
        second_login=config.policy.second_login,
        location_required=config.policy.refuse_login_without_location,
    )
