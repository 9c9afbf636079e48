"""Log out whom a rule says: when it is due, at a pace, and never into a call.

Nothing is remembered but who has been warned: what is due follows from the database, so
whatever an outage cuts short is done after it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Protocol
from zoneinfo import ZoneInfo

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import HotdeskError, Refused
from asterisk_hotdesk.login import HotDesks, log_out
from asterisk_hotdesk.logout_rules import Due, free_at, rules_at
from asterisk_hotdesk.model import EndReason, Source
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.store import sitting
from asterisk_hotdesk.store.sitting import Sitting

log = logging.getLogger(__name__)

LOOK_SECONDS = 15.0
"""How soon is noticed what nobody tells us, such as a clock that was set."""

WAITING_SECONDS = 3.0
"""And that a call has ended that somebody's logout waits for."""


class Phones(Protocol):
    """What we ask of Asterisk."""

    async def has_calls(self, endpoint: str) -> bool:
        """Return whether *endpoint* has a call; raise `Unavailable` if it can't say."""


Warn = Callable[[str, int, str, str], Awaitable[bool]]
"""Says on a device's display at which time a login ends, and what ends it sooner.

Returns False where it has to be said later, because of a call.
"""


@dataclass(frozen=True)
class _Coming:
    """Somebody who will be logged out."""

    sitting: Sitting
    due: Due
    zone: ZoneInfo
    warn_at: datetime | None

    @property
    def free_at(self) -> datetime:
        return free_at(self.due, self.sitting.last_call_at)

    @property
    def must_wait(self) -> bool:
        """Return whether a call there comes first, of whatever kind."""
        return bool(self.sitting.in_call) or self.sitting.in_emergency_call


class Expiry:
    """Looks who is due, and logs them out."""

    def __init__(
        self,
        desks: HotDesks,
        config: Config,
        phones: Phones,
        *,
        warn: Warn | None,
        hears_of_calls: Callable[[], bool],
        now: Callable[[], datetime],
    ) -> None:
        """*warn* is None where displays say nothing unasked."""
        self._desks = desks
        self._config = config
        self._phones = phones
        self._warn = warn
        self._hears_of_calls = hears_of_calls
        self._now = now
        # Few differ, however many people there are.
        self._rules = lru_cache(maxsize=1024)(partial(rules_at, config))
        self._pause = 1.0 / config.logout.per_second
        self._most = round(LOOK_SECONDS * config.logout.per_second)
        self._hears_since: datetime | None = None
        self._warned: dict[int, datetime] = {}
        """By login, the end of which its display has told."""

    async def run(self) -> None:
        """Look and log out, for ever."""
        outage = Outage(log, "what logging out by rules needs")
        while True:
            pause = LOOK_SECONDS
            try:
                pause = await self._look()
            except HotdeskError as error:
                outage.note(error)
            else:
                outage.over()
            await asyncio.sleep(pause)

    async def _look(self) -> float:
        """Log out and warn; return after how many seconds to look again."""
        if not self._hears_of_calls():
            self._hears_since = None
            return LOOK_SECONDS
        # Never ahead, should the clock be set back.
        self._hears_since = min(self._hears_since or self._now(), self._now())
        coming = await self._all_coming()
        self._forget_gone({one.sitting.login for one in coming})
        now = self._now()
        due = [one for one in coming if not one.must_wait and one.free_at <= now]
        ended = 0
        for one in due:
            if await self._end(one.sitting):
                await asyncio.sleep(self._pause)
                ended += 1
            if ended == self._most:
                # Who has logged in meanwhile is looked at, too.
                return 0.0
        await self._warn_all(coming)
        return self._until_next(coming)

    async def _all_coming(self) -> list[_Coming]:
        """Return everybody whom a rule will log out, the first one first."""
        everybody = sitting.everybody(
            self._desks.database, with_own_rules=not self._config.logout.has_rules
        )
        found = [self._coming(one) async for one in everybody]
        coming = [one for one in found if one is not None]
        return sorted(coming, key=lambda one: one.due.at)

    def _coming(self, one: Sitting) -> _Coming | None:
        rules = self._rules(one.account, one.timezone, one.of_user, one.of_device)
        due = rules and rules.due(
            since=one.since,
            last_call_at=self._last_call_at(one),
            in_call=bool(one.in_call),
        )
        if not rules or not due:
            return None
        warn_at = due.at - rules.warn_before if rules.warn_before else None
        return _Coming(one, due, rules.zone, warn_at)

    def _last_call_at(self, one: Sitting) -> datetime | None:
        """Return when the last call may have been: nobody knows of those unheard."""
        return max(filter(None, (one.last_call_at, self._hears_since)), default=None)

    async def _end(self, before: Sitting) -> bool:
        """Log out if all is as it was; return whether that was done."""
        # Others came first: she may have made a call meanwhile, or gone.
        async with self._desks.database.question() as tx:
            one = await sitting.still(tx, before.login)
        coming = one and self._coming(one)
        if not coming or coming.must_wait or coming.free_at > self._now():
            return False
        # What we have heard is a little older than the truth.
        if await self._phones.has_calls(coming.sitting.device):
            return False
        try:
            await log_out(
                self._desks,
                device_name=coming.sitting.device,
                now=self._now(),
                reason=EndReason.EXPIRED,
                source=Source("rule", actor=coming.due.rule),
                generation=coming.sitting.generation,
            )
        except Refused as refusal:
            log.info("%s stays logged in: %s", coming.sitting.extension, refusal)
        return True

    # Warning --------------------------------------------------------------------

    async def _warn_all(self, coming: list[_Coming]) -> None:
        if self._warn is None:
            return
        now = self._now()
        for one in coming:
            login = one.sitting.login
            if not self._is_to_be_warned(one) or one.must_wait:
                continue
            if one.warn_at and one.warn_at <= now < one.due.at:
                if await self._is_warned(self._warn, one):
                    self._warned[login] = one.due.at
                await asyncio.sleep(self._pause)

    async def _is_warned(self, warn: Warn, one: _Coming) -> bool:
        device, time = one.sitting.device, f"{one.due.at.astimezone(one.zone):%H:%M}"
        code = self._config.codes.logout_code()
        try:
            return await warn(device, one.sitting.login, time, code)
        except HotdeskError as error:
            log.info("the display of %s says nothing: %s", device, error)
            return True

    def _is_to_be_warned(self, one: _Coming) -> bool:
        return self._warned.get(one.sitting.login) != one.due.at

    def _forget_gone(self, logins: set[int]) -> None:
        self._warned = {k: v for k, v in self._warned.items() if k in logins}

    def _until_next(self, coming: list[_Coming]) -> float:
        """Return the seconds until somebody is due or to be warned, at the most."""
        now = self._now()
        ahead = [one.free_at - now for one in coming if one.free_at > now]
        if any(one.must_wait and one.due.at <= now for one in coming):
            ahead.append(timedelta(seconds=WAITING_SECONDS))
        if self._warn is not None:
            ahead += [
                one.warn_at - now
                for one in coming
                if one.warn_at and one.warn_at > now and self._is_to_be_warned(one)
            ]
        seconds = [span.total_seconds() for span in ahead]
        return min([LOOK_SECONDS, *seconds])
