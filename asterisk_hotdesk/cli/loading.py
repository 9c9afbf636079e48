"""What loading lines would do to what there is, told line by line before it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from asterisk_hotdesk.cli import output
from asterisk_hotdesk.cli.csv_files import Given

Line = TypeVar("Line")
Thing = TypeVar("Thing")

UPDATE_HELPS = "; --update changes it"

_LONGEST_TOLD = 60
"""Letters of a value in the listing of changes."""


@dataclass(frozen=True)
class Step:
    """What becomes of one line."""

    line: str
    action: str
    """add, change or leave."""
    name: str
    details: Callable[[], str]


@dataclass
class Plan(Generic[Line, Thing]):
    """What becomes of all lines about one kind of thing."""

    kind: str
    """Such as user."""
    added: list[Line] = field(default_factory=list)
    changed: list[tuple[Line, Thing]] = field(default_factory=list)
    """Lines, and what each makes of the thing that there is."""
    left: int = 0
    """How many lines say what is so already."""
    steps: list[Step] = field(default_factory=list)

    def add(
        self, given: Given[Line], name: str, described: Callable[[Line], str]
    ) -> None:
        """Plan to add what *given* says, which *described* tells if anybody asks."""
        self.added.append(given.what)
        self._note(given, "add", name, partial(described, given.what))

    def change(
        self,
        given: Given[Line],
        thing: Thing,
        name: str,
        texts: tuple[Mapping[str, str], Mapping[str, str]],
        unseen: str = "",
    ) -> None:
        """Plan to make of something what *thing* is, or leave it if it is so already.

        *texts* say what it is and what it will be, by column; *unseen* says what else
        will be another, without its value.
        """
        differences = [*_differences(*texts), *filter(None, [unseen])]
        if differences:
            self.changed.append((given.what, thing))
            self._note(given, "change", name, partial("; ".join, differences))
        else:
            self.left += 1
            self._note(given, "leave", name, str)

    def show(self) -> None:
        """Print what becomes of each line."""
        output.table(
            ("Line", "Action", self.kind.capitalize(), "Details"),
            ((s.line, s.action, s.name, s.details()) for s in self.steps),
        )

    def outcome(self) -> str:
        """Return what was done, as `2 users added, 1 changed, 3 unchanged`."""
        done = {
            "added": len(self.added),
            "changed": len(self.changed),
            "unchanged": self.left,
        }
        first, *others = [(n, how) for how, n in done.items() if n]
        counted = [f"{output.numbered(first[0], self.kind)} {first[1]}"]
        return ", ".join(counted + [f"{number} {how}" for number, how in others])

    def _note(
        self, given: Given[Line], action: str, name: str, details: Callable[[], str]
    ) -> None:
        self.steps.append(Step(str(given.line), action, name, details))


def unusual(text: Mapping[str, str], usual: Mapping[str, str]) -> str:
    """Return what *text* says, by column, that is not usual."""
    return "; ".join(f"{c}: {_told(text[c])}" for c in text if text[c] != usual[c])


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for column, text in after.items():
        if text != before[column]:
            yield f"{column}: {_told(before[column])} → {_told(text)}"


def _told(text: str) -> str:
    shown = text if len(text) <= _LONGEST_TOLD else f"{text[:_LONGEST_TOLD]}…"
    return shown or "-"
