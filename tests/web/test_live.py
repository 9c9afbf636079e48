"""The list keeps itself current: what others do is seen at once, by everybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from asterisk_hotdesk.model import Change
from asterisk_hotdesk.store import Database, devices, events, logins, status
from asterisk_hotdesk.store.status import Seen
from asterisk_hotdesk.web.admin import live
from tests.postgres.office import DESKS
from tests.web.conftest import PASSWORD, Served
from tests.web.visitor import Visitor

FIRST, SECOND, _ = DESKS

Heard = asyncio.Queue[tuple[str, Any]]


@pytest.fixture
async def alive(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Served]:
    """Yield the site while it hears of changes."""
    monkeypatch.setattr(live, "GATHER_SECONDS", 0.05)
    monkeypatch.setattr(live, "COUNT_SECONDS", 0.05)
    monkeypatch.setattr(live, "STALE_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.1)
    running = asyncio.create_task(served.site.live.run())
    try:
        yield served
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def next_of(heard: Heard, *events: str) -> Any:
    """Return the content of the next of these events."""
    async with asyncio.timeout(10):
        while True:
            event, content = await heard.get()
            if event in events:
                return content


async def row_of(heard: Heard, device: str) -> dict[str, str]:
    """Return what is next told of *device*."""
    while True:
        for row in (await next_of(heard, "rows"))["rows"]:
            if row["device"] == device:
                return dict(row)


async def settled(visitor: Visitor, heard: Heard, served: Served) -> None:
    """Return once changes are heard of: not before the database is listened to."""
    async with asyncio.timeout(10):
        while True:
            await see(served, Seen(device=DESKS[2], address=str(served.office.now)))
            served.office.later(0.001)
            with suppress(asyncio.QueueEmpty):
                if heard.get_nowait()[0] == "rows":
                    return
            await asyncio.sleep(0.02)


async def see(served: Served, seen: Seen) -> None:
    async with served.office.database.transaction() as tx:
        await status.note_seen(tx, [seen], served.office.now)


async def test_a_login_anywhere_is_seen_at_once_by_everybody(alive: Served) -> None:
    one, other = await alive.logged_in(), await alive.visitor("de")
    await other.log_in("admin", PASSWORD)
    async with one.watching() as english, other.watching() as german:
        await settled(one, english, alive)
        await alive.office.log_in("100", FIRST)

        for heard, in_force in ((english, "in force"), (german, "in Kraft")):
            row = await row_of(heard, FIRST)
            assert row["states"] == "all used"
            assert "User default/100 (100)" in row["html"]
            while in_force not in row["html"]:
                row = await row_of(heard, FIRST)


async def test_each_step_of_a_switch_and_each_change_of_a_phone_is_told(
    alive: Served,
) -> None:
    visitor = await alive.logged_in()
    async with visitor.watching() as heard:
        await settled(visitor, heard, alive)
        await alive.office.log_in("100", FIRST)
        assert "waiting" in (await row_of(heard, FIRST))["html"]

        async with alive.office.database.transaction() as tx:
            (generation,) = await alive.office.rows("SELECT max(id) FROM switches")
            await logins.note_confirmed(tx, {int(str(generation[0])): alive.office.now})
        assert "confirmed" in (await row_of(heard, FIRST))["html"]
        await see(alive, Seen(device=FIRST, registered=True, reachable=False))
        row = await row_of(heard, FIRST)
        assert "unreachable" in row["html"]
        assert row["states"] == "all used unreachable"
        await see(alive, Seen(device=FIRST, reachable=True, in_call=True))
        assert "in call" in (await row_of(heard, FIRST))["html"]


async def test_the_counts_follow(alive: Served) -> None:
    visitor = await alive.logged_in()
    async with visitor.watching() as heard:
        await settled(visitor, heard, alive)
        await alive.office.log_in("100", FIRST)
        counts: dict[str, int] = {}
        while counts.get("used") != 1:
            counts = await next_of(heard, "counts")

    assert counts == {"all": 4, "used": 1, "idle": 3, "stale": 0, "unreachable": 0}


async def test_what_is_read_aloud_is_one_sentence(alive: Served) -> None:
    visitor = await alive.logged_in()
    async with visitor.watching() as heard:
        await settled(visitor, heard, alive)
        await alive.office.log_in("100", FIRST)
        said = ""
        while FIRST not in said:
            said = (await next_of(heard, "rows"))["said"]
            # Together with what settled it is only counted: let it come once more.
            await see(alive, Seen(device=FIRST, address=f"after {said}"[:40]))

    assert said == f"{FIRST}: User default/100 (100)"


async def test_a_phone_becomes_stale_although_nothing_happens(alive: Served) -> None:
    visitor = await alive.logged_in()
    async with visitor.watching() as heard:
        await settled(visitor, heard, alive)
        await alive.office.log_in("100", FIRST)
        await row_of(heard, FIRST)
        alive.office.later(61)
        row: dict[str, str] = {"states": ""}
        while "stale" not in row["states"]:
            row = await row_of(heard, FIRST)


async def test_new_and_removed_devices_make_browsers_fetch_the_list(
    alive: Served,
) -> None:
    visitor = await alive.logged_in()
    async with visitor.watching() as heard:
        await settled(visitor, heard, alive)
        async with alive.office.database.transaction() as tx:
            await devices.remove(tx, await alive.office.device(SECOND))
            change = Change(devices=frozenset([SECOND]), directory=True)
            await events.announce(tx, change, "a command")

        assert await next_of(heard, "reload") == {}


async def test_one_administrator_leaves_room_for_the_others(
    alive: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_OF_ONE", 2)
    greedy, other = await alive.logged_in(), await alive.visitor()
    await alive.add("eve", "viewer")
    await other.log_in("eve", PASSWORD)
    async with greedy.watching(), greedy.watching():
        assert (await greedy.get("/live/desks")).status == 503

        async with other.watching():
            pass


async def test_the_stream_ends_with_the_session(alive: Served) -> None:
    visitor, elsewhere = await alive.logged_in(), await alive.visitor()
    account = await visitor.get("/account")
    async with visitor.watching() as heard:
        await visitor.fill(account, "/logout")

        assert await next_of(heard, "ended") == {}
    assert (await elsewhere.get("/live/desks")).path == "/login"


async def test_an_open_list_alone_does_not_keep_a_session_alive(alive: Served) -> None:
    visitor = await alive.logged_in()
    async with visitor.watching() as heard:
        alive.office.later(61 * 60)

        assert await next_of(heard, "ended") == {}


async def test_browsers_hear_that_the_database_is_away_and_back(
    alive: Served, database: Database
) -> None:
    visitor = await alive.logged_in()
    async with visitor.watching() as heard:
        await settled(visitor, heard, alive)
        await alive.office.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE %s AND pid <> pg_backend_pid()",
            f'LISTEN "hotdesk:{database.schema}"%',
        )

        assert await next_of(heard, "away") == {}
        assert await next_of(heard, "reload") == {}


async def test_a_browser_that_does_not_listen_has_to_fetch_the_list(
    served: Served,
) -> None:
    viewer = live._Viewer("admin", "en")
    for number in range(live.MOST_WAITING + 1):
        viewer.tell(str(number).encode())

    assert viewer.messages.get_nowait().startswith(b"event: reload")
    assert viewer.messages.empty()


async def test_browsers_fetch_the_list_when_asterisk_is_gone_or_back(
    alive: Served,
) -> None:
    visitor = await alive.logged_in()
    async with visitor.watching() as heard:
        await settled(visitor, heard, alive)
        for answers in (False, True):
            async with alive.office.database.transaction() as tx:
                await status.note_pbx(tx, alive.office.now, answers=answers)
            assert await next_of(heard, "reload") == {}
