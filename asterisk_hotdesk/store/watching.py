"""Which devices look different now: the bell of the view `status`."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

from psycopg import Notify

from asterisk_hotdesk.store.database import Database
from asterisk_hotdesk.store.listening import CHANGES, LOOKS, is_on, listening


@asynccontextmanager
async def changed_desks(
    database: Database,
) -> AsyncIterator[AsyncIterator[frozenset[str] | None]]:
    """Yield the names of devices of which the view `status` says something new.

    None stands for all of them, as when users or devices were added, edited or removed,
    or Asterisk no longer answers.
    Raises `Unavailable` when the connection is lost; what changes then is not told.
    """
    async with (
        listening(database, LOOKS, CHANGES) as notices,
        aclosing(_names(notices)) as names,
    ):
        yield names


async def _names(
    notices: AsyncIterator[Notify],
) -> AsyncGenerator[frozenset[str] | None, None]:
    async for notice in notices:
        if is_on(notice, LOOKS):
            yield frozenset([notice.payload]) if notice.payload else None
            continue
        content = json.loads(notice.payload)
        if "all" in content or content["directory"]:
            yield None
        elif content["devices"]:
            yield frozenset(content["devices"])
