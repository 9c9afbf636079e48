"""One daemon for one application; and a start that waits for its neighbours."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from tests.asterisk.conftest import Office
from tests.asterisk.trouble import rings, start_service, until
from tests.lab.lab import HOTDESK, Lab
from tests.lab.ports import free_tcp_port
from tests.lab.starting import Starter

OURS = (HOTDESK,)
QUICK = ("tests.lab.faulty", "quick")


class Service:
    """A service that this test starts, beside or in place of the laboratory's."""

    def __init__(
        self, start: Starter, config: Path, log: Path, program: tuple[str, ...] = OURS
    ) -> None:
        self.log = log
        name = f"hotdesk-test-{secrets.token_hex(8)}"
        self._notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notified.bind("\0" + name)
        self._notified.setblocking(False)
        with log.open("ab") as output, Path(os.devnull).open("rb") as nothing:
            self._process = start(
                *program,
                "--config",
                str(config),
                "run",
                stdin=nothing,
                stdout=output,
                stderr=output,
                environ={**os.environ, "NOTIFY_SOCKET": "@" + name},
            )
        self._ready = False

    def ready(self) -> bool:
        """Return whether it has told systemd that it is ready."""
        with suppress(BlockingIOError):
            self._ready |= self._notified.recv(1000) == b"READY=1"
        return self._ready

    def said(self) -> str:
        """Return its log."""
        return self.log.read_text(errors="replace")

    def ended(self) -> bool:
        """Return whether it has ended."""
        return self._process.poll() is not None

    async def ends(self, within: float = 10) -> int:
        """Return its exit code, once it ends by itself."""
        await until(self.ended, "the service to end", within)
        return self._process.wait(1)

    async def stops(self) -> None:
        """End it as systemd does, which is no failure."""
        os.kill(self._process.pid, signal.SIGTERM)
        assert await self.ends(within=15) == 0
        assert "Traceback" not in self.said()

    def close(self) -> None:
        """End it, however it is."""
        if not self.ended():
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._notified.close()


