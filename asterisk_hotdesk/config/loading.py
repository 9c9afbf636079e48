"""From a TOML file to checked settings, with a line for everything that is wrong."""

from __future__ import annotations

import copy
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from asterisk_hotdesk.config.file import Key, TomlFile, nearest, read_text
from asterisk_hotdesk.errors import ConfigError

Settings = TypeVar("Settings", bound=BaseModel)

_PLAINLY = {
    "dict_type": "should be a table",
    "int_type": "should be a whole number",
    "model_type": "should be a table",
    "path_type": "should be an absolute path in quotes",
    "string_type": "should be text in quotes",
    "too_short": "should not be empty",
    "tuple_type": "should be a list in [ ]",
}
"""Pydantic's kinds of errors in the words of somebody who writes TOML."""


def fill(
    shape: type[Settings],
    file: TomlFile,
    secrets: Mapping[Key, str],
    environ: Mapping[str, str],
) -> Settings:
    """Return *shape* filled from *file*, its *secrets* perhaps from elsewhere.

    *shape* has tables of keys, and `warnings`; a table may have tables under names that
    are free.  *secrets* names for each key the environment variable that wins over the
    file.
    Raise ConfigError with all that is wrong, in the order of the file; the value of
    a secret is never part of it.
    """
    known = _keys_of(shape, file.values) | set(map(_file_key, secrets))
    loading = _Loading(file, secrets, known)
    loading.take_known_keys()
    for key in secrets:
        loading.find_secret(key, environ)
    try:
        filled = shape(**loading.tables, warnings=tuple(loading.warnings))
    except ValidationError as error:
        for details in error.errors():
            loading.note_invalid(details)
    if loading.problems:
        raise ConfigError(loading.told())
    return filled


