"""AGI(hotdesk-menu.agi), with a scripted Asterisk on standard input and output."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from asterisk_hotdesk.config import load
from asterisk_hotdesk.model import LoginMethod
from asterisk_hotdesk.pepper import pepper
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.store import Database, users
from tests.cli.command import settings
from tests.cli.conftest import daemon
from tests.postgres.office import DESKS, PEOPLE, PIN, WRONG, Office, opened

SCRIPT = Path(sys.executable).with_name("hotdesk-menu.agi")
"""As it is installed."""
A, B, _ = DESKS
ALICE, BOB = PEOPLE[:2]
NEW = "739251"
SITTING = {
    f"hotdesk/desk {A}": f"17:default/{ALICE}",
    f"hotdesk/user/default {ALICE}": f"17:{A}",
}

HERE = ["vm-extension", *ALICE, "agent-loginok"]
NOBODY = ["beeperr", "agent-loggedoff"]
MENU = ["vm-onefor", "vm-password", "vm-press", "digits/2", "vm-for", "agent-loggedoff"]
UNAVAILABLE = ["im-sorry", "feature-not-avail-line", "please-try-call-later"]
LOGGED_OUT = ["vm-extension", *ALICE, "agent-loggedoff"]
CHOOSE = ["vm-newpassword", "vm-reenterpassword"]


@dataclass
class Asterisk:
    """A PBX whose caller presses *keys*; `.` is silence, and `!` hangs up."""

    keys: str
    astdb: Mapping[str, str] = field(default_factory=lambda: SITTING)
    missing: frozenset[str] = frozenset()
    """Sounds that are not installed."""
    eager: bool = False
    """Whether the caller interrupts what is said."""
    said: list[str] = field(default_factory=list)
    hung_up: bool = False

    def answers(self, command: str) -> str:
        """Return what Asterisk answers."""
        if self.hung_up:
            return "511 Command Not Permitted on a dead channel"
        match command.replace('"', "").split():
            case ["STREAM", "FILE", sound, *_] if sound in self.missing:
                return "200 result=-1 endpos=0"
            case ["STREAM", "FILE", sound, *_]:
                self.said.append(sound)
                return self._key(wait=False)
            case ["SAY", "DIGITS", digits, *_]:
                self.said.extend(digits)
                return self._key(wait=False)
            case ["WAIT", "FOR", "DIGIT", _]:
                return self._key(wait=True)
            case ["DATABASE", "GET", family, key]:
                value = self.astdb.get(f"{family} {key}")
                return f"200 result=1 ({value})" if value else "200 result=0"
            case ["GET", "VARIABLE", "VM_INFO(100@default,password)"]:
                return "200 result=1 (4827)"
            case ["CHANNEL", "STATUS"]:
                return "200 result=6"
        return "510 Invalid or unknown command"

    def _key(self, *, wait: bool) -> str:
        if not self.keys or not (wait or self.eager or self.keys[0] == "!"):
            return "200 result=0"
        key, self.keys = self.keys[0], self.keys[1:]
        if key == "!":
            self.hung_up = True
            return "200 result=-1"
        return f"200 result={0 if key == '.' else ord(key)}"


@dataclass
class Script:
    """The script as Asterisk starts it."""

    config: Path
    shown: str = ""
    """What it wrote where Asterisk's console shows it."""

    async def serves(self, asterisk: Asterisk, device: str = A) -> list[str]:
        """Return what was said until the script ended, in time and well."""
        process = await asyncio.create_subprocess_exec(
            SCRIPT,
            device,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"HOTDESK_CONFIG": str(self.config)},
        )
        assert process.stdin
        assert process.stdout
        assert process.stderr
        async with asyncio.timeout(60):
            process.stdin.write(b"agi_request: hotdesk-menu.agi\n\n")
            async for line in process.stdout:
                process.stdin.write(f"{asterisk.answers(line.decode())}\n".encode())
            self.shown = (await process.stderr.read()).decode()
            assert await process.wait() == 0
        assert "Traceback" not in self.shown
        return asterisk.said


