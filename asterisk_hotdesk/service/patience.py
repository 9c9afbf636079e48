"""Waiting for what is unavailable, with pauses that grow."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.outages import Outage

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
"""Callers hear that we are away until we have noticed that Asterisk is back."""

T = TypeVar("T")
Reached = Callable[[], None]


async def patiently(attempt: Callable[[Reached], Awaitable[T]], what: str) -> T:
    """Return what *attempt* returns, once nothing that it needs is unavailable.

    An attempt that goes on for ever calls what it is given once all is there: the next
    outage is then a new one, with short pauses at its beginning.
    """
    outage = Outage(log, what)
    pause = FIRST_PAUSE_SECONDS

    def reached() -> None:
        nonlocal pause
        pause = FIRST_PAUSE_SECONDS
        outage.over()

    while True:
        try:
            result = await attempt(reached)
        except Unavailable as unavailable:
            outage.note(unavailable)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        else:
            reached()
            return result
