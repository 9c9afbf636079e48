"""The database: running, and with the structure that this release knows."""

from __future__ import annotations

import asyncio
import logging

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.service.patience import Reached, patiently
from asterisk_hotdesk.store import database_dsn, migrate

log = logging.getLogger(__name__)


async def migrated_database(config: Config) -> str:
    """Return how to reach the database, once it is there and migrated."""

    async def prepare(_: Reached) -> str:
        found = await running_database(config)
        for name in await migrate(found, config.database.schema_name):
            log.info("migration %s applied", name)
        return found

    return await patiently(prepare, "PostgreSQL")


async def running_database(config: Config) -> str:
    """Return how to reach the database; the embedded one is started if need be."""
    dsn = config.database.dsn
    given = dsn.get_secret_value() if dsn else None
    return await asyncio.to_thread(database_dsn, given, config.state_dir)
