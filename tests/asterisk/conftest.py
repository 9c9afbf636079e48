"""One laboratory for all tests by calls; each begins with idle desks and no locks."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from tests.lab.lab import Lab
from tests.lab.phone import Call, Phone
from tests.lab.snom import VirtualSnom

SETTINGS = """
[pins]
silence_seconds = 2
call_seconds = 60
"""

TONE_MS, GAP_MS = 100, 60
"""Asterisk lengthens shorter tones, and may then hear one key twice."""


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Yield a laboratory that is up."""
    # A short path: sockets are in it, and their paths may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="hotdesk-", dir="/tmp"))
    lab = Lab(folder)
    lab.up(settings=SETTINGS)
    yield lab
    lab.down()
    shutil.rmtree(folder)


@dataclass
class Office:
    """The laboratory as one test sees it: desks are plugged in as they are needed."""

    lab: Lab
    facts: dict[str, Any]
    _stack: AsyncExitStack

    async def desk(self, name: str) -> VirtualSnom:
        """Plug in and return the snom at the desk *name*."""
        device = next(d for d in self.facts["devices"] if d["name"] == name)
        snom = VirtualSnom(device["mac"], device["provisioning_url"])
        return await self._stack.enter_async_context(snom)

    async def phone(self, name: str) -> Phone:
        """Plug in and return an ordinary phone of the PBX: 200, 201 or trunk."""
        fixed, trunk = self.facts["fixed_phones"], self.facts["trunk"]
        secrets = {phone["extension"]: phone["sip_password"] for phone in fixed}
        secrets[trunk["username"]] = trunk["sip_password"]
        host, port = self.facts["sip"]
        phone = Phone(name, secrets[name], (host, port))
        await self._stack.enter_async_context(phone)
        await phone.register()
        return phone

    def pin(self, extension: str) -> str:
        """Return a user's PIN."""
        users = self.facts["users"]
        return next(str(u["pin"]) for u in users if u["extension"] == extension)

    def wrong_pin(self, extension: str) -> str:
        """Return a PIN that is not the user's."""
        return f"{(int(self.pin(extension)) + 1) % 10**6:06}"

    async def log_in(self, desk: VirtualSnom, extension: str) -> None:
        """Let a person log in at *desk*, and return when its display says so."""
        call = await desk.dial(f"*77*{extension}*")
        await press_pin(call, self.pin(extension))
        await call.ended(within=20)
        await desk.until(
            lambda: extension in " ".join(desk.display()),
            f"the display shows {extension}",
            within=10,
        )

    def rows(self, query: str, *values: object) -> list[DictRow]:
        """Return what the database says."""
        with psycopg.connect(
            self.facts["database"],
            row_factory=dict_row,
            options="-c search_path=hotdesk",
        ) as connection:
            return connection.execute(query, values).fetchall()

    def sitting(self) -> dict[str, str]:
        """Return who is logged in where: device name to extension."""
        rows = self.rows(
            "SELECT devices.name, extension FROM logins"
            " JOIN users ON users.id = user_id JOIN devices ON devices.id = device_id"
            " WHERE until IS NULL"
        )
        return {row["name"]: row["extension"] for row in rows}

    def routes(self) -> dict[str, str]:
        """Return our AstDB entries."""
        shown = self.lab.pbx.cli("database show hotdesk")
        pairs = (line.split(":", 1) for line in shown.splitlines() if line[:1] == "/")
        return {key.strip(): value.strip() for key, value in pairs}


async def press_pin(call: Call, digits: str) -> None:
    """Wait for the voice, then press *digits*."""
    await call.answered()
    await call.hears(0.3)
    await call.dtmf(digits, tone_ms=TONE_MS, gap_ms=GAP_MS)


@pytest.fixture
async def office(lab: Lab) -> AsyncIterator[Office]:
    """Yield the laboratory with idle desks, no locks, and everything running."""
    if lab.pbx.pid() is None:
        lab.pbx.start()
    if lab.service_pid() is None:
        lab.start_service()
    office = Office(lab, lab.facts, AsyncExitStack())
    if office.sitting():
        lab.hotdesk("logout", "--all", "--yes")
    if office.rows("SELECT 1 FROM pin_attempts"):
        lab.hotdesk("unlock", "--all")
    async with office._stack:
        yield office
