"""Emergency calls: which are on, and when the last ones ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class EmergencyCall:
    """A call to an emergency number."""

    channel: str
    """Asterisk's unique id."""
    device: str
    number: str
    began_at: datetime
    ended_at: datetime | None = None


async def begin(tx: Tx, call: EmergencyCall) -> bool:
    """Keep that *call* began; return whether that is news.

    A device that has been removed has no emergency calls: no news either.
    """
    rows = await tx.execute(
        """
        INSERT INTO emergency_calls (channel, device_id, number, began_at)
        SELECT %(channel)s, id, %(number)s, %(began_at)s
        FROM devices WHERE name = %(device)s FOR KEY SHARE
        ON CONFLICT DO NOTHING RETURNING channel
        """,
        vars(call),
    )
    return await rows.fetchone() is not None


async def end(tx: Tx, channel: str, now: datetime) -> bool:
    """Keep that the call on *channel* ended; return whether that is news."""
    rows = await tx.execute(
        """
        UPDATE emergency_calls SET ended_at = %s
        WHERE channel = %s AND ended_at IS NULL RETURNING channel
        """,
        [now, channel],
    )
    return await rows.fetchone() is not None


async def lately(tx: Tx, since: datetime) -> list[EmergencyCall]:
    """Return the calls that are on, and those that ended after *since*."""
    rows = await tx.execute(
        """
        SELECT channel, devices.name AS device, number, began_at, ended_at
        FROM emergency_calls JOIN devices ON devices.id = device_id
        WHERE ended_at IS NULL OR ended_at > %s
        """,
        [since],
    )
    return [EmergencyCall(**row) for row in await rows.fetchall()]


async def calling(tx: Tx, device_names: Collection[str]) -> list[str]:
    """Return which of these devices are in an emergency call, by name."""
    rows = await tx.execute(
        """
        SELECT DISTINCT devices.name FROM devices
        JOIN emergency_calls ON emergency_calls.device_id = devices.id
        WHERE devices.name = ANY(%s) AND ended_at IS NULL ORDER BY devices.name
        """,
        [list(device_names)],
    )
    return [row["name"] for row in await rows.fetchall()]
