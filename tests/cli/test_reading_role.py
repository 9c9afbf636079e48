"""`hotdesk migrate --grant-read`: reports read the views, and nothing else."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.cli.command import Command


@dataclass(frozen=True)
class Role:
    """A role of PostgreSQL without any right of ours."""

    name: str
    dsn: str

    async def reads(self, schema: str, relation: str) -> list[tuple[object, ...]]:
        query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, relation))
        async with await psycopg.AsyncConnection.connect(self.dsn) as connection:
            rows = await connection.execute(query)
            return await rows.fetchall()


@pytest.fixture
async def role(office: Command, postgres_dsn: str) -> AsyncIterator[Role]:
    name, password = f"reports_{secrets.token_hex(4)}", secrets.token_hex(8)
    quoted = sql.Identifier(name)
    async with await psycopg.AsyncConnection.connect(postgres_dsn) as connection:
        await connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                quoted, sql.Literal(password)
            )
        )
    yield Role(name, make_conninfo(postgres_dsn, user=name, password=password))
    async with await psycopg.AsyncConnection.connect(postgres_dsn) as connection:
        for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
            await connection.execute(sql.SQL(statement).format(quoted))


async def relations(office: Command, kind: str) -> list[str]:
    async with office.database.transaction() as tx:
        rows = await tx.execute(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = current_schema()::regnamespace AND relkind = %s",
            [kind],
        )
        return [row["relname"] for row in await rows.fetchall()]


async def test_the_role_reads_both_views_and_no_table(
    office: Command, role: Role
) -> None:
    schema = office.database.schema
    await office.succeeds("login", "100", "HD0001")

    done = await office.succeeds("migrate", "--grant-read", role.name)

    assert done.out.splitlines()[-1] == (
        f"{role.name} may read {schema}.status and {schema}.history."
    )
    assert done.err == ""
    assert "HD0001" in str(await role.reads(schema, "status"))
    assert "User 100" in str(await role.reads(schema, "history"))
    tables = await relations(office, "r")
    assert {"users", "devices", "events", "provisioning_tokens"} <= set(tables)
    for table in tables:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await role.reads(schema, table)


async def test_no_view_shows_a_secret(office: Command, role: Role) -> None:
    """Whoever reads reports must not learn a PIN's hash or a SIP password."""
    await office.succeeds("user", "set-pin", "100", stdin="739251\n")
    await office.succeeds("device", "enrol", "HD0001")
    async with office.database.transaction() as tx:
        rows = await tx.execute(
            "SELECT pin_hash AS secret FROM users WHERE pin_hash IS NOT NULL"
            " UNION SELECT sip_secret FROM devices UNION SELECT web_password FROM"
            " devices UNION SELECT encode(hash, 'hex') FROM provisioning_tokens"
        )
        kept = [row["secret"] for row in await rows.fetchall()]
    await office.succeeds("migrate", "--grant-read", role.name)

    schema = office.database.schema
    shown = [await role.reads(schema, view) for view in await relations(office, "v")]

    assert len(kept) >= 8
    assert all(secret not in str(shown) for secret in [*kept, "739251"])


async def test_it_is_recorded_and_may_be_done_twice(
    office: Command, role: Role
) -> None:
    await office.succeeds("migrate", "--grant-read", role.name)
    await office.succeeds("migrate", "--grant-read", role.name)

    last = (await office.json("history"))[-1]
    assert last["text"] == f"views opened for reading: {role.name}"


async def test_a_role_that_there_is_not(office: Command) -> None:
    refused = await office("migrate", "--grant-read", "nobody_here")

    assert refused.code == 1
    assert "There is no role 'nobody_here'" in refused.err
    assert "CREATE ROLE" in refused.err


async def test_a_role_that_reads_everything_anyway_is_told(
    office: Command, postgres_dsn: str
) -> None:
    async with await psycopg.AsyncConnection.connect(postgres_dsn) as connection:
        own = connection.info.user

    done = await office.succeeds("migrate", "--grant-read", own)

    assert "can read tables, too" in done.err
    assert "users" in done.err
