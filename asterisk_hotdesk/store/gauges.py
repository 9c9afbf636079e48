"""How many devices, phones and locks there are, for those who draw curves of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from asterisk_hotdesk.model import Failures, PhoneState
from asterisk_hotdesk.store.database import Tx

DeskState = Literal["in_use", "idle", "disabled"]


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Everything that is counted in the database."""

    devices: dict[DeskState, int]
    phones: dict[PhoneState, int]
    stale_phones: int
    emergency_calls: int
    """That are on."""


async def totals(tx: Tx) -> Totals:
    """Return how many there are of everything."""
    rows = await tx.execute(
        """
        SELECT count(*) AS all,
               count(*) FILTER (WHERE NOT enabled) AS disabled,
               count(user_id) FILTER (WHERE enabled) AS in_use,
               count(*) FILTER (WHERE registered) AS registered,
               count(*) FILTER (WHERE registered AND NOT reachable) AS unreachable,
               count(*) FILTER (WHERE NOT registered) AS unregistered,
               count(generation) FILTER (WHERE enabled) AS stale,
               (SELECT count(*) FROM emergency_calls WHERE ended_at IS NULL) AS calls
        FROM devices
        LEFT JOIN logins ON logins.device_id = devices.id AND until IS NULL
        LEFT JOIN device_status ON device_status.device_id = devices.id
        LEFT JOIN stale_phones ON stale_phones.device_id = devices.id
        """
    )
    (row,) = await rows.fetchall()
    seen = row["registered"] + row["unregistered"]
    return Totals(
        devices={
            "in_use": row["in_use"],
            "idle": row["all"] - row["disabled"] - row["in_use"],
            "disabled": row["disabled"],
        },
        phones={
            PhoneState.REGISTERED: row["registered"] - row["unreachable"],
            PhoneState.UNREACHABLE: row["unreachable"],
            PhoneState.UNREGISTERED: row["unregistered"],
            PhoneState.UNKNOWN: row["all"] - seen,
        },
        stale_phones=row["stale"],
        emergency_calls=row["calls"],
    )


async def wrong_pins(
    tx: Tx, *, at_least: int, since: datetime, or_at_least: int
) -> dict[str, Failures]:
    """Return the subjects (`attempts`) with *at_least* failures, the last one *since*.

    And those with *or_at_least* failures, however long ago.
    """
    rows = await tx.execute(
        """
        SELECT subject, failures, last_failed_at FROM pin_attempts
        WHERE failures >= %s AND last_failed_at > %s OR failures >= %s
        """,
        [at_least, since, or_at_least],
    )
    return {
        row["subject"]: Failures(row["failures"], row["last_failed_at"])
        for row in await rows.fetchall()
    }


@dataclass(frozen=True, kw_only=True)
class SwitchTimes:
    """When the steps of one switch were done; None: not yet."""

    generation: int
    decided_at: datetime
    routed_at: datetime | None
    refreshed_at: datetime | None
    confirmed_at: datetime | None
    last: bool
    """Whether no later switch of its device has made it obsolete."""


async def switch_times(tx: Tx, after: int, watched: list[int]) -> list[SwitchTimes]:
    """Return the switches *watched*, and those with a generation above *after*."""
    rows = await tx.execute(
        """
        SELECT switches.id AS generation, decided_at, routed_at, refreshed_at,
               confirmed_at, devices.id IS NOT NULL AS last
        FROM switches LEFT JOIN devices ON devices.switch_id = switches.id
        WHERE switches.id > %s OR switches.id = ANY(%s)
        ORDER BY switches.id
        """,
        [after, watched],
    )
    return [SwitchTimes(**row) for row in await rows.fetchall()]


async def newest_switch(tx: Tx) -> int:
    """Return the highest generation; 0 if nobody ever sat anywhere."""
    rows = await tx.execute("SELECT coalesce(max(id), 0) AS newest FROM switches")
    (row,) = await rows.fetchall()
    return int(row["newest"])
