"""CSV files: every line is checked before any is believed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from asterisk_hotdesk.errors import Invalid

T = TypeVar("T")

_SEPARATORS = ",;\t"
"""A spreadsheet writes one of these, depending on the country."""


@dataclass(frozen=True)
class Given(Generic[T]):
    """What the administrator gave us, and where it stands."""

    what: T
    file: Path | None = None
    """None: it stands on the command line."""
    line: int = 0

    @property
    def where(self) -> str:
        """Return file and line, or nothing."""
        return f"{self.file}:{self.line}" if self.file else ""


class Complaints:
    """Everything that is wrong, told at once."""

    def __init__(self) -> None:
        self._found: list[tuple[int, str]] = []

    def note(self, given: Given[T], problem: str) -> None:
        """Note what is wrong with one line."""
        text = f"{given.where}: {problem}" if given.where else problem
        self._found.append((given.line, text))

    def tell(self) -> None:
        """Raise `Invalid` with all that was noted, by line, if anything was."""
        if self._found:
            raise Invalid("\n".join(text for _, text in sorted(self._found)))


def rows(
    path: Path, required: Collection[str], optional: Collection[str]
) -> list[Given[dict[str, str]]]:
    """Return the lines of a CSV file, by column; optional columns may be missing.

    Raises `Invalid` if it is not such a file.
    """
    lines = _lines(path)
    header = next(lines, None)
    if header is None:
        raise Invalid(f"{path}: is empty; expected a header line and more lines")
    columns = [column.strip().lower() for column in header.what]
    _check_columns(header.where, columns, required, optional)
    complaints, found = Complaints(), []
    for given in lines:
        if len(given.what) != len(columns):
            complaints.note(
                given, f"has {len(given.what)} fields, the header {len(columns)}"
            )
        values = dict(zip(columns, map(str.strip, given.what), strict=False))
        found.append(Given(values, given.file, given.line))
    complaints.tell()
    if not found:
        raise Invalid(f"{path}: there is nothing after the header line")
    return found


def checked(
    given: Iterable[Given[dict[str, str]]],
    check: Callable[[dict[str, str]], T],
    complaints: Complaints,
) -> list[Given[T]]:
    """Return what *check* makes of each line; what it refuses is noted."""
    found = []
    for one in given:
        try:
            found.append(Given(check(one.what), one.file, one.line))
        except Invalid as refusal:
            complaints.note(one, str(refusal))
    return found


def complain_of_doubles(
    given: Iterable[Given[T]],
    key: Callable[[T], Hashable],
    what: Callable[[T], str],
    complaints: Complaints,
) -> None:
    """Note each line whose *key* an earlier line has; *what* tells its name."""
    first: dict[Hashable, int] = {}
    for one in given:
        earlier = first.setdefault(key(one.what), one.line)
        if earlier != one.line:
            complaints.note(one, f"{what(one.what)} is in line {earlier} already")


def _check_columns(
    where: str, columns: list[str], required: Collection[str], optional: Collection[str]
) -> None:
    allowed = [*required, *optional]
    problems = [
        *(f"the column {name} is missing" for name in required if name not in columns),
        *(f"unknown column {name!r}" for name in columns if name not in allowed),
        *(f"two columns {name}" for name in allowed if columns.count(name) > 1),
    ]
    if problems:
        raise Invalid(f"{where}: {'; '.join(problems)} (known: {', '.join(allowed)})")


def _lines(path: Path) -> Iterator[Given[list[str]]]:
    """Yield the fields of each line that is not blank, with its place."""
    text = _text(path)
    header = text.partition("\n")[0]
    separator = max(_SEPARATORS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield Given(fields, path, line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise Invalid(f"{path}:{line}: not CSV: {error}") from None


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(
            f"{path}:{line}: not UTF-8 text; save the file as CSV UTF-8"
        ) from None
