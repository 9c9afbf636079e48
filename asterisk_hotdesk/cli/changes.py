"""Whether what a command has decided is in force, or not yet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection

from asterisk_hotdesk.cli import output
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database, installation, logins

PATIENCE_SECONDS = 5.0
"""How long to wait until the PBX has followed."""

_LOOK_SECONDS = 0.1


async def daemon_is_running(config: Config, database: Database) -> bool:
    """Return whether a daemon serves this database."""
    async with database.transaction() as tx:
        return await installation.daemon_is_running(
            tx, database.schema, config.asterisk.application
        )


async def say_if_nobody_follows(config: Config, database: Database) -> None:
    """Say so if no daemon is there to bring the PBX in line."""
    if not await daemon_is_running(config, database):
        output.note("the daemon is not running: the PBX follows when it is back.")


async def say_when_in_force(
    config: Config, database: Database, devices: Collection[str]
) -> None:
    """Wait until the PBX has followed the last switch of *devices*; say if it has."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while await _unrouted(database, devices):
        if not await daemon_is_running(config, database):
            output.note("the daemon is not running: in force when it is back.")
            return
        if time.monotonic() > deadline:
            output.note("the PBX has not followed yet: in force when Asterisk is back.")
            return
        await asyncio.sleep(_LOOK_SECONDS)
    output.say("In force.")


async def _unrouted(database: Database, devices: Collection[str]) -> set[str]:
    async with database.transaction() as tx:
        return await logins.unrouted(tx, devices)
