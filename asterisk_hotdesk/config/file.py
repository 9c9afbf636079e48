"""A TOML file that knows the line of each of its keys, for messages that help."""

from __future__ import annotations

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from asterisk_hotdesk.errors import ConfigError

Key = tuple[str, ...]
"""Tables and a key in the last, or a key (also a table) at the top of the file."""

_LARGEST = 65536


@dataclass(frozen=True)
class TomlFile:
    """One file, read once."""

    path: Path
    text: str = ""
    world_readable: bool = False

    @classmethod
    def read(cls, path: Path) -> TomlFile:
        """Return the file at *path*; raise ConfigError if it cannot be read."""
        try:
            text, world_readable = read_text(path)
        except ValueError as error:
            raise ConfigError(f"{path}: {error}") from None
        return cls(path, text.replace("\r\n", "\n"), world_readable)

    @cached_property
    def values(self) -> dict[str, Any]:
        """Return what the file says; raise ConfigError if it is not TOML."""
        try:
            return tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:
            # tomllib names what it expected and where, and quotes no values.
            what, line = str(error), self.text.rstrip("\n").count("\n") + 1
            if place := re.search(r" \(at line (\d+), (column \d+)\)$", what):
                what = f"{what[: place.start()]} at {place[2]}"
                line = int(place[1])
            raise ConfigError(
                f"{self.path}:{line}: not valid TOML: {what}"
                ' (expected [table], or key = value with text in "quotes")'
            ) from None

    def line(self, key: Key) -> int:
        """Return the line of *key*, else of its table; 0 where neither is written."""
        tables = (key[:depth] for depth in range(len(key), 0, -1))
        return next((self._lines[t] for t in tables if t in self._lines), 0)

    @cached_property
    def _lines(self) -> dict[Key, int]:
        """Return the line where each key begins.

        Only a TOML parser can tell a key from text that looks like one, and ours
        gives no positions.  So it reads ever more lines: what a further line brings
        in began after the last line up to which all was whole.
        """
        begins: dict[Key, int] = {}
        lines, whole = self.text.split("\n"), 0
        for end in range(1, len(lines) + 1):
            try:
                values = tomllib.loads("\n".join(lines[:end]))
            except tomllib.TOMLDecodeError:
                continue
            for key in _keys(values):
                begins.setdefault(key, whole + 1)
            whole = end
        return begins


def read_text(path: Path) -> tuple[str, bool]:
    """Return what is in *path*, and whether everybody on this machine may read it.

    Raise ValueError, with a text that quotes nothing from the file.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST:
        raise ValueError(f"is larger than {_LARGEST} bytes, so it is something else")
    try:
        return content.decode("utf-8-sig"), bool(mode & stat.S_IROTH)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not UTF-8 text") from None


def nearest(wrong: Key, known: Iterable[Key]) -> Key | None:
    """Return the key that was probably meant: of the same table if there is one."""
    tables: list[dict[str, Key]] = [{}, {}]
    for key in known:
        tables[key[:-1] != wrong[:-1]].setdefault(key[-1], key)
    for names in tables:
        for name in difflib.get_close_matches(wrong[-1], names, n=1):
            return names[name]
    return None


def _keys(values: dict[str, Any]) -> Iterator[Key]:
    for name, value in values.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, *inner) for inner in _keys(value))
