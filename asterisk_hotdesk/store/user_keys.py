"""Function keys that users want, on whatever phone."""

from __future__ import annotations

from collections.abc import Sequence

from asterisk_hotdesk.model import KeyKind, User, UserKey
from asterisk_hotdesk.store.database import Tx


async def of(tx: Tx, user: User) -> list[UserKey]:
    """Return the keys of *user* by position."""
    rows = await tx.execute(
        """
        SELECT position, kind, value, label, priority FROM user_keys
        WHERE user_id = %s ORDER BY position
        """,
        [user.id],
    )
    return [
        UserKey(**row | {"kind": KeyKind(row["kind"])}) for row in await rows.fetchall()
    ]


async def everyones(tx: Tx) -> dict[tuple[str, str], list[UserKey]]:
    """Return all keys by their users' account and extension, and by position."""
    rows = await tx.execute(
        """
        SELECT account, extension, position, kind, value, label, priority
        FROM user_keys JOIN users ON users.id = user_id
        ORDER BY account, length(extension), extension, position
        """
    )
    found: dict[tuple[str, str], list[UserKey]] = {}
    for row in await rows.fetchall():
        owner = row.pop("account"), row.pop("extension")
        key = UserKey(**row | {"kind": KeyKind(row["kind"])})
        found.setdefault(owner, []).append(key)
    return found


async def put(tx: Tx, user: User, keys: Sequence[UserKey]) -> None:
    """Give *user* these keys, each instead of the one at its position."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO user_keys (user_id, position, kind, value, label, priority)
            VALUES (%(user)s, %(position)s, %(kind)s, %(value)s, %(label)s,
                    %(priority)s)
            ON CONFLICT (user_id, position) DO UPDATE SET kind = excluded.kind,
                value = excluded.value, label = excluded.label,
                priority = excluded.priority
            """,
            [vars(key) | {"user": user.id} for key in keys],
        )


async def replace(tx: Tx, user: User, keys: Sequence[UserKey]) -> None:
    """Make *keys* all that *user* has."""
    await tx.execute("DELETE FROM user_keys WHERE user_id = %s", [user.id])
    await put(tx, user, keys)
