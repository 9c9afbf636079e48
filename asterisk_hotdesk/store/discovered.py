"""Discovered phones: those that asked for a configuration and are no device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg.rows import DictRow

from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.store.database import Tx

By = Literal["pnp", "http"]
"""How a phone asked."""

MOST_KEPT = 1000
"""Whoever makes MAC addresses up may not fill the disk."""


_KNOWN = """
    SELECT mac, vendor, model, firmware, address, by, first_seen_at, seen_at
    FROM discovered_phones
"""


@dataclass(frozen=True, kw_only=True)
class Discovered:
    """A phone that asked, and what it said it is."""

    mac: str
    kind: PhoneKind
    address: str
    """From where it asked last."""
    by: By
    first_seen_at: datetime
    seen_at: datetime


async def note(
    tx: Tx, mac: str, kind: PhoneKind, address: str, by: By, now: datetime
) -> None:
    """Keep that the phone with *mac* asked; those not seen for longest go.

    What it does not say of itself this time stays what it said before.
    """
    await tx.execute(
        """
        INSERT INTO discovered_phones AS known
            (mac, first_seen_at, seen_at, address, vendor, model, firmware, by)
        VALUES (%(mac)s, %(now)s, %(now)s, %(address)s, %(vendor)s, %(model)s,
                %(firmware)s, %(by)s)
        ON CONFLICT (mac) DO UPDATE SET
            seen_at = excluded.seen_at,
            address = excluded.address,
            vendor = coalesce(nullif(excluded.vendor, ''), known.vendor),
            model = coalesce(nullif(excluded.model, ''), known.model),
            firmware = coalesce(nullif(excluded.firmware, ''), known.firmware),
            by = excluded.by
        """,
        {"mac": mac, "address": address, "by": by, "now": now, **vars(kind)},
    )
    # Two phones that ask at once must not wait for each other in a circle.
    await tx.execute(
        """
        DELETE FROM discovered_phones WHERE mac IN (
            SELECT mac FROM discovered_phones ORDER BY seen_at DESC, mac OFFSET %s
            FOR UPDATE SKIP LOCKED)
        """,
        [MOST_KEPT],
    )


async def everything(tx: Tx) -> list[Discovered]:
    """Return all that were discovered, whoever asked last first."""
    rows = await tx.execute(_KNOWN + "ORDER BY seen_at DESC, mac")
    return [_discovered(row) for row in await rows.fetchall()]


async def find(tx: Tx, mac: str) -> Discovered | None:
    """Return what the phone with *mac* said, or None if it never asked."""
    rows = await tx.execute(_KNOWN + "WHERE mac = %s", [mac])
    row = await rows.fetchone()
    return _discovered(row) if row else None


async def forget(tx: Tx, *macs: str) -> None:
    """Forget the phones with these MAC addresses, for example as devices now."""
    await tx.execute("DELETE FROM discovered_phones WHERE mac = ANY(%s)", [list(macs)])


def _discovered(row: DictRow) -> Discovered:
    return Discovered(
        mac=row["mac"],
        kind=PhoneKind(
            vendor=row["vendor"], model=row["model"], firmware=row["firmware"]
        ),
        address=row["address"],
        by=row["by"],
        first_seen_at=row["first_seen_at"],
        seen_at=row["seen_at"],
    )
