"""Users as somebody searches them."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.rows import class_row

from asterisk_hotdesk.store.database import Tx
from asterisk_hotdesk.store.patterns import containing


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user, and where that user sits."""

    extension: str
    name: str
    allowed: bool
    device: str | None
    """None: nowhere."""


async def like(tx: Tx, account: str, text: str, most: int) -> list[Person]:
    """Return *most* users of *account* whose extension or name has *text* in it.

    Those come first whose extension begins with it.
    """
    async with tx.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(
            """
            SELECT extension, users.name, allowed, devices.name AS device
            FROM users
            LEFT JOIN logins ON logins.user_id = users.id AND until IS NULL
            LEFT JOIN devices ON devices.id = device_id
            WHERE users.account = %(account)s
              AND (extension LIKE %(pattern)s OR users.name ILIKE %(pattern)s)
            ORDER BY NOT starts_with(extension, %(text)s), length(extension), extension
            LIMIT %(most)s
            """,
            {
                "account": account,
                "text": text,
                "pattern": containing(text),
                "most": most,
            },
        )
        return await cursor.fetchall()
