"""What processes tell each other through PostgreSQL, heard as it is committed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import psycopg
from psycopg import Notify, sql

from asterisk_hotdesk.store.database import Database, translated_errors

CHANGES = "hotdesk"
"""Changes that daemons follow; whoever tells of one has recorded what happened."""

RECORDS = "hotdesk events"
"""Rings when something is recorded that is no change."""

LOOKS = "hotdesk status"
"""Names of devices of which the view `status` says something new; empty: of all."""


@asynccontextmanager
async def listening(
    database: Database, *channels: str
) -> AsyncIterator[AsyncIterator[Notify]]:
    """Yield what is told on *channels* of our schema from now on.

    Raises `Unavailable` when the connection is lost; what is told then is not heard.
    """
    with translated_errors():
        connection = await psycopg.AsyncConnection.connect(
            database.conninfo, autocommit=True
        )
        async with connection:
            for channel in channels:
                # Everybody in the database shares the channels.
                name = sql.Identifier(f"{channel}:{database.schema}")
                await connection.execute(sql.SQL("LISTEN {}").format(name))
            # Closed before the connection, which would wait for it for ever.
            async with aclosing(_notices(connection)) as notices:
                yield notices


async def _notices(connection: psycopg.AsyncConnection) -> AsyncGenerator[Notify, None]:
    with translated_errors():
        async with aclosing(connection.notifies()) as notices:
            async for notice in notices:
                yield notice


def is_on(notice: Notify, channel: str) -> bool:
    """Return whether *notice* was told on *channel*."""
    return notice.channel.startswith(f"{channel}:")
