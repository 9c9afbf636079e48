"""The end of an installation: our schema goes, with all that is in it."""

from __future__ import annotations

import psycopg
from psycopg import sql

from asterisk_hotdesk.store.database import conninfo, translated_errors


async def drop(dsn: str, schema: str) -> None:
    """Remove *schema* with users, devices, logins and PINs; there need not be one."""
    with translated_errors():
        connection = await psycopg.AsyncConnection.connect(conninfo(dsn, schema))
        async with connection:
            await connection.execute(
                sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(
                    sql.Identifier(schema)
                )
            )
