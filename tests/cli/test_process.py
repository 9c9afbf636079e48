"""The command as a process: exit codes, pipes, signals, terminals, no traceback."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from asterisk_hotdesk.cli import COMMANDS
from asterisk_hotdesk.cli import hotdesk as group
from tests.cli.command import Command, settings
from tests.cli.terminal import BINARY, at_terminal


async def test_the_story_of_an_administrator(hotdesk: Command, tmp_path: Path) -> None:
    phones = tmp_path / "phones.csv"
    phones.write_text("name,mac\nHD0001,00:04:13:00:00:01\nHD0002,0004.1300.0002\n")
    for arguments, stdin, out in (
        (["migrate"], b"", "The database is up to date.\n"),
        (["device", "add", "--csv", str(phones)], b"", "2 devices added.\n"),
        (["user", "add", "100-101", "--name", "User EXT"], b"", "2 users added"),
        (["user", "set-pin", "100"], b"739251\n", "The PIN of 100 is set.\n"),
        (["login", "100", "HD0001"], b"", "100 (User 100) is logged in at HD0001.\n"),
        (["status"], b"", "Device"),
        (["logout", "HD0001"], b"", "100 is logged out at HD0001.\n"),
        (["device", "remove", "HD0001-HD0002"], b"y\n", "2 devices removed.\n"),
        (["user", "remove", "100-101", "-y"], b"", "2 users removed.\n"),
    ):
        done = await hotdesk.process(*arguments, stdin=stdin)
        assert done.code == 0, done.err
        assert done.out.startswith(out)
        assert "Traceback" not in done.err


async def test_exit_codes(hotdesk: Command, tmp_path: Path) -> None:
    nowhere = {"HOTDESK_DATABASE_DSN": "postgresql://u:s3cr3t@127.0.0.1:9/x"}
    no_dsn = {"HOTDESK_DATABASE_DSN": "nonsense s3cr3t"}
    broken = tmp_path / "broken.toml"
    broken.write_text("[asterisk\n")
    for code, arguments, environ in (
        (0, ["--version"], {}),
        (1, ["device", "show", "HD0001"], {}),
        (2, ["device", "show"], {}),
        (2, ["nonsense"], {}),
        (2, ["--nonsense"], {}),
        (2, ["--config", str(broken), "status"], {}),
        (2, ["--config", str(tmp_path), "status"], {}),
        (2, ["--config", str(tmp_path / "none"), "status"], {}),
        (2, ["status"], no_dsn),
        (3, ["status"], nowhere),
        (3, ["migrate"], nowhere),
    ):
        done = await hotdesk.process(*arguments, environ=environ)
        assert done.code == code, (arguments, done.err)
        assert "Traceback" not in done.err
        assert "s3cr" not in done.err
        assert all(line.startswith("hotdesk: ") for line in done.err.splitlines())


async def test_help_is_there_at_once_and_says_the_same_everywhere(
    hotdesk: Command,
) -> None:
    code = (
        "import sys\n"
        "sys.argv = ['hotdesk', '--help']\n"
        "from asterisk_hotdesk.cli import main\n"
        "try: main()\n"
        "finally: print([m for m in ('aiohttp', 'psycopg', 'pydantic', 'rich')"
        " if m in sys.modules], file=sys.stderr)\n"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")
    for name, (_, says) in COMMANDS.items():
        assert f"{name} " in done.stdout
        assert says.partition(",")[0] in done.stdout
        command = await hotdesk.process(name, "--help")
        assert command.code == 0
        assert command.out.startswith(f"Usage: hotdesk {name}")
    assert list(COMMANDS) == list(group.list_commands(None))  # type: ignore[arg-type]


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    for name, (_, says) in COMMANDS.items():
        command = group.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.help is not None
        assert command.help.partition("\n")[0].rstrip(".") == says.rstrip(".")


async def test_the_settings_in_force(hotdesk: Command) -> None:
    done = await hotdesk.process("config")
    assert done.code == 0
    assert re.search(r"^asterisk\.ari_password +\*{8}$", done.out, re.M)
    assert re.search(r"^emergency\.numbers +112, 110$", done.out, re.M)
    shown = await hotdesk.json("config")
    assert shown["provisioning"]["base_url"] == "https://phones.example"
    for text in (done.out, str(shown)):
        assert "s3cret" not in text
    hotdesk.config.chmod(0o644)
    assert "chmod o-r" in (await hotdesk.process("config")).err


async def test_whoever_stops_reading_hears_no_complaint(hotdesk: Command) -> None:
    await hotdesk.succeeds("user", "add", "1000-4999", "--name", "User EXT")
    reading = f"{BINARY} --config {hotdesk.config} user list --json | head -1"
    done = await asyncio.to_thread(
        subprocess.run,
        ["sh", "-c", reading],
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("[\n", "")


async def test_a_full_disk_is_told_in_one_line(hotdesk: Command) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        ["sh", "-c", f"{BINARY} --config {hotdesk.config} config > /dev/full"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 70
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


async def test_a_name_that_the_terminal_cannot_show(hotdesk: Command) -> None:
    await hotdesk.succeeds("user", "add", "100", "--name", "李小龍")
    latin = {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    done = await hotdesk.process("user", "list", environ=latin)
    assert done.code == 0
    assert r"\u674e" in done.out


async def test_a_pin_that_is_no_text(hotdesk: Command) -> None:
    await hotdesk.succeeds("user", "add", "100", "--name", "A")
    done = await hotdesk.process("user", "set-pin", "100", stdin=b"\xff\xfe\n")
    assert (done.code, done.err) == (1, "hotdesk: A PIN has exactly 6 digits.\n")


async def test_on_a_terminal_a_pin_is_typed_twice_and_never_seen(
    office: Command,
) -> None:
    terminal = at_terminal(office, "user", "set-pin", "100")
    terminal.reads("PIN of User 100 (100): ")
    terminal.types("739251\n")
    terminal.reads("Repeat for confirmation: ")
    terminal.types("739259\n")
    terminal.reads("do not match")
    terminal.reads("PIN of User 100 (100): ")
    terminal.types("739251\n")
    terminal.reads("Repeat for confirmation: ")
    terminal.types("739251\n")
    code, seen = terminal.ended()
    assert code == 0
    assert "The PIN of 100 is set." in seen
    assert "7392" not in seen


@pytest.mark.parametrize("keys", ["\x03", "\x04"])
async def test_whoever_gives_no_answer_changes_nothing(
    office: Command, keys: str
) -> None:
    terminal = at_terminal(office, "device", "remove", "HD0001")
    terminal.reads("Remove HD0001?")
    terminal.insists(keys)
    code, seen = terminal.ended()
    assert code == 1
    assert "nothing was changed" in seen
    assert "Traceback" not in seen
    assert len(await office.json("device", "list")) == 3


async def test_colours_only_on_a_terminal(office: Command) -> None:
    await office.succeeds("login", "100", "HD0001")
    terminal = at_terminal(office, "status")
    assert "\x1b[" in terminal.ended()[1]
    assert "\x1b[" not in (await office.process("status")).out


async def test_progress_is_shown_on_a_terminal(
    hotdesk: Command, tmp_path: Path
) -> None:
    file = tmp_path / "phones.csv"
    lines = [f"HD{i:05},{i:012x}" for i in range(1, 1501)]
    file.write_text("\n".join(["name,mac", *lines]))
    terminal = at_terminal(hotdesk, "device", "add", "--csv", str(file))
    terminal.reads("Adding devices")
    code, seen = terminal.ended()
    assert code == 0
    assert "1500/1500" in seen


async def until_it_waits_for_a_lock(office: Command) -> None:
    """Return once some other connection waits for what this test holds."""
    async with asyncio.timeout(10):
        while True:
            async with office.database.transaction() as tx:
                rows = await tx.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
                if await rows.fetchone():
                    return
            await asyncio.sleep(0.05)


async def test_ctrl_c_ends_a_command_quietly(office: Command) -> None:
    async with office.database.transaction() as tx:
        await tx.execute("SELECT 1 FROM devices FOR UPDATE")
        async with office.started("login", "100", "HD0001") as process:
            await until_it_waits_for_a_lock(office)
            process.send_signal(signal.SIGINT)
            out, err = await process.communicate()
    assert (process.returncode, err.strip()) == (130, b"hotdesk: interrupted")
    assert out == b""


async def test_the_embedded_database(tmp_path: Path) -> None:
    # Short, because PostgreSQL's socket is in it.
    state = Path(tempfile.mkdtemp(prefix="hotdesk-", dir="/tmp"))
    config = tmp_path / "hotdesk.toml"
    text = settings("", "hotdesk", state)
    config.write_text(text.replace('dsn = ""\n', ""))
    config.chmod(0o600)
    hotdesk = Command(config, None)  # type: ignore[arg-type]
    try:
        made = await hotdesk.process("migrate")
        assert (made.code, made.out.splitlines()[0]) == (0, "0001_initial applied")
        done = await asyncio.gather(
            *(hotdesk.process("user", "add", f"10{i}", "--name", "A") for i in range(4))
        )
        assert [one.code for one in done] == [0] * 4, done
        assert len((await hotdesk.process("user", "list", "--json")).json) == 4
    finally:
        shutil.rmtree(state)


async def test_a_state_directory_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = tmp_path / "hotdesk.toml"
    text = settings("", "hotdesk", tmp_path / "file" / "state")
    config.write_text(text.replace('dsn = ""\n', ""))
    done = await Command(config, None).process("status")  # type: ignore[arg-type]
    assert done.code == 2
    assert "state directory" in done.err
