"""What the commands print: tables for people, JSON for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from asterisk_hotdesk.model import DEFAULT_ACCOUNT, User, user_key
from asterisk_hotdesk.spreadsheets import harmless

Cell = str | tuple[str, str]
"""A text, or a text with the style that it has on a terminal."""


_MOST_PRETTY = 500
"""Rich takes a millisecond for each row: a long table is printed plainly."""


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Print *rows* under their *columns*, aligned."""
    listed = list(rows)
    if not sys.stdout.isatty() or len(listed) > _MOST_PRETTY:
        texts = [[_text(cell) for cell in row] for row in listed]
        _print_plainly([[Text(column) for column in columns], *texts])
        return
    Console(highlight=False).print(drawn(columns, listed))


def drawn(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, tight: bool = False
) -> Table:
    """Return *rows* under their *columns* for a terminal.

    *tight*: each row on one line, cut where the terminal ends.
    """
    shown = Table(
        box=None if tight else box.SIMPLE_HEAD,
        padding=(0, 2, 0, 0) if tight else (0, 1),
        pad_edge=False,
        header_style="bold",
    )
    for column in columns:
        shown.add_column(column, no_wrap=tight)
    for row in rows:
        shown.add_row(*map(_text, row))
    return shown


def fields(pairs: Iterable[tuple[str, Cell]]) -> None:
    """Print what is known of one thing, a line each."""
    _print_plainly([[Text(name, style="bold"), _text(value)] for name, value in pairs])


def as_json(content: Any) -> None:
    """Print *content* as JSON; times are in UTC, as in RFC 3339."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False, default=_plain))


def csv_head(columns: Sequence[str]) -> None:
    """Print the first line of a CSV file."""
    csv.writer(sys.stdout, lineterminator="\n").writerow(columns)


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print *rows* as lines of a CSV file with *columns*; times are as in JSON.

    None is empty.  A text that a spreadsheet would take for a formula has an
    apostrophe before it: a phone chooses its user agent.  Source: OWASP, CSV Injection.
    """
    csv.writer(sys.stdout, lineterminator="\n").writerows(
        [_csv_cell(row[column]) for column in columns] for row in rows
    )


def only_one(**given: bool) -> None:
    """Raise `click.UsageError` if more than one of these options is *given*."""
    names = [f"--{name}" for name, is_given in given.items() if is_given]
    if len(names) > 1:
        raise click.UsageError(f"{' and '.join(names)} exclude each other.")


def say(text: str) -> None:
    """Print one line that says what was done."""
    click.echo(printable(text))


def sentence(text: str, style: str = "") -> None:
    """Print one sentence on a line, on a terminal with a *style*."""
    Console(highlight=False).print(_text((text, style)), soft_wrap=True)


def note(text: str) -> None:
    """Print one line of advice where it does not mix with what was asked for."""
    click.echo(f"hotdesk: {printable(text)}", err=True)


def how_a_phone_comes_in(name: str) -> str:
    """Return what to do with the phone that is the device called *name* now."""
    return (
        "The phone may fetch its configuration, with a new SIP secret; for its URL"
        f" see: hotdesk device enrol {name}"
    )


def moment(time: datetime | None) -> str:
    """Return *time* in the administrator's time zone."""
    return f"{time.astimezone():%Y-%m-%d %H:%M:%S}" if time else "-"


def counted(names: Collection[str], kind: str) -> str:
    """Return the only one of *names*, or how many of a *kind* there are."""
    return next(iter(names)) if len(names) == 1 else f"{len(names)} {kind}s"


def short_moment(time: datetime | None) -> str:
    """Return *time* without its year and seconds, where room is scarce."""
    return f"{time.astimezone():%m-%d %H:%M}" if time else "-"


def numbered(number: int, kind: str) -> str:
    """Return how many of a *kind* there are, as `1 user` or `2 users`."""
    return f"1 {kind}" if number == 1 else f"{number} {kind}s"


def extension_shown(user: User) -> str:
    """Return the extension, with the account where it is not the usual one."""
    return key_shown(user.account, user.extension)


def key_shown(account: str, extension: str) -> str:
    """Return the same for somebody of whom only these are known."""
    return extension if account == DEFAULT_ACCOUNT else user_key(account, extension)


def printable(text: str) -> str:
    """Return *text* without what would steer the terminal.

    User agents, for example, are what a phone says that it is.
    """
    return "".join(c if c.isprintable() else "?" for c in text)


def _text(cell: Cell) -> Text:
    text, style = (cell, "") if isinstance(cell, str) else cell
    return Text(printable(text), style=style)


def _print_plainly(rows: Sequence[Sequence[Text]]) -> None:
    """Print *rows* aligned, a line each: a URL has to survive being copied."""
    widths = [
        max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)
    ]
    console = Console(highlight=False)
    for row in rows:
        *cells, last = zip(row, widths, strict=True)
        line = Text("").join(
            [cell + Text(" " * (width - cell.cell_len + 2)) for cell, width in cells]
            + [last[0]]
        )
        line.rstrip()
        console.print(line, soft_wrap=True)


def _csv_cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return harmless(value)
        case datetime():
            return value.isoformat()
    return str(value)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)
