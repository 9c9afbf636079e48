"""The service with a fault: `python -m tests.lab.faulty STEP run` dies at a step.

It is killed as by kill -9 the first time that it gets there; nothing of the product
knows of it.  The steps of a switch, in their order:

    decided      the login or logout is committed
    endpoint     the first endpoint is written over ARI
    entry1 …     so many AstDB entries are written or deleted over AMI
    hint         the first hint is set live
    routed       the step is noted in the database
    told         the NOTIFY is sent
    fetched      the phone's fetch is noted in the database

`quick` is no fault: it only makes the sign of life beat ten times as fast.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from asterisk_hotdesk import fencing, follow, login, service
from asterisk_hotdesk.cli import main
from asterisk_hotdesk.pbx.ari import Ari
from asterisk_hotdesk.pbx.routes import Routes
from asterisk_hotdesk.store import logins

ENTRIES = tuple(f"entry{count}" for count in range(1, 5))
STEPS = ("decided", "endpoint", *ENTRIES, "hint", "routed", "told", "fetched")
QUICK = "quick"

Asynchronous = Callable[..., Awaitable[Any]]


def die() -> None:
    """End as by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


class Fault:
    """Is armed by the first switch: catching up at the start goes well."""

    def __init__(self, step: str) -> None:
        self.step = step
        self.armed = False
        self.entries = 0

    def after(self, owner: object, name: str, step: str) -> None:
        """Let the service die after the first call of *name* once armed."""
        if step == self.step:
            self._wrap(owner, name, die)

    def _wrap(self, owner: object, name: str, happened: Callable[[], None]) -> None:
        real: Asynchronous = getattr(owner, name)

        @functools.wraps(real)
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            result = await real(*args, **kwargs)
            if self.armed:
                happened()
            return result

        setattr(owner, name, wrapped)

    def count_entries(self) -> None:
        """Let the service die after as many writes of entries as the step says."""
        if self.step in ENTRIES:
            for name in ("write", "delete"):
                self._wrap(Routes, name, self._count)

    def _count(self) -> None:
        self.entries += 1
        if self.entries >= ENTRIES.index(self.step) + 1:
            die()

    def note_step(self) -> None:
        """Let the service die after the step itself is noted, and committed."""
        wanted = {"routed": "routed", "fetched": "confirmed"}.get(self.step)
        real = logins.note_step

        async def noted(tx: Any, generations: Any, step: Any, now: Any) -> None:
            await real(tx, generations, step, now)
            if self.armed and step == wanted:
                # The caller's block commits; a moment later it is over.
                tx.loop_of_the_fault = None

        logins.note_step = noted

    def arm(self) -> None:
        """Be armed by the first decision of this process or announced to it."""


def run(step: str) -> None:
    """Run the command line with a fault at *step*."""
