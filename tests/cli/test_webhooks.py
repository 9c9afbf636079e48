"""`hotdesk webhook`: how each fares, and a test that tells whether it works."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from asterisk_hotdesk.store import webhooks as states
from tests.cli.command import Command
from tests.webhook_receiver import SECRET, Receiver, receiving

TOKEN = "t0k3n"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def booking(hotdesk: Command, receiver: Receiver) -> Command:
    """Return the command, with a webhook called booking."""
    with hotdesk.config.open("a") as settings:
        settings.write(
            f'[webhooks.booking]\nurl = "{receiver.url}?token={TOKEN}"\n'
            f'secret = "{SECRET}"\nevents = ["login"]\n'
        )
    return hotdesk


async def test_a_test_is_sent_and_its_answer_told(
    booking: Command, receiver: Receiver
) -> None:
    done = await booking.succeeds("webhook", "test", "booking")

    (got,) = receiver.got
    assert got.is_genuine()
    assert (got.json["event"], got.json["webhook"]) == ("test", "booking")
    assert done.out.startswith("booking (http://127.0.0.1:")
    assert ") answered 204 in " in done.out
    assert TOKEN not in done.out


async def test_a_test_that_fails_says_why(booking: Command, receiver: Receiver) -> None:
    receiver.always = 403

    done = await booking("webhook", "test", "booking")

    assert done.code == 3
    assert done.lines[0].endswith(") answered 403")
    assert TOKEN not in done.err


async def test_a_webhook_that_nobody_knows_is_refused_with_those_there_are(
    booking: Command,
) -> None:
    done = await booking("webhook", "test", "bookings")

    assert done.code == 1
    assert done.lines == ["There is no webhook bookings; the settings have booking."]


async def test_the_list_says_what_was_delivered_and_what_fails(
    booking: Command,
) -> None:
    at = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)
    async with booking.database.transaction() as tx:
        await states.note_delivered(tx, "booking", at)
        await states.note_failed(tx, "booking", "answered 500", at)

    (listed,) = await booking.json("webhook", "list")
    shown = await booking.succeeds("webhook", "list")

    assert (listed["name"], listed["delivered"], listed["failures"]) == (
        "booking",
        1,
        1,
    )
    assert listed["events"] == ["login"]
    assert listed["problem"] == "answered 500"
    assert "answered 500; failures: 1" in shown.out
    assert "the daemon is not running: nothing is delivered" in shown.err
    assert TOKEN not in shown.out


async def test_an_empty_list_says_how_to_add_one(hotdesk: Command) -> None:
    done = await hotdesk.succeeds("webhook", "list")

    assert done.out == "No webhooks; add one to the settings: [webhooks.NAME]\n"
