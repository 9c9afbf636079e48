"""Others are told of what people do at phones: over HTTP, and by metrics."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.request import urlopen

import pytest

from tests.asterisk.conftest import Office, press_pin
from tests.asterisk.emergency import centre, emergency_call
from tests.asterisk.trouble import kill_service, start_service, until
from tests.webhook_receiver import SECRET, Received, Receiver, receiving


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


WHAT_PEOPLE_DO = ("auth_fail", "login", "replaced", "emergency", "emergency_over")


@asynccontextmanager
async def telling(
    office: Office, receiver: Receiver, *events: str
) -> AsyncIterator[None]:
    """Let the service tell *receiver* of *events*, and whoever scrapes, for the block.

    Without *events* not of stale phones: those of earlier tests are unplugged.
    """
    port = office.lab.pbx.ports.spare[-1]
    async with office.settings(
        f'[webhooks.booking]\nurl = "{receiver.url}"\nsecret = "{SECRET}"\n'
        f"events = {json.dumps(events or WHAT_PEOPLE_DO)}\n"
        f"[metrics]\nenabled = true\nlisten_port = {port}\n"
        "[refresh]\nstale_seconds = 2\n"
    ):
        yield


def told(received: list[Received]) -> list[tuple[str, str, str]]:
    return [
        (one.json["event"], one.json["extension"], one.json["device"])
        for one in received
    ]


def metric(office: Office, series: str) -> float | None:
    """Return the value of a series such as `hotdesk_devices{state="idle"}`."""
    port = office.lab.pbx.ports.spare[-1]
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.M)
    return float(found[1]) if found else None


def _listed(office: Office) -> dict[str, object]:
    """Return what `hotdesk webhook list` says of the webhook."""
    (listed,) = json.loads(office.lab.hotdesk("webhook", "list", "--json").stdout)
    return dict(listed)


async def becomes(office: Office, series: str, value: float) -> None:
    await until(lambda: metric(office, series) == value, f"{series} {value}", within=15)


async def test_what_people_do_at_phones_is_told(
    office: Office, receiver: Receiver
) -> None:
    async with telling(office, receiver):
        desk, help_ = await office.desk("HD0001"), await centre(office)
        call = await desk.dial("*77*100*")
        await press_pin(call, office.wrong_pin("100"))
        await receiver.gets(1)
        await call.hangup()
        await office.sit_down(desk, "100")
        await office.sit_down(desk, "101")
        async with emergency_call(desk, help_):
            await becomes(office, "hotdesk_emergency_calls_active", 1)
        got = await receiver.gets(6)

        assert told(got) == [
            ("auth_fail", "100", "HD0001"),
            ("login", "100", "HD0001"),
            ("replaced", "100", "HD0001"),
            ("login", "101", "HD0001"),
            ("emergency", "101", "HD0001"),
            ("emergency_over", "101", "HD0001"),
        ]
        assert all(one.is_genuine() for one in got)
        assert got[4].json["number"] == "112"
        for series, value in (
            ('hotdesk_logins_total{by="phone",result="ok"}', 2),
            ('hotdesk_logins_total{by="phone",result="bad_credentials"}', 1),
            ('hotdesk_logouts_total{by="phone",reason="replaced"}', 1),
            ("hotdesk_emergency_calls_total", 1),
            ('hotdesk_devices{state="in_use"}', 1),
            ('hotdesk_phones{state="registered"}', 1),
            ('hotdesk_switch_step_seconds_count{step="routed"}', 2),
            ('hotdesk_connected{to="ami"}', 1),
            ('hotdesk_connected{to="ari"}', 1),
        ):
            await becomes(office, series, value)


async def test_a_phone_that_is_away_is_told_to_be_stale_until_it_is_back(
    office: Office, receiver: Receiver
) -> None:
    async with telling(office, receiver, "stale", "fresh"):
        await office.hotdesk("login", "100", "HD0002")

        stale = await receiver.gets_one(event="stale", device="HD0002")

        assert (stale.json["extension"], stale.json["phone"]) == ("100", "unregistered")
        await becomes(office, "hotdesk_stale_phones", _stale_phones(office))

        await office.desk("HD0002")

        await receiver.gets_one(event="fresh", device="HD0002")
        await becomes(office, "hotdesk_stale_phones", _stale_phones(office))


def _stale_phones(office: Office) -> int:
    return len(office.rows("SELECT 1 FROM stale_phones"))


async def test_a_killed_service_tells_the_rest_when_it_is_back(
    office: Office, receiver: Receiver
) -> None:
    async with telling(office, receiver):
        receiver.always = 500
        await office.hotdesk("login", "100", "HD0001")
        await receiver.gets(1)
        await kill_service(office.lab)
        await office.hotdesk("login", "101", "HD0003")
        tried = len(receiver.got)
        receiver.always = 204

        await start_service(office.lab)

        got = (await receiver.gets(tried + 2))[tried:]
        assert told(got) == [
            ("login", "100", "HD0001"),
            ("login", "101", "HD0003"),
        ]
        assert got[0].id == receiver.got[0].id
        await until(lambda: _listed(office)["failures"] == 0, "no failure any more")


async def test_a_restart_of_asterisk_is_counted_as_a_reconnection(
    office: Office, receiver: Receiver
) -> None:
    async with telling(office, receiver):
        for to in ("ami", "ari"):
            await becomes(office, f'hotdesk_reconnects_total{{to="{to}"}}', 0)

        await asyncio.to_thread(office.lab.pbx.restart)

        await until(lambda: _reconnected(office), "both reconnections", within=20)
        for to in ("ami", "ari"):
            await becomes(office, f'hotdesk_connected{{to="{to}"}}', 1)


def _reconnected(office: Office) -> bool:
    return all(
        metric(office, f'hotdesk_reconnects_total{{to="{to}"}}')
        for to in ("ami", "ari")
    )
