"""`bench check`: how long `hotdesk check` takes with 10,000 devices and users.

Method: a fresh Asterisk and PostgreSQL, the service running, all devices written in
Asterisk.  The command is run as a process of its own, five times; the slowest counts.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter

from tests.bench.office import fill, open_office
from tests.bench.scale import until_looked_after, until_written

SIZE = 10_000
ROUNDS = 5


async def main() -> None:
    """Measure, and print the figures with their method."""
    print(f"bench check: hotdesk check with {SIZE} devices and users")
    async with open_office() as office:
        await asyncio.to_thread(office.lab.start_service)
        await fill(office, range(SIZE))
        await until_written(office, SIZE)
        await until_looked_after(office, SIZE)
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            done = await asyncio.to_thread(
                office.lab.hotdesk, "check", "--json", check=False
            )
            times.append(time.perf_counter() - began)
        await asyncio.to_thread(office.lab.stop_service)
    found = Counter(f["code"] for f in json.loads(done.stdout)["findings"])
    print(f"  slowest of {ROUNDS}             {max(times):.2f} s")
    print(f"  fastest                  {min(times):.2f} s")
    print(f"  findings                 {dict(found)}")
