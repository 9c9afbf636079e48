"""Rights for reporting tools: the two views, and nothing else."""

from __future__ import annotations

from psycopg import sql

from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.store.database import Tx

VIEWS = ("status", "history")


async def grant_read(tx: Tx, schema: str, role: str) -> None:
    """Let *role* read the views, now and after every migration to come.

    They show it what tables hold that it cannot read: a view reads with the rights of
    its owner.  Raises `Invalid` if there is no such role.
    """
    rows = await tx.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
    if await rows.fetchone() is None:
        raise Invalid(
            f"There is no role {role!r} in PostgreSQL; make it first, for example by"
            f" CREATE ROLE {role} LOGIN PASSWORD '…'"
        )
    views = [sql.Identifier(schema, view) for view in VIEWS]
    for grant, on in (
        ("GRANT USAGE ON SCHEMA {} TO {}", sql.Identifier(schema)),
        ("GRANT SELECT ON {} TO {}", sql.SQL(", ").join(views)),
    ):
        await tx.execute(sql.SQL(grant).format(on, sql.Identifier(role)))


async def readable_tables(tx: Tx, schema: str, role: str) -> list[str]:
    """Return which of our tables *role* can read, by whatever right, by name."""
    rows = await tx.execute(
        """
        SELECT relname FROM pg_class
        WHERE relnamespace = %s::regnamespace AND relkind = 'r'
          AND has_table_privilege(%s, pg_class.oid, 'SELECT')
        ORDER BY relname
        """,
        [schema, role],
    )
    return [row["relname"] for row in await rows.fetchall()]
