"""No PIN and no secret gets out: all that a whole laboratory wrote is searched."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.asterisk.conftest import Office, Pin, hears_and_presses, press, press_pin
from tests.asterisk.trouble import all_right, asterisk_log, start_service, until
from tests.lab.lab import HOTDESK, Lab
from tests.lab.snom import VirtualSnom
from tests.lab.starting import WarmPython

SETTINGS = """
[pins]
silence_seconds = 1
call_seconds = 60
"""
SPY = "spy"
SHOWN = "device show"
ALLOWED = {
    ("SIP secret", "generated pjsip_hotdesk.conf"),
    # Whoever sets a phone up asks for it (README).
    ("token", SHOWN),
}
"""Which secrets must be where."""


class Spy:
    """An AMI user who is sent everything."""

    def __init__(self) -> None:
        self.secret = secrets.token_hex(8)
        self._heard = bytearray()

    def heard(self) -> str:
        """Return the stream of events."""
        return self._heard.decode(errors="replace")

    @asynccontextmanager
    async def listening(self, lab: Lab) -> AsyncIterator[None]:
        """Listen during the block."""
        config = lab.pbx.config_dir / "manager.conf"
        config.write_text(
            f"{config.read_text()}\n[{SPY}]\nsecret = {self.secret}\n"
            "read = all\nwrite = all\n"
        )
        await asyncio.to_thread(lab.pbx.cli, "manager reload")
        port = lab.pbx.ports.ami
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        login = f"Action: Login\r\nUsername: {SPY}\r\nSecret: {self.secret}\r\n\r\n"
        writer.write(login.encode())
        listening = asyncio.create_task(self._listen(reader))
        try:
            await until(lambda: "Authentication accepted" in self.heard(), "the spy")
            yield
        finally:
            writer.close()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while chunk := await reader.read(65536):
            self._heard += chunk


@dataclass(repr=False)
class Story:
    """A laboratory in which all was done that could let a secret out."""

    lab: Lab
    spy: Spy = field(default_factory=Spy)
    printed: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    pressed: dict[str, str] = field(default_factory=dict)

    def canaries(self) -> dict[str, str]:
        """Return what must be nowhere, by a name that may be shown."""
        facts = self.lab.facts
        config = self.lab.config.read_text()
        found = dict(self.pressed)
        found |= {f"PIN of {u['extension']}": u["pin"] for u in facts["users"]}
        for device in facts["devices"]:
            name, url = device["name"], device["provisioning_url"]
            found[f"SIP secret of {name}"] = device["sip_password"]
            found[f"token of {name}"] = url.rpartition("/p/")[2].partition("/")[0]
        for key in ("ari_password", "ami_secret"):
            found[key] = config.partition(f'{key} = "')[2].partition('"')[0]
        pepper = (self.lab.directory / "state" / "pepper").read_text()
        found["pepper"] = pepper
        assert all(len(value) >= 6 for value in found.values()), sorted(found)
        return found

    def places(self) -> dict[str, str]:
        """Return everything that was written, by where it is."""
        written = {
            "service log": self.lab.service_log.read_text(errors="replace"),
            "commands": "\n".join(self.printed),
            SHOWN: "\n".join(self.shown),
            "AMI events": self.spy.heard(),
            "AstDB": self.lab.pbx.cli("database show"),
        }
        for file in self.lab.pbx.log_dir.rglob("*"):
            if file.is_file():
                written[f"Asterisk's {file.name}"] = file.read_text(errors="replace")
        for file in self.lab.pbx.generated_dir.iterdir():
            written[f"generated {file.name}"] = file.read_text(errors="replace")
        return written | _tables(self.lab.facts["database"])


def _tables(dsn: str) -> dict[str, str]:
    """Return every table as text; of devices, the SIP secrets are left out."""
    found = {}
    with psycopg.connect(dsn, options="-c search_path=hotdesk") as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'hotdesk'"
        ).fetchall()
        for (name,) in names:
            query = sql.SQL("SELECT (to_jsonb(t) - {})::text FROM {} AS t").format(
                "sip_secret" if name == "devices" else "", sql.Identifier(name)
            )
            rows = connection.execute(query).fetchall()
            found[f"table {name}"] = "\n".join(row[0] for row in rows)
    return found


def kind_of(name: str) -> str:
    """Return what kind of secret a canary's name tells of."""
    return name.partition(" of ")[0]


