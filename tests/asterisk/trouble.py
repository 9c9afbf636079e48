"""What the tests of trouble share: waiting, what was heard, settings for a while."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from tests.asterisk.conftest import Office
from tests.lab.lab import Lab
from tests.lab.phone import Call, CallFailed, IncomingCall, Phone
from tests.lab.snom import VirtualSnom

SORRY = "im-sorry"
"""The first sound of the apology."""


async def until(
    condition: Callable[[], Any], what: str, within: float = 10, pause: float = 0.05
) -> None:
    """Return once *condition* holds; it may block, and TimeoutError says *what*."""
    deadline = time.monotonic() + within
    while not await asyncio.to_thread(condition):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}; waited {within:g} s")
        await asyncio.sleep(pause)


class Log:
    """What a growing log file says from now on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = path.stat().st_size if path.exists() else 0

    def text(self) -> str:
        """Return what was written since this object was made."""
        with self.path.open("rb") as file:
            file.seek(self._start)
            return file.read().decode(errors="replace")

    def played(self, device: str) -> list[str]:
        """Return the sounds that Asterisk played to the phone *device*, in order."""
        return re.findall(
            rf"<PJSIP/{device}-\w+> Playing '([^'.]+)\.", self.text(), re.IGNORECASE
        )

    async def hears(self, device: str, sound: str, *, within: float = 10) -> None:
        """Return once Asterisk plays *sound* to the phone *device*."""
        await until(
            lambda: sound in self.played(device), f"{device} to hear {sound}", within
        )


@asynccontextmanager
async def changed(
    office: Office, name: str, old: str, new: str, command: str
) -> AsyncIterator[None]:
    """Let Asterisk run with another line in one of its files for a while."""
    path = office.lab.pbx.config_dir / name
    before, times = path.read_text(), path.stat()
    assert old in before
    try:
        path.write_text(before.replace(old, new, 1))
        await asyncio.to_thread(office.lab.pbx.cli, command)
        yield
    finally:
        path.write_text(before)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        await asyncio.to_thread(office.lab.pbx.cli, command)


def asterisk_log(lab: Lab) -> Log:
    """Return what Asterisk logs from now on."""
    return Log(lab.pbx.log_dir / "messages.log")


def service_log(lab: Lab) -> Log:
    """Return what the service logs from now on."""
    return Log(lab.service_log)


async def kill_service(lab: Lab) -> None:
    """Kill the service with -9."""
    await asyncio.to_thread(lab.kill_service)


async def start_service(lab: Lab, *program: str) -> None:
    """Start the service, or another *program*, and return once it is ready."""
    await asyncio.to_thread(lab.start_service, *program)


@asynccontextmanager
async def other_settings(
    lab: Lab, change: Callable[[str], str], *program: str
) -> AsyncIterator[None]:
    """Let the service run with a changed configuration file, for the block."""
    as_it_was = lab.config.read_text()
    changed = change(as_it_was)
    assert changed != as_it_was, "the configuration was to be changed"
    try:
        await asyncio.to_thread(lab.stop_service)
        lab.config.write_text(changed)
        await start_service(lab, *program)
        yield
    finally:
        await asyncio.to_thread(lab.stop_service)
        lab.config.write_text(as_it_was)
        await start_service(lab)


def phone_of(desk: VirtualSnom) -> Phone:
    """Return the telephone inside a snom that has its account."""
    assert desk.phone is not None
    return desk.phone


async def rings(
    caller: Phone | VirtualSnom, number: str, where: Phone | VirtualSnom
) -> IncomingCall:
    """Dial, see it ring at *where*, hang up; return the call that rang."""
    call = await _dial(caller, number)
    ringer = phone_of(where) if isinstance(where, VirtualSnom) else where
    try:
        incoming = await ringer.ringing()
    finally:
        await call.hangup()
    await incoming.ended()
    return incoming


async def refused(caller: Phone | VirtualSnom, number: str) -> int:
    """Dial a number that must not be reached; return the SIP status of the refusal."""
    call = await _dial(caller, number)
    try:
        await call.answered()
    except CallFailed as refusal:
        return refusal.status
    finally:
        with suppress(TimeoutError):
            await call.hangup()
    raise AssertionError(f"{number} was answered")


async def _dial(caller: Phone | VirtualSnom, number: str) -> Call:
    if isinstance(caller, VirtualSnom):
        return await caller.dial(number)
    return await caller.call(number)


def endpoint(lab: Lab, device: str) -> dict[str, str]:
    """Return what Asterisk says of the endpoint of *device*."""
    shown = lab.pbx.cli(f"pjsip show endpoint {device}")
    pairs = re.findall(r"^ (\w+) +: (.*)$", shown, re.MULTILINE)
    return {name: value.strip() for name, value in pairs}


def wrongs(office: Office, devices: Collection[str] = ()) -> list[str]:
    """Return what differs between database, AstDB and endpoints; empty: all agree.

    Only the endpoints of *devices* are looked at, if any are named.
    """
    rows = office.rows(
        "SELECT devices.name, devices.account, coalesce(switch_id, 0) AS generation,"
        " users.extension, users.name AS person, users.context FROM devices"
        " LEFT JOIN logins ON logins.device_id = devices.id AND until IS NULL"
        " LEFT JOIN users ON users.id = user_id"
    )
    wanted, found = {}, []
    for row in rows:
        sits = f"{row['account']}/{row['extension']}" if row["extension"] else ""
        wanted[f"/hotdesk/desk/{row['name']}"] = f"{row['generation']}:{sits}"
        if sits:
            wanted[f"/hotdesk/user/{sits}"] = f"{row['generation']}:{row['name']}"
        if devices and row["name"] not in devices:
            continue
        shown = endpoint(office.lab, row["name"])
        context = f"hotdesk-as-{row['context']}" if sits else "hotdesk-idle"
        context += "" if row["account"] == "default" else f".{row['account']}"
        if shown.get("context") != context:
            found.append(f"{row['name']} is in {shown.get('context')}, not {context}")
        number = row["extension"] or row["name"]
        if f"<{number}>" not in shown.get("callerid", ""):
            found.append(f"{row['name']} calls as {shown.get('callerid')}")
    routes = {
        entry: value
        for entry, value in office.routes().items()
        if entry.split("/")[2] in ("desk", "user")
    }
    found += [
        f"{entry} is {routes.get(entry)}, not {wanted.get(entry)}"
        for entry in sorted(wanted.keys() | routes.keys())
        if routes.get(entry) != wanted.get(entry)
    ]
    return found


async def all_right(
    office: Office, *, devices: Collection[str] = (), within: float = 5
) -> None:
    """Return once database, AstDB and endpoints agree; TimeoutError says what not."""
    try:
        await until(lambda: not wrongs(office, devices), "", within)
    except TimeoutError:
        raise TimeoutError(f"still wrong: {wrongs(office, devices)}") from None


async def stasis_is_empty(lab: Lab) -> None:
    """Return once no channel is in a Stasis application."""

    def empty() -> bool:
        return "!Stasis!" not in lab.pbx.cli("core show channels concise")

    await until(empty, "nobody is left in Stasis")
