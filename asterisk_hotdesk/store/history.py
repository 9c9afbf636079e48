"""The history, for those who look something up; it reads the view `history`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk.store.database import Database, Tx
from asterisk_hotdesk.store.events import EVENT_COLUMNS, Event
from asterisk_hotdesk.store.feed import Recorded

PAGE = 5000
"""As many events as are read at once where all are wanted."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which part of the history; what is empty or None does not matter."""

    who: str = ""
    """An extension or the name of a device."""
    account: str = ""
    what: tuple[str, ...] = ()
    """One of these kinds of events."""
    since: datetime | None = None
    until: datetime | None = None
    """This moment itself is too late."""
    before: int | None = None
    """Only what was recorded before the event of this number."""


async def latest(tx: Tx, wanted: Wanted, most: int) -> list[Recorded]:
    """Return the last events that are *wanted*, *most* of them at most, newest last."""
    found = await _found(tx, wanted, "true", "DESC", most)
    return found[::-1]


async def pages(database: Database, wanted: Wanted) -> AsyncIterator[list[Recorded]]:
    """Yield all events that are *wanted*, the oldest first, `PAGE` of them at once.

    So neither memory nor PostgreSQL has to hold all; the last page may be empty.
    """
    last = 0
    while True:
        async with database.transaction() as tx:
            page = await _found(tx, wanted, "id > %(last)s", "", PAGE, last)
        yield page
        if len(page) < PAGE:
            return
        last = page[-1].id


# Two questions, so that each has its index: one with OR may read the whole history.
_OF_SOMEBODY = """
    (SELECT * FROM history WHERE extension = %(who)s
     UNION SELECT * FROM history WHERE device = %(who)s) AS history
"""


async def _found(
    tx: Tx, wanted: Wanted, where: str, order: str, most: int, last: int = 0
) -> list[Recorded]:
    conditions = [where]
    if wanted.account:
        conditions.append("account = %(account)s")
    if wanted.what:
        conditions.append("what = ANY(%(what)s)")
    if wanted.since:
        conditions.append("at >= %(since)s")
    if wanted.until:
        conditions.append("at < %(until)s")
    if wanted.before is not None:
        conditions.append("id < %(before)s")
    rows = await tx.execute(
        f"""
        SELECT id, {EVENT_COLUMNS} FROM {_OF_SOMEBODY if wanted.who else "history"}
        WHERE {" AND ".join(conditions)} ORDER BY id {order} LIMIT %(most)s
        """,  # noqa: S608
        {**vars(wanted), "what": list(wanted.what), "most": most, "last": last},
    )
    return [Recorded(row.pop("id"), Event(**row)) for row in await rows.fetchall()]
