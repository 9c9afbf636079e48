"""What Prometheus reads is what is and what happened."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)

from asterisk_hotdesk.errors import Refused
from asterisk_hotdesk.metrics import page
from asterisk_hotdesk.store import Database, events, logins, status
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.status import Seen
from tests.postgres.office import DESKS, PEOPLE, WRONG, Office, opened
from tests.postgres.scraping import Scraper, scraping

AT = datetime(2020, 1, 1, tzinfo=UTC)

OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;q=0.5"


@pytest.fixture
async def office(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    monkeypatch.setattr(page, "FRESH_SECONDS", 0.0)
    async with opened(database, monkeypatch) as office:
        yield office


@pytest.fixture
async def scraper(office: Office) -> AsyncIterator[Scraper]:
    async with scraping(office) as scraper:
        # From here on, what happens is counted.
        await scraper.metrics.count()
        yield scraper


# What happened


async def test_logins_are_counted_by_result_and_way_in(scraper: Scraper) -> None:
    await scraper.office.log_in("100")
    with suppress(Refused):
        await scraper.office.log_in("101", pin=WRONG)

    found = await scraper.scrape()

    assert found["hotdesk_logins_total by=phone result=ok"] == 1
    assert found["hotdesk_logins_total by=phone result=bad_credentials"] == 1


async def test_each_login_is_counted_once(scraper: Scraper) -> None:
    await scraper.office.log_in("100")
    await scraper.scrape()

    found = await scraper.scrape()

    assert found["hotdesk_logins_total by=phone result=ok"] == 1


async def test_logouts_are_counted_by_reason(scraper: Scraper) -> None:
    await scraper.office.log_in("100")
    await scraper.office.log_in("101")
    await scraper.office.log_out()
    with suppress(Refused):
        await scraper.office.log_out()

    found = await scraper.scrape()

    assert found["hotdesk_logouts_total by=phone reason=replaced"] == 1
    assert found["hotdesk_logouts_total by=phone reason=logged_out"] == 1
    assert not any("nobody_logged_in" in name for name in found)


async def test_what_happened_before_the_start_is_not_counted(office: Office) -> None:
    await office.log_in("100")
    async with scraping(office) as scraper:
        found = await scraper.scrape()

    assert found["hotdesk_logins_total by=phone result=ok"] == 0


async def test_emergency_calls_and_stale_phones_are_counted(scraper: Scraper) -> None:
    async with scraper.office.database.transaction() as tx:
        for what in ("emergency_call", "stale", "stale"):
            await events.record(tx, Event(at=scraper.office.now, what=what))

    found = await scraper.scrape()

    assert found["hotdesk_emergency_calls_total"] == 1
    assert found["hotdesk_phones_became_stale_total"] == 2


async def test_a_label_has_no_value_that_anybody_can_choose(scraper: Scraper) -> None:
    strange = Event(at=scraper.office.now, what="refused", code="100", by="HD0001")
    async with scraper.office.database.transaction() as tx:
        await events.record(tx, strange)

    found = await scraper.scrape()

    assert found["hotdesk_logins_total by=other result=other"] == 1


async def test_how_long_each_step_took_is_observed_once(scraper: Scraper) -> None:
    await scraper.office.log_in("100")
    ((generation,),) = await scraper.office.rows("SELECT max(id) FROM switches")
    assert isinstance(generation, int)
    for seconds, note in (
        (0.02, logins.note_routed),
        (3, logins.note_confirmed),
    ):
        scraper.office.later(seconds)
        async with scraper.office.database.transaction() as tx:
            await note(tx, {generation: scraper.office.now})
        await scraper.scrape()

    found = await scraper.scrape()

    assert found["hotdesk_switch_step_seconds_count step=routed"] == 1
    assert found["hotdesk_switch_step_seconds_sum step=routed"] == pytest.approx(0.02)
    assert found["hotdesk_switch_step_seconds_sum step=confirmed"] == pytest.approx(
        3.02
    )
    assert found["hotdesk_switch_step_seconds_count step=refreshed"] == 0


async def test_a_switch_that_another_one_overtook_is_still_observed(
    scraper: Scraper,
) -> None:
    await scraper.office.log_in("100")
    ((first,),) = await scraper.office.rows("SELECT max(id) FROM switches")
    assert isinstance(first, int)
    await scraper.scrape()
    async with scraper.office.database.transaction() as tx:
        await logins.note_routed(tx, {first: scraper.office.now})
    await scraper.office.log_out()

    found = await scraper.scrape()

    assert found["hotdesk_switch_step_seconds_count step=routed"] == 1


# How things are


async def test_devices_are_counted_by_state(scraper: Scraper) -> None:
    await scraper.office.log_in("100")
    await scraper.office.rows(
        "UPDATE devices SET enabled = false WHERE name = %s RETURNING id", DESKS[1]
    )

    found = await scraper.scrape()

    assert found["hotdesk_devices state=in_use"] == 1
    assert found["hotdesk_devices state=disabled"] == 1
    assert found["hotdesk_devices state=idle"] == 2


async def test_phones_are_counted_as_asterisk_sees_them(scraper: Scraper) -> None:
    async with scraper.office.database.transaction() as tx:
        seen = [
            Seen(device=DESKS[0], registered=True, reachable=True),
            Seen(device=DESKS[1], registered=True, reachable=False),
            Seen(device=DESKS[2], registered=False),
        ]
        await status.note_seen(tx, seen, scraper.office.now)

    found = await scraper.scrape()

    for state in ("registered", "unreachable", "unregistered", "unknown"):
        assert found[f"hotdesk_phones state={state}"] == 1


async def test_a_lock_is_counted_until_it_ends(scraper: Scraper) -> None:
    for _ in range(scraper.office.desks.limits.user_failures):
        with suppress(Refused):
            await scraper.office.log_in("100", pin=WRONG)
    assert (await scraper.scrape())["hotdesk_pin_lockouts of=user"] == 1

    scraper.office.later(scraper.office.desks.limits.first_lock_seconds)

    found = await scraper.scrape()
    assert found["hotdesk_pin_lockouts of=user"] == 0
    assert found["hotdesk_pin_lockouts of=total"] == 0


async def test_a_lock_that_only_an_administrator_ends_is_counted(
    scraper: Scraper,
) -> None:
    await scraper.office.rows(
        "INSERT INTO pin_attempts VALUES ('user:default/x', 20, %s) RETURNING 1",
        AT,
    )

    assert (await scraper.scrape())["hotdesk_pin_lockouts of=user"] == 1


async def test_what_only_the_service_knows_is_there(scraper: Scraper) -> None:
    found = await scraper.scrape()

    assert found["hotdesk_connected to=ami"] == 1
    assert found["hotdesk_connected to=ari"] == 0
    assert found["hotdesk_connected to=database"] == 1
    assert found["hotdesk_reconnects_total to=ami"] == 3
    assert found["hotdesk_queue_length queue=refresh"] == 7
    assert (
        found["hotdesk_webhook_deliveries_total result=delivered webhook=booking"] == 5
    )
    assert found["hotdesk_webhook_waiting_events webhook=booking"] == 0


async def test_without_the_database_the_rest_is_told(
    scraper: Scraper, office: Office
) -> None:
    await scraper.scrape()
    await office.database.close()

    text, _ = await scraper.text()

    assert 'hotdesk_connected{to="database"} 0.0' in text
    assert 'hotdesk_reconnects_total{to="ami"} 3.0' in text
    assert "hotdesk_devices" not in text


# How it is told


async def test_whoever_asks_for_openmetrics_gets_it(scraper: Scraper) -> None:
    text, content_type = await scraper.text(OPENMETRICS)

    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    families = openmetrics_families(text)  # type: ignore[no-untyped-call]
    names = {family.name for family in families}
    assert {"hotdesk_logins", "hotdesk_devices", "hotdesk_build"} <= names


async def test_others_get_plain_text(scraper: Scraper) -> None:
    text, content_type = await scraper.text()

    assert content_type.startswith("text/plain; version=0.0.4")
    assert re.search(r'^hotdesk_build_info\{version="[\d.]+"\} 1\.0$', text, re.M)


async def test_many_scrapers_cost_one_look(
    scraper: Scraper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "FRESH_SECONDS", 60.0)
    await scraper.scrape()
    await scraper.office.log_in("100")

    texts = await asyncio.gather(*(scraper.text() for _ in range(20)))

    assert {'hotdesk_devices{state="in_use"} 0.0' in text for text, _ in texts} == {
        True
    }


async def test_no_person_and_no_device_is_named(scraper: Scraper) -> None:
    await scraper.office.log_in("100")
    await scraper.metrics.count()

    text, _ = await scraper.text()

    assert not any(f'"{name}"' in text for name in (*PEOPLE, *DESKS))
    assert "User" not in text
