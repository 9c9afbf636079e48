"""Who tells others of events reads each of them, and goes on where it was."""

from __future__ import annotations

import asyncio

from asterisk_hotdesk.store import Database, events, feed
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.feed import GAP_SECONDS, Reader
from tests.postgres.office import DESKS, Office

AT = Office.now


async def record(database: Database, *devices: str) -> None:
    async with database.transaction() as tx:
        for device in devices:
            await events.record(tx, Event(at=AT, what="login", device=device))


async def read(database: Database, reader: Reader) -> list[str]:
    """Return of which devices the reader learns now."""
    async with database.transaction() as tx:
        found = await reader.unread(tx)
        await reader.done(tx, found)
    return [recorded.event.device for recorded in found]


async def test_a_new_reader_begins_with_what_happens_from_now_on(
    office: Office,
) -> None:
    await record(office.database, "before")
    reader = Reader("ami")

    assert await read(office.database, reader) == []
    await record(office.database, "one", "two")

    assert await read(office.database, reader) == ["one", "two"]
    assert await read(office.database, reader) == []


async def test_a_reader_goes_on_where_it_was_before_a_restart(office: Office) -> None:
    await read(office.database, Reader("ami"))
    await record(office.database, "while nobody read")

    assert await read(office.database, Reader("ami")) == ["while nobody read"]


async def test_what_was_read_but_not_dealt_with_comes_again(office: Office) -> None:
    reader = Reader("ami")
    await read(office.database, reader)
    await record(office.database, "one")

    async with office.database.transaction() as tx:
        await reader.unread(tx)

    assert await read(office.database, reader) == ["one"]


async def test_an_event_that_is_committed_after_a_later_one_is_read(
    office: Office,
) -> None:
    reader = Reader("ami")
    await read(office.database, reader)

    async with office.database.transaction() as slow:
        await events.record(slow, Event(at=AT, what="login", device="first"))
        await record(office.database, "second")
        assert await read(office.database, reader) == ["second"]

    assert await read(office.database, reader) == ["first"]
    assert await read(office.database, reader) == []


async def test_a_number_that_was_taken_back_is_not_waited_for_for_ever(
    office: Office,
) -> None:
    clock = [0.0]
    reader = Reader("ami", clock=lambda: clock[0])
    await read(office.database, reader)
    await office.rows("SELECT nextval(pg_get_serial_sequence('events', 'id'))")
    await record(office.database, "after the gap")
    await read(office.database, reader)

    clock[0] = GAP_SECONDS + 1
    await record(office.database, "later")
    await read(office.database, reader)

    newest = await office.rows("SELECT max(id) FROM events")
    assert await office.rows("SELECT last_event FROM event_readers") == newest


async def test_a_bell_rings_for_what_another_process_records(office: Office) -> None:
    async with asyncio.timeout(5), feed.bells(office.database) as bells:
        await office.log_in("100", DESKS[0])

        await anext(bells)
