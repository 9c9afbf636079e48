"""What the commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from asterisk_hotdesk.errors import Refused
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, User

Cell = str | tuple[str, str]
"""A text, or a text with the style that it has on a terminal."""

_WIDEST = 100_000
"""Where there is no terminal: no line is ever broken."""


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Print *rows* under their *columns*, aligned."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column)
    for row in rows:
        shown.add_row(*(_text(cell) for cell in row))
    _print(shown)


def fields(pairs: Iterable[tuple[str, Cell]]) -> None:
    """Print what is known of one thing, a line each."""
    shown = Table(box=None, pad_edge=False, show_header=False)
    shown.add_column(style="bold")
    shown.add_column()
    for name, value in pairs:
        shown.add_row(name, _text(value))
    _print(shown)


def as_json(content: Any) -> None:
    """Print *content* as JSON; times are in UTC, as in RFC 3339."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False, default=_plain))


def say(text: str) -> None:
    """Print one line that says what was done."""
    click.echo(printable(text))


def note(text: str) -> None:
    """Print one line of advice where it does not mix with what was asked for."""
    click.echo(f"hotdesk: {printable(text)}", err=True)


def confirm(question: str, *, yes: bool) -> None:
    """Ask unless *yes*; raise `Refused` where the answer is no."""
    if not yes and not click.confirm(printable(question), err=True):
        raise Refused("Nothing was changed.")


def moment(time: datetime | None) -> str:
    """Return *time* in the administrator's time zone."""
    return f"{time.astimezone():%Y-%m-%d %H:%M:%S}" if time else "-"


def mac_shown(mac: str) -> str:
    """Return a MAC address as it is printed on phones."""
    return ":".join(mac[i : i + 2] for i in range(0, len(mac), 2)).upper()


def extension_shown(user: User) -> str:
    """Return the extension, with the account where it is not the usual one."""
    return user.extension if user.account == DEFAULT_ACCOUNT else user.key


def printable(text: str) -> str:
    """Return *text* without what would steer the terminal.

    User agents, for example, are what a phone says that it is.
    """
    return "".join(c if c.isprintable() else "?" for c in text)


def _text(cell: Cell) -> Text:
    text, style = (cell, "") if isinstance(cell, str) else cell
    return Text(printable(text), style=style)


def _print(shown: Table) -> None:
    if sys.stdout.isatty():
        Console(highlight=False).print(shown)
        return
    console = Console(width=_WIDEST, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(shown)
    lines = (line.rstrip() for line in capture.get().splitlines())
    click.echo("\n".join(line for line in lines if line))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
