"""What an administrator is asked: whether to go on, and for secrets.

A secret is hidden from the screen, the process list and the shell's history.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from asterisk_hotdesk.cli.output import printable
from asterisk_hotdesk.errors import Invalid, Refused


def confirm(question: str, *, yes: bool) -> None:
    """Ask unless *yes*; raise `Refused` where the answer is no."""
    if yes:
        return
    try:
        with _ended_by_ctrl_c():
            answer = click.confirm(printable(question), err=True)
    except click.Abort:
        click.echo(err=True)
        raise
    if not answer:
        raise Refused("Nothing was changed.")


def secret(prompt: str, what: str) -> str:
    """Return what is typed after *prompt*, or the first line of standard input.

    Raises `Invalid` if there is none; *what* says what is missing.
    """
    with _ended_by_ctrl_c():
        if sys.stdin.isatty():
            typed: str = click.prompt(
                prompt, hide_input=True, confirmation_prompt=True, err=True
            )
            return typed
        line = sys.stdin.buffer.readline(1000).decode(errors="replace")
    if not line:
        raise Invalid(f"There is no {what} on standard input.")
    return line.rstrip("\r\n")


@contextmanager
def _ended_by_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C end a question at once.

    asyncio's own handler ends a command at its next `await`, which is after the answer.
    """
    if threading.current_thread() is not threading.main_thread():
        # Signals are not for others, and they may not change who handles them.
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