def leaks(canaries: Mapping[str, str], places: Mapping[str, str]) -> list[str]:
    """Return what is where it must not be."""
    found = []
    for name, value in canaries.items():
        pattern = re.compile(rf"(?<![0-9A-Za-z]){re.escape(value)}(?![0-9A-Za-z])")
        for place, text in places.items():
            allowed = (kind_of(name), place) in ALLOWED
            if not allowed and pattern.search(text):
                found.append(f"{name} in {place}")
    return found


@pytest.fixture
def story(warm_python: WarmPython) -> Iterator[Story]:
    """Yield a laboratory of its own, with a service that logs every detail."""
    folder = Path(tempfile.mkdtemp(prefix="hotdesk-", dir="/tmp"))
    lab = Lab(folder, start=warm_python)
    lab.up(settings=SETTINGS)
    try:
        yield Story(lab)
    finally:
        lab.down()
        shutil.rmtree(folder)


async def _command(
    story: Story, *arguments: str, stdin: str = "", check: bool = True
) -> None:
    done = await asyncio.to_thread(
        lambda: story.lab.hotdesk(*arguments, stdin=stdin, check=check)
    )
    kept = story.shown if arguments[:2] == ("device", "show") else story.printed
    kept += [done.stdout, done.stderr]


async def _everything(story: Story, office: Office) -> None:
    lab = story.lab
    heard = asterisk_log(lab)
    one, two = await office.desk("HD0001"), await office.desk("HD0002")

    # Right.
    await office.sit_down(one, "100")
    # Wrong, twice, and then away.
    call = await two.dial("*77*101*")
    wrong = story.pressed["a wrong PIN"] = office.wrong_pin("101")
    await press_pin(call, wrong)
    await heard.hears("HD0002", "vm-incorrect")
    await call.hears(0.3)
    story.pressed["another wrong PIN"] = other = Pin("918273")
    await call.dtmf(other, tone_ms=100, gap_ms=60)
    await until(lambda: heard.played("HD0002").count("vm-incorrect") == 2, "again", 10)
    await call.hangup()
    # The extension asked for; a PIN typed there by mistake, with and without #.
    call = await two.dial("*77")
    await press_pin(call, office.pin("102") + "#")
    await heard.hears("HD0002", "agent-pass")
    await call.hears(0.3)
    await call.dtmf(office.pin("102"), tone_ms=100, gap_ms=60)
    await until(lambda: heard.played("HD0002").count("vm-incorrect") == 3, "again", 10)
    await call.hangup()
    # A PIN dialled as if it were an extension is beyond us: Asterisk logs what is
    # dialled. A key of it pressed while nobody serves the call is not.
    for arguments in (
        ("status",),
        ("status", "--json"),
        ("device", "list"),
        ("device", "list", "--json"),
        ("device", "show", "HD0001"),
        ("device", "show", "HD0001", "--json"),
        ("user", "list", "--json"),
        ("user", "show", "100", "--json"),
        ("config",),
        ("login", "103", "HD0002"),
        ("status", "--csv"),
        ("history",),
        ("history", "--json"),
        ("history", "--csv"),
        ("export", "users"),
        ("export", "devices"),
        ("explain", "101"),
        ("explain", "HD0002"),
    ):
        await _command(story, *arguments)
    # PINs set: right, refused, for nobody; and what fails with every detail.
    fresh = story.pressed["a new PIN"] = Pin("736251")
    await _command(story, "user", "set-pin", "104", stdin=f"{fresh}\n")
    short = story.pressed["a PIN that is too long"] = Pin("7362519047")
    for who, pin in (("104", short), ("199", fresh)):
        line = f"{pin}\n"
        await _command(story, "user", "set-pin", who, stdin=line, check=False)
        await _command(
            story, "--verbose", "user", "set-pin", who, stdin=line, check=False
        )
    await _pins_by_phone(story, office, one, two)
    # PostgreSQL dies under a caller, and Asterisk under the service.
    call = await one.dial("*77*105*")
    await call.answered()
    await call.hears(0.3)
    await asyncio.to_thread(lab.stop_database)
    await call.dtmf(office.pin("105"), tone_ms=100, gap_ms=60)
    await until(lambda: len(heard.played("HD0001")) > 1, "an answer", 15)
    await call.hangup()
    await until(lambda: "is back" in lab.service_log.read_text(), "it is back", 20)


