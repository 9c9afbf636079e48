"""What PostgreSQL cannot take is refused in our words, without the value."""

from __future__ import annotations

import pytest

from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.store import Database


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("SELECT %s::text", "s3cret\0"),
        ("SELECT %s::int", str(10**12)),
        ("SELECT %s::int", "s3cret"),
        ("SELECT %s::timestamptz", "2026-02-30"),
    ],
)
async def test_a_value_that_cannot_be_stored(
    database: Database, query: str, value: str
) -> None:
    with pytest.raises(Invalid, match="A value is too large") as caught:
        async with database.transaction() as tx:
            await tx.execute(query, [value])
    assert value.strip("\0") not in str(caught.value)
    assert caught.value.__suppress_context__
