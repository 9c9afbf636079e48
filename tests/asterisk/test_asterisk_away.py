"""Asterisk dies, restarts, reloads or forgets: no wrong desk rings, and all mends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.asterisk.conftest import Office, press_pin
from tests.asterisk.trouble import (
    SORRY,
    all_right,
    asterisk_log,
    endpoint,
    other_settings,
    phone_of,
    refused,
    rings,
    until,
    wrongs,
)
from tests.lab.lab import Lab
from tests.lab.phone import Call
from tests.lab.snom import VirtualSnom

SOON = 10.0
"""Seconds within which all must be right again after Asterisk has booted."""


async def _cli(lab: Lab, command: str) -> str:
    return await asyncio.to_thread(lab.pbx.cli, command)


async def test_killed_while_people_change_places(office: Office) -> None:
    """What is decided while Asterisk is dead is in force soon after its start."""
    one, two = await office.desk("HD0001"), await office.desk("HD0002")
    fixed, trunk = await office.phone("200"), await office.phone("trunk")
    await office.sit_down(one, "100")
    lab = office.lab
    service = lab.service_pid()
    await asyncio.to_thread(lab.pbx.kill)
    try:
        moved = asyncio.create_task(office.hotdesk("login", "100", "HD0002"))
        done = await moved
        assert "not followed yet" in done.stderr + done.stdout
    finally:
        await asyncio.to_thread(lab.pbx.start)
    for phone in (phone_of(one), phone_of(two), fixed, trunk):
        await phone.register()
    await all_right(office, within=SOON)
    await rings(fixed, "100", two)
    assert phone_of(one).incoming == []
    assert (await rings(one, "112", trunk)).dialled == "112"
    await two.shows("100", within=SOON)
    await until(lambda: "hotdesk" in lab.pbx.cli("ari show apps"), "calls to be served")
    await office.sit_down(one, "101")
    assert lab.service_pid() == service


async def test_clean_restart(office: Office) -> None:
    desk, fixed = await office.desk("HD0001"), await office.phone("200")
    await office.sit_down(desk, "100")
    await asyncio.to_thread(office.lab.pbx.restart)
    for phone in (phone_of(desk), fixed):
        await phone.register()
    await rings(fixed, "100", desk)
    await all_right(office, within=SOON)

    # The calls of people who log in are served again, too.
    async def served() -> bool:
        heard = asterisk_log(office.lab)
        call = await desk.dial("*77*5*")
        await call.answered()
        await until(lambda: heard.played("HD0001"), "a voice")
        await call.hangup()
        return SORRY not in heard.played("HD0001")

    deadline = asyncio.get_running_loop().time() + SOON
    while not await served():
        assert asyncio.get_running_loop().time() < deadline, "still unavailable"
    assert office.sitting() == {}
    await all_right(office)


@pytest.mark.parametrize("reload", ["module reload res_pjsip.so", "dialplan reload"])
async def test_reload(office: Office, reload: str) -> None:
    """A reload changes nothing, and what was wrong before is right after it."""
    desk, fixed = await office.desk("HD0001"), await office.phone("200")
    await office.sit_down(desk, "100")
    lamp = await fixed.subscribe_dialog("100")
    await _cli(office.lab, "database del hotdesk/user/default 100")
    assert await refused(fixed, "100") >= 400
    await _cli(office.lab, reload)
    await all_right(office)
    call = await fixed.call("100")
    await phone_of(desk).ringing()
    await lamp.becomes("early")
    await call.hangup()
    await lamp.becomes("terminated")


def _often(text: str) -> str:
    return f"{text}\n[refresh]\ncatch_up_seconds = 1\n"


async def test_entries_deleted_or_falsified(office: Office) -> None:
    """Whoever edits AstDB by hand rings no wrong desk, and the schedule mends it."""
    one, two = await office.desk("HD0001"), await office.desk("HD0002")
    fixed = await office.phone("200")
    lab = office.lab
    await office.sit_down(one, "100")
    await office.sit_down(two, "101")
    generation = office.routes()["/hotdesk/user/default/101"].partition(":")[0]
    falsified = (
        "database del hotdesk/user/default 100",
        "database del hotdesk/desk HD0001",
        "database deltree hotdesk",
        "database put hotdesk/user/default 100 99:HD0002",
        f"database put hotdesk/user/default 100 {generation}:HD0002",
        "database put hotdesk/user/default 100 nonsense",
        "database put hotdesk/desk HD0001 99:default/101",
        "database put hotdesk/desk HD0002 99:default/100",
        "database del hotdesk_endpoint endpoint/HD0001",
    )
    async with other_settings(lab, _often):
        await all_right(office)
        for command in falsified:
            await _cli(lab, command)
            await _refused_or_at(await fixed.call("100"), one)
            await all_right(office)
            assert phone_of(two).incoming == [], command
    await rings(fixed, "100", one)
    await rings(fixed, "101", two)


async def _refused_or_at(call: Call, desk: VirtualSnom) -> None:
    await until(
        lambda: call.state == "ended" or phone_of(desk).calls,
        "a refusal, or the right desk",
    )
    await call.hangup()


class Relay:
    """A wire between the service and Asterisk that can be cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Listen; return the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """Break all connections, and each new one."""
        self._open = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self._open = True

    async def close(self) -> None:
        """End it."""
        self.cut()
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if not self._open:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there, onwards = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, onwards}
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(_pump(reader, onwards), _pump(there, writer))
        for end in (writer, onwards):
            self._writers.discard(end)
            end.transport.abort()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(65536):
        target.write(chunk)
        await target.drain()
    target.transport.abort()


