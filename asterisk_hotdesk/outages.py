"""Whether neighbours are reached, and how to say once a minute that one is not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from asterisk_hotdesk.errors import HotdeskError

REPEAT_SECONDS = 60.0

RETRY_SECONDS = 1.0
"""Before what an outage has cut short is tried again."""


class Link(asyncio.Event):
    """Set while a neighbour is reached; knows how often that began."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0

    def set(self) -> None:
        """The neighbour is reached."""
        self.times += not self.is_set()
        super().set()

    @property
    def reconnects(self) -> int:
        """Return how often the neighbour was reached again."""
        return max(self.times - 1, 0)


class Outage:
    """Logs the beginning, the duration and the end of one neighbour's outage."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        self._log = log
        self._what = what
        self._said_at: float | None = None

    def note(self, error: HotdeskError) -> None:
        """Say why, unless it was said within the last minute."""
        now = time.monotonic()
        if self._said_at is None or now - self._said_at >= REPEAT_SECONDS:
            self._said_at = now
            # What is said to people, too, tells them to do what is done here.
            reason = str(error).removesuffix("; try again.")
            self._log.warning("%s; trying again", reason)

    def over(self) -> None:
        """Say that it is back, if it was said to be gone."""
        if self._said_at is not None:
            self._log.warning("%s is back", self._what)
        self._said_at = None


async def keep_doing(
    work: Callable[[], Awaitable[None]], stir: asyncio.Event, outage: Outage
) -> None:
    """Do *work* whenever *stir* is set, and again while an outage cuts it short."""
    while True:
        await stir.wait()
        stir.clear()
        try:
            await work()
        except HotdeskError as error:
            outage.note(error)
            stir.set()
            await asyncio.sleep(RETRY_SECONDS)
        else:
            outage.over()
