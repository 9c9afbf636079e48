"""An office as administrators meet it: the service with its web page, and no PBX.

What is decided is never in force here, and no phone confirms it: who needs that has
the laboratory.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from asterisk_hotdesk.cli.opening import hot_desks
from asterisk_hotdesk.config import load
from asterisk_hotdesk.login import (
    HotDesks,
    find_device,
    find_user,
    log_in_by_administrator,
    log_out,
)
from asterisk_hotdesk.model import Role
from asterisk_hotdesk.store import Database, devices, users
from asterisk_hotdesk.store.devices import NewDevice
from asterisk_hotdesk.store.users import NewUser
from tests.cli.command import Command, settings
from tests.lab.ports import free_tcp_port

DESKS = 60
"""More than one page of them."""
PEOPLE = {"100": "Alice", "101": "Bob", "102": "Çiğdem Öz", "103": "Dora"}
READY_SECONDS = 30.0
FORGOTTEN = ("emergency_calls", "device_status", "discovered_phones", "pin_attempts")
"""What is forgotten between tests."""


@dataclass
class WebOffice:
    """The service in a process of its own, its desks, people and administrators."""

    command: Command
    folder: Path
    port: int
    passwords: dict[Role, str] = field(default_factory=dict, repr=False)
    _process: Process | None = None

    @property
    def database(self) -> Database:
        """Return the database that the service works on."""
        return self.command.database

    @property
    def home(self) -> str:
        """Return where the web page is."""
        return f"http://127.0.0.1:{self.port}"

    # The service ----------------------------------------------------------------

    async def start(self) -> None:
        """Start the service; return once it shows the page."""
        with (self.folder / "service.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "asterisk_hotdesk", "run"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"HOTDESK_CONFIG": str(self.command.config)},
            )
        async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as client:
            while not await self._answers(client):
                assert self._process.returncode is None, self.log()
                await asyncio.sleep(0.05)

    async def _answers(self, client: aiohttp.ClientSession) -> bool:
        try:
            async with client.get(f"{self.home}/healthz") as answer:
                return answer.ok
        except aiohttp.ClientError:
            return False

    async def kill(self) -> None:
        """Kill the service with -9; return when it is gone."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """End the service as systemd would."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(10):
                    await self._process.wait()
            except TimeoutError:
                await self.kill()

    def log(self) -> str:
        """Return what the service has logged."""
        return (self.folder / "service.log").read_text(errors="replace")

    # People ---------------------------------------------------------------------

    async def log_in(self, extension: str, device: str) -> None:
        """Let a user sit down, as another process would decide it."""
        await log_in_by_administrator(
            self._desks,
            user=await find_user(self._desks, "default", extension),
            device=await find_device(self._desks, device),
            now=datetime.now(UTC),
        )

    async def log_out(self, device: str) -> None:
        """Make a device idle, as another process would decide it."""
        await log_out(self._desks, device_name=device, now=datetime.now(UTC))

    async def sitting(self) -> dict[str, str]:
        """Return who sits where: extension by device."""
        async with self.database.transaction() as tx:
            found = await tx.execute(
                "SELECT device, extension FROM status WHERE login IS NOT NULL"
            )
            return {row["device"]: row["extension"] for row in await found.fetchall()}

    async def begin_anew(self) -> None:
        """Make all devices idle, and forget what was wrong and who guessed."""
        for table in FORGOTTEN:
            await self.change(f"DELETE FROM {table}")  # noqa: S608
        await self.change("UPDATE devices SET enabled = true")
        await self.change("UPDATE users SET allowed = true")
        for device in await self.sitting():
            await self.log_out(device)

    async def change(self, statement: str, *values: object) -> None:
        """Change what the database says, as if time or a phone had done it."""
        async with self.database.transaction() as tx:
            await tx.execute(statement, values)

    async def show_all_states(self) -> None:
        """Make the first desks be in every state that the pages have a word for."""
        for number, (extension, _) in enumerate(sorted(PEOPLE.items()), start=1):
            await self.log_in(extension, f"HD{number:04}")
        for statement in _STATES:
            await self.change(statement)

    async def add_administrators(self) -> None:
        """Add one of each role, with the role as the name."""
        for role in Role:
            self.passwords[role] = secrets.token_urlsafe(12)
            await self.command.succeeds(
                *("admin", "add", role.value, "--role", role.value),
                stdin=f"{self.passwords[role]}\n",
            )

    @property
    def _desks(self) -> HotDesks:
        return hot_desks(load(self.command.config, {}), self.database)


