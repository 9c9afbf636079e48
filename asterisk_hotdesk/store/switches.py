"""The last switches of a device: who came or left, and how long each step took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from asterisk_hotdesk.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class PastSwitch:
    """One change of who sits at a device, with the time of each step; None: not yet."""

    generation: int
    extension: str | None
    """Of who sat down; None: the device became idle."""
    name: str | None
    decided_at: datetime
    routed_at: datetime | None
    refreshed_at: datetime | None
    confirmed_at: datetime | None
    restarted_at: datetime | None


async def latest(tx: Tx, device: str, most: int) -> list[PastSwitch]:
    """Return the last *most* switches of the device called so, the newest first."""
    async with tx.cursor(row_factory=class_row(PastSwitch)) as cursor:
        await cursor.execute(
            """
            SELECT switches.id AS generation, users.extension, users.name, decided_at,
                   routed_at, refreshed_at, confirmed_at, restarted_at
            FROM switches
            LEFT JOIN logins ON logins.id = login_id
            LEFT JOIN users ON users.id = user_id
            WHERE switches.device_id = (SELECT id FROM devices WHERE name = %s)
            ORDER BY switches.id DESC LIMIT %s
            """,
            [device, most],
        )
        return await cursor.fetchall()
