"""One laboratory for all tests by calls; each begins with idle desks and no locks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from asterisk_hotdesk.cli.opening import hot_desks
from asterisk_hotdesk.config import load
from asterisk_hotdesk.login import log_out
from asterisk_hotdesk.model import BY_COMMAND
from asterisk_hotdesk.store import open_database
from tests.conftest import SERVICE_SAID
from tests.lab.desk_phone import DeskPhone
from tests.lab.enrolling import steady_urls
from tests.lab.lab import Lab
from tests.lab.phone import Call, CallFailed, IncomingCall, Party, Phone
from tests.lab.snom import VirtualSnom
from tests.lab.starting import WarmPython

SETTINGS = """
[pins]
silence_seconds = 2
call_seconds = 60

[emergency]
# Tests call for help and then log in; what follows here is in this table, too.
quiet_seconds = 0
"""

UNROUTED = """
SELECT 1 FROM devices JOIN switches ON switches.id = switch_id WHERE routed_at IS NULL
"""

TONE_MS, GAP_MS = 100, 60
"""Asterisk lengthens shorter tones, and may then hear one key twice."""


@pytest.fixture(scope="session")
def warm_python() -> Iterator[WarmPython]:
    """Yield what starts the product's programs fast."""
    with closing(WarmPython()) as python:
        yield python


@pytest.fixture(scope="session")
def lab(warm_python: WarmPython) -> Iterator[Lab]:
    """Yield a laboratory that is up."""
    # A short path: sockets are in it, and their paths may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="hotdesk-", dir="/tmp"))
    lab = Lab(folder, start=warm_python)
    lab.up(settings=SETTINGS)
    yield lab
    lab.down()
    shutil.rmtree(folder)


LAST_WORDS = 30
"""Lines of the service's log that a failing test shows."""


class Pin(str):
    """Digits that a failing test does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'******'"


class Voice:
    """What Asterisk says to one phone from now on, as Asterisk's log tells."""

    def __init__(self, log: Path, phone: str) -> None:
        self._log, self._phone = log, phone
        self._from = log.stat().st_size

    def said(self) -> list[str]:
        """Return the sounds that began, such as `agent-pass` or `digits/1`."""
        return [sound for sound, _ in self._playings()]

    def languages(self) -> set[str]:
        """Return the languages that they were said in."""
        return {language for _, language in self._playings()}

    def _playings(self) -> list[tuple[str, str]]:
        with self._log.open("rb") as log:
            log.seek(self._from)
            text = log.read().decode(errors="replace")
        channel = rf"<PJSIP/{self._phone}-[0-9a-f]+>"
        # An AGI's, too, of which no language is told.
        told = r"language '(\w+)'|escape_digits"
        return re.findall(rf"{channel} Playing '([\w/-]+)[^']*' \((?:{told})", text)

    async def says(self, *sounds: str, within: float = 8) -> None:
        """Return once these sounds have begun, one right after the other."""

        def said() -> bool:
            heard = self.said()
            starts = range(len(heard) - len(sounds) + 1)
            return any(heard[i : i + len(sounds)] == [*sounds] for i in starts)

        await eventually(said, lambda: f"{sounds} in {self.said()}", within=within)