_STATES = (
    # The longest words of the history.
    """
    INSERT INTO events (at, what, code, account, extension, device, by)
    VALUES (now(), 'refused', 'weak_pin', 'default', '100', 'HD0001', 'phone')
    """,
    """
    UPDATE switches SET routed_at = now(), refreshed_at = now() FROM devices
    WHERE switches.id = switch_id AND name IN ('HD0001', 'HD0002', 'HD0004')
    """,
    """
    UPDATE switches SET confirmed_at = now() FROM devices
    WHERE switches.id = switch_id AND name IN ('HD0001', 'HD0004')
    """,
    """
    UPDATE switches SET decided_at = decided_at - interval '1 day' FROM devices
    WHERE switches.id = switch_id AND name = 'HD0002'
    """,
    """
    UPDATE switches SET restarted_at = now() FROM devices
    WHERE switches.id = switch_id AND name = 'HD0004'
    """,
    """
    INSERT INTO device_status (device_id, registered, reachable, in_call)
    SELECT id, name <> 'HD0005', name <> 'HD0006', name = 'HD0001' FROM devices
    WHERE name <= 'HD0007'
    ON CONFLICT (device_id) DO NOTHING
    """,
    "UPDATE devices SET enabled = false WHERE name = 'HD0008'",
    """
    INSERT INTO emergency_calls (channel, device_id, number, began_at)
    SELECT '1.1', id, '112', now() FROM devices WHERE name = 'HD0009'
    """,
    """
    INSERT INTO discovered_phones (mac, first_seen_at, seen_at, address, vendor, model,
                                   by)
    VALUES ('000413ffff01', now(), now(), '192.0.2.4', 'snom', 'D735', 'pnp')
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO user_keys (user_id, position, kind, value, label)
    SELECT id, 2, 'blf', '100', 'Alice' FROM users WHERE extension = '101'
    ON CONFLICT DO NOTHING
    """,
    "UPDATE users SET allowed = false WHERE extension = '103'",
)


@asynccontextmanager
async def opened(
    database: Database, dsn: str, folder: Path
) -> AsyncIterator[WebOffice]:
    """Yield an office whose page is up; all of it ends with the block."""
    port = free_tcp_port()
    config = folder / "hotdesk.toml"
    config.touch(mode=0o600)
    web = f"""
[web]
enabled = true
listen_port = {port}
base_url = "http://127.0.0.1:{port}"
"""
    text = settings(dsn, database.schema, folder / "state", web)
    config.write_text(
        text.replace(
            "[provisioning]\n", f"[provisioning]\nlisten_port = {free_tcp_port()}\n"
        )
    )
    office = WebOffice(Command(config, database), folder, port)
    await _furnish(database)
    await office.add_administrators()
    try:
        await office.start()
        yield office
    finally:
        await office.stop()


async def _furnish(database: Database) -> None:
    numbers = range(1, DESKS + 1)
    names = {str(100 + n): f"User {100 + n}" for n in range(DESKS)} | PEOPLE
    async with database.transaction() as tx:
        await devices.add(tx, [_device(number) for number in numbers])
        await users.add(
            tx,
            [
                NewUser(
                    extension=extension,
                    name=name,
                    context="internal",
                    account="default",
                )
                for extension, name in names.items()
            ],
        )


def _device(number: int) -> NewDevice:
    return NewDevice(
        name=f"HD{number:04}",
        mac=f"{0x000413000000 + number:012x}",
        account="default",
        sip_secret=secrets.token_hex(8),
        web_password=secrets.token_hex(8),
        location=f"Floor {(number - 1) // 20 + 1}",
    )
