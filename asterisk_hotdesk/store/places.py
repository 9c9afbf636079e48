"""Devices that a discovered phone may become."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.rows import class_row

from asterisk_hotdesk.store.database import Tx
from asterisk_hotdesk.store.patterns import containing


@dataclass(frozen=True, kw_only=True)
class Place:
    """A device, and whether it has a phone already."""

    device: str
    account: str
    location: str
    mac: str | None
    """None: it waits for a phone."""


async def like(tx: Tx, text: str, most: int) -> list[Place]:
    """Return *most* devices with *text* in name or location; those that wait first."""
    async with tx.cursor(row_factory=class_row(Place)) as cursor:
        await cursor.execute(
            """
            SELECT name AS device, account, location, mac FROM devices
            WHERE name ILIKE %(pattern)s OR location ILIKE %(pattern)s
            ORDER BY mac IS NOT NULL, name LIMIT %(most)s
            """,
            {"pattern": containing(text), "most": most},
        )
        return await cursor.fetchall()