@pytest.fixture
async def office(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    async with opened(database, monkeypatch) as office:
        office.now = datetime.now(UTC)
        yield office


@pytest.fixture
async def script(office: Office, postgres_dsn: str, tmp_path: Path) -> Script:
    """Return the script, with settings for the database of this test."""
    config = tmp_path / "hotdesk.toml"
    text = settings(postgres_dsn, office.database.schema, tmp_path / "state")
    config.write_text(f"{text}\n[pins]\nsilence_seconds = 1\n")
    config.chmod(0o600)
    pins = Pins(pepper(load(config, {})))
    office.desks = replace(office.desks, pins=pins)
    pin_hash = await pins.hash(PIN)
    async with office.database.transaction() as tx:
        for extension in (ALICE, BOB):
            user = await users.find(tx, "default", extension)
            assert user
            await users.set_pin_hash(tx, user, pin_hash, office.now)
    return Script(config)


async def test_it_says_who_sits_here_and_offers_what_it_can(script: Script) -> None:
    assert await script.serves(Asterisk("...")) == HERE + MENU * 3 + ["vm-goodbye"]


@pytest.mark.parametrize(
    "astdb",
    [
        {},
        {f"hotdesk/desk {A}": "17:"},
        SITTING | {f"hotdesk/user/default {ALICE}": "18:HD0002"},
    ],
)
async def test_it_believes_no_route_whose_halves_disagree(
    script: Script, astdb: Mapping[str, str]
) -> None:
    said = await script.serves(Asterisk("...", astdb))

    assert said[: len(NOBODY)] == NOBODY
    assert HERE[0] not in said


async def test_whoever_sits_here_changes_the_pin(
    script: Script, office: Office
) -> None:
    said = await script.serves(Asterisk(f"1{PIN}{NEW}{NEW}"))

    assert said == [*HERE, *MENU, "agent-pass", *CHOOSE, "vm-passchanged"]
    await office.log_in(ALICE, A, NEW)
    assert ("pin_changed", "", ALICE, A) in await office.events()


async def test_keys_interrupt_what_is_said(script: Script, office: Office) -> None:
    said = await script.serves(Asterisk(f"1{PIN}{NEW}{NEW}", eager=True))

    assert said == [HERE[0], "agent-pass", *CHOOSE, "vm-passchanged"]
    await office.log_in(ALICE, A, NEW)


async def test_at_an_idle_desk_it_asks_whose_pin(
    script: Script, office: Office
) -> None:
    said = await script.serves(Asterisk(f"1{BOB}#{PIN}{NEW}{NEW}", {}))

    assert said[len(NOBODY + MENU) :][:2] == ["agent-newlocation", "agent-pass"]
    await office.log_in(BOB, A, NEW)


async def test_somebody_is_logged_out_wherever_that_is(
    script: Script, office: Office
) -> None:
    await office.log_in(ALICE, B)
    async with daemon(office.database):
        said = await script.serves(Asterisk(f"2{ALICE}#{PIN}", {}))

    assert said[-len(LOGGED_OUT) :] == LOGGED_OUT
    assert await office.sitting() == {}
    assert await office.history() == [(ALICE, B, "logged_out")]


async def test_a_logout_that_the_service_has_not_followed_is_not_confirmed(
    script: Script, office: Office
) -> None:
    await office.log_in(ALICE, B)
    said = await script.serves(Asterisk(f"2{PIN}"))

    assert said[-3:] == UNAVAILABLE
    assert "the service has not followed" in script.shown
    assert await office.sitting() == {}


async def test_wrong_pins_are_counted_as_everywhere(
    script: Script, office: Office
) -> None:
    said = await script.serves(Asterisk(f"1{WRONG}{ALICE}#{WRONG}!"))

    assert said.count("vm-incorrect") == 2
    assert await office.failures(office.of_user(ALICE)) == [2]


async def test_the_pin_of_a_mailbox_counts_here_too(
    script: Script, office: Office
) -> None:
    user = await office.user(ALICE)
    async with office.database.transaction() as tx:
        mailbox = f"{ALICE}@default"
        method = LoginMethod.VOICEMAIL
        await users.update(tx, replace(user, mailbox=mailbox, login_method=method))
    await office.log_in(BOB, B)

    said = await script.serves(Asterisk("24827#"))

    assert said[-3:] == [*NOBODY, "vm-goodbye"]
    assert await office.failures(office.of_user(ALICE)) == [0]


async def test_a_phone_that_is_no_hot_desk_is_told_before_anybody_gives_a_pin(
    script: Script,
) -> None:
    said = await script.serves(Asterisk("1"), device="trunk")

    assert said == [
        *NOBODY,
        *MENU,
        "im-sorry",
        "feature-not-avail-line",
        "vm-goodbye",
    ]


@pytest.mark.parametrize("chosen", ["1", "2"])
@pytest.mark.parametrize(
    "broken",
    [
        "",
        "nonsense",
        '[asterisk]\nari_password = "x"\nami_secret = "x"\n',
        '[asterisk]\nari_password = "x"\nami_secret = "x"\n'
        '[database]\ndsn = "postgresql://127.0.0.1:9/x"\n',
    ],
    ids=["no file", "no settings", "no embedded database", "no database"],
)
async def test_without_settings_or_database_it_still_says_who_sits_here(
    tmp_path: Path, broken: str, chosen: str
) -> None:
    script = Script(tmp_path / "hotdesk.toml")
    if broken:
        script.config.write_text(f'state_dir = "{tmp_path}/state"\n{broken}')

    said = await script.serves(Asterisk(chosen))

    assert said == [*HERE, *MENU, *UNAVAILABLE]
    assert script.shown.startswith("hotdesk-menu.agi: ")


async def test_a_database_of_another_structure_is_no_silence(
    script: Script, office: Office
) -> None:
    async with office.database.transaction() as tx:
        await tx.execute("ALTER TABLE devices RENAME COLUMN enabled TO other")

    assert (await script.serves(Asterisk("1")))[-3:] == UNAVAILABLE


async def test_sounds_that_are_missing_are_left_out(script: Script) -> None:
    asterisk = Asterisk("...", missing=frozenset(["vm-extension", *MENU]))

    said = await script.serves(asterisk)

    assert said == [*HERE[1:], *["beep"] * 3, "vm-goodbye"]


@pytest.mark.parametrize("after", range(5))
async def test_whoever_hangs_up_at_any_question_leaves_nothing(
    script: Script, office: Office, after: int
) -> None:
    answers = ["1", PIN, NEW, NEW[:3], ""]

    await script.serves(Asterisk("".join(answers[:after]) + "!"))

    await office.log_in(ALICE, A)
    assert await office.failures(office.of_user(ALICE)) == [0]


async def test_no_key_is_shown_on_the_console_of_asterisk(
    script: Script, office: Office
) -> None:
    await script.serves(Asterisk(f"1{WRONG}{ALICE}#{PIN}{NEW}{NEW}"))

    shown = [line for line in script.shown.splitlines() if "hotdesk-menu" not in line]
    assert shown == []
    codes = [str(ord(key)) for key in WRONG]
    assert not [code for code in codes if f"result={code}" in script.shown]
