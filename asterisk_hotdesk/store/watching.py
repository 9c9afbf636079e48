"""Which devices look different now: the bell of the view `status`."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import psycopg
from psycopg import sql

from asterisk_hotdesk.store.database import Database, translated_errors


@asynccontextmanager
async def changed_desks(
    database: Database,
) -> AsyncIterator[AsyncIterator[frozenset[str] | None]]:
    """Yield the names of devices of which the view `status` says something new.

    None stands for all of them, as when users or devices were added, edited or removed,
    or Asterisk no longer answers.
    Raises `Unavailable` when the connection is lost; what changes then is not told.
    """
    with translated_errors():
        connection = await psycopg.AsyncConnection.connect(
            database.conninfo, autocommit=True
        )
        async with connection:
            for channel in (
                f"hotdesk status:{database.schema}",
                f"hotdesk:{database.schema}",
            ):
                await connection.execute(
                    sql.SQL("LISTEN {}").format(sql.Identifier(channel))
                )
            # Closed before the connection, which would wait for it for ever.
            async with aclosing(_names(connection)) as names:
                yield names


async def _names(
    connection: psycopg.AsyncConnection,
) -> AsyncGenerator[frozenset[str] | None, None]:
    with translated_errors():
        async with aclosing(connection.notifies()) as notices:
            async for notice in notices:
                if notice.channel.startswith("hotdesk status:"):
                    yield frozenset([notice.payload]) if notice.payload else None
                    continue
                content = json.loads(notice.payload)
                if "all" in content or content["directory"]:
                    yield None
                elif content["devices"]:
                    yield frozenset(content["devices"])
