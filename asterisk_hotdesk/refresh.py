"""Make phones fetch their configuration again, until they do.

A NOTIFY that was sent proves nothing: the fetch does.  Phones that do not fetch are
told again, a few times and slower each time; phones in a call are left alone.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.pbx.routes import Routes
from asterisk_hotdesk.store import Database, logins

log = logging.getLogger(__name__)

RETRY_SECONDS = (5.0, 15.0, 60.0, 300.0)
"""The pauses before a phone is told again; the last one for ever."""


@dataclass
class _Waiting:
    generation: int
    due: float
    attempts: int = 0


class Refresher:
    """Which phones have yet to fetch, and when each is told next."""

    def __init__(
        self,
        database: Database,
        routes: Routes,
        *,
        per_second: int,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._routes = routes
        self._pause = 1.0 / per_second
        self._now = now
        self._waiting: dict[str, _Waiting] = {}
        # What is due first comes first; what was planned anew since is passed over.
        self._plan: list[tuple[float, str]] = []
        self._in_call: set[str] = set()
        self._quiet_until: dict[str, float] = {}
        self._stir = asyncio.Event()

    def want(self, device: str, generation: int) -> None:
        """Let *device* fetch the configuration of *generation* or a newer one."""
        waiting = self._waiting.get(device)
        if waiting is None or waiting.generation < generation:
            self._waiting[device] = _Waiting(generation, time.monotonic())
            self._plan_for(device)

    def confirmed(self, device: str, generation: int) -> bool:
        """The phone fetched the configuration of *generation*.

        Return whether that was waited for.
        """
        waiting = self._waiting.get(device)
        if waiting is None or waiting.generation > generation:
            return False
        del self._waiting[device]
        return True

    def waiting(self) -> int:
        """Return how many phones have yet to fetch."""
        return len(self._waiting)

    def is_in_call(self, device: str) -> bool:
        """Return whether the phone has a call, as far as we know."""
        return device in self._in_call

    def note_call(self, device: str, *, in_call: bool) -> None:
        """The phone began its first call, or ended its last."""
        if in_call:
            self._in_call.add(device)
        else:
            self._in_call.discard(device)
            self._plan_for(device)

    def hold(self, device: str) -> None:
        """Leave the phone alone until `release`: somebody calls for help there."""
        self._quiet_until[device] = math.inf

    def release(self, device: str, quiet_seconds: float) -> None:
        """Leave the phone alone for so many seconds more, then no longer."""
        self._quiet_until[device] = time.monotonic() + quiet_seconds
        self._plan_for(device)

    def note_registered(self, device: str) -> None:
        """The phone is back: tell it at once what it missed."""
        waiting = self._waiting.get(device)
        if waiting is not None:
            waiting.due = time.monotonic()
            self._plan_for(device)

    async def run(self) -> None:
        """Tell phones to fetch, one after the other, for ever.

        The pace keeps Asterisk's queues short: with 500 waiting tasks it ignores SIP.
        """
        while True:
            device = self._next()
            if device is None:
                await self._until_something_is_due()
                continue
            await self._tell(device, self._waiting[device])
            await asyncio.sleep(self._pause)

    def _plan_for(self, device: str) -> None:
        waiting = self._waiting.get(device)
        quiet_until = self._quiet_until.get(device, 0.0)
        if waiting and quiet_until < math.inf:
            waiting.due = max(waiting.due, quiet_until)
            heapq.heappush(self._plan, (waiting.due, device))
            self._stir.set()

    def _next(self) -> str | None:
        now = time.monotonic()
        while self._plan and self._plan[0][0] <= now:
            due, device = heapq.heappop(self._plan)
            waiting = self._waiting.get(device)
            # A phone in a call is planned again when the call ends.
            if not waiting or waiting.due != due or device in self._in_call:
                continue
            if self._quiet_until.get(device, 0.0) <= now:
                return device
        return None

    async def _until_something_is_due(self) -> None:
        ahead = self._plan[0][0] - time.monotonic() if self._plan else None
        try:
            async with asyncio.timeout(ahead):
                await self._stir.wait()
        except TimeoutError:
            return
        self._stir.clear()

    async def _tell(self, device: str, waiting: _Waiting) -> None:
        pause = RETRY_SECONDS[min(waiting.attempts, len(RETRY_SECONDS) - 1)]
        waiting.attempts += 1
        waiting.due = time.monotonic() + pause
        self._plan_for(device)
        try:
            await self._routes.refresh(device)
            async with self._database.transaction() as tx:
                await logins.note_refreshed(tx, waiting.generation, self._now())
        except HotdeskError as error:
            log.info("%s could not be told to fetch: %s", device, error)