async def eventually(
    condition: Callable[[], object],
    what: str | Callable[[], str],
    *,
    within: float = 10,
) -> None:
    """Return once the condition holds, which is looked at again and again."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(what if isinstance(what, str) else what())
        await asyncio.sleep(0.03)


@dataclass(repr=False)
class Office:
    """The laboratory as one test sees it: desks are plugged in as they are needed."""

    lab: Lab
    facts: dict[str, Any] = field(repr=False)
    _stack: AsyncExitStack
    _last_event: int = 0

    async def desk(self, name: str) -> VirtualSnom:
        """Plug in and return the snom at the desk *name*."""
        known = {device["name"]: device for device in self.facts["devices"]}
        if name not in known:
            shown = await self.hotdesk("device", "show", name, "--json")
            known[name] = json.loads(shown.stdout) | {
                "provisioning_url": (await self.enrol(name))[name]
            }
        device = known[name]
        snom = VirtualSnom(device["mac"], device["provisioning_url"])
        return await self._stack.enter_async_context(snom)

    async def enrol(self, *devices: str) -> dict[str, str]:
        """Return where the phones of *devices* fetch from now on."""
        return await asyncio.to_thread(steady_urls, self.lab.hotdesk, *devices)

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
        return next(Pin(u["pin"]) for u in users if u["extension"] == extension)

    def wrong_pin(self, extension: str) -> str:
        """Return a PIN that is not the user's."""
        return Pin(f"{(int(self.pin(extension)) + 1) % 10**6:06}")

    async def log_in(self, desk: DeskPhone, extension: str) -> None:
        """Let a person log in at *desk*, and return when its display says so."""
        call = await desk.dial(f"*77*{extension}*")
        await press_pin(call, self.pin(extension))
        await call.ended(within=20)
        await desk.until(
            lambda: extension in " ".join(desk.display()),
            f"the display shows {extension}",
            within=10,
        )

    async def sit_down(self, desk: VirtualSnom, extension: str) -> None:
        """As `log_in`, but hang up as soon as the voice confirms."""
        voice = self.voice(desk)
        call = await desk.dial(f"*77*{extension}*")
        await press_pin(call, self.pin(extension))
        await voice.says("vm-extension")
        await call.hangup()
        await desk.until(
            lambda: extension in " ".join(desk.display()),
            f"the display shows {extension}",
            within=10,
        )

    async def hotdesk(
        self, *arguments: str, stdin: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run the `hotdesk` command while the phones live on."""
        return await asyncio.to_thread(
            lambda: self.lab.hotdesk(*arguments, stdin=stdin, check=check)
        )

    async def set_pin(self, extension: str, pin: str, *options: str) -> None:
        """Set a user's PIN."""
        __tracebackhide__ = True
        stdin = Pin(pin + "\n")
        await self.hotdesk("user", "set-pin", extension, *options, stdin=stdin)

    def afterwards(self, *arguments: str) -> None:
        """Run the `hotdesk` command at the end, however the test ends."""
        self._stack.push_async_callback(self.hotdesk, *arguments)

    def end_service_afterwards(self) -> None:
        """End whatever service runs at the end, however the test ends."""
        self._stack.push_async_callback(asyncio.to_thread, self.lab.stop_service)

    def voice(self, phone: VirtualSnom | Phone) -> Voice:
        """Listen to what Asterisk says to *phone* from now on."""
        name = sip_phone(phone).username
        return Voice(self.lab.pbx.log_dir / "messages.log", name)

    def channels(self) -> list[str]:
        """Return the channels that Asterisk has."""
        shown = self.lab.pbx.cli("core show channels concise")
        return [line.split("!")[0] for line in shown.splitlines() if "!" in line]

    def recorded(self, what: str) -> list[tuple[str, str, str]]:
        """Return code, extension and device of the events since the test began."""
        rows = self.rows(
            "SELECT code, extension, device FROM events"
            " WHERE what = %s AND id > %s ORDER BY id",
            what,
            self._last_event,
        )
        return [(row["code"], row["extension"], row["device"]) for row in rows]

    def begin(self) -> None:
        """Count events from now on."""
        newest = self.rows("SELECT coalesce(max(id), 0) AS id FROM events")
        self._last_event = newest[0]["id"]

    def service_said(self) -> str:
        """Return the end of the service's log."""
        said = self.lab.service_log.read_text(errors="replace").splitlines()
        return "\n".join(said[-LAST_WORDS:])

    @asynccontextmanager
    async def settings(self, more: str, table: str = "") -> AsyncIterator[None]:
        """Run the service with *more* in its configuration file for a while.

        In *table* of it, else at its end.
        """
        before = self.lab.config.read_text()
        head = f"[{table}]\n"
        after = before.replace(head, head + more) if table else before + more
        try:
            await self._restart_service(after)
            yield
        finally:
            await self._restart_service(before)

    @asynccontextmanager
    async def provisioning(self, more: str, *, scheme: str) -> AsyncIterator[None]:
        """Run the service with *more* under [provisioning] for a while."""
        before = self.lab.config.read_text()
        after = re.sub(
            'base_url = "http://127.0.0.1', f'base_url = "{scheme}://localhost', before
        )
        after = after.replace("[provisioning]\n", f"[provisioning]\n{more}")
        try:
            await self._restart_service(after)
            yield
        finally:
            await self._restart_service(before)

    async def _restart_service(self, settings: str) -> None:
        await asyncio.to_thread(self.lab.stop_service)
        self.lab.config.write_text(settings)
        await asyncio.to_thread(self.lab.start_service)

    def rows(self, query: str, *values: object) -> list[DictRow]:
        """Return what the database says."""
        with psycopg.connect(
            self.facts["database"],
            row_factory=dict_row,
            options="-c search_path=hotdesk",
        ) as connection:
            return connection.execute(query, values).fetchall()

    async def has_database(self) -> None:
        """Return once PostgreSQL answers, which the service starts again."""

        def answers() -> bool:
            with contextlib.suppress(psycopg.OperationalError):
                return bool(self.rows("SELECT 1"))
            return False

        await eventually(answers, "the database is back", within=20)

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
    __tracebackhide__ = True
    await call.answered()
    await call.hears(0.3)
    await press(call, digits)


async def press(call: Call, digits: str) -> None:
    """Press *digits*, which a failing test does not show."""
    __tracebackhide__ = True
    try:
        await call.dtmf(Pin(digits), tone_ms=TONE_MS, gap_ms=GAP_MS)
    except TimeoutError:
        raise AssertionError("the keys could not be sent") from None


async def hears_and_presses(call: Call, voice: Voice, sound: str, keys: str) -> None:
    """Press *keys* once the last that was said is *sound*."""
    __tracebackhide__ = True
    await eventually(
        lambda: voice.said()[-1:] == [sound], lambda: f"{sound} in {voice.said()}"
    )
    await call.hears(0.3)
    await press(call, keys)


async def refusal(call: Call) -> int:
    """Return with which status the PBX refuses *call*."""
    with pytest.raises(CallFailed) as failure:
        await call.answered()
    return failure.value.status


def sip_phone(phone: VirtualSnom | Phone) -> Phone:
    """Return the SIP side of a phone."""
    sip = phone.phone if isinstance(phone, VirtualSnom) else phone
    assert sip is not None
    return sip


async def rings(
    phone: VirtualSnom | Phone, *, caller: Party, within: float = 10
) -> IncomingCall:
    """Return the call that *phone* rings with, which is from *caller*."""
    ringing = await sip_phone(phone).ringing(within=within)
    assert ringing.remote == caller
    return ringing


async def everybody_leaves(lab: Lab, devices: list[str]) -> None:
    """Log out at *devices*, as the command would."""
    config = load(lab.config, {})
    dsn = lab.facts["database"]
    async with open_database(dsn, config.database.schema_name) as database:
        desks = hot_desks(config, database)
        for device in devices:
            await log_out(
                desks, device_name=device, now=datetime.now(UTC), source=BY_COMMAND
            )


@pytest.fixture
async def office(lab: Lab) -> AsyncIterator[Office]:
    """Yield the laboratory with idle desks, no locks, and everything running."""
    if lab.pbx.pid() is None:
        lab.pbx.start()
        # The service looks for Asterisk every two seconds; until it is found, a caller
        # hears that nothing is available.  READY=1 says when it is.
        lab.stop_service()
    if lab.service_pid() is None:
        lab.start_service()
    office = Office(lab, lab.facts, AsyncExitStack())
    await office.has_database()
    if sitting := office.sitting():
        await everybody_leaves(lab, list(sitting))
        await eventually(
            lambda: not office.rows(UNROUTED), "the logouts are in force", within=10
        )
    office.rows("DELETE FROM pin_attempts RETURNING subject")
    office.begin()
    async with office._stack:
        yield office


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure what the service has said."""
    report = yield
    office = item.funcargs.get("office")
    if report.failed and isinstance(office, Office):
        report.sections.append((SERVICE_SAID, office.service_said()))
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test by calls that fails run once more; the report tells of it.

    Real telephones on a busy machine now and then lose a call's audio.  What fails
    twice is a defect.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))
