"""Allowed phones: which MAC addresses, of no device yet, may become devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asterisk_hotdesk.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class AllowedPhones:
    """Phones with MAC addresses that count up, allowed in one account."""

    account: str
    first_mac: str
    last_mac: str
    """As `first_mac` twelve lower-case hexadecimal digits, and not below it."""


# No two ranges overlap: the one that begins last before it, or none.
ACCOUNT_ALLOWING = """
    (SELECT CASE WHEN %(mac)s <= last_mac THEN account END FROM allowed_phones
     WHERE first_mac <= %(mac)s ORDER BY first_mac DESC LIMIT 1)
"""
"""In which account the phone with `mac` may become a device, or null."""


async def account_allowing(tx: Tx, mac: str) -> str | None:
    """Return in which account the phone with *mac* may become a device, or None."""
    rows = await tx.execute(f"SELECT {ACCOUNT_ALLOWING} AS account", {"mac": mac})
    row = await rows.fetchone()
    return row["account"] if row else None


async def everything(tx: Tx) -> list[AllowedPhones]:
    """Return all that is allowed, by MAC address."""
    rows = await tx.execute(
        "SELECT account, first_mac, last_mac FROM allowed_phones ORDER BY first_mac"
    )
    return [AllowedPhones(**row) for row in await rows.fetchall()]


async def hold(tx: Tx) -> list[AllowedPhones]:
    """Return all that is allowed; nobody else changes it until the transaction ends."""
    await tx.execute("LOCK TABLE allowed_phones IN SHARE ROW EXCLUSIVE MODE")
    return await everything(tx)


async def replace(tx: Tx, account: str, allowed: Sequence[AllowedPhones]) -> None:
    """Make *allowed* all that there is in *account*; `hold` first."""
    await tx.execute("DELETE FROM allowed_phones WHERE account = %s", [account])
    await tx.execute(
        """
        INSERT INTO allowed_phones (account, first_mac, last_mac)
        SELECT %s, * FROM unnest(%s::text[], %s::text[])
        """,
        [
            account,
            [one.first_mac for one in allowed],
            [one.last_mac for one in allowed],
        ],
    )
