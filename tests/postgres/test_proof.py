"""What phones prove is kept, whatever else happens to their devices meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest

from asterisk_hotdesk.errors import Conflict
from asterisk_hotdesk.proof import Proof
from tests.postgres.office import DESKS, Office, until

REMOVED, OTHER, _ = DESKS


class NobodyWaits:
    """A refresher and a display that wait for nothing."""

    def confirmed(self, device_name: str, generation: int) -> bool:
        return False


class Desks:
    """An office whose phones fetch."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.database = office.database
        nobody = cast(Any, NobodyWaits())
        self._proof = Proof(self.database, nobody, nobody, lambda: office.now)

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """Keep what phones prove while the block runs, and raise what ends that."""
        async with asyncio.TaskGroup() as tasks:
            keeping = tasks.create_task(self._proof.keep())
            yield
            keeping.cancel()

    async def fetches(self, *devices: str) -> None:
        for device in devices:
            generation = await self.office.generation(device)
            self._proof.fetched(device, generation, "snomD785", "127.0.0.1")

    async def has_fetched(self, device: str) -> bool:
        return bool(
            await self.office.rows(
                """
                SELECT 1 FROM device_status
                JOIN devices ON devices.id = device_id
                JOIN switches ON switches.id = switch_id
                WHERE devices.name = %s AND fetched_generation = switch_id
                    AND confirmed_at IS NOT NULL
                """,
                device,
            )
        )


@pytest.fixture
def desks(office: Office) -> Desks:
    return Desks(office)


async def test_a_device_is_removed_while_its_phone_fetches(desks: Desks) -> None:
    await desks.office.log_in("100", REMOVED)
    await desks.office.log_in("101", OTHER)
    async with desks.keeping():
        async with desks.database.transaction() as removal:
            await removal.execute("DELETE FROM devices WHERE name = %s", [REMOVED])
            await desks.fetches(REMOVED, OTHER)
            await desks.office.waits_for(removal)

        await until(lambda: desks.has_fetched(OTHER))


async def test_a_change_that_waits_for_us_while_we_wait_for_it(desks: Desks) -> None:
    """PostgreSQL then ends one of the two transactions; ours begins again."""
    await desks.office.log_in("100", REMOVED)
    async with desks.keeping():
        await desks.fetches(REMOVED)
        await until(lambda: desks.has_fetched(REMOVED))
        await desks.office.log_in("101", REMOVED)

        with suppress(Conflict):
            async with desks.database.transaction() as change:
                # The other way round than a fetch is kept.
                await change.execute(
                    "SELECT 1 FROM switches WHERE id = %s FOR UPDATE",
                    [await desks.office.generation(REMOVED)],
                )
                await desks.fetches(REMOVED)
                await desks.office.waits_for(change)
                await change.execute("UPDATE device_status SET in_call = false")
        await until(lambda: desks.has_fetched(REMOVED))
