"""Make phones fetch their configuration again, until they do.

A NOTIFY that was sent proves nothing: the fetch does.  Phones that do not fetch are
told again, a few times and slower each time; phones in a call are left alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.pbx.routes import Routes
from asterisk_hotdesk.store import Database, logins

log = logging.getLogger(__name__)

RETRY_SECONDS = (5.0, 15.0, 60.0)
"""The pauses before a phone is told again; then it is left to the next catch-up."""


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
        self._in_call: set[str] = set()
        self._stir = asyncio.Event()

    def want(self, device: str, generation: int) -> None:
        """Let *device* fetch the configuration of *generation* or a newer one."""
        waiting = self._waiting.get(device)
        if waiting is None or waiting.generation < generation:
            self._waiting[device] = _Waiting(generation, time.monotonic())
            self._stir.set()

    def confirmed(self, device: str, generation: int) -> None:
        """The phone fetched the configuration of *generation*."""
        waiting = self._waiting.get(device)
        if waiting is not None and waiting.generation <= generation:
            del self._waiting[device]

    def note_call(self, device: str, *, in_call: bool) -> None:
        """The phone began its first call, or ended its last."""
        if in_call:
            self._in_call.add(device)
        else:
            self._in_call.discard(device)
            self._stir.set()

    def note_registered(self, device: str) -> None:
        """The phone is back: tell it at once what it missed."""
        waiting = self._waiting.get(device)
        if waiting is not None:
            waiting.due = time.monotonic()
            self._stir.set()

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

    def _next(self) -> str | None:
        now = time.monotonic()
        due = (
            (waiting.due, device)
            for device, waiting in self._waiting.items()
            if waiting.due <= now and device not in self._in_call
        )
        return min(due, default=(0.0, None))[1]

    async def _until_something_is_due(self) -> None:
        now = time.monotonic()
        ahead = [w.due - now for w in self._waiting.values() if w.due > now]
        try:
            async with asyncio.timeout(min(ahead, default=None)):
                await self._stir.wait()
        except TimeoutError:
            return
        self._stir.clear()

    async def _tell(self, device: str, waiting: _Waiting) -> None:
        pause = (
            RETRY_SECONDS[waiting.attempts]
            if waiting.attempts < len(RETRY_SECONDS)
            else None
        )
        if pause is None:
            del self._waiting[device]
        else:
            waiting.attempts += 1
            waiting.due = time.monotonic() + pause
        try:
            await self._routes.refresh(device)
            async with self._database.transaction() as tx:
                await logins.note_step(
                    tx, [waiting.generation], "refreshed", self._now()
                )
        except HotdeskError as error:
            log.info("%s could not be told to fetch: %s", device, error)
