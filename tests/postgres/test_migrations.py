"""The structure of the database: made once, whoever comes first, and never guessed."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from asterisk_hotdesk.errors import (
    AlreadyExists,
    ConfigError,
    Conflict,
    HotdeskError,
    Invalid,
    NotFound,
    Unavailable,
)
from asterisk_hotdesk.store import Database, migrate
from asterisk_hotdesk.store.database import _REFUSALS
from asterisk_hotdesk.store.migrate import Migration, known_migrations

FIRST = Migration(1, "0001_first", "CREATE TABLE first (id integer)")
SECOND = Migration(2, "0002_second", "CREATE TABLE second (id integer)")
BROKEN = Migration(2, "0002_broken", "CREATE TABLE second (); SELECT broken")


@pytest.fixture
async def schema(postgres_dsn: str) -> AsyncIterator[str]:
    """Yield the name of a schema that does not exist yet."""
    name = f"test_{secrets.token_hex(6)}"
    yield name
    drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name))
    async with await psycopg.AsyncConnection.connect(postgres_dsn) as connection:
        await connection.execute(drop)


async def tables(dsn: str, schema: str) -> set[str]:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        found = await connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
            [schema],
        )
        return {str(name) for (name,) in await found.fetchall()}


# Applying --------------------------------------------------------------------


async def test_an_empty_database_gets_everything(
    postgres_dsn: str, schema: str
) -> None:
    applied = await migrate(postgres_dsn, schema)

    assert applied == [migration.name for migration in known_migrations()]
    assert {"users", "devices", "logins", "switches", "events", "migrations"} <= (
        await tables(postgres_dsn, schema)
    )


async def test_the_second_time_there_is_nothing_to_do(
    postgres_dsn: str, schema: str
) -> None:
    await migrate(postgres_dsn, schema)

    assert await migrate(postgres_dsn, schema) == []


async def test_two_programs_that_start_at_once_do_it_once(
    postgres_dsn: str, schema: str
) -> None:
    applied = await asyncio.gather(
        *(migrate(postgres_dsn, schema) for _ in range(4)), return_exceptions=True
    )

    names = [migration.name for migration in known_migrations()]
    assert sorted(applied, key=len) == [[], [], [], names]  # type: ignore[arg-type]


async def test_a_newer_release_applies_what_is_new(
    postgres_dsn: str, schema: str
) -> None:
    assert await migrate(postgres_dsn, schema, [FIRST]) == ["0001_first"]
    assert await migrate(postgres_dsn, schema, [FIRST, SECOND]) == ["0002_second"]

    assert await tables(postgres_dsn, schema) == {"migrations", "first", "second"}


async def test_a_migration_that_fails_leaves_nothing(
    postgres_dsn: str, schema: str
) -> None:
    with pytest.raises(psycopg.Error):
        await migrate(postgres_dsn, schema, [FIRST, BROKEN])

    assert await tables(postgres_dsn, schema) == set()
    assert await migrate(postgres_dsn, schema, [FIRST]) == ["0001_first"]


async def test_two_installations_share_a_database_and_nothing_else(
    postgres_dsn: str, schema: str, database: Database
) -> None:
    before = await tables(postgres_dsn, database.schema)
    elsewhere = await tables(postgres_dsn, "public")
    await migrate(postgres_dsn, schema, [FIRST])

    assert await tables(postgres_dsn, database.schema) == before
    assert await tables(postgres_dsn, "public") == elsewhere


async def test_a_guest_may_find_the_schema_made_already(
    postgres_dsn: str, schema: str
) -> None:
    """Its role need not be allowed to make schemas."""
    role, password = f"guest_{schema}", secrets.token_hex(8)
    made = [
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
            sql.Identifier(role), sql.Literal(password)
        ),
        sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(
            sql.Identifier(schema), sql.Identifier(role)
        ),
    ]
    async with await psycopg.AsyncConnection.connect(postgres_dsn) as connection:
        for statement in made:
            await connection.execute(statement)
    try:
        dsn = psycopg.conninfo.make_conninfo(postgres_dsn, user=role, password=password)
        assert len(await migrate(dsn, schema)) == len(known_migrations())
    finally:
        async with await psycopg.AsyncConnection.connect(postgres_dsn) as connection:
            for text in ("DROP OWNED BY {} CASCADE", "DROP ROLE {}"):
                await connection.execute(sql.SQL(text).format(sql.Identifier(role)))


# Refusing --------------------------------------------------------------------


async def test_a_database_of_a_newer_release_is_left_alone(
    postgres_dsn: str, schema: str
) -> None:
    await migrate(postgres_dsn, schema, [FIRST, SECOND])

    with pytest.raises(ConfigError, match=r"migration 0002, .*newer release"):
        await migrate(postgres_dsn, schema, [FIRST])
    assert await tables(postgres_dsn, schema) == {"migrations", "first", "second"}


async def test_an_edited_migration_is_noticed(postgres_dsn: str, schema: str) -> None:
    await migrate(postgres_dsn, schema, [FIRST])
    edited = replace(FIRST, text=FIRST.text + " ")

    with pytest.raises(ConfigError, match="0001 was applied with another text"):
        await migrate(postgres_dsn, schema, [edited, SECOND])
    assert await tables(postgres_dsn, schema) == {"migrations", "first"}


async def test_a_server_that_is_not_there_is_unavailable_and_its_password_secret(
    unused_tcp_port: int,
) -> None:
    dsn = f"postgresql://user:s3cret@127.0.0.1:{unused_tcp_port}/database"

    with pytest.raises(Unavailable) as caught:
        await migrate(dsn, "hotdesk")
    assert "s3cret" not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert caught.value.__suppress_context__


def test_the_files_are_numbered_each_once_and_named_for_what_they_do() -> None:
    known = known_migrations()

    numbers = [migration.number for migration in known]
    assert numbers == sorted(set(numbers))
    for migration in known:
        assert re.fullmatch(r"\d{4}_[a-z][a-z0-9_]*", migration.name)
        assert migration.name.startswith(f"{migration.number:04d}_")
        assert migration.text.endswith("\n")


# What the structure forbids --------------------------------------------------

Row = Mapping[str, object]

DEVICE: Row = {
    "account": "default",
    "name": "HD0001",
    "mac": "000413000001",
    "sip_secret": "s3cret",
    "web_password": "s3cret",
}
USER: Row = {
    "account": "default",
    "extension": "100",
    "name": "Alice",
    "context": "internal",
}
LOGIN: Row = {"user_id": 1, "device_id": 1, "since": "2026-01-02"}


async def insert(database: Database, table: str, row: Row) -> None:
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    async with database.transaction() as tx:
        await tx.execute(statement, list(row.values()))


async def refusal_of(database: Database, table: str, row: Row) -> Exception | None:
    """Return what speaks against *row*; if nothing does, it is there and gone again."""
    try:
        await insert(database, table, row)
    except Exception as refusal:
        return refusal
    async with database.transaction() as tx:
        await tx.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    return None


def with_target(treatment: str, target: str) -> Row:
    return {**USER, "logged_out_treatment": treatment, "logged_out_target": target}


async def test_what_is_right_comes_in(database: Database) -> None:
    every_letter = "!#$%&'()*+,-./:<=>?@[]^_`{|}~\\\""
    for table, row in (
        ("devices", DEVICE),
        ("devices", {**DEVICE, "emergency_number": "+493055501"}),
        ("devices", {**DEVICE, "sip_secret": every_letter}),
        ("users", USER),
        ("users", {**USER, "name": 'Robert"); DROP TABLE users;--'}),
        ("users", with_target("voicemail", "100@my-vm_box")),
        ("users", with_target("number", "030123")),
        ("accounts", {"name": "acme-2"}),
    ):
        assert await refusal_of(database, table, row) is None, row


WRONG: list[tuple[str, Row, type[Exception]]] = [
    ("accounts", {"name": "Acme"}, Invalid),
    ("accounts", {"name": "-"}, Invalid),
    ("accounts", {"name": "a\n"}, Invalid),
    ("devices", {**DEVICE, "account": "nobody"}, NotFound),
    ("devices", {**DEVICE, "name": "HD-1"}, Invalid),
    ("devices", {**DEVICE, "name": ""}, Invalid),
    ("devices", {**DEVICE, "name": "HD0001\n[trunk]"}, Invalid),
    ("devices", {**DEVICE, "mac": "00:04:13:00:00:01"}, Invalid),
    ("devices", {**DEVICE, "mac": "00041300000A"}, Invalid),
    ("devices", {**DEVICE, "sip_secret": ""}, Invalid),
    ("devices", {**DEVICE, "sip_secret": "a;b"}, Invalid),
    ("devices", {**DEVICE, "sip_secret": "a b"}, Invalid),
    ("devices", {**DEVICE, "sip_secret": ">ab"}, Invalid),
    ("devices", {**DEVICE, "sip_secret": "a\ntype=endpoint"}, Invalid),
    ("devices", {**DEVICE, "sip_secret": "schlüssel"}, Invalid),
    ("devices", {**DEVICE, "emergency_number": "112)\nexten => 1,1,Hangup("}, Invalid),
    ("devices", {**DEVICE, "emergency_number": "+"}, Invalid),
    ("devices", {**DEVICE, "emergency_number": "${X}"}, Invalid),
    ("devices", {**DEVICE, "base_user_id": 99}, NotFound),
    ("users", {**USER, "ringtone": 0}, Invalid),
    ("users", {**USER, "account": "nobody"}, NotFound),
    ("users", {**USER, "extension": "1"}, Invalid),
    ("users", {**USER, "extension": "12345678901"}, Invalid),
    ("users", {**USER, "extension": "_X."}, Invalid),
    ("users", {**USER, "extension": "100\n"}, Invalid),
    ("users", {**USER, "extension": "\u0661\u0660\u0660"}, Invalid),
    ("users", {**USER, "context": "a b"}, Invalid),
    ("users", {**USER, "context": "a,1)"}, Invalid),
    ("users", {**USER, "context": ""}, Invalid),
    ("users", {**USER, "logged_out_treatment": "shell"}, Invalid),
]


async def test_what_is_wrong_is_refused_in_words(database: Database) -> None:
    for table, row, kind in WRONG:
        refusal = await refusal_of(database, table, row)

        assert type(refusal) is kind, row
        assert " " in str(refusal)


async def test_nothing_that_could_be_dialplan_is_stored_as_a_target(
    database: Database,
) -> None:
    """Whoever writes past the command line: a page, a script, another program."""
    for treatment, target in (
        ("voicemail", ""),
        ("voicemail", "100"),
        ("voicemail", "100@default)\nexten => 112,1,Hangup("),
        ("voicemail", "100@default,u)"),
        ("voicemail", "100@default;"),
        ("voicemail", "${SHELL(id)}@default"),
        ("voicemail", "100@default\n"),
        ("voicemail", "100 @default"),
        ("number", ""),
        ("number", "101,1)"),
        ("number", "101\n"),
        ("number", "${EXTEN}"),
        ("number", "*77*5*"),
        ("number", "1" * 21),
        ("unavailable", "x"),
        ("unavailable", "100@default"),
    ):
        refusal = await refusal_of(database, "users", with_target(treatment, target))

        assert type(refusal) is Invalid, target
        assert "Voicemail needs a mailbox" in str(refusal)


async def test_nothing_is_there_twice(database: Database) -> None:
    await insert(database, "devices", DEVICE)
    await insert(database, "users", USER)
    await insert(database, "logins", LOGIN)
    await insert(database, "devices", {**DEVICE, "name": "HD0002", "mac": "0" * 12})
    await insert(database, "users", {**USER, "extension": "101"})

    for table, row, refusal in (
        ("devices", {**DEVICE, "mac": "000413000002"}, AlreadyExists),
        ("devices", {**DEVICE, "name": "HD0003"}, AlreadyExists),
        ("users", USER, AlreadyExists),
        ("logins", {**LOGIN, "device_id": 2}, Conflict),
        ("logins", {**LOGIN, "user_id": 2}, Conflict),
    ):
        with pytest.raises(refusal):
            await insert(database, table, row)


async def test_an_ended_login_is_in_nobody_s_way(database: Database) -> None:
    await insert(database, "devices", DEVICE)
    await insert(database, "users", USER)
    over = {**LOGIN, "until": "2026-01-03", "end_reason": "logged_out"}
    for row in (over, over, LOGIN):
        await insert(database, "logins", row)


async def test_every_constraint_that_people_can_meet_has_words(
    database: Database,
) -> None:
    """The others are about what only this program writes."""
    async with database.transaction() as tx:
        found = await tx.execute(
            """
            SELECT conname AS name FROM pg_constraint
            WHERE connamespace = current_schema()::regnamespace
              AND contype IN ('c', 'u', 'f') AND conrelid IN (
                  'users'::regclass, 'devices'::regclass, 'accounts'::regclass,
                      'administrators'::regclass, 'api_tokens'::regclass)
            UNION ALL
            SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()
              AND indexdef LIKE 'CREATE UNIQUE%%' AND indexname NOT LIKE '%%_pkey'
            """
        )
        names = {str(row["name"]) for row in await found.fetchall()}

    assert names - {"device_switch"} == set(_REFUSALS)
    for refusal in _REFUSALS.values():
        assert isinstance(refusal, HotdeskError)
        assert str(refusal).endswith((".", "; try again."))
