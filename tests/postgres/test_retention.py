"""What is old goes, what is in use stays, and people's names go before that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from asterisk_hotdesk import retention
from asterisk_hotdesk.config import HistoryConfig
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.login import log_out
from asterisk_hotdesk.model import EndReason, Source
from asterisk_hotdesk.retention import Retention, pseudonym
from asterisk_hotdesk.store import Database, emergencies, events
from asterisk_hotdesk.store import retention as stored
from asterisk_hotdesk.store.emergencies import EmergencyCall
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.feed import Reader
from tests.postgres.office import DESKS, Office, opened

KEY = b"key"
DAY = 24 * 3600.0


@pytest.fixture
async def office(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    monkeypatch.setattr(retention, "PAUSE_SECONDS", 0.0)
    async with opened(database, monkeypatch) as office:
        yield office


async def let_go(office: Office, **days: int) -> None:
    await Retention(
        office.database, HistoryConfig(**days), KEY, lambda: office.now
    ).let_go()


async def record(office: Office, *told: Event) -> None:
    async with office.database.transaction() as tx:
        await events.record(tx, *told)


async def until_all_are_gone(office: Office) -> None:
    async with asyncio.timeout(10):
        while True:
            if not await office.events():
                return
            await asyncio.sleep(0.02)


def happened(at: datetime, what: str = "test") -> Event:
    return Event(
        at=at,
        what=what,
        code="code",
        account="default",
        extension="100",
        name="User default/100",
        device="HD0001",
        by="web",
        actor="frida",
        address="192.0.2.7",
    )


async def test_what_is_older_than_the_days_to_keep_is_deleted(office: Office) -> None:
    for days in (400, 366, 364, 0):
        await record(
            office, happened(office.now - timedelta(days=days), f"{days} days")
        )

    await let_go(office, keep_days=365)

    assert [row[0] for row in await office.events()] == ["364 days", "0 days"]


async def test_an_emergency_call_goes_when_it_has_ended_long_ago(
    office: Office,
) -> None:
    async with office.database.transaction() as tx:
        for days in (12, 9, 0):
            began_at = office.now - timedelta(days=days)
            call = EmergencyCall(
                channel=f"{days} days", device=DESKS[0], number="112", began_at=began_at
            )
            await emergencies.begin(tx, call)
            if days:
                await emergencies.end(tx, call.channel, began_at)

    await let_go(office, keep_days=10)

    async with office.database.transaction() as tx:
        kept = await emergencies.lately(tx, office.now - timedelta(days=100))
    assert sorted(call.channel for call in kept) == ["0 days", "9 days"]


async def test_a_login_goes_when_it_has_ended_long_ago(office: Office) -> None:
    await office.log_in("100", DESKS[0])
    await office.log_out(DESKS[0])
    office.later(9 * DAY)
    await office.log_in("101", DESKS[1])
    office.later(2 * DAY)
    await office.log_out(DESKS[1])

    await let_go(office, keep_days=10)

    assert await office.history() == [("101", DESKS[1], "logged_out")]


async def test_whoever_has_sat_there_for_years_stays(office: Office) -> None:
    await office.log_in("100", DESKS[0])
    await office.log_in("101", DESKS[1])
    await office.log_out(DESKS[1])
    before = await office.rows("SELECT device, generation, decided_at FROM status")
    office.later(5000 * DAY)

    await let_go(office, keep_days=1, pseudonymise_days=0)

    assert await office.sitting() == {DESKS[0]: "100"}
    after = await office.rows("SELECT device, generation, decided_at FROM status")
    assert after == before
    # Of the second desk, the switch that made it idle is its last one.
    assert await office.rows("SELECT count(*) FROM switches") == [(2,)]
    assert await office.events() == []


async def test_nothing_is_deleted_where_the_days_are_0(office: Office) -> None:
    await record(office, happened(office.now - timedelta(days=30_000)))
    await office.log_in("100", DESKS[0])
    await office.log_out(DESKS[0])
    office.later(30_000 * DAY)

    await let_go(office, keep_days=0)

    assert len(await office.events()) == 3
    assert len(await office.history()) == 1


async def test_people_get_pseudonyms_and_stay_the_same_people(office: Office) -> None:
    long_ago = office.now - timedelta(days=31)
    await record(office, happened(long_ago), happened(long_ago), happened(office.now))

    await let_go(office, pseudonymise_days=30)

    old, same, fresh = await office.rows(
        "SELECT extension, name, actor, address, what, code, device, by FROM history"
        " ORDER BY id"
    )
    assert old == same
    assert old[0] == pseudonym(KEY, "100")
    assert all(str(part).startswith("~") for part in old[:4])
    assert len(set(old[:4])) == 4
    assert old[4:] == fresh[4:] == ("test", "code", "HD0001", "web")
    assert fresh[:4] == ("100", "User default/100", "frida", "192.0.2.7")


async def test_a_pseudonym_gets_no_pseudonym(office: Office) -> None:
    await record(office, happened(office.now - timedelta(days=31)))

    await let_go(office, pseudonymise_days=30)
    once = await office.rows("SELECT * FROM history")
    await let_go(office, pseudonymise_days=30)

    assert await office.rows("SELECT * FROM history") == once


async def test_nobody_reads_the_extension_out_of_a_pseudonym() -> None:
    assert pseudonym(b"another key", "100") != pseudonym(KEY, "100")


async def test_where_nobody_is_named_nothing_is_put(office: Office) -> None:
    await record(office, Event(at=office.now - timedelta(days=31), what="mac_sweep"))

    await let_go(office, pseudonymise_days=30)

    told = await office.rows("SELECT extension, name, actor, address FROM history")
    assert told == [("", "", "", "")]


async def test_a_rule_keeps_its_name(office: Office) -> None:
    await office.log_in("100", DESKS[0])
    await log_out(
        office.desks,
        device_name=DESKS[0],
        now=office.now,
        reason=EndReason.FORCED,
        source=Source("rule", actor="idle"),
    )
    office.later(31 * DAY)

    await let_go(office, pseudonymise_days=30)

    assert await office.rows("SELECT actor FROM history WHERE by = 'rule'") == [
        ("idle",)
    ]


async def test_no_table_names_people_whom_the_history_does_not(office: Office) -> None:
    await office.log_in("100", DESKS[0])
    await office.log_out(DESKS[0])
    office.later(31 * DAY)

    await let_go(office, keep_days=365, pseudonymise_days=30)

    assert await office.history() == []
    assert len(await office.events()) == 2


async def test_all_of_it_goes_however_much_there_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "BATCH", 7)
    old = office.now - timedelta(days=400)
    names_only = office.now - timedelta(days=100)
    await record(office, *[happened(old)] * 50, *[happened(names_only)] * 50)

    await let_go(office, keep_days=365, pseudonymise_days=30)

    told = await office.rows("SELECT DISTINCT extension FROM history")
    assert told == [(pseudonym(KEY, "100"),)]
    assert await office.rows("SELECT count(*) FROM history") == [(50,)]


async def test_the_service_looks_again_also_after_an_outage(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(retention, "RETRY_SECONDS", 0.02)
    outages = [Unavailable("PostgreSQL is away")]

    def now() -> datetime:
        if outages:
            raise outages.pop()
        return office.now

    running = asyncio.create_task(
        Retention(office.database, HistoryConfig(), KEY, now).run()
    )
    try:
        for _ in range(2):
            await record(office, happened(office.now - timedelta(days=366)))
            await until_all_are_gone(office)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_reader_that_lags_behind_goes_on_with_what_is_left(
    office: Office,
) -> None:
    reader = Reader("webhook")
    async with office.database.transaction() as tx:
        await reader.unread(tx)
    await record(office, happened(office.now - timedelta(days=400), "gone"))
    await record(office, happened(office.now, "left"))

    await let_go(office, keep_days=365)

    async with office.database.transaction() as tx:
        found = [recorded.event.what for recorded in await reader.unread(tx)]
    assert found == ["left"]
