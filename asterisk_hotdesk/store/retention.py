"""What is old goes: events, and what is over of logins, switches and emergency calls.

People's names may go before that.

Each function does a part, `BATCH` rows at most, so that nobody has to wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from psycopg.rows import DictRow

from asterisk_hotdesk.store.database import Tx

BATCH = 2000

PEOPLE = ("extension", "name", "actor", "address")
"""What of an event tells who somebody was; the actor may also be a rule."""


async def forget_events(tx: Tx, before: datetime) -> int:
    """Delete events from before then, the oldest first; return how many."""
    return await _forget(
        tx, "events", "SELECT id FROM events WHERE at < %s ORDER BY at", before
    )


async def forget_logins(tx: Tx, before: datetime) -> int:
    """Delete logins that ended before then; return how many."""
    return await _forget(
        tx, "logins", "SELECT id FROM logins WHERE until < %s ORDER BY until", before
    )


async def forget_switches(tx: Tx, before: datetime) -> int:
    """Delete switches from before then, but no device's last one; return how many."""
    return await _forget(
        tx,
        "switches",
        """
        SELECT id FROM switches
        WHERE decided_at < %s
          AND NOT EXISTS (SELECT FROM devices WHERE devices.switch_id = switches.id)
        ORDER BY decided_at
        """,
        before,
    )


async def forget_emergency_calls(tx: Tx, before: datetime) -> int:
    """Delete emergency calls that ended before then; return how many."""
    return await _forget(
        tx,
        "emergency_calls",
        "SELECT channel FROM emergency_calls WHERE ended_at < %s ORDER BY ended_at",
        before,
        key="channel",
    )


async def _forget(
    tx: Tx, table: str, which: str, before: datetime, *, key: str = "id"
) -> int:
    deleted = await tx.execute(
        f"""
        WITH gone AS (
            DELETE FROM {table} WHERE {key} IN ({which} LIMIT %s) RETURNING 1)
        SELECT count(*) AS gone FROM gone
        """,  # noqa: S608
        [before, BATCH],
    )
    row = await deleted.fetchone()
    return int(row["gone"]) if row else 0


async def pseudonymise(
    tx: Tx, before: datetime, pseudonym: Callable[[str], str]
) -> int:
    """Put pseudonyms for people into events from before then; return how many.

    Each event gets them once.
    """
    rows = await tx.execute(
        """
        SELECT id, by, extension, name, actor, address FROM events
        WHERE NOT pseudonymous AND at < %s ORDER BY at LIMIT %s FOR UPDATE SKIP LOCKED
        """,
        [before, BATCH],
    )
    due = await rows.fetchall()
    await tx.execute(
        """
        UPDATE events SET extension = told.extension, name = told.name,
                          actor = told.actor, address = told.address,
                          pseudonymous = true
        FROM unnest(%(id)s::bigint[], %(extension)s::text[], %(name)s::text[],
                    %(actor)s::text[], %(address)s::text[])
            AS told (id, extension, name, actor, address)
        WHERE events.id = told.id
        """,
        {
            "id": [row["id"] for row in due],
            **{part: [_hidden(row, part, pseudonym) for row in due] for part in PEOPLE},
        },
    )
    return len(due)


def _hidden(row: DictRow, part: str, pseudonym: Callable[[str], str]) -> str:
    text = str(row[part])
    is_rule = part == "actor" and row["by"] == "rule"
    return pseudonym(text) if text and not is_rule else text
