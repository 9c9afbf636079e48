"""CSV files: every line is checked before any is believed."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from asterisk_hotdesk.errors import Invalid

T = TypeVar("T")

_SEPARATORS = ",;\t"
"""A spreadsheet writes one of these, depending on the country."""

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""What Excel writes before "CSV UTF-8" and before "Unicode text"."""


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


Row = Given[dict[str, str]]
"""A line by its columns, whose names are in lower case."""


class Complaints:
    """Everything that is wrong, told at once."""

    def __init__(self) -> None:
        self._found: list[tuple[str, int, str]] = []

    def note(self, given: Given[T], problem: str) -> None:
        """Note what is wrong with one line."""
        text = f"{given.where}: {problem}" if given.where else problem
        self._found.append((str(given.file), given.line, text))

    def tell(self) -> None:
        """Raise `Invalid` with all that was noted, by line, if anything was."""
        if self._found:
            raise Invalid("\n".join(text for *_, text in sorted(self._found)))


@dataclass(frozen=True)
class Sheet:
    """What is in a CSV file."""

    columns: tuple[str, ...]
    """As they are written."""
    rows: list[Row]

    def has(self, *columns: str) -> bool:
        """Return whether there are these *columns*, in upper or lower case."""
        return {column.lower() for column in self.columns}.issuperset(columns)

    def others_than(self, columns: Collection[str]) -> list[str]:
        """Return the columns, as they are written, that are none of *columns*."""
        return [one for one in self.columns if one and one.lower() not in columns]


def rows(
    path: Path,
    required: Collection[str],
    optional: Collection[str],
    complaints: Complaints,
    encoding: str | None = None,
) -> list[Row]:
    """Return the lines of a CSV file that has these columns and no others.

    *optional* ones may be missing.  A line with too few or too many fields is noted
    and left out.  Raises `Invalid` if it is not such a file.
    """
    found = sheet(path, complaints, encoding, (required, optional))
    return found.rows


def sheet(
    path: Path,
    complaints: Complaints,
    encoding: str | None = None,
    expected: tuple[Collection[str], Collection[str]] | None = None,
) -> Sheet:
    """Return all that is in a CSV file, whatever columns it has.

    Without *encoding* the file is UTF-8, or UTF-16 that says so by its first bytes.
    *expected* are the columns that must be there, and those that may.
    """
    lines = _lines(path, encoding)
    header = next(lines, None)
    if header is None:
        raise Invalid(f"{path}: is empty; expected a header line and more lines")
    written = tuple(map(str.strip, header.what))
    columns = [column.lower() for column in written]
    _check_columns(header.where, columns, expected)
    found, any_line = [], False
    for given in lines:
        any_line = True
        if len(given.what) != len(columns):
            complaints.note(
                given, f"has {len(given.what)} fields, the header {len(columns)}"
            )
            continue
        values = dict(zip(columns, map(str.strip, given.what), strict=True))
        found.append(Given(values, given.file, given.line))
    if not any_line:
        raise Invalid(f"{path}: there is nothing after the header line")
    return Sheet(written, found)


def filled_in(given: Iterable[Row], **texts: str | None) -> list[Row]:
    """Return the lines, with *texts* where they have none in the column so called."""
    said = {column: text for column, text in texts.items() if text is not None}

    def filled(row: Mapping[str, str]) -> dict[str, str]:
        return {**row, **{column: row.get(column) or said[column] for column in said}}

    return [replace(one, what=filled(one.what)) for one in given]


def checked(
    given: Iterable[Row],
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
    first: dict[Hashable, Given[T]] = {}
    for one in given:
        earlier = first.setdefault(key(one.what), one)
        if earlier is not one:
            same = earlier.file == one.file
            where = f"line {earlier.line}" if same else earlier.where
            complaints.note(one, f"{what(one.what)} is in {where} already")


def cell(value: object) -> str:
    """Return a value as an administrator writes it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ",".join(map(str, value))
    return str(value)


def text_of(columns: Iterable[str], given: Iterable[Mapping[str, str]]) -> str:
    """Return a CSV file with a header line, which `rows` understands."""
    written = io.StringIO()
    lines = csv.DictWriter(written, list(columns), lineterminator="\n")
    lines.writeheader()
    lines.writerows(given)
    return written.getvalue()


def _check_columns(
    where: str,
    columns: list[str],
    expected: tuple[Collection[str], Collection[str]] | None,
) -> None:
    required, optional = expected or ((), columns)
    allowed = dict.fromkeys([*required, *optional])
    problems = [
        *(f"the column {name} is missing" for name in required if name not in columns),
        *(f"unknown column {name!r}" for name in columns if name not in allowed),
        *(
            f"two columns {name}"
            for name in allowed
            if name and columns.count(name) > 1
        ),
    ]
    if problems:
        known = f" (known: {', '.join(allowed)})" if expected else ""
        raise Invalid(f"{where}: {'; '.join(problems)}{known}")


def _lines(path: Path, encoding: str | None) -> Iterator[Given[list[str]]]:
    """Yield the fields of each line that is not blank, with its place."""
    text = _text(path, encoding)
    header = next((line for line in text.splitlines() if line.strip()), "")
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


def _text(path: Path, encoding: str | None) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Invalid(f"{path}: cannot be read: {error.strerror}") from None
    marked = (
        name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)
    )
    spoken = encoding or next(marked, "utf-8")
    try:
        return content.decode(spoken).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(spoken, errors="replace")
        raise Invalid(
            f"{path}:{before.count(chr(10)) + 1}: not {spoken.upper()} text; save the"
            " file as CSV UTF-8 (hotdesk import takes others, too: --encoding)"
        ) from None
