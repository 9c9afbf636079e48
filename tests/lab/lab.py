"""The laboratory: a real Asterisk, a real PostgreSQL, the service, people and desks.

Everything lives in one folder, and `lab.json` in it says how to reach what.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asterisk_hotdesk.errors import WeakPin
from asterisk_hotdesk.pin_rules import check_pin
from tests.lab.enrolling import steady_urls
from tests.lab.packages import find_asterisk
from tests.lab.pbx import USER, Pbx
from tests.lab.ports import Ports, claim_ports
from tests.lab.starting import Program, Starter, new_python

PEOPLE = {
    "100": "Alice",
    "101": "Bob",
    "102": "Çiğdem Öz",
    "103": "Dora",
    "104": "Emil",
    "105": "Frida",
}
DESKS = 5
ADMINISTRATOR = "admin"
READY_SECONDS = 30.0
STOP_SECONDS = 10.0
COMMAND_SECONDS = 60.0
HOTDESK = "asterisk_hotdesk"
"""The product, as `python -m` knows it."""


class LabError(Exception):
    """The laboratory could not be started; the text says what failed, and how."""


@dataclass(frozen=True)
class Lab:
    """A laboratory in `directory`, whichever process started it."""

    directory: Path
    start: Starter = new_python
    """How the product's programs are started."""

    # What is in it --------------------------------------------------------------

    @property
    def facts(self) -> dict[str, Any]:
        """Return what lab.json says."""
        facts: dict[str, Any] = json.loads(self._facts_file.read_text())
        return facts

    @property
    def is_up(self) -> bool:
        """Return whether `up` has completed and `down` has not."""
        return self._facts_file.exists()

    @property
    def config(self) -> Path:
        """Return the service's configuration file."""
        return self.directory / "hotdesk.toml"

    @property
    def service_log(self) -> Path:
        """Return where the service's output goes."""
        return self.directory / "service.log"

    @property
    def pbx(self) -> Pbx:
        """Return the PBX, good for starting, stopping and asking it."""
        first = int((self.directory / "ports").read_text())
        return self._pbx(Ports(first))

    def _pbx(self, ports: Ports) -> Pbx:
        return Pbx(
            self.directory / "asterisk",
            find_asterisk(),
            ports,
            settings=self.config.resolve(),
        )

    @property
    def _facts_file(self) -> Path:
        return self.directory / "lab.json"

    @property
    def _pid_file(self) -> Path:
        return self.directory / "service.pid"

    # Its life -------------------------------------------------------------------

    def up(self, *, settings: str = "") -> dict[str, Any]:
        """Start everything in the background; return lab.json once all is ready.

        *settings* is added to the service's configuration file.
        """
        if self.is_up:
            raise LabError(f"{self.directory} is up already; end it with: down")
        self.directory.mkdir(parents=True, exist_ok=True)
        self._forget()
        ports = claim_ports()
        (self.directory / "ports").write_text(str(ports.first))
        pbx = self._pbx(ports)
        try:
            pbx.write()
            asterisk_pid = pbx.start()
            self.write_config(pbx, settings)
            pins = self._enrol()
            password = self._add_administrator()
            service_pid = self.start_service()
            facts = self._describe(pbx, pins, password, asterisk_pid, service_pid)
        except BaseException:
            self.down()
            raise
        aside = self._facts_file.with_suffix(".new")
        aside.write_text(json.dumps(facts, indent=1, ensure_ascii=False))
        aside.rename(self._facts_file)
        return facts

    def down(self) -> None:
        """End everything; what is written stays, but for lab.json."""
        self._facts_file.unlink(missing_ok=True)
        self.stop_service()
        if (self.directory / "ports").exists():
            self.pbx.stop()
        self.stop_database()

    def _forget(self) -> None:
        """End and delete what an earlier laboratory left here, and nothing else."""
        self.down()
        for name in ("asterisk", "state"):
            shutil.rmtree(self.directory / name, ignore_errors=True)
        for name in ("ports", "service.log", "service.pid"):
            (self.directory / name).unlink(missing_ok=True)

    # The service ----------------------------------------------------------------

    def start_service(self, *program: str, wait: bool = True) -> int:
        """Start the service and return its process id, once it says READY=1.

        *program* is a module and its arguments: the product's own, if none is named.
        It is told to say so as systemd would: over NOTIFY_SOCKET.
        """
        if (running := self.service_pid()) is not None:
            raise LabError(f"the service runs already, as process {running}")
        with _notify_socket() as (address, notified):
            with self.service_log.open("ab") as log, Path(os.devnull).open("rb") as no:
                process = self.start(
                    *(program or (HOTDESK, "run")),
                    stdin=no,
                    stdout=log,
                    stderr=log,
                    environ={
                        **os.environ,
                        "HOTDESK_CONFIG": str(self.config),
                        "NOTIFY_SOCKET": address,
                    },
                )
            self._pid_file.write_text(str(process.pid))
            if self._facts_file.exists():
                facts = self.facts | {"service_pid": process.pid}
                self._facts_file.write_text(
                    json.dumps(facts, indent=1, ensure_ascii=False)
                )
            if wait:
                self._await_ready(process, notified)
            # Its end is looked for by pid, from whichever process.
            process.forget()
        return process.pid

    def _await_ready(self, process: Program, notified: socket.socket) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                if notified.recv(1000) == b"READY=1":
                    return
            if process.poll() is not None:
                break
        words = self.service_log.read_text(errors="replace")[-3000:]
        raise LabError(f"the service did not become ready:\n{words}")

    def service_pid(self) -> int | None:
        """Return the service's process id, or None if it does not run."""
        try:
            pid = int(self._pid_file.read_text())
            # A child of this process that has ended stays until it is waited for.
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return None
        return pid if arguments else None

    def stop_service(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """End the service by a signal, at last by kill -9; return when it is gone."""
        for attempt in (sign, signal.SIGKILL):
            pid = self.service_pid()
            if pid is None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, attempt)
            if _poll(lambda: self.service_pid() is None, STOP_SECONDS):
                return

    def kill_service(self) -> None:
        """Kill the service with -9; return when it is gone."""
        self.stop_service(signal.SIGKILL)

    # The database ---------------------------------------------------------------

    @property
    def _postmaster(self) -> Path:
        return self.directory / "state" / "postgres" / "postmaster.pid"

    def stop_database(self) -> None:
        """End the embedded PostgreSQL, if it runs; return when it is gone."""
        try:
            pid = int(self._postmaster.read_text().split()[0])
            os.kill(pid, signal.SIGINT)
        except (FileNotFoundError, IndexError, ProcessLookupError):
            return
        if not _poll(lambda: not self._postmaster.exists(), STOP_SECONDS):
            os.kill(pid, signal.SIGKILL)

    def freeze_database(self, *, frozen: bool) -> None:
        """Stop PostgreSQL's processes without ending them, or let them go on."""
        pid = int(self._postmaster.read_text().split()[0])
        sign = signal.SIGSTOP if frozen else signal.SIGCONT
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, sign)

    # Its people -----------------------------------------------------------------

    def hotdesk(
        self, *arguments: str, stdin: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run the `hotdesk` command."""
        command = [HOTDESK, "--config", str(self.config), *arguments]
        with contextlib.ExitStack() as stack:
            given, out, err = (
                stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)
            )
            given.write(stdin.encode())
            given.seek(0)
            program = self.start(
                *command, stdin=given, stdout=out, stderr=err, environ=os.environ
            )
            try:
                code = program.wait(COMMAND_SECONDS)
            except subprocess.TimeoutExpired:
                os.kill(program.pid, signal.SIGKILL)
                raise LabError(f"hotdesk {' '.join(arguments)}: hangs") from None
            for stream in (out, err):
                stream.seek(0)
            said, complained = out.read().decode(), err.read().decode()
        if check and code != 0:
            raise LabError(f"hotdesk {' '.join(arguments)}: {complained}{said}")
        return subprocess.CompletedProcess(command, code, said, complained)

    def write_config(self, pbx: Pbx, settings: str) -> None:
        """Write the service's configuration file for *pbx*."""
        ports = pbx.ports
        text = f"""\
state_dir = "{self.directory / "state"}"

[asterisk]
ari_url = "http://127.0.0.1:{ports.ari}"
ari_username = "{USER}"
ari_password = "{pbx.ari_password}"
ami_port = {ports.ami}
ami_username = "{USER}"
ami_secret = "{pbx.ami_secret}"
generated_dir = "{pbx.generated_dir}"

[provisioning]
listen_port = {ports.web}
base_url = "http://127.0.0.1:{ports.web}"
sip_port = {ports.sip}

[web]
enabled = true
listen_port = {ports.web_page}
base_url = "http://127.0.0.1:{ports.web_page}"

[endpoint]
# Whatever address the machine's own name resolves to, the audio stays here.
media_address = "127.0.0.1"

{settings}
"""
        self.config.touch(mode=0o600)
        self.config.write_text(text)

    def _enrol(self) -> dict[str, str]:
        """Add desks and people as an administrator would; return the PINs."""
        table = ["name,mac,account,location,emergency_number,language"]
        for number in range(1, DESKS + 1):
            table.append(
                f"HD{number:04},0004130000{number:02x},default,"
                f"Floor {number},+49305550{number:02},"
            )
        self._import("device", table)
        table = ["extension,name,context,account,language,when_logged_out"]
        for extension, name in PEOPLE.items():
            table.append(f"{extension},{name},internal,default,,unavailable")
        self._import("user", table)
        pins = {extension: _new_pin(extension) for extension in PEOPLE}
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self._set_pin, pins.items()))
        return pins

    def _add_administrator(self) -> str:
        """Add one of the web page; return the password."""
        password = secrets.token_hex(8)
        add = ("admin", "add", ADMINISTRATOR, "--role", "admin")
        self.hotdesk(*add, stdin=f"{password}\n")
        return password

    def _set_pin(self, user: tuple[str, str]) -> None:
        extension, pin = user
        self.hotdesk("user", "set-pin", extension, stdin=f"{pin}\n")

    def _import(self, what: str, lines: Sequence[str]) -> None:
        file = self.directory / f"{what}s.csv"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.hotdesk(what, "add", "--csv", str(file))

    def _show(self, device: str) -> dict[str, Any]:
        shown = self.hotdesk("device", "show", device, "--secrets", "--json")
        facts: dict[str, Any] = json.loads(shown.stdout)
        return facts

    def _describe(
        self,
        pbx: Pbx,
        pins: dict[str, str],
        password: str,
        asterisk_pid: int,
        service_pid: int,
    ) -> dict[str, Any]:
        listed = json.loads(self.hotdesk("device", "list", "--json").stdout)
        with ThreadPoolExecutor(2) as pool:
            devices = list(pool.map(self._show, (d["name"] for d in listed)))
        urls = steady_urls(self.hotdesk, *(device["name"] for device in devices))
        return {
            "sip": ["127.0.0.1", pbx.ports.sip],
            "ari": f"http://127.0.0.1:{pbx.ports.ari}",
            "ami": {
                "host": "127.0.0.1",
                "port": pbx.ports.ami,
                "username": USER,
                "secret": pbx.ami_secret,
            },
            "asterisk_cli": pbx.cli_command,
            "database": f"postgresql://postgres@/postgres?host={self._postmaster.parent}",
            "config": str(self.config),
            "hotdesk": [
                sys.executable,
                "-m",
                HOTDESK,
                "--config",
                str(self.config),
            ],
            "phones": f"http://127.0.0.1:{pbx.ports.web}",
            "web": f"http://127.0.0.1:{pbx.ports.web_page}",
            "web_admin": {"username": ADMINISTRATOR, "password": password},
            "service_pid": service_pid,
            "asterisk_pid": asterisk_pid,
            "devices": [
                {
                    "name": device["name"],
                    "mac": device["mac"],
                    "sip_password": device["sip_secret"],
                    "provisioning_url": urls[device["name"]],
                }
                for device in devices
            ],
            "users": [
                {"extension": extension, "name": name, "pin": pins[extension]}
                for extension, name in PEOPLE.items()
            ],
            "fixed_phones": [
                {"extension": extension, "sip_password": pbx.sip_passwords[extension]}
                for extension in ("200", "201")
            ],
            "trunk": {
                "username": "trunk",
                "sip_password": pbx.sip_passwords["trunk"],
            },
        }


def _new_pin(extension: str) -> str:
    """Return a PIN that no rule forbids.

    Nor for those of our other extensions: those have a 0, a 1 or a 2.
    """
    while True:
        pin = "".join(secrets.choice("3456789") for _ in range(6))
        with contextlib.suppress(WeakPin):
            check_pin(pin, length=len(pin), extension=extension)
            return pin


@contextlib.contextmanager
def _notify_socket() -> Iterator[tuple[str, socket.socket]]:
    # An abstract address: no path, so none that is too long or left behind.
    name = f"hotdesk-lab-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind("\0" + name)
        notified.settimeout(0.1)
        yield "@" + name, notified


def _poll(condition: Any, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
