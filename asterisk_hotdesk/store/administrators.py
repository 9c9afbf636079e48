"""Who may use the web page: administrators, and the sessions of their browsers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from psycopg.rows import DictRow

from asterisk_hotdesk.model import Administrator, Role
from asterisk_hotdesk.store.database import Tx

TOUCH_AFTER = timedelta(minutes=1)
"""How old the note of a session's last use may get."""

_COLUMNS = """
    administrators.id, administrators.name, administrators.role,
    administrators.language, administrators.password_hash
"""


def _administrator_of(row: DictRow) -> Administrator:
    return Administrator(
        id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        language=row["language"],
        password_hash=row["password_hash"],
    )


async def add(
    tx: Tx, *, name: str, role: Role, language: str, password_hash: str
) -> None:
    """Add an administrator."""
    await tx.execute(
        """
        INSERT INTO administrators (name, role, language, password_hash)
        VALUES (%s, %s, %s, %s)
        """,
        [name, role, language, password_hash],
    )


async def everyone(tx: Tx) -> list[Administrator]:
    """Return all administrators by name."""
    rows = await tx.execute(f"SELECT {_COLUMNS} FROM administrators ORDER BY name")  # noqa: S608
    return [_administrator_of(row) for row in await rows.fetchall()]


async def find(tx: Tx, name: str) -> Administrator | None:
    """Return the administrator called *name*; nobody else changes him until *tx* ends.

    None if there is none.
    """
    rows = await tx.execute(
        f"SELECT {_COLUMNS} FROM administrators WHERE name = %s FOR UPDATE",  # noqa: S608
        [name],
    )
    row = await rows.fetchone()
    return _administrator_of(row) if row else None


async def edit(
    tx: Tx, administrator: Administrator, *, role: Role, language: str
) -> None:
    """Change what *administrator* may do, and the language of the page."""
    await tx.execute(
        "UPDATE administrators SET role = %s, language = %s WHERE id = %s",
        [role, language, administrator.id],
    )


async def set_password_hash(
    tx: Tx, administrator: Administrator, password_hash: str
) -> None:
    """Make *password_hash* the administrator's only password."""
    await tx.execute(
        "UPDATE administrators SET password_hash = %s WHERE id = %s",
        [password_hash, administrator.id],
    )


async def remove(tx: Tx, administrator: Administrator) -> None:
    """Remove *administrator*, with all sessions."""
    await tx.execute("DELETE FROM administrators WHERE id = %s", [administrator.id])


async def hold_guesses(tx: Tx, subjects: Collection[str]) -> None:
    """Let nobody else try a password that counts for one of *subjects* until *tx* ends.

    Always in the same order, so that nobody waits in a circle.
    """
    await tx.execute(
        """
        SELECT pg_advisory_xact_lock(hashtextextended('hotdesk guess ' || subject, 0))
        FROM unnest(%s::text[]) AS subject
        """,
        [sorted(subjects)],
    )


async def begin_session(
    tx: Tx, administrator: Administrator, session_hash: bytes, now: datetime
) -> None:
    """Let the browser that has the cookie of *session_hash* in."""
    await tx.execute(
        """
        INSERT INTO web_sessions (hash, administrator_id, began_at, used_at)
        VALUES (%s, %s, %s, %s)
        """,
        [session_hash, administrator.id, now, now],
    )


async def of_session(
    tx: Tx,
    session_hash: bytes,
    now: datetime,
    *,
    began_after: datetime,
    used_after: datetime,
    touch: bool,
) -> Administrator | None:
    """Return whose session it is while it is neither too old nor too long unused.

    *touch*: this is a use of it.
    """
    rows = await tx.execute(
        f"""
        WITH touched AS (
            UPDATE web_sessions SET used_at = %(now)s
            WHERE %(touch)s AND hash = %(hash)s AND used_at < %(touch_before)s
              AND began_at > %(began_after)s AND used_at > %(used_after)s)
        SELECT {_COLUMNS} FROM web_sessions
        JOIN administrators ON administrators.id = administrator_id
        WHERE hash = %(hash)s
          AND began_at > %(began_after)s AND used_at > %(used_after)s
        """,  # noqa: S608
        {
            "hash": session_hash,
            "now": now,
            "touch": touch,
            "touch_before": now - TOUCH_AFTER,
            "began_after": began_after,
            "used_after": used_after,
        },
    )
    row = await rows.fetchone()
    return _administrator_of(row) if row else None


async def end_session(tx: Tx, session_hash: bytes) -> None:
    """Let the browser that has this cookie no longer in."""
    await tx.execute("DELETE FROM web_sessions WHERE hash = %s", [session_hash])


async def end_sessions(
    tx: Tx, administrator: Administrator, *, but: bytes | None = None
) -> None:
    """End the sessions of *administrator*, all *but* this one."""
    await tx.execute(
        "DELETE FROM web_sessions"
        " WHERE administrator_id = %s AND hash IS DISTINCT FROM %s",
        [administrator.id, but],
    )


async def forget_sessions(
    tx: Tx, *, began_before: datetime, used_before: datetime
) -> None:
    """Delete the sessions that are too old, or too long unused."""
    await tx.execute(
        "DELETE FROM web_sessions WHERE began_at <= %s OR used_at <= %s",
        [began_before, used_before],
    )
