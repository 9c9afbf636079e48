"""When rules log people out: decisions without a database or a clock.

Every rule says at which instant a login is due, which follows from what is stored of
the login alone.  So a rule is neither skipped nor repeated when a clock is set, when
summer time begins or ends, or when nobody looked: what was due then is due still.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from typing import get_args
from zoneinfo import ZoneInfo

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.config.logout import LogoutConfig, Weekday
from asterisk_hotdesk.config.regions import public_holidays
from asterisk_hotdesk.model import OwnLogoutRules

AFTER_CALL = timedelta(seconds=5)
"""So long after a call nobody is logged out, who may be about to call again."""

LONGEST_CLOSURE_DAYS = 92
"""An office that does not open for so long never closes."""

_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_UNITS = {"h": timedelta(hours=1), "m": timedelta(minutes=1)}


class Rule(StrEnum):
    """Why somebody is logged out; part of the history, so never rename one."""

    IDLE = "idle"
    TOTAL = "total"
    DAILY = "daily"
    HOURS = "hours"


@dataclass(frozen=True)
class Due:
    """When a login ends, and by which rule."""

    at: datetime
    rule: Rule


@dataclass(frozen=True, kw_only=True, eq=False)
class LogoutRules:
    """What holds for one login, or for many."""

    zone: ZoneInfo
    idle: timedelta | None = None
    """So long without a call."""
    total: timedelta | None = None
    """So long after the login."""
    daily: frozenset[time] = frozenset()
    closing: Mapping[int, timedelta] = field(default_factory=dict)
    """By weekday, 0 for Monday: how long after midnight the office closes."""
    holidays: Container[date] = frozenset()
    """Days on which it does not open, and so does not close."""
    warn_before: timedelta = timedelta()
    """How long before a display says so; 0: it does not."""

    def __bool__(self) -> bool:
        return bool(self.idle or self.total or self.daily or self.closing)

    def due(
        self, *, since: datetime, last_call_at: datetime | None, in_call: bool
    ) -> Due | None:
        """Return when a login that began at *since* is due first, or None.

        Who is in a call is not idle; all other rules hold, but wait (`free_at`).
        """
        by_the_clock = (due for due in self._on_and_after(since) if due.at > since)
        found = list(islice(by_the_clock, 1))
        if self.total:
            found.append(Due(since + self.total, Rule.TOTAL))
        if self.idle and not in_call:
            last = max(since, last_call_at or since)
            found.append(Due(last + self.idle, Rule.IDLE))
        return min(found, key=lambda due: due.at, default=None)

    def _on_and_after(self, since: datetime) -> Sequence[Due]:
        if not (self.daily or self.closing):
            return ()
        return _by_the_clock(self, since.astimezone(self.zone).date())


@lru_cache(maxsize=1024)
def _by_the_clock(rules: LogoutRules, today: date) -> Sequence[Due]:
    """Return what is due on the days around *today*, and the next closing, in order.

    Some days more than one, for a zone can skip a day, or show the end of one twice.
    """
    around = [today + n * _DAY for n in range(-2, 4)]
    walls = [
        (datetime.combine(day, at), Rule.DAILY) for day in around for at in rules.daily
    ]
    for closing in _closings(rules, around[0]):
        walls.append((closing, Rule.HOURS))
        if closing.date() > around[-1]:
            break
    found = [Due(instant(wall, rules.zone), rule) for wall, rule in walls]
    return sorted(found, key=lambda due: due.at)


def _closings(rules: LogoutRules, first: date) -> Iterator[datetime]:
    for n in range(LONGEST_CLOSURE_DAYS if rules.closing else 0):
        day = first + n * _DAY
        closes = rules.closing.get(day.weekday())
        if closes is not None and day not in rules.holidays:
            yield datetime.combine(day, time()) + closes


def free_at(due: Due, last_call_at: datetime | None) -> datetime:
    """Return from when on a login that is due may end, unless a call begins."""
    if last_call_at is None:
        return due.at
    return max(due.at, last_call_at + AFTER_CALL)


def rules_at(
    config: Config, account: str, timezone: str, *own: OwnLogoutRules
) -> LogoutRules | None:
    """Return what holds in *account* at a device with this *timezone*, perhaps empty.

    As with `rules_of`; where no time zone is set at all, clocks show UTC.
    """
    plan = config.logout.of(account)
    zone = timezone or plan.timezone or config.provisioning.timezone or "UTC"
    return rules_of(plan, ZoneInfo(zone), *own)


def rules_of(
    plan: LogoutConfig, zone: ZoneInfo, *own: OwnLogoutRules
) -> LogoutRules | None:
    """Return what holds under *plan* for a user or device whose *own* these are.

    All rules hold, so the strictest comes first.  None: one of them is exempt.
    """
    if any(one.never_logout for one in own):
        return None
    region = plan.region
    return LogoutRules(
        zone=zone,
        idle=_shortest(_hours(plan.idle_hours), *(o.logout_after_idle for o in own)),
        total=_shortest(_hours(plan.total_hours), *(o.logout_after for o in own)),
        daily=frozenset(
            time.fromisoformat(text)
            for text in (plan.daily_at, *(o.logout_at for o in own))
            if text
        ),
        closing=_closing(plan.hours),
        holidays=public_holidays(region) if region else frozenset(),
        warn_before=timedelta(minutes=plan.warn_minutes),
    )


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return when clocks in *zone* first show *wall*, or what is later.

    A time that summer time skips is the instant of the change; of a time that there is
    twice, it is the first.
    """
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(found, zone) == wall:
        return found
    # Skipped.  By PEP 495, these are the times of clocks that are set too late, above,
    # and too early.
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    seconds = range(int((found - early).total_seconds()))
    after = bisect_left(seconds, wall, key=lambda s: _wall(early + s * _SECOND, zone))
    return early + after * _SECOND


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _hours(hours: float) -> timedelta | None:
    return timedelta(hours=hours) if hours else None


def _shortest(plan: timedelta | None, *own: str) -> timedelta | None:
    spans = [int(text[:-1]) * _UNITS[text[-1]] for text in own if text]
    return min([*spans, *([plan] if plan else [])], default=None)


def _closing(hours: Mapping[Weekday, str]) -> dict[int, timedelta]:
    closing = {}
    for weekday, name in enumerate(get_args(Weekday)):
        if name in hours:
            opens, _, closes = hours[name].partition("-")
            hour, minute = map(int, closes.split(":"))
            overnight = _DAY if closes <= opens else timedelta()
            closing[weekday] = timedelta(hours=hour, minutes=minute) + overnight
    return closing
