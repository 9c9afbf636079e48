"""The bell that wakes the daemon: what others change is heard, once it is true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.model import Change
from asterisk_hotdesk.store import Database, events, open_database
from asterisk_hotdesk.store.events import Event

OURS, THEIRS = "our process", "their process"
END = Change(users=frozenset({"the end"}))
"""Announced last: what did not come before it does not come."""


async def announce(database: Database, *changes: Change, origin: str = THEIRS) -> None:
    async with database.transaction() as tx:
        for change in changes:
            await events.announce(tx, change, origin)


async def heard(
    database: Database, told: Callable[[], Awaitable[None]]
) -> list[Change | None]:
    """Return what a daemon hears of *told*."""
    found: list[Change | None] = []
    async with asyncio.timeout(5), events.announcements(database, OURS) as changes:
        await told()
        await announce(database, END)
        async for change in changes:
            if change == END:
                return found
            found.append(change)
    raise AssertionError("the announcements ended")


def of_devices(*names: str) -> Change:
    return Change(devices=frozenset(names))


@pytest.mark.parametrize(
    "change",
    [
        of_devices("HD0001", "HD0002"),
        Change(users=frozenset({"default/100", "acme/100"})),
        Change(directory=True),
        Change(
            devices=frozenset({"HD0001"}),
            users=frozenset({"default/100"}),
            directory=True,
        ),
        Change(),
    ],
)
async def test_a_change_arrives_as_it_was_announced(
    database: Database, change: Change
) -> None:
    assert await heard(database, lambda: announce(database, change)) == [change]


async def test_changes_arrive_in_the_order_of_their_commits(
    database: Database,
) -> None:
    changes = [of_devices(f"HD{n:04}") for n in range(100)]

    async def tell() -> None:
        await announce(database, *changes[:50])
        await announce(database, *changes[50:])

    assert await heard(database, tell) == changes


async def test_our_own_changes_are_passed_over(database: Database) -> None:
    async def tell() -> None:
        await announce(database, of_devices("HD0001"), origin=OURS)
        await announce(database, of_devices("HD0002"))

    assert await heard(database, tell) == [of_devices("HD0002")]


async def test_a_bell_rings_for_all_that_happens_also_for_what_is_ours(
    database: Database,
) -> None:
    rung: list[int] = []
    refused = Event(at=datetime.now(UTC), what="refused")
    async with (
        asyncio.timeout(5),
        events.announcements(database, OURS, lambda: rung.append(1)) as changes,
    ):
        async with database.transaction() as tx:
            await events.record(tx, refused)
        async with database.transaction() as tx:
            await events.record_and_announce(tx, [refused], of_devices("A"), OURS)
        await announce(database, END)

        assert await anext(changes) == END

    assert len(rung) == 3


async def test_what_was_not_committed_was_never_said(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as tx:
            await events.announce(tx, of_devices("HD0001"), THEIRS)
            raise ZeroDivisionError

    async def tell() -> None:
        with pytest.raises(ZeroDivisionError):
            await fail()

    assert await heard(database, tell) == []


async def test_what_was_said_before_is_not_heard(database: Database) -> None:
    await announce(database, of_devices("HD0001"))

    async def tell() -> None:
        await announce(database, of_devices("HD0002"))

    assert await heard(database, tell) == [of_devices("HD0002")]


async def test_a_change_too_large_to_name_means_everything(
    database: Database,
) -> None:
    """PostgreSQL carries less than 8,000 bytes."""
    longest = "9" * 10
    largest = Change(
        devices=frozenset(f"HD{n:030}" for n in range(25)),
        users=frozenset(f"{n:032}/{longest}" for n in range(25)),
    )
    too_large = largest | Change(users=frozenset({"default/100"}))
    huge = of_devices(*(f"HD{n:05}" for n in range(10_000)))

    async def tell() -> None:
        await announce(database, largest, too_large)
        await announce(database, huge)

    assert await heard(database, tell) == [largest, None, None]


async def test_names_need_not_be_ascii_nor_harmless(database: Database) -> None:
    odd = Change(users=frozenset({"Zoë'); DROP TABLE users;--", '"\\', "\u2028"}))

    assert await heard(database, lambda: announce(database, odd)) == [odd]


async def test_another_installation_in_the_same_database_is_not_heard(
    database: Database, postgres_dsn: str
) -> None:
    async with open_database(postgres_dsn, "public") as neighbour:

        async def tell() -> None:
            await announce(neighbour, of_devices("HD0001"))

        assert await heard(database, tell) == []


async def test_two_daemons_hear_the_same(database: Database) -> None:
    told = of_devices("HD0001")
    async with (
        asyncio.timeout(5),
        events.announcements(database, OURS) as first,
        events.announcements(database, "another") as second,
    ):
        await announce(database, told)

        assert await anext(first) == told
        assert await anext(second) == told


async def cut_off(database: Database) -> None:
    """End every connection that listens."""
    async with database.transaction() as tx:
        await tx.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%%' AND pid <> pg_backend_pid()"
            " AND query LIKE %s",
            [f"%{database.schema}%"],
        )


async def test_a_lost_connection_is_an_outage(database: Database) -> None:
    async def listen() -> None:
        async with events.announcements(database, OURS) as changes:
            await cut_off(database)
            await anext(changes)

    with pytest.raises(Unavailable, match="PostgreSQL cannot be reached"):
        await asyncio.wait_for(listen(), 5)


async def test_a_server_that_is_not_there_is_an_outage(unused_tcp_port: int) -> None:
    dsn = f"postgresql://user:s3cret@127.0.0.1:{unused_tcp_port}/database"
    away = Database(dsn, "hotdesk")

    with pytest.raises(Unavailable) as caught:
        async with events.announcements(away, OURS):
            pass
    assert "s3cret" not in str(caught.value)


@asynccontextmanager
async def in_the_middle(
    database: Database,
) -> AsyncIterator[AsyncIterator[Change | None]]:
    """Yield announcements of which one has been heard and others wait."""
    async with events.announcements(database, OURS) as changes:
        await announce(database, *(of_devices(f"HD{n}") for n in range(5)))
        assert await anext(changes) is not None
        yield changes


async def test_whoever_has_heard_enough_can_leave(database: Database) -> None:
    async with asyncio.timeout(5), in_the_middle(database):
        pass


async def test_a_mistake_while_following_a_change_does_not_hang(
    database: Database,
) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(ZeroDivisionError):
            async with in_the_middle(database):
                raise ZeroDivisionError


async def test_the_daemon_can_be_stopped_while_it_follows_a_change(
    database: Database,
) -> None:
    following = asyncio.Event()

    async def follow() -> None:
        async with in_the_middle(database):
            following.set()
            await asyncio.Event().wait()

    daemon = asyncio.create_task(follow())
    await asyncio.wait_for(following.wait(), 5)

    daemon.cancel()

    done, _ = await asyncio.wait({daemon}, timeout=5)
    assert done
    assert daemon.cancelled()
