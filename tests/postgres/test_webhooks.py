"""Each receiver is told of what it wants: in order, at least once, and signed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from asterisk_hotdesk import telling
from asterisk_hotdesk.config import WebhookConfig
from asterisk_hotdesk.errors import BadCredentials
from asterisk_hotdesk.precedence import Precedence
from asterisk_hotdesk.store import Database
from asterisk_hotdesk.store import webhooks as states
from asterisk_hotdesk.store.feed import Reader
from asterisk_hotdesk.store.webhooks import WebhookState
from asterisk_hotdesk.webhooks import Webhooks, delivery
from tests.postgres.office import DESKS, WRONG, Office, opened
from tests.webhook_receiver import SECRET, Received, Receiver, receiving

TOKEN = "t0k3n"


@pytest.fixture
async def office(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    monkeypatch.setattr(telling, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(delivery, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(delivery, "LONGEST_PAUSE_SECONDS", 0.05)
    async with opened(database, monkeypatch) as office:
        # Receivers compare the time with their own clock.
        office.now = datetime.now(UTC)
        yield office


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def hook(receiver: Receiver, *events: str) -> WebhookConfig:
    """Return the settings that name *receiver*, for *events* or for all."""
    said = {"url": f"{receiver.url}?token={TOKEN}", "secret": SECRET}
    wanted = {"events": list(events)} if events else {}
    return WebhookConfig.model_validate({**said, "timeout_seconds": 1, **wanted})


@asynccontextmanager
async def delivering(office: Office, **hooks: WebhookConfig) -> AsyncIterator[Webhooks]:
    """Deliver while the block runs; the first time, what happens from now on."""
    async with office.database.transaction() as tx:
        for name in hooks:
            await Reader(states.reader_of(name)).unread(tx)
    webhooks = Webhooks(hooks, office.database, Precedence(), lambda: datetime.now(UTC))
    running = asyncio.create_task(webhooks.run())
    try:
        yield webhooks
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def state(office: Office, name: str = "booking") -> WebhookState:
    async with office.database.transaction() as tx:
        (found,) = await states.states(tx, [name])
    return found


async def until_state(office: Office, name: str = "booking", **wanted: object) -> None:
    """Return once the database says so of the webhook."""
    async with asyncio.timeout(10):
        while True:
            if wanted.items() <= vars(await state(office, name)).items():
                return
            await asyncio.sleep(0.02)


def told(received: list[Received]) -> list[tuple[str, str]]:
    return [(one.json["event"], one.json["extension"]) for one in received]


# Delivered


async def test_what_happens_is_told_in_order_and_signed(
    office: Office, receiver: Receiver
) -> None:
    async with delivering(office, booking=hook(receiver)):
        await office.log_in("100")
        await office.log_in("101")
        await office.log_out()
        got = await receiver.gets(4)

    assert told(got) == [
        ("login", "100"),
        ("replaced", "100"),
        ("login", "101"),
        ("logout", "101"),
    ]
    assert all(one.is_genuine() for one in got)
    assert len({one.id for one in got}) == 4


async def test_the_body_is_the_one_that_is_documented(
    office: Office, receiver: Receiver
) -> None:
    async with delivering(office, booking=hook(receiver)):
        await office.log_in("100")
        (got,) = await receiver.gets(1)

    ((number,),) = await office.rows("SELECT max(id) FROM events")
    assert got.json == {
        "id": number,
        "event": "login",
        "at": office.now.isoformat(),
        "account": "default",
        "device": DESKS[0],
        "extension": "100",
        "name": "User default/100",
        "by": "phone",
        "actor": "",
        "address": "",
    }


async def test_a_webhook_gets_only_what_it_wants(
    office: Office, receiver: Receiver
) -> None:
    async with delivering(office, booking=hook(receiver, "logout", "auth_fail")):
        with suppress(BadCredentials):
            await office.log_in("100", pin=WRONG)
        await office.log_in("100")
        await office.log_out()
        got = await receiver.gets(2)

    assert told(got) == [("auth_fail", "100"), ("logout", "100")]
    assert got[0].json["code"] == "bad_credentials"


async def test_what_happened_while_nobody_delivered_is_told_later(
    office: Office, receiver: Receiver
) -> None:
    async with delivering(office, booking=hook(receiver)):
        pass
    await office.log_in("100")

    async with delivering(office, booking=hook(receiver)):
        assert told(await receiver.gets(1)) == [("login", "100")]


# Failing


async def test_an_event_is_tried_until_it_is_taken_and_the_next_ones_wait(
    office: Office, receiver: Receiver
) -> None:
    receiver.behaviours = [500, "close", "hang"]

    async with delivering(office, booking=hook(receiver)):
        await office.log_in("100")
        await office.log_out()
        got = await receiver.gets(5)

    assert told(got) == [("login", "100")] * 4 + [("logout", "100")]
    assert len({one.id for one in got[:4]}) == 1


async def test_a_dead_receiver_does_not_stop_the_others(
    office: Office, receiver: Receiver
) -> None:
    receiver.always = "hang"

    async with (
        receiving() as other,
        delivering(office, dead=hook(receiver), booking=hook(other)),
    ):
        await office.log_in("100")
        await office.log_out()
        assert told(await other.gets(2)) == [("login", "100"), ("logout", "100")]
        (hanging,) = await receiver.gets(1)

    assert hanging.id == other.got[0].id
    assert {one.id for one in receiver.got} == {hanging.id}


async def test_a_crash_repeats_nothing_that_was_delivered(
    office: Office, receiver: Receiver
) -> None:
    receiver.behaviours = [204]
    receiver.always = 500
    async with delivering(office, booking=hook(receiver)):
        await office.log_in("100")
        await office.log_in("101")
        await receiver.gets(3)
    tried = len(receiver.got)
    receiver.always = 204

    async with delivering(office, booking=hook(receiver)):
        got = await receiver.gets(tried + 2)

    assert told(got[tried:]) == [("replaced", "100"), ("login", "101")]


async def test_how_a_webhook_fares_can_be_asked(
    office: Office, receiver: Receiver
) -> None:
    receiver.behaviours = [204, 500, 500]
    receiver.always = "hang"
    async with delivering(office, booking=hook(receiver)) as webhooks:
        await office.log_in("100")
        await office.log_out()
        await until_state(office, delivered=1, failures=2, problem="answered 500")
        assert (await state(office)).waiting == 1
        assert webhooks.results() == {
            ("booking", "delivered"): 1,
            ("booking", "failed"): 2,
            ("booking", "given_up"): 0,
        }


async def test_a_delivery_ends_the_failures(office: Office, receiver: Receiver) -> None:
    receiver.behaviours = [500]
    async with delivering(office, booking=hook(receiver)):
        await office.log_in("100")
        await until_state(office, delivered=1, failures=0, problem="", waiting=0)

    assert (await state(office)).failed_at is not None


# Given up


async def test_what_is_too_old_is_given_up_and_the_history_says_so_once(
    office: Office, receiver: Receiver
) -> None:
    receiver.always = 500
    async with delivering(office, booking=hook(receiver)):
        office.now -= timedelta(hours=25)
        await office.log_in("100")
        await office.log_out()
        await until_state(office, given_up=2, waiting=0)
        receiver.always = 204
        office.now += timedelta(hours=25)
        await office.log_in("101")
        got = await receiver.gets(1)

    assert told(got) == [("login", "101")]
    happened = [event for event in await office.events() if "webhook" in str(event[0])]
    assert happened == [("webhook_given_up", "booking", "", "")]


async def test_a_webhook_that_was_taken_out_begins_anew_when_it_is_back(
    office: Office, receiver: Receiver
) -> None:
    async with delivering(office, booking=hook(receiver)):
        await office.log_in("100")
        await receiver.gets(1)
        await until_state(office, delivered=1)
    async with receiving() as other, delivering(office, other=hook(other)):
        await office.log_out()
        await other.gets(1)

    assert (await state(office)).delivered == 0
    async with delivering(office, booking=hook(receiver)):
        await office.log_in("101")
        assert told((await receiver.gets(2))[1:]) == [("login", "101")]


# Secrets


async def test_no_secret_reaches_the_log_or_the_database(
    office: Office, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.behaviours = [500, "close", 302]
    with caplog.at_level("DEBUG"):
        async with delivering(office, booking=hook(receiver)):
            await office.log_in("100")
            await receiver.gets(4)
            await until_state(office, delivered=1)

    written = caplog.text + await office.everything_stored()
    assert "webhook booking" in caplog.text
    assert TOKEN not in written
    assert SECRET.removeprefix("whsec_") not in written
