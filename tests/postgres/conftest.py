"""An office in a database of its own, as most of these tests want it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from asterisk_hotdesk.store import Database
from tests.postgres.office import Office, opened


@pytest.fixture
async def office(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """Yield an office where nobody sits anywhere."""
    async with opened(database, monkeypatch) as office:
        yield office
