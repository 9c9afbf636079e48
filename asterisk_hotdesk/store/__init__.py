"""All of PostgreSQL: the connection, the migrations, and every line of SQL."""

from asterisk_hotdesk.store.database import (
    ANSWER_SECONDS,
    Database,
    Tx,
    open_database,
)
from asterisk_hotdesk.store.embedded import database_dsn, running_database_dsn
from asterisk_hotdesk.store.migrate import migrate

__all__ = [
    "ANSWER_SECONDS",
    "Database",
    "Tx",
    "database_dsn",
    "migrate",
    "open_database",
    "running_database_dsn",
]
