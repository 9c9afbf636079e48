"""The steps of a device's last switches: as numbers, and as a picture of them.

The picture's scale is logarithmic: a step takes milliseconds in the PBX, and seconds or
minutes in a phone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from asterisk_hotdesk.store.switches import PastSwitch
from asterisk_hotdesk.web.admin.moments import duration, moment
from asterisk_hotdesk.web.admin.words import Words

STEPS = ("routed", "refreshed", "confirmed")

_SHORTEST = timedelta(milliseconds=1)
_SCALE = ("1 ms", "10 ms", "100 ms", "1 s", "10 s", "100 s", "1000 s")
_DECADES = len(_SCALE) - 1
"""What takes longer is drawn at the end."""

_LEFT, _WIDTH, _LINE_HEIGHT, _TOP = 60, 600, 26, 22


@dataclass(frozen=True)
class Mark:
    """A step in the picture."""

    step: str
    x: float


@dataclass(frozen=True)
class SwitchRow:
    """One switch, in one language."""

    decided: str
    hour: str
    """When it was decided, as short as it stands in the picture."""
    who: str
    times: dict[str, str]
    """By step: how long after the decision, or that it was not done."""
    restarted: bool
    y: int
    marks: list[Mark]

    @property
    def from_x(self) -> float:
        """Return where the line of this switch begins."""
        return _LEFT

    @property
    def to_x(self) -> float:
        """Return where it ends: at its last step."""
        return max((mark.x for mark in self.marks), default=_LEFT)


@dataclass(frozen=True)
class Picture:
    """The switches, one below the other, and the lines of the scale."""

    rows: list[SwitchRow]
    scale: list[tuple[float, str]]
    """Where each line is, and what it means."""

    @property
    def height(self) -> int:
        """Return how high it is."""
        return _TOP + _LINE_HEIGHT * len(self.rows)

    @property
    def width(self) -> int:
        """Return how wide it is."""
        return _LEFT + _WIDTH + 8

    @property
    def top(self) -> int:
        """Return where the lines of the scale begin."""
        return _TOP - 4


def picture(
    switches: Sequence[PastSwitch], words: Words, zone: tzinfo | None
) -> Picture:
    """Return *switches*, the newest first, as they are shown."""
    return Picture(
        rows=[
            _row(switch, is_last=number == 0, y=number, words=words, zone=zone)
            for number, switch in enumerate(switches)
        ],
        scale=[
            (_x(_SHORTEST * 10**decade), said) for decade, said in enumerate(_SCALE)
        ],
    )


def _row(
    switch: PastSwitch, *, is_last: bool, y: int, words: Words, zone: tzinfo | None
) -> SwitchRow:
    taken = {step: _taken(switch, step) for step in STEPS}
    missing = words.switch_not_yet if is_last else words.switch_overtaken
    return SwitchRow(
        decided=moment(switch.decided_at, zone),
        hour=f"{switch.decided_at.astimezone(zone):%H:%M}",
        who=f"{switch.name} ({switch.extension})" if switch.extension else "",
        times={
            step: missing if time is None else duration(time)
            for step, time in taken.items()
        },
        restarted=switch.restarted_at is not None,
        y=_TOP + _LINE_HEIGHT * y + _LINE_HEIGHT // 2,
        marks=[
            Mark(step, _x(time)) for step, time in taken.items() if time is not None
        ],
    )


def _taken(switch: PastSwitch, step: str) -> timedelta | None:
    at: datetime | None = getattr(switch, f"{step}_at")
    # Another clock may have gone a little after the one that told the decision.
    return None if at is None else max(at - switch.decided_at, timedelta())


def _x(taken: timedelta) -> float:
    decades = math.log10(max(taken, _SHORTEST) / _SHORTEST)
    return round(_LEFT + _WIDTH * min(decades, _DECADES) / _DECADES, 1)
