"""Bring the database's structure up to date, once, whoever starts first."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

import psycopg
from psycopg import sql

from asterisk_hotdesk.errors import ConfigError
from asterisk_hotdesk.store.database import conninfo, translated_errors

# Any number does as long as nobody else in this database uses it.
_LOCK = 0x686F746465736B


@dataclass(frozen=True)
class Migration:
    """One file of `migrations/`: never edited after a release, only followed."""

    number: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Return the digest that tells an edited file from the applied one."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def known_migrations() -> list[Migration]:
    """Return the migrations of this release in order."""
    folder = resources.files("asterisk_hotdesk.store.migrations")
    files = sorted(f.name for f in folder.iterdir() if f.name.endswith(".sql"))
    return [
        Migration(int(name[:4]), name.removesuffix(".sql"), (folder / name).read_text())
        for name in files
    ]


async def migrate(
    dsn: str, schema: str, migrations: list[Migration] | None = None
) -> list[str]:
    """Apply what is missing and return the names of what was applied.

    All of it happens in one transaction under an advisory lock: two programs that
    start at once do it once, and one that dies half-way leaves nothing.  Raises
    `ConfigError` if the database has a structure that this release does not know.
    """
    known = known_migrations() if migrations is None else migrations
    with translated_errors():
        connection = await psycopg.AsyncConnection.connect(conninfo(dsn, schema))
        async with connection:
            await connection.execute("SET LOCAL lock_timeout = '60s'")
            await connection.execute("SET LOCAL statement_timeout = '10min'")
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            applied = await _applied(connection, schema)
            _refuse_unknown(applied, known)
            missing = [m for m in known if m.number not in applied]
            for migration in missing:
                await connection.execute(migration.text.encode())
                await connection.execute(
                    "INSERT INTO migrations (number, name, sha256) VALUES (%s, %s, %s)",
                    [migration.number, migration.name, migration.sha256],
                )
    return [m.name for m in missing]


async def _applied(connection: psycopg.AsyncConnection, schema: str) -> dict[int, str]:
    exists = await connection.execute(
        "SELECT to_regnamespace(%s) IS NOT NULL", [schema]
    )
    if (await exists.fetchone()) == (False,):
        # Only where it is missing: a guest may lack the right to create schemas,
        # and an administrator has then made this one by hand.
        await connection.execute(
            sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema))
        )
    await connection.execute(
        """
        CREATE TABLE IF NOT EXISTS migrations (
            number integer PRIMARY KEY,
            name text NOT NULL,
            sha256 text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
    rows = await connection.execute("SELECT number, sha256 FROM migrations")
    return dict(await rows.fetchall())


def _refuse_unknown(applied: dict[int, str], known: list[Migration]) -> None:
    digests = {m.number: m.sha256 for m in known}
    unknown = sorted(set(applied) - set(digests))
    if unknown:
        raise ConfigError(
            f"The database has migration {unknown[-1]:04d}, which this release does"
            " not know: it was used by a newer release. Install that release again."
        )
    for number, digest in applied.items():
        if digests[number] != digest:
            raise ConfigError(
                f"Migration {number:04d} was applied with another text than this"
                " release has. Install the release that the database was made with."
            )
