"""With which tokens programs may use the API."""

from __future__ import annotations

from datetime import datetime, timedelta

from psycopg.rows import DictRow

from asterisk_hotdesk.model import ApiToken, Role
from asterisk_hotdesk.store.database import Tx

TOUCH_AFTER = timedelta(minutes=1)
"""How old the note of a token's last use may get."""


async def add(
    tx: Tx, *, name: str, role: Role, token_hash: bytes, now: datetime
) -> None:
    """Let whoever has the token of *token_hash* do what *role* may."""
    await tx.execute(
        "INSERT INTO api_tokens (name, role, hash, made_at) VALUES (%s, %s, %s, %s)",
        [name, role, token_hash, now],
    )


async def all_tokens(tx: Tx) -> list[ApiToken]:
    """Return what is known of every token, by name."""
    rows = await tx.execute(
        "SELECT name, role, made_at, used_at FROM api_tokens ORDER BY name"
    )
    return [_token_of(row) for row in await rows.fetchall()]


async def used(tx: Tx, token_hash: bytes, now: datetime) -> ApiToken | None:
    """Return whose token this is, and note its use; None if it is nobody's."""
    rows = await tx.execute(
        """
        WITH touched AS (
            UPDATE api_tokens SET used_at = %(now)s
            WHERE hash = %(hash)s
              AND (used_at IS NULL OR used_at < %(touch_before)s))
        SELECT name, role, made_at, used_at FROM api_tokens WHERE hash = %(hash)s
        """,
        {"hash": token_hash, "now": now, "touch_before": now - TOUCH_AFTER},
    )
    row = await rows.fetchone()
    return _token_of(row) if row else None


async def remove(tx: Tx, name: str) -> bool:
    """Remove the token called *name*; return whether there was one."""
    rows = await tx.execute(
        "DELETE FROM api_tokens WHERE name = %s RETURNING name", [name]
    )
    return await rows.fetchone() is not None


def _token_of(row: DictRow) -> ApiToken:
    return ApiToken(
        name=row["name"],
        role=Role(row["role"]),
        made_at=row["made_at"],
        used_at=row["used_at"],
    )
