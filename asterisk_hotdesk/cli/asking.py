"""How a secret comes in: hidden from the screen, the process list and the history."""

from __future__ import annotations

import sys

import click

from asterisk_hotdesk.errors import Invalid


def secret(prompt: str, what: str) -> str:
    """Return what is typed after *prompt*, or the first line of standard input.

    Raises `Invalid` if there is none; *what* says what is missing.
    """
    if sys.stdin.isatty():
        typed: str = click.prompt(
            prompt, hide_input=True, confirmation_prompt=True, err=True
        )
        return typed
    line = sys.stdin.buffer.readline(1000).decode(errors="replace")
    if not line:
        raise Invalid(f"There is no {what} on standard input.")
    return line.rstrip("\r\n")