@asynccontextmanager
async def _relayed(office: Office, setting: str, port: int) -> AsyncIterator[Relay]:
    relay = Relay(port)
    ours = await relay.start()

    def through_relay(text: str) -> str:
        lines = [
            line.replace(str(port), str(ours)) if line.startswith(setting) else line
            for line in text.splitlines()
        ]
        return "\n".join(lines) + "\n"

    try:
        async with other_settings(office.lab, through_relay):
            yield relay
    finally:
        await relay.close()


async def test_ami_away_while_ari_is_there(office: Office) -> None:
    one, fixed = await office.desk("HD0001"), await office.phone("200")
    async with _relayed(office, "ami_port", office.lab.pbx.ports.ami) as relay:
        relay.cut()
        heard = asterisk_log(office.lab)
        call = await one.dial("*77*100*")
        await press_pin(call, office.pin("100"))
        # Decided, but not in force: nobody must be told that all is well.
        await heard.hears("HD0001", SORRY, within=8)
        await call.hangup()
        assert "agent-loginok" not in heard.played("HD0001")
        assert await refused(fixed, "100") >= 400
        relay.mend()
        await all_right(office, within=SOON)
        await rings(fixed, "100", one)
        await one.shows("100", within=SOON)
        # Again, and at once: an outage is not longer for the one before.
        relay.cut()
        relay.mend()
        await office.hotdesk("logout", "HD0001")
        await all_right(office)


async def test_ari_away_while_ami_is_there(office: Office) -> None:
    one, fixed = await office.desk("HD0001"), await office.phone("200")
    async with _relayed(office, "ari_url", office.lab.pbx.ports.ari) as relay:
        relay.cut()
        heard = asterisk_log(office.lab)
        call = await one.dial("*77*100*")
        await call.answered()
        await heard.hears("HD0001", SORRY, within=8)
        await call.hangup()
        done = await office.hotdesk("login", "100", "HD0001")
        assert "not followed yet" in done.stderr + done.stdout
        # Whatever is in force, an idle endpoint never calls as somebody.
        assert endpoint(office.lab, "HD0001")["context"] == "hotdesk-idle"
        relay.mend()
        await all_right(office, within=SOON)
        await rings(fixed, "100", one)
        assert (await rings(one, "200", fixed)).remote.number == "100"
        await one.shows("100", within=SOON)
    assert wrongs(office) == []
