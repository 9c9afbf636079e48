"""The command at a terminal, and a person before it."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
from pathlib import Path

from tests.cli.command import PATIENCE_SECONDS, Command

BINARY = Path(sys.executable).with_name("hotdesk")


class Terminal:
    """A person at a terminal."""

    def __init__(self, *command: object, kind: str = "xterm-256color") -> None:
        pid, self._handle = pty.fork()
        if pid == 0:
            os.environ.pop("NO_COLOR", None)
            os.environ["TERM"] = kind
            os.execv(str(command[0]), [str(word) for word in command])  # noqa: S606
        self._pid = pid
        self.seen = ""

    def reads(self, words: str) -> None:
        """Wait until *words* are on the screen, beyond what was read before."""
        while words not in self.seen and (more := self._more()):
            self.seen += more
        before, found, self.seen = self.seen.partition(words)
        assert found, before

    def types(self, text: str) -> None:
        os.write(self._handle, text.encode())

    def insists(self, keys: str) -> None:
        """Type *keys*, again after each second, until something happens.

        Python overlooks a Ctrl-C that comes at the instant in which it begins to wait
        for a line.
        """
        self.types(keys)
        echo = self._more() if keys == "\x03" else ""
        for _ in range(int(PATIENCE_SECONDS)):
            if select.select([self._handle], [], [], 1.0)[0]:
                break
            self.types(keys)
        self.seen += echo

    def ended(self) -> tuple[int, str]:
        """Return the exit code and the rest of the screen."""
        while more := self._more():
            self.seen += more
        os.close(self._handle)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1]), self.seen

    def _more(self) -> str:
        """Return what appears next; nothing, once the program has ended."""
        if not select.select([self._handle], [], [], PATIENCE_SECONDS)[0]:
            os.kill(self._pid, signal.SIGKILL)
            raise AssertionError(f"nothing happens after {self.seen!r}")
        try:
            return os.read(self._handle, 4096).decode(errors="replace")
        except OSError:
            return ""  # So a terminal says that nobody is left.


def at_terminal(
    hotdesk: Command, *arguments: str, kind: str = "xterm-256color"
) -> Terminal:
    """Return a person who has just typed the command at that kind of terminal."""
    return Terminal(BINARY, "--config", hotdesk.config, *arguments, kind=kind)
