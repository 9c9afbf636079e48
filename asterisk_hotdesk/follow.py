"""Make the PBX match the database: endpoints, routes and hints.

What is written depends on the database alone and every write may be repeated, so
following twice, late, or after a crash ends in the same state.  `catch_up` compares
everything; here is what one change needs.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
)
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.desk_lamps import DeskLamps
from asterisk_hotdesk.directory import Directory
from asterisk_hotdesk.endpoint import endpoint_fields
from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.message_lamps import MessageLamps
from asterisk_hotdesk.model import Change, Desk, Seating
from asterisk_hotdesk.pbx.endpoints import Endpoints
from asterisk_hotdesk.pbx.routes import (
    Routes,
    absent_entries,
    desk_entry,
    user_entry,
    wanted_entries,
)
from asterisk_hotdesk.precedence import Precedence
from asterisk_hotdesk.queue_members import QueueMembers
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.store import Database, logins

log = logging.getLogger(__name__)

NOTE_SECONDS = 0.1
"""How long switches that are routed gather before they are noted."""


class Follower:
    """Follows changes as they are decided."""

    def __init__(
        self,
        database: Database,
        endpoints: Endpoints,
        routes: Routes,
        directory: Directory,
        refresher: Refresher,
        lamps: MessageLamps,
        queue_members: QueueMembers,
        desk_lamps: DeskLamps,
        precedence: Precedence,
        config: Config,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._endpoints = endpoints
        self._routes = routes
        self._directory = directory
        self._refresher = refresher
        self._lamps = lamps
        self._queue_members = queue_members
        self._desk_lamps = desk_lamps
        self._precedence = precedence
        self._config = config
        self._now = now
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._written: dict[str, int] = {}
        """By device name, the generation of what was written last."""
        self._routed: dict[int, datetime] = {}
        self._something_routed = asyncio.Event()
        self.followed = Change()
        """What was written lately; whoever looks at it again takes it away."""
        self.something_followed = asyncio.Event()

    async def follow(self, change: Change) -> None:
        """Bring PBX and phones in line with the database for what *change* names.

        When it returns, the change is in force for the next call.  Raises
        `Unavailable` where Asterisk or PostgreSQL is not there: `catch_up` will do it.
        """
        if change.directory:
            await self._directory.write_files()
        async with self._exclusive(change):
            await self._bring_about(await self._read(change))

    async def follow_decided(self, seating: Seating) -> None:
        """Do what `follow` does, for what this process has just decided.

        Saves asking the database, unless somebody decided anew in the meantime.
        """
        change = seating.change
        async with self._exclusive(change):
            if self._is_outdated(seating):
                seating = await self._read(change)
            await self._bring_about(seating)

    def _is_outdated(self, seating: Seating) -> bool:
        return any(
            desk is None or self._written.get(name, 0) > desk.generation
            for name, desk in seating.desks.items()
        )

    async def _bring_about(self, seating: Seating) -> None:
        for name, desk in seating.desks.items():
            self._written[name] = desk.generation if desk else 0
        self._directory.take(seating)
        await self._write(seating)
        # Calls need no hint: lamps may follow a moment later, logins need not wait.
        self._directory.want_hints(seating)
        self._lamps.want(seating.desks)
        self._queue_members.follow(seating)
        self._desk_lamps.follow(seating)
        self._note_routed(seating)
        self.followed |= seating.change
        self.something_followed.set()

    async def check(self, change: Change) -> None:
        """Raise `Unavailable` if AstDB does not say what it should of *change*."""
        async with self._exclusive(change):
            seating = _settled(await self._read(change))
            await self._routes.check(wanted_entries(seating))
            for name, desk in seating.desks.items():
                if desk:
                    await self._endpoints.tidy(name, self.fields(desk))
            # `dialplan reload`, of which no event tells, may have read the file of
            # hints before it said what the live hint did.
            await self._directory.set_hints(seating)

    @asynccontextmanager
    async def _exclusive(self, change: Change) -> AsyncIterator[None]:
        # Whoever comes second reads the database after the first has written, so the
        # newer state is always written last.
        async with AsyncExitStack() as stack:
            for name in sorted(
                {desk_entry(d) for d in change.devices}
                | {user_entry(u) for u in change.users}
            ):
                await stack.enter_async_context(self._locks[name])
            yield

    async def _read(self, change: Change) -> Seating:
        async with self._database.transaction() as tx:
            desks, people = await logins.touched(tx, change.devices, change.users)
        by_name = {desk.device.name: desk for desk in desks}
        where = {desk.user.key: desk for desk in desks if desk.user}
        known = {user.key: user for user in people}
        return Seating(
            {name: by_name.get(name) for name in change.devices},
            {
                key: (known[key], where.get(key)) if key in known else None
                for key in change.users
            },
        )

    async def _write(self, seating: Seating) -> None:
        # In any order: a route counts only once both of its entries agree.
        await _together(
            [
                *(self._write_endpoint(*desk) for desk in seating.desks.items()),
                self._routes.bring_about(
                    wanted_entries(seating), absent_entries(seating)
                ),
            ]
        )

    async def _write_endpoint(self, name: str, desk: Desk | None) -> None:
        if desk is None:
            await self._endpoints.delete(name)
        else:
            await self._endpoints.write(name, self.fields(desk))

    def fields(self, desk: Desk) -> dict[str, str]:
        """Return what the endpoint of *desk* must be."""
        return endpoint_fields(
            desk,
            default_language=self._config.provisioning.language,
            extra=self._config.endpoint,
        )

    def _note_routed(self, seating: Seating) -> None:
        for desk in seating.desks.values():
            if desk and desk.switch and desk.switch.routed_at is None:
                self._routed[desk.generation] = self._now()
                self._something_routed.set()
            if desk:
                self.refresh(desk)

    async def keep_noting(self) -> None:
        """Record which switches are routed, many at once where many are; for ever."""
        while True:
            await self._something_routed.wait()
            await asyncio.sleep(NOTE_SECONDS)
            await self._precedence.give_way()
            self._something_routed.clear()
            routed, self._routed = self._routed, {}
            try:
                async with self._database.transaction() as tx:
                    await logins.note_routed(tx, routed)
            except HotdeskError:
                self._routed = routed | self._routed
                self._something_routed.set()
                await asyncio.sleep(1.0)

    def refresh(self, desk: Desk) -> None:
        """Let the phone fetch, unless it has what it should have."""
        if desk.switch and desk.switch.confirmed_at is None:
            self._refresher.want(desk.device.name, desk.generation)


def _settled(seating: Seating) -> Seating:
    """Return what has been written; what is decided but not yet, is left out."""
    return Seating(
        {name: desk for name, desk in seating.desks.items() if not _on_its_way(desk)},
        {
            key: found
            for key, found in seating.users.items()
            if not (found and _on_its_way(found[1]))
        },
    )


def _on_its_way(desk: Desk | None) -> bool:
    return bool(desk and desk.switch and desk.switch.routed_at is None)


async def _together(writes: Iterable[Awaitable[None]]) -> None:
    """Run all of *writes*, and only then raise what the first failing one raised."""
    results = await asyncio.gather(*writes, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
