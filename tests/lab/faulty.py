"""The service with a fault: `python -m tests.lab.faulty STEP run` dies at a step.

It ends as by kill -9 during the first switch that is decided after its start; nothing
of the product knows of it.  What Asterisk is told at the same time is held back, so
that each half of a switch is left alone once:

    decided       committed, and nothing else done
    endpoint1 2   so many endpoints are written over ARI; no route, no lamp
    entry1 2 3    so many AstDB entries are written or deleted; no endpoint, no lamp
    hint          everything may be written, the last is a lamp
    followed      everything is written and read back; nothing noted
    noted         the database knows that it is routed
    told          the NOTIFY is sent
    fetched       the phone's fetch is noted

`python -m tests.lab.faulty quick run` is no fault: the sign of life beats ten times as
fast, for tests that wait for it.
"""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asterisk_hotdesk import fencing
from asterisk_hotdesk.cli import main
from asterisk_hotdesk.follow import Follower
from asterisk_hotdesk.pbx.ari import Ari
from asterisk_hotdesk.pbx.routes import Routes
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.store import Database, events, logins

STEPS = (
    "decided",
    "endpoint1",
    "endpoint2",
    "entry1",
    "entry2",
    "entry3",
    "hint",
    "followed",
    "noted",
    "told",
    "fetched",
)
QUICK = "quick"

Asynchronous = Callable[..., Awaitable[Any]]


def die() -> None:
    """End as by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


class Fault:
    """A fault at one step; until something is decided, all goes well."""

    def __init__(self, step: str) -> None:
        self._what, self._count = step.rstrip("123"), int(step[-1:] or "0", 36) % 10
        self._decided = False
        self._done = 0
        self._noted = False

    def prepare(self) -> None:
        """Put the fault in."""
        self._around(events, "record_and_announce", after=self._note_decision)
        for name in ("follow", "follow_decided"):
            self._around(Follower, name, after=self._die_at("followed"))
            if self._what == "decided":
                self._around(Follower, name, before=die)
        self._around(Ari, "put_endpoint", after=self._counted("endpoint"))
        if self._what == "entry":
            self._cut_short()
        self._around(Routes, "set_hint", after=self._die_at("hint"))
        self._around(Routes, "refresh", after=self._die_at("told"))
        if self._what == "endpoint":
            self._hold_back(Routes, "bring_about", "set_hint")
            self._hold_back(Ari, "put_endpoint", beyond=self._count)
        if self._what == "entry":
            self._hold_back(Ari, "put_endpoint")
            self._hold_back(Routes, "set_hint")
        if self._what == "noted":
            self._around(logins, "note_routed", after=self._note_routed)
            self._die_after_commit()
        if self._what == "fetched":
            self._die_when_confirmed()

    def _note_decision(self) -> None:
        self._decided = True

    def _note_routed(self) -> None:
        self._noted = self._decided

    def _die_at(self, what: str) -> Callable[[], None]:
        return die if what == self._what else lambda: None

    def _counted(self, what: str) -> Callable[[], None]:
        def count() -> None:
            self._done += 1
            if self._done >= self._count:
                die()

        return count if what == self._what else lambda: None

    def _around(
        self,
        owner: object,
        name: str,
        *,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        real: Asynchronous = getattr(owner, name)
        always = after == self._note_decision

        @functools.wraps(real)
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            if self._decided:
                before()
            result = await real(*args, **kwargs)
            if self._decided or always:
                after()
            return result

        setattr(owner, name, wrapped)

    def _hold_back(self, owner: object, *names: str, beyond: int = 0) -> None:
        """Let only the first calls through, once something is decided."""
        through = 0

        def held(real: Asynchronous) -> Asynchronous:
            @functools.wraps(real)
            async def wrapped(*args: Any, **kwargs: Any) -> Any:
                nonlocal through
                through += self._decided
                if through > beyond:
                    await asyncio.Event().wait()
                return await real(*args, **kwargs)

            return wrapped

        for name in names:
            setattr(owner, name, held(getattr(owner, name)))

    def _cut_short(self) -> None:
        """Let only the first entries through, and then die."""
        real = Routes.bring_about

        async def some(
            routes: Routes, wanted: Mapping[str, str], absent: Sequence[str]
        ) -> None:
            if not self._decided:
                await real(routes, wanted, absent)
                return
            first = [*wanted, *absent][: self._count]
            written = {entry: wanted[entry] for entry in first if entry in wanted}
            await real(routes, written, [entry for entry in first if entry in absent])
            die()

        setattr(Routes, "bring_about", some)  # noqa: B010 - for mypy

    def _die_after_commit(self) -> None:
        real = Database.transaction

        @asynccontextmanager
        async def transaction(database: Database) -> AsyncIterator[Any]:
            async with real(database) as tx:
                yield tx
            if self._noted:
                die()

        setattr(Database, "transaction", transaction)  # noqa: B010 - for mypy

    def _die_when_confirmed(self) -> None:
        real = Refresher.confirmed

        def confirmed(refresher: Refresher, device: str, generation: int) -> None:
            real(refresher, device, generation)
            if self._decided:
                die()

        setattr(Refresher, "confirmed", confirmed)  # noqa: B010 - for mypy


if __name__ == "__main__":
    fault = sys.argv.pop(1)
    if fault == QUICK:
        fencing.BEAT_SECONDS /= 10
    elif fault in STEPS:
        Fault(fault).prepare()
    else:
        sys.exit(f"no such step: {fault}; there are {', '.join(STEPS)}")
    main()
