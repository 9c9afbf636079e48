"""The daemon: builds everything, runs it, and says when it is ready."""

from __future__ import annotations

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.pbx.ari import Ari
from asterisk_hotdesk.service.clock import now
from asterisk_hotdesk.service.daemon import Daemon
from asterisk_hotdesk.service.storage import migrated_database
from asterisk_hotdesk.store import ANSWER_SECONDS, open_database

__all__ = ["Daemon", "now", "run"]


async def run(config: Config) -> None:
    """Serve until cancelled.

    Whoever is unreachable is waited for.  Raises `ConfigError` where waiting would not
    help, and `Fenced` where another daemon serves this PBX.
    """
    dsn = await migrated_database(config)
    asterisk = config.asterisk
    async with (
        open_database(
            dsn,
            config.database.schema_name,
            patience_seconds=ANSWER_SECONDS,
        ) as database,
        Ari(
            asterisk.ari_url,
            asterisk.ari_username,
            asterisk.ari_password.get_secret_value(),
            asterisk.application,
        ) as ari,
    ):
        await Daemon(config, database, ari).run()
