"""`hotdesk run` as systemd sees it, without any Asterisk."""

from __future__ import annotations

import asyncio
import signal

import pytest

from asterisk_hotdesk.cli import changes
from tests.cli.command import Command
from tests.cli.conftest import daemon


async def wait_for(stream: asyncio.StreamReader | None, words: str) -> str:
    assert stream is not None
    async with asyncio.timeout(20):
        while line := (await stream.readline()).decode():
            if words in line:
                return line
    raise AssertionError(f"it ended before it said {words!r}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_waits_for_asterisk_and_ends_when_told(
    hotdesk: Command, number: signal.Signals
) -> None:
    async with hotdesk.started("run") as process:
        line = await wait_for(process.stderr, "ARI cannot be reached")
        assert "WARNING asterisk_hotdesk." in line
        assert "\x1b" not in line
        process.send_signal(number)
        async with asyncio.timeout(10):
            _, err = await process.communicate()
    assert process.returncode == 0
    assert err.decode().splitlines()[-1].endswith("stopped")
    assert b"Traceback" not in err


async def test_it_waits_for_postgresql_and_ends_when_told(hotdesk: Command) -> None:
    nowhere = {"HOTDESK_DATABASE_DSN": "postgresql://u:s3cr3t@127.0.0.1:9/x"}
    async with hotdesk.started("run", environ=nowhere) as process:
        line = await wait_for(process.stderr, "PostgreSQL cannot be reached")
        assert "s3cr3t" not in line
        process.terminate()
        await process.communicate()
    assert process.returncode == 0


async def test_a_second_daemon_is_refused(hotdesk: Command) -> None:
    async with daemon(hotdesk.database):
        done = await hotdesk.process("run")
    assert done.code == 4
    assert done.err.splitlines()[-1].startswith("hotdesk: Another hotdesk daemon")
    assert "Traceback" not in done.err


async def test_wrong_settings_end_it_at_once(hotdesk: Command) -> None:
    hotdesk.config.write_text("[asterisk]\nari_pasword = 'x'\n")
    done = await hotdesk.process("run")
    assert done.code == 2
    assert "ari_pasword: unknown" in done.err
    assert "Traceback" not in done.err


async def test_a_port_that_is_taken_is_told_in_one_line(hotdesk: Command) -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with hotdesk.config.open("a") as file:
        file.write(f"listen_port = {port}\n")
    done = await hotdesk.process("run")
    server.close()
    assert done.code == 2
    assert "provisioning.listen_port" in done.err.splitlines()[-1]
    assert "does another program use it?" in done.err.splitlines()[-1]
    assert "Traceback" not in done.err


async def test_a_login_waits_for_a_daemon_whose_asterisk_is_away(
    office: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "PATIENCE_SECONDS", 0.5)
    with office.config.open("a") as file:
        file.write("listen_port = 18081\n")
    async with office.started("run") as process:
        await wait_for(process.stderr, "AMI cannot be reached")
        async with asyncio.timeout(10):
            while not (await office.json("status"))["daemon_running"]:
                continue
        done = await office.succeeds("login", "100", "HD0001")
    assert done.lines == [
        "the PBX has not followed yet: in force when Asterisk is back."
    ]