async def _pins_by_phone(
    story: Story, office: Office, one: VirtualSnom, two: VirtualSnom
) -> None:
    """Let somebody log in with the PIN of a mailbox, and others choose new ones."""
    voicemail = (story.lab.pbx.config_dir / "voicemail.conf").read_text()
    mailbox = Pin(voicemail.partition("103 => ")[2].partition(",")[0])
    story.pressed["the PIN of a mailbox"] = mailbox
    edit = ("user", "edit", "103", "--login-method", "voicemail")
    await _command(story, *edit, "--mailbox", "103@default")
    voice = office.voice(two)
    call = await two.dial("*77*103*")
    await press_pin(call, mailbox)
    await voice.says("vm-extension")
    await call.hangup()
    # By the service, and by the menu that does without; wrongly repeated at first.
    chosen = story.pressed["a PIN chosen by phone"] = Pin("847362")
    other = story.pressed["another one"] = Pin("593847")
    for code, old, new in (
        ("*77*9*", office.pin("100"), chosen),
        ("*77*1*", chosen, other),
    ):
        voice = office.voice(one)
        call = await one.dial(code)
        await call.answered()
        if code == "*77*1*":
            await voice.says("vm-onefor", within=15)
            await press(call, "1")
        for sound, keys in (
            ("agent-pass", old),
            ("vm-newpassword", new),
            ("vm-reenterpassword", old),
            ("vm-newpassword", new),
            ("vm-reenterpassword", new),
        ):
            await hears_and_presses(call, voice, sound, keys)
        await voice.says("vm-passchanged")
        await call.hangup()
    # By somebody who may log others out.
    await _command(story, "user", "edit", "103", "--may-log-others-out")
    voice = office.voice(two)
    call = await two.dial("*77*6*100*")
    await press_pin(call, mailbox)
    await voice.says("vm-extension")
    await call.hangup()


async def test_no_secret_gets_out(story: Story) -> None:
    lab = story.lab
    await asyncio.to_thread(lab.stop_service)
    async with story.spy.listening(lab), AsyncExitStack() as stack:
        await start_service(lab, HOTDESK, "run", "--verbose")
        office = Office(lab, lab.facts, stack)
        async with stack:
            await _everything(story, office)
            await all_right(office, within=15)
        canaries = story.canaries()
        assert leaks(canaries, story.places()) == []
        assert "DBPut" in story.spy.heard() or "DeviceState" in story.spy.heard()

        # This test can fail: a canary is found wherever it is planted.
        # The service would take it out of its own files; stopped in order, it would
        # take the database with it.
        await asyncio.to_thread(lab.stop_service, signal.SIGKILL)
        canary = canaries["PIN of 100"]
        await asyncio.to_thread(_plant, story, canary)
        await until(lambda: canary in story.spy.heard(), "the planted event")
        planted = set(leaks(canaries, story.places()))
        assert planted == {
            f"PIN of 100 in {place}"
            for place in (
                "service log",
                "commands",
                "AMI events",
                "AstDB",
                "Asterisk's messages.log",
                "generated hotdesk_users.conf",
                "table events",
                # A view of it.
                "table history",
            )
        }


def _plant(story: Story, canary: str) -> None:
    lab = story.lab
    for file in (
        lab.service_log,
        lab.pbx.log_dir / "messages.log",
        lab.pbx.generated_dir / "hotdesk_users.conf",
    ):
        with file.open("a") as end:
            end.write(f"\n; {canary}\n")
    story.printed.append(canary)
    # Not where our own catching up would take it away.
    lab.pbx.cli(f"database put canary planted {canary}")
    with psycopg.connect(lab.facts["database"]) as connection:
        connection.execute(
            "INSERT INTO hotdesk.events (at, what, code) VALUES (now(), 'test', %s)",
            [canary],
        )
    _send_event(lab, story.spy.secret, canary)


def _send_event(lab: Lab, secret: str, canary: str) -> None:
    with socket.create_connection(("127.0.0.1", lab.pbx.ports.ami), 5) as line:
        line.sendall(
            f"Action: Login\r\nUsername: {SPY}\r\nSecret: {secret}\r\n\r\n"
            f"Action: UserEvent\r\nUserEvent: Planted\r\nValue: {canary}\r\n\r\n"
            "Action: Logoff\r\n\r\n".encode()
        )
        line.settimeout(5)
        while line.recv(65536):
            pass
