"""An office of any size to measure in: a real Asterisk, a real PostgreSQL, the daemon.

The daemon's parts run in the measuring process, so that one login can be timed without
a telephone.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from asterisk_hotdesk import service
from asterisk_hotdesk.config import Config, load
from asterisk_hotdesk.model import Change
from asterisk_hotdesk.pbx.ari import Ari
from asterisk_hotdesk.pepper import pepper
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.store import (
    Database,
    database_dsn,
    devices,
    events,
    migrate,
    open_database,
    users,
)
from asterisk_hotdesk.store.devices import NewDevice
from asterisk_hotdesk.store.users import NewUser
from tests.lab.lab import Lab
from tests.lab.packages import find_asterisk
from tests.lab.pbx import Pbx
from tests.lab.ports import claim_ports

PIN = "258036"

SETTINGS = """
[refresh]
# There are no phones to fetch: tell them slowly, so that nothing else is measured.
per_second = 1
"""


@dataclass(frozen=True)
class Office:
    """What a measurement needs."""

    lab: Lab
    pbx: Pbx
    config: Config
    database: Database
    ari: Ari


@asynccontextmanager
async def open_office() -> AsyncIterator[Office]:
    """Yield an office without desks or people; all is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="hotdesk-bench-", dir="/tmp"))
    lab = Lab(folder)
    pbx = Pbx(folder / "asterisk", find_asterisk(), claim_ports())
    pbx.write()
    pbx.start()
    try:
        lab.write_config(pbx, SETTINGS)
        config = load(lab.config, {})
        dsn = database_dsn(None, config.state_dir)
        await migrate(dsn, config.database.schema_name)
        asterisk = config.asterisk
        async with (
            open_database(dsn, config.database.schema_name) as database,
            Ari(
                asterisk.ari_url,
                asterisk.ari_username,
                asterisk.ari_password.get_secret_value(),
                asterisk.application,
            ) as ari,
        ):
            yield Office(lab, pbx, config, database, ari)
    finally:
        pbx.stop()
        lab.stop_database()
        shutil.rmtree(folder)


@asynccontextmanager
async def running(office: Office) -> AsyncIterator[service.Daemon]:
    """Yield the daemon, ready; it is ended afterwards."""
    daemon = service.Daemon(office.config, office.database, office.ari)
    task = asyncio.create_task(daemon.run())
    ready = asyncio.create_task(daemon.ready.wait())
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield daemon
    finally:
        ready.cancel()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def fill(office: Office, numbers: Iterable[int]) -> None:
    """Add a desk and a user, both with the same number, for each of *numbers*."""
    chosen = list(numbers)
    pin_hash = await Pins(pepper(office.config)).hash(PIN)
    async with office.database.transaction() as tx:
        await devices.add(
            tx,
            [
                NewDevice(
                    name=device_name(n),
                    mac=f"0004{n:08x}",
                    account="default",
                    sip_secret=secrets.token_hex(8),
                    web_password=secrets.token_hex(8),
                )
                for n in chosen
            ],
        )
        await users.add(
            tx,
            [
                NewUser(
                    extension=extension(n),
                    name=f"User {n}",
                    context="internal",
                    account="default",
                )
                for n in chosen
            ],
        )
        await tx.execute("UPDATE users SET pin_hash = %s", [pin_hash])
        names = frozenset(device_name(n) for n in chosen)
        await events.announce(tx, Change(devices=names, directory=True), "bench")


def device_name(number: int) -> str:
    """Return the name of desk *number*."""
    return f"HD{number:05}"


def extension(number: int) -> str:
    """Return the extension of user *number*."""
    return f"1{number:05}"


def percentile(times: Sequence[float], percent: float) -> float:
    """Return the time that *percent* of *times* do not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, round(len(ordered) * percent / 100))]


def milliseconds(times: Sequence[float]) -> str:
    """Return p50 and p95 of *times*, given in seconds."""
    half, most = percentile(times, 50) * 1000, percentile(times, 95) * 1000
    return f"p50 {half:6.1f} ms   p95 {most:6.1f} ms"


@contextlib.contextmanager
def timed(times: list[float]) -> Iterator[None]:
    """Add to *times* how many seconds the block took."""
    began = time.perf_counter()
    yield
    times.append(time.perf_counter() - began)
