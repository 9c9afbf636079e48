"""PostgreSQL is frozen or dead: callers are told, calls go on, all mends by itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psycopg

from tests.asterisk.conftest import Office
from tests.asterisk.trouble import (
    SORRY,
    Log,
    all_right,
    asterisk_log,
    phone_of,
    refused,
    rings,
    service_log,
    stasis_is_empty,
    until,
)
from tests.lab.snom import VirtualSnom

PARTS = 10
"""Of the service that need the database all the time, and say so on their own.

Logins, changes and events heard, people told of them, the history, rules, staleness,
routes, lamps and the web page."""


@asynccontextmanager
async def _frozen(office: Office) -> AsyncIterator[None]:
    await asyncio.to_thread(office.lab.freeze_database, frozen=True)
    try:
        yield
    finally:
        await asyncio.to_thread(office.lab.freeze_database, frozen=False)


def _postmaster(office: Office) -> int:
    file = Path(office.lab.directory) / "state" / "postgres" / "postmaster.pid"
    return int(file.read_text().split()[0])


async def _database_is_back(office: Office) -> None:
    def there() -> bool:
        try:
            return bool(office.rows("SELECT 1"))
        except psycopg.OperationalError:
            return False

    await until(there, "PostgreSQL to be back", within=20)


async def _hears_unavailable(office: Office, desk: VirtualSnom, name: str) -> None:
    heard = asterisk_log(office.lab)
    call = await desk.dial("*77*101*")
    # Nobody is asked for a PIN in vain.
    await heard.hears(name, SORRY, within=12)
    await call.ended(within=15)
    assert call.ended_by == "them"
    assert "agent-pass" not in heard.played(name)


def _said(log: Log, text: str) -> int:
    return sum(text in line for line in log.text().splitlines())


async def test_frozen(office: Office) -> None:
    used, idle = await office.desk("HD0001"), await office.desk("HD0002")
    fixed, trunk = await office.phone("200"), await office.phone("trunk")
    await office.sit_down(used, "100")
    log = service_log(office.lab)
    async with _frozen(office):
        told = asyncio.create_task(_hears_unavailable(office, idle, "HD0002"))
        # A phone that fetches is told to come again.
        async with aiohttp.ClientSession() as http:
            url = next(
                device["provisioning_url"]
                for device in office.facts["devices"]
                if device["name"] == "HD0003"
            )
            async with http.get(url) as answer:
                assert answer.status == 503
                assert int(answer.headers["Retry-After"]) > 0
        # Meanwhile calls and emergency calls go on.
        await rings(fixed, "100", used)
        assert (await rings(used, "200", fixed)).remote.number == "100"
        assert (await rings(idle, "112", trunk)).remote.number.endswith("02")
        assert await refused(idle, "200") in (403, 404)
        await told
    await stasis_is_empty(office.lab)
    await office.log_in(idle, "101")
    await all_right(office)
    assert office.sitting() == {"HD0001": "100", "HD0002": "101"}
    # Each part that needs it says so once a minute, not at each attempt.
    assert 1 <= _said(log, "trying again") <= PARTS


async def test_killed(office: Office) -> None:
    """kill -9 of the embedded PostgreSQL: the service starts it again."""
    used, idle = await office.desk("HD0001"), await office.desk("HD0002")
    fixed, trunk = await office.phone("200"), await office.phone("trunk")
    await office.sit_down(used, "100")
    log = service_log(office.lab)
    before, service = _postmaster(office), office.lab.service_pid()
    os.kill(before, signal.SIGKILL)
    await rings(fixed, "100", used)
    assert (await rings(idle, "112", trunk)).dialled == "112"
    await _database_is_back(office)
    assert _postmaster(office) != before
    assert office.lab.service_pid() == service
    await until(lambda: "PostgreSQL is back" in log.text(), "the service says so", 15)
    assert office.sitting() == {"HD0001": "100"}
    await office.log_in(idle, "101")
    await all_right(office)
    assert 1 <= _said(log, "trying again") <= PARTS
    await _commands_still_wake_the_service(office, idle)


async def test_stopped(office: Office) -> None:
    """An orderly stop, as by pg_ctl: connections end with a word."""
    desk = await office.desk("HD0001")
    await office.sit_down(desk, "100")
    before = _postmaster(office)
    await asyncio.to_thread(office.lab.stop_database)
    await _database_is_back(office)
    assert _postmaster(office) != before
    await desk.shows("100")
    await _commands_still_wake_the_service(office, desk)


async def _commands_still_wake_the_service(office: Office, desk: VirtualSnom) -> None:
    done = await office.hotdesk("logout", phone_of(desk).username)
    assert "In force" in done.stdout
    await desk.shows(phone_of(desk).username)
    await all_right(office)
