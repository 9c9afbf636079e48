"""A small office in a real database: desks, people, and the time of day."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from asterisk_hotdesk import login
from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.login import HotDesks, Outcome
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, Device, Failures, User, user_key
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.rules import SecondLogin
from asterisk_hotdesk.store import Database, Tx, attempts, devices, logins, users
from asterisk_hotdesk.store.devices import NewDevice
from asterisk_hotdesk.store.users import NewUser

PIN, WRONG = "730519", "111222"
DESKS = ("HD0001", "HD0002", "HD0003")
PEOPLE = ("100", "101", "102", "103")
ACME_DESK, ACME_EXTENSION = "ACME1", "200"
"""In an account of their own; extension 100 is there, too."""


@dataclass
class Office:
    """Desks and people of two accounts; everybody's PIN is the same."""

    desks: HotDesks
    now: datetime = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)

    @property
    def database(self) -> Database:
        return self.desks.database

    async def log_in(
        self, extension: str, device: str = DESKS[0], pin: str = PIN
    ) -> Outcome:
        return await login.log_in(
            self.desks, extension=extension, pin=pin, device_name=device, now=self.now
        )

    async def log_out(self, device: str = DESKS[0]) -> Outcome:
        return await login.log_out(self.desks, device_name=device, now=self.now)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    async def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Return what the database answers."""
        async with self.database.transaction() as tx:
            found = await tx.execute(query, values)
            return [tuple(row.values()) for row in await found.fetchall()]

    async def waits_for(self, transaction: Tx) -> None:
        """Return once somebody waits for what *transaction* holds."""
        pid = transaction.info.backend_pid
        await until(
            lambda: self.rows(
                "SELECT 1 FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))",
                pid,
            )
        )

    async def generation(self, device: str = DESKS[0]) -> int:
        """Return what the last switch of *device* made."""
        async with self.database.transaction() as tx:
            desk = await logins.desk(tx, device)
        assert desk is not None
        return desk.generation

    async def sitting(self) -> dict[str, str]:
        """Return who sits where: extension by device."""
        found = await self.rows(
            """
            SELECT devices.name, users.extension FROM logins
            JOIN users ON users.id = user_id JOIN devices ON devices.id = device_id
            WHERE until IS NULL ORDER BY devices.name
            """
        )
        return {str(device): str(extension) for device, extension in found}

    async def history(self) -> list[tuple[object, ...]]:
        """Return extension, device and reason of all logins that ended, in order."""
        return await self.rows(
            """
            SELECT users.extension, devices.name, end_reason FROM logins
            JOIN users ON users.id = user_id JOIN devices ON devices.id = device_id
            WHERE until IS NOT NULL ORDER BY until, logins.id
            """
        )

    async def events(self) -> list[tuple[object, ...]]:
        """Return what happened: what, code, extension and device."""
        return await self.rows(
            "SELECT what, code, extension, device FROM events ORDER BY id"
        )

    async def failures(self, *subjects: str) -> list[int]:
        """Return how often each of *subjects* failed."""
        async with self.database.transaction() as tx:
            found = await attempts.failures(tx, *subjects)
        return [found.get(subject, Failures()).count for subject in subjects]

    def of_user(self, extension: str, account: str = DEFAULT_ACCOUNT) -> str:
        """Return under what the failures of *extension* are counted."""
        return login.user_subject(self.desks, account, extension)

    async def user(self, extension: str, account: str = DEFAULT_ACCOUNT) -> User:
        return await login.find_user(self.desks, account, extension)

    async def device(self, name: str) -> Device:
        return await login.find_device(self.desks, name)

    async def everything_stored(self) -> str:
        """Return the whole database as text."""
        tables = await self.rows(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = current_schema() ORDER BY 1"
        )
        dumps = [
            str(row)
            for (name,) in tables
            for row in await self.rows(f"SELECT {name}::text FROM {name}")  # noqa: S608
        ]
        return "\n".join(dumps)


async def until(condition: Callable[[], Any]) -> None:
    """Return once *condition* holds, whose value may have to be awaited."""
    async with asyncio.timeout(10):
        while True:
            holds = condition()
            if await holds if inspect.isawaitable(holds) else holds:
                return
            await asyncio.sleep(0.001)


@asynccontextmanager
async def opened(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    *,
    limits: PinsConfig | None = None,
    second_login: SecondLogin = "move",
    quick: bool = True,
) -> AsyncIterator[Office]:
    """Yield an office; *quick*: with hashes that cost next to nothing."""
    if quick:
        monkeypatch.setattr("asterisk_hotdesk.pins._MEMORY_KIB", 8)
        monkeypatch.setattr("asterisk_hotdesk.pins._ROUNDS", 1)
    pins = Pins(b"pepper")
    async with database.transaction() as tx:
        await devices.ensure_account(tx, "acme")
        await devices.add(
            tx, [_device(n, d) for n, d in enumerate((*DESKS, ACME_DESK))]
        )
        await users.add(tx, [_user(extension) for extension in PEOPLE])
        await users.add(tx, [_user(e, "acme") for e in (ACME_EXTENSION, PEOPLE[0])])
        await _set_everybodys_pin(tx, await pins.hash(PIN))
    yield Office(HotDesks(database, pins, limits or PinsConfig(), second_login))


def _device(number: int, name: str) -> NewDevice:
    return NewDevice(
        name=name,
        mac=f"{0x000413000001 + number:012x}",
        account="acme" if name == ACME_DESK else DEFAULT_ACCOUNT,
        sip_secret="s1p-s3cret",
        web_password="w3b-s3cret",
    )


def _user(extension: str, account: str = DEFAULT_ACCOUNT) -> NewUser:
    return NewUser(
        extension=extension,
        name=f"User {user_key(account, extension)}",
        context="internal",
        account=account,
    )


async def _set_everybodys_pin(tx: Tx, pin_hash: str) -> None:
    for user in await users.everyone(tx):
        await users.set_pin_hash(tx, user, pin_hash, datetime(2026, 1, 1, tzinfo=UTC))
