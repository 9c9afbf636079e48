"""Asterisk's own configuration files, read as Asterisk reads them, never written.

Sections, templates, `(+)`, comments and includes follow main/config.c of Asterisk 22.
What cannot be read is noted beside what can, so that somebody can be told.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_DEEPEST_INCLUDE = 10
"""Asterisk's own limit."""

_HEADER = re.compile(r"\[([^\]]*)\]\s*(?:\(([^)]*)\))?")
_DIRECTIVE = re.compile(r"#\s*(include|tryinclude|exec)\b[\s<\"]*([^<>\"]*)")


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    file: Path
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Setting:
    """One `name = value`, or `name => value`."""

    name: str
    value: str
    place: Place


@dataclass
class Section:
    """One `[name]` with what it inherits and all that was added to it."""

    name: str
    place: Place
    is_template: bool = False
    settings: list[Setting] = field(default_factory=list)

    def find(self, name: str) -> Setting | None:
        """Return the last setting called *name*, which is the one in force."""
        found = [s for s in self.settings if s.name.lower() == name]
        return found[-1] if found else None

    def get(self, name: str, default: str = "") -> str:
        """Return the value in force of *name*."""
        setting = self.find(name)
        return setting.value if setting else default


@dataclass(frozen=True)
class Problem:
    """Something in the files that we could not follow."""

    place: Place
    what: str
    is_fatal: bool
    """Whether Asterisk refuses the whole file for it, too."""


@dataclass
class Conf:
    """One configuration file with everything that it includes."""

    path: Path
    exists: bool = True
    sections: list[Section] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    included: dict[Path, Place] = field(default_factory=dict)
    """Every file that it includes, also by `#tryinclude`, and where first."""
    directives: dict[str, Place] = field(default_factory=dict)
    """What `#include` and `#tryinclude` say, as it is written, and where first."""

    @property
    def in_use(self) -> Iterator[Section]:
        """Return the sections that are no templates."""
        return (section for section in self.sections if not section.is_template)

    def section(self, name: str) -> Section | None:
        """Return the first section called *name*, as most of Asterisk looks it up."""
        return next((s for s in self.in_use if s.name == name), None)


def read_conf(path: Path, *, unread: Collection[str] = ()) -> Conf:
    """Return what the file at *path* says; it need not exist.

    Included files with a name in *unread* are noted, but not looked into.  Relative
    paths in it are relative to its own folder, which is Asterisk's `astetcdir`.
    """
    conf = Conf(path)
    _Reading(conf, unread).take(path, Place(path, 0), (), required=False)
    return conf


def inheriting(conf: Conf, name: str) -> Section | None:
    """Return the section called *name*, also if it is a template."""
    return next((s for s in reversed(conf.sections) if s.name == name), None)


class _Reading:
    """Where we are in the files."""

    def __init__(self, conf: Conf, unread: Collection[str]) -> None:
        self._conf = conf
        self._unread = unread
        self._section: Section | None = None
        self._in_comment = False

    def take(
        self, path: Path, asked: Place, above: tuple[Path, ...], *, required: bool
    ) -> None:
        """Read *path*, which was asked for at *asked* in the last of *above*."""
        if path in above or len(above) > _DEEPEST_INCLUDE:
            self._note(asked, f"{path} is included in a circle")
            return
        try:
            # Asterisk does not care for encodings; a comment may have any.
            text = path.read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            if not above:
                self._conf.exists = False
            elif required:
                self._note(asked, f"{path} does not exist", is_fatal=True)
            return
        except OSError as error:
            self._note(asked, f"{path} cannot be read: {error.strerror}")
            return
        for number, raw in enumerate(text.split("\n"), 1):
            line = self._without_comments(raw).strip()
            if line:
                self._take_line(line, Place(path, number), (*above, path))

    def _take_line(self, line: str, place: Place, above: tuple[Path, ...]) -> None:
        if line.startswith("["):
            self._begin(line, place)
        elif line.startswith("#"):
            self._obey(line, place, above)
        elif "=" in line:
            name, _, value = line.partition("=")
            if self._section is None:
                self._note(
                    place, "there is no [section] above this line", is_fatal=True
                )
                return
            setting = Setting(
                name.rstrip().removesuffix("+").rstrip(),
                value.removeprefix(">").strip(),
                place,
            )
            self._section.settings.append(setting)
        else:
            self._note(place, "this line is neither a section nor a setting")

    def _begin(self, line: str, place: Place) -> None:
        match = _HEADER.match(line)
        if match is None:
            self._note(place, "the ] of this section is missing", is_fatal=True)
            return
        name, options = match[1], [o.strip() for o in (match[2] or "").split(",")]
        if any(option.startswith("+") for option in options):
            found = inheriting(self._conf, name)
            if found is None:
                self._note(
                    place, f"there is no section [{name}] to add to", is_fatal=True
                )
                return
            self._section = found
        else:
            self._section = Section(name, place, is_template="!" in options)
            self._conf.sections.append(self._section)
        for option in options:
            if not option or option.startswith(("!", "+")):
                continue
            parent = inheriting(self._conf, option)
            if parent is None:
                self._note(place, f"there is no section [{option}] to inherit from")
            elif parent is not self._section:
                self._section.settings.extend(parent.settings)

    def _obey(self, line: str, place: Place, above: tuple[Path, ...]) -> None:
        match = _DIRECTIVE.match(line)
        if match is None:
            self._note(place, "this directive is unknown")
            return
        if match[1] == "exec":
            self._note(place, "what #exec brings in cannot be looked at")
            return
        named = match[2].strip()
        self._conf.directives.setdefault(named, place)
        required = match[1] == "include"
        paths = self._paths(named)
        if required and not paths:
            self._note(place, f"no file matches {named}", is_fatal=True)
        for path in paths:
            self._conf.included.setdefault(path, place)
            if path.name not in self._unread:
                self.take(path, place, above, required=required)

    def _paths(self, named: str) -> list[Path]:
        path = self._conf.path.parent / named
        if not glob.has_magic(named):
            return [path]
        return [Path(found) for found in sorted(glob.glob(str(path)))]

    def _without_comments(self, raw: str) -> str:
        if ";" not in raw and not self._in_comment:
            return raw
        kept, rest = "", raw
        while rest:
            if self._in_comment:
                _, closed, rest = rest.partition("--;")
                self._in_comment = not closed
                continue
            before, semicolon, after = rest.partition(";")
            if not semicolon:
                return kept + before
            if before.endswith("\\"):
                kept, rest = kept + before[:-1] + ";", after
            elif after.startswith("--") and not after.startswith("---"):
                kept, rest, self._in_comment = kept + before, after[2:], True
            else:
                return kept + before
        return kept

    def _note(self, place: Place, what: str, *, is_fatal: bool = False) -> None:
        self._conf.problems.append(Problem(place, what, is_fatal))