class _Loading:
    """What was found so far: settings, and problems with them."""

    def __init__(
        self, file: TomlFile, secrets: Mapping[Key, str], known: set[Key]
    ) -> None:
        self.tables: dict[str, Any] = {}
        self.warnings: list[str] = []
        self.problems: list[tuple[Key, str]] = []
        self._file = file
        self._secrets = secrets
        self._known = known
        self._from_environment: set[Key] = set()

    def take_known_keys(self) -> None:
        """Keep what has a meaning, and note the rest."""
        for name, value in self._file.values.items():
            if (name,) not in self._known:
                self._note_unknown((name,))
            elif isinstance(value, dict) and self._is_table((name,)):
                for key in value:
                    if (name, key) not in self._known:
                        self._note_unknown((name, key))
                self.tables[name] = {
                    key: inner
                    for key, inner in value.items()
                    if (name, key) in self._known
                }
            else:
                self.tables[name] = value
        # Secrets are put in and taken out below; what the file says stays.
        self.tables = copy.deepcopy(self.tables)

    def find_secret(self, key: Key, environ: Mapping[str, str]) -> None:
        """Take the secret from the environment, from the file it names, or as it is."""
        table: Any = self.tables
        for name in key[:-1]:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                return
        path = table.pop(_file_key(key)[-1], None)
        if key[-1] in table:
            if path is not None:
                self._note(_file_key(key), f"expected this or {key[-1]}, not both")
            if self._file.world_readable:
                self._warn(self._file.path, key)
        if self._secrets[key] in environ:
            table[key[-1]] = environ[self._secrets[key]]
            self._from_environment.add(key)
        elif path is not None and key[-1] not in table:
            self._read_secret(key, path, table)

    def _read_secret(self, key: Key, path: object, table: dict[str, Any]) -> None:
        # What stands here may be the secret itself, by mistake: never repeat it.
        if not (
            isinstance(path, str) and path.isprintable() and Path(path).is_absolute()
        ):
            self._note(_file_key(key), "should be an absolute path in quotes")
            return
        try:
            text, world_readable = read_text(Path(path))
        except ValueError as error:
            self._note(_file_key(key), f"this file {error}")
            return
        table[key[-1]] = text.removesuffix("\n").removesuffix("\r")
        if world_readable:
            self._warn(Path(path), key)

    def _warn(self, path: Path, key: Key) -> None:
        self.warnings.append(
            f"{path}: everybody on this machine can read this file, and it holds"
            f" {'.'.join(key)}; take that away with chmod o-r"
        )

    def _note_unknown(self, key: Key) -> None:
        meant = nearest(key, self._known)
        if meant is None:
            beside = sorted(k[-1] for k in self._known if k[:-1] == key[:-1])
            self._note(key, f"unknown; expected one of {', '.join(beside)}")
        elif len(meant) < len(key):
            self._note(key, f"did you mean {meant[0]}, above the first [table]?")
        else:
            self._note(key, f"unknown; did you mean {'.'.join(meant)}?")

    def note_invalid(self, details: ErrorDetails) -> None:
        """Note in plain words what pydantic found."""
        key = _key_at(details["loc"])
        if details["type"] == "missing":
            self._note_missing(key)
            return
        if details["type"] == "extra_forbidden":
            self._note_unknown(key)
            return
        should = _PLAINLY.get(details["type"]) or re.sub(
            r"^(Value error,|Input) ", "", details["msg"]
        )
        value = details["input"]
        if self._may_quote(key) and isinstance(value, str | int | float):
            should += f", not {json.dumps(value, ensure_ascii=False)[:60]}"
        self._note(key, should)

    def _note_missing(self, key: Key) -> None:
        if key not in self._secrets:
            self._note(key, "missing")
        # Where its file cannot be read, that has been said.
        elif _file_key(key) not in dict(self.problems):
            self._note(
                key,
                f"missing; expected here, as the path {_file_key(key)[-1]},"
                f" or in the environment variable {self._secrets[key]}",
            )

    def _may_quote(self, key: Key) -> bool:
        """Return whether the value of *key* cannot hold a secret, even by mistake."""
        return (
            not self._is_table(key)
            and key not in self._secrets
            and "url" not in key[-1]
        )

    def _is_table(self, key: Key) -> bool:
        """Return whether *key* has keys of its own; one that is free has none."""
        return any(known[:-1] == key for known in self._known)

    def _note(self, key: Key, problem: str) -> None:
        self.problems.append((key, problem))

    def told(self) -> str:
        """Return all problems, a line each, in the order of the file."""
        inside = [
            (self._file.line(key), f"{'.'.join(key)}: {problem}")
            for key, problem in self.problems
            if key not in self._from_environment
        ]
        outside = [
            f"environment variable {self._secrets[key]}: {problem}"
            for key, problem in self.problems
            if key in self._from_environment
        ]
        return "\n".join(
            [
                f"{self._file.path}:{line}: {text}"
                if line
                else f"{self._file.path}: {text}"
                for line, text in sorted(inside)
            ]
            + outside
        )


def _key_at(place: tuple[int | str, ...]) -> Key:
    """Return the key that pydantic means; the place inside a list is of no interest."""
    names = itertools.takewhile(lambda part: isinstance(part, str), place)
    return tuple(str(name) for name in names if name != "[key]")


def _file_key(key: Key) -> Key:
    """Return the key whose value is the path of a file with the secret *key*."""
    return (*key[:-1], f"{key[-1]}_file")


def _keys_of(
    shape: type[BaseModel], values: Mapping[str, Any], table: Key = ()
) -> set[Key]:
    """Return the TOML keys of *shape*, tables and what is in them.

    Where tables may have any name, they are those that *values* has.
    """
    keys: set[Key] = set()
    for name, field in shape.model_fields.items():
        if name == "warnings":
            continue
        key = (*table, field.alias or name)
        keys.add(key)
        for inner, where, inside in _tables(field.annotation, key, values.get(key[-1])):
            keys |= {where} | _keys_of(inner, inside, where)
    return keys


def _tables(
    annotation: Any, key: Key, value: object
) -> Iterator[tuple[type[BaseModel], Key, dict[str, Any]]]:
    """Yield the table that *key* is, or those that it has, and what is in each."""
    if _is_shape(annotation):
        yield annotation, key, _inside(value)
    elif get_origin(annotation) is dict and _is_shape(get_args(annotation)[1]):
        for name, inside in _inside(value).items():
            yield get_args(annotation)[1], (*key, name), _inside(inside)


def _is_shape(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _inside(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