class Make:
    """Starts services with changed settings; all end with the test."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab, self._folder = lab, folder
        self._made: list[Service] = []

    def __call__(
        self,
        change: Callable[[str], str] = lambda text: text,
        program: tuple[str, ...] = OURS,
    ) -> Service:
        """Start one."""
        number = len(self._made)
        config = self._folder / f"hotdesk{number}.toml"
        config.touch(mode=0o600)
        config.write_text(change(self._lab.config.read_text()))
        log = self._folder / f"service{number}.log"
        service = Service(self._lab.start, config, log, program)
        self._made.append(service)
        return service

    def close(self) -> None:
        """End them all."""
        for service in self._made:
            service.close()


@pytest.fixture
async def make(office: Office, tmp_path: Path) -> AsyncIterator[Make]:
    """Yield what starts a service with changed settings."""
    make = Make(office.lab, tmp_path)
    yield make
    await asyncio.to_thread(make.close)


@asynccontextmanager
async def _lab_service_stopped(lab: Lab, make: Make) -> AsyncIterator[None]:
    await asyncio.to_thread(lab.stop_service)
    try:
        yield
    finally:
        await asyncio.to_thread(make.close)
        if lab.pbx.pid() is None:
            await asyncio.to_thread(lab.pbx.start)
        if lab.service_pid() is None:
            await start_service(lab)


def _replaced(key: str, value: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert f"\n{key} = " in f"\n{text}"
        return "".join(
            f"{key} = {value}\n" if line.startswith(f"{key} = ") else f"{line}\n"
            for line in text.splitlines()
        )

    return change


# Fencing ------------------------------------------------------------------------------


def _other_ports(text: str) -> str:
    """Return settings with which a daemon can listen beside the one that runs."""
    return re.sub("(?m)^listen_port = .*$", _free_port, text)


def _free_port(_: re.Match[str]) -> str:
    return f"listen_port = {free_tcp_port()}"


async def test_a_second_daemon_with_the_same_database(
    office: Office, make: Make
) -> None:
    desk, fixed = await office.desk("HD0001"), await office.phone("200")
    second = make(_other_ports)
    assert await second.ends() == 4
    assert "Another hotdesk daemon is running with this database" in second.said()
    assert "Traceback" not in second.said()
    await office.sit_down(desk, "100")
    await rings(fixed, "100", desk)


async def test_a_second_daemon_with_another_database(
    office: Office, make: Make, tmp_path: Path
) -> None:
    desk = await office.desk("HD0001")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_lab_service_stopped(office.lab, make))
        first = make(program=QUICK)
        await until(first.ready, "the first one is ready", 20)
        state = Path(f"/tmp/hotdesk-other-{secrets.token_hex(4)}")  # noqa: S108

        def other(text: str) -> str:
            text = _replaced("state_dir", f'"{state}"')(text)
            text = _replaced("generated_dir", f'"{tmp_path / "generated"}"')(text)
            return _other_ports(text)

        # It has the patience of its kind: the marks of both beat ten times as fast.
        second = make(other, QUICK)
        try:
            assert await second.ends(within=30) == 4
            assert not second.ready()
        finally:
            await asyncio.to_thread(_remove, second, state)
        assert "with another database, serves the Stasis application" in second.said()
        await office.sit_down(desk, "100")
        await first.stops()


def _remove(service: Service, state: Path) -> None:
    service.close()
    done = subprocess.run(["rm", "-rf", str(state)], check=False)
    assert done.returncode == 0


async def test_a_foreign_program_takes_the_application(
    office: Office, make: Make
) -> None:
    async with _lab_service_stopped(office.lab, make):
        service = make()
        await until(service.ready, "ready", 20)
        config = office.lab.config.read_text()
        password = config.partition('ari_password = "')[2].partition('"')[0]
        proof = base64.b64encode(f"hotdesk:{password}".encode()).decode()
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Basic {proof}"}) as http,
            http.ws_connect(f"{office.facts['ari']}/ari/events?app=hotdesk"),
        ):
            assert await service.ends() == 4
        assert "another program has taken the Stasis application" in service.said()
        assert "Traceback" not in service.said()


# Starting -----------------------------------------------------------------------------


async def test_started_before_asterisk(office: Office, make: Make) -> None:
    async with _lab_service_stopped(office.lab, make):
        await asyncio.to_thread(office.lab.pbx.stop)
        service = make()
        await until(lambda: "trying again" in service.said(), "it says so")
        await until(lambda: "AMI cannot be reached" in service.said(), "AMI")
        await until(lambda: "ARI cannot be reached" in service.said(), "ARI")
        stopping = make(_other_ports)
        await until(lambda: "trying again" in stopping.said(), "it waits", 10)
        await stopping.stops()
        assert not service.ready()
        assert not service.ended()
        await asyncio.to_thread(office.lab.pbx.start)
        await until(service.ready, "ready", 20)
        lines = service.said().splitlines()
        # Once, not at each attempt; both AMI connections and ARI say it.
        assert sum("AMI cannot be reached" in line for line in lines) <= 3
        assert sum("ARI cannot be reached" in line for line in lines) <= 3
        await service.stops()


async def test_started_before_postgresql(office: Office, make: Make) -> None:
    port = free_tcp_port()

    def elsewhere(text: str) -> str:
        dsn = f"postgresql://hotdesk:canary@127.0.0.1:{port}/hotdesk"
        return f'{text}\n[database]\ndsn = "{dsn}"\n'

    service = make(elsewhere)
    await until(lambda: "PostgreSQL cannot be reached" in service.said(), "it waits")
    begin = time.monotonic()
    await service.stops()
    assert time.monotonic() - begin < 5
    assert not service.ready()
    assert service.said().count("PostgreSQL cannot be reached") == 1
    assert "canary" not in service.said()


@pytest.mark.parametrize(
    ("key", "neighbour"), [("ari_password", "ARI"), ("ami_secret", "AMI")]
)
async def test_a_wrong_secret_is_named(
    office: Office, make: Make, key: str, neighbour: str
) -> None:
    async with _lab_service_stopped(office.lab, make):
        service = make(_replaced(key, '"wrong-canary"'))
        await until(
            lambda: "refuses our user name" in service.said(), "it says so", within=20
        )
        said = service.said()
        line = next(line for line in said.splitlines() if "refuses" in line)
        assert f"Asterisk's {neighbour} refuses" in line
        assert "hotdesk.toml" in line
        assert not service.ready()
        await service.stops()
        assert "wrong-canary" not in service.said()
