"""The laboratory's PBX: what a customer already has before hot desking comes.

`pbx_conf/` holds its configuration, as an administrator would have written it. All
that it writes stays in its own folder, so that several run side by side.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from asterisk_hotdesk.install.installing import EVENT_FILTERS
from tests.lab.packages import AsteriskInstall
from tests.lab.ports import Ports

USER = "hotdesk"
FIXED_PHONES = ("200", "201")
MAILBOXES = ("100", "101", "102", "103", "104", "105", *FIXED_PHONES)
# Asterisk is content with its defaults, but logs an error for each missing file.
EMPTY_FILES = (
    "acl.conf",
    "aeap.conf",
    "ccss.conf",
    "cel.conf",
    "features.conf",
    "geolocation.conf",
    "pjproject.conf",
    "res_fax.conf",
    "res_http_media_cache.conf",
    "stasis.conf",
    "statsd.conf",
    "stir_shaken.conf",
    "udptl.conf",
    "websocket_client.conf",
)
FOLDERS = ("agi-bin", "cache", "etc/hotdesk.d", "lib/keys", "log/cdr-csv", "spool")
TEMPLATES = Path(__file__).parent / "pbx_conf"
BOOT_TIMEOUT = 30.0
STOP_TIMEOUT = 10.0
CLI_TIMEOUT = 20.0
# The system allows 107 bytes for the path of a Unix socket.
LONGEST_RUN_DIR = 107 - len("/asterisk.ctl")


class PbxError(Exception):
    """Asterisk did not do what it was told; the message ends with its last words."""


def _new_secret() -> str:
    return secrets.token_hex(12)


@dataclass(frozen=True)
class Pbx:
    """An Asterisk under `directory`, with the accounts that hot desking needs.

    Two objects with the same directory mean the same PBX, in whatever process they
    are: what runs is known from the folder alone. Secrets that are not given are made
    up, so keep them (in lab.json) for an object made later.
    """

    directory: Path
    install: AsteriskInstall
    ports: Ports
    ari_password: str = field(default_factory=_new_secret)
    ami_secret: str = field(default_factory=_new_secret)
    sip_passwords: dict[str, str] = field(
        default_factory=lambda: {n: _new_secret() for n in (*FIXED_PHONES, "trunk")}
    )
    settings: Path | None = None
    """Hot desking's own, for the scripts that Asterisk starts."""
    voicemail_pins: dict[str, str] = field(
        default_factory=lambda: {n: f"{secrets.randbelow(10**6):06}" for n in MAILBOXES}
    )

    @property
    def _root(self) -> Path:
        # One spelling, because the process is recognised by the path it was given.
        return self.directory.resolve()

    @property
    def config_dir(self) -> Path:
        """Asterisk's configuration files."""
        return self._root / "etc"

    @property
    def generated_dir(self) -> Path:
        """Where hot desking writes the files that this PBX includes."""
        return self.config_dir / "hotdesk.d"

    @property
    def log_dir(self) -> Path:
        """Holds messages.log, security.log and stdout.log."""
        return self._root / "log"

    @property
    def cli_command(self) -> list[str]:
        """The command line to which a CLI command is added as last argument."""
        return [*self.install.command, "-C", self._config_file, "-rx"]

    @property
    def _environment(self) -> dict[str, str]:
        return {"HOTDESK_CONFIG": str(self.settings)} if self.settings else {}

    @property
    def _config_file(self) -> str:
        return str(self.config_dir / "asterisk.conf")

    @property
    def _pid_file(self) -> Path:
        return self._root / "asterisk.pid"

    def write(self) -> None:
        """Write the configuration; calls, voice mail and AstDB stay as they are."""
        for name in FOLDERS:
            (self._root / name).mkdir(parents=True, exist_ok=True)
        templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            undefined=StrictUndefined,
            trim_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701 - Asterisk's files are not HTML
        )
        for name in templates.list_templates(extensions=["j2"]):
            text = templates.get_template(name).render(
                directory=self._root,
                run_dir=self._run_dir(),
                asterisk=self.install,
                ports=self.ports,
                user=USER,
                ari_password=self.ari_password,
                ami_secret=self.ami_secret,
                sip_passwords=self.sip_passwords,
                fixed_phones=FIXED_PHONES,
                scripts=Path(sys.executable).parent,
                mailboxes=MAILBOXES,
                voicemail_pins=self.voicemail_pins,
                event_filters=EVENT_FILTERS,
            )
            (self.config_dir / name.removesuffix(".j2")).write_text(text)
        for name in EMPTY_FILES:
            (self.config_dir / name).touch()

    def _run_dir(self) -> Path:
        """Return the folder for Asterisk's control socket, made if need be."""
        run_dir = self._root / "run"
        if run_dir.is_symlink():
            return run_dir.readlink()
        if len(os.fsencode(run_dir)) > LONGEST_RUN_DIR:
            run_dir.symlink_to(tempfile.mkdtemp(prefix="hotdesk-pbx-", dir="/tmp"))
            return run_dir.readlink()
        run_dir.mkdir(exist_ok=True)
        return run_dir

    def start(self, *, within: float = BOOT_TIMEOUT) -> int:
        """Start Asterisk, wait until it has booted, and return its process id.

        It outlives this process. Raises PbxError if it runs already or fails to boot.
        """
        if (running := self.pid()) is not None:
            raise PbxError(f"Asterisk runs already, as process {running}")
        command = [*self.install.command, "-f", "-C", self._config_file]
        log = os.open(
            self.log_dir / "stdout.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
        )
        # Unlike Popen, this leaves no object behind that wants to be waited for.
        pid = os.posix_spawn(
            command[0],
            command,
            # Where the machine's own name does not resolve, Asterisk waits for DNS.
            {**os.environ, "RES_OPTIONS": "timeout:1 attempts:1", **self._environment},
            setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log, 1),
                (os.POSIX_SPAWN_DUP2, log, 2),
            ],
        )
        os.close(log)
        self._pid_file.write_text(f"{pid}\n")
        try:
            self.wait_until_booted(within)
        except PbxError:
            self.kill()
            raise
        return pid

    def stop(self) -> None:
        """End Asterisk in an orderly way, or by force if it takes too long."""
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        if not _poll(lambda: self.pid() is None, STOP_TIMEOUT):
            self.kill()

    def kill(self) -> None:
        """End Asterisk and the scripts it runs with kill -9; return when it is gone."""
        pid = self.pid()
        if pid is None:
            return
        os.killpg(pid, signal.SIGKILL)
        if not _poll(lambda: self.pid() is None, STOP_TIMEOUT):
            raise PbxError(f"process {pid} survives kill -9")

    def restart(self) -> int:
        """Stop Asterisk if it runs, start it again and return its new process id.

        Asterisk's own `core restart now` only ends it where it was unpacked, not
        installed: it would start itself without the libraries that came with it.
        """
        self.stop()
        return self.start()

    def pid(self) -> int | None:
        """Return the process id of this PBX's Asterisk, or None if it does not run."""
        try:
            pid = int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        process = Path(f"/proc/{pid}")
        try:
            status = (process / "stat").read_text().rpartition(") ")[2].split()
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return None
        state, threads = status[0], int(status[17])
        # A process is dead when its last thread is; until then it keeps its ports.
        if state == "Z" and threads <= 1:
            # Its end is ours to acknowledge only if this process started it.
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            return None
        # The number may belong to another process by now. A process has no arguments
        # when it has only just begun, or is about to be dead.
        ours = arguments == [b""] or os.fsencode(self._config_file) in arguments
        return pid if ours else None

    def cli(self, command: str) -> str:
        """Return what Asterisk's command line answers; raise PbxError if it cannot."""
        done = self._ask(command)
        if done.returncode != 0:
            raise PbxError(f"{command!r}: {done.stdout}{done.stderr}")
        return done.stdout

    def wait_until_booted(self, timeout: float = BOOT_TIMEOUT) -> None:
        """Return when Asterisk has booted; raise PbxError if it dies or is too slow."""

        def booted_or_dead() -> bool:
            # After a minute the command ends well without having seen the end of it.
            return self.pid() is None or (
                "fully booted" in self._ask("core waitfullybooted", timeout).stdout
            )

        in_time = _poll(booted_or_dead, timeout)
        if not in_time or self.pid() is None:
            what = "has ended" if in_time else f"did not boot within {timeout:.0f} s"
            raise PbxError(f"Asterisk {what}:\n{self._last_words()}")

    def _ask(
        self, command: str, timeout: float = CLI_TIMEOUT
    ) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [*self.cli_command, command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
            )
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(late.cmd, 1, "", str(late))

    def _last_words(self) -> str:
        logs = (self.log_dir / "stdout.log", self.log_dir / "messages.log")
        return "".join(
            log.read_text(errors="replace")[-2000:] for log in logs if log.exists()
        )


def _poll(condition: Callable[[], bool], timeout: float) -> bool:
    """Return whether the condition came true within so many seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
