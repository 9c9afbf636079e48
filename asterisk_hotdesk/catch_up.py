"""Compare everything with the database, and put right what differs.

At start, after Asterisk restarted or reloaded, after an outage of anything, and on a
slow schedule: what a crash, a lost write or a deleted entry left behind ends here.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.desk_lamps import DeskLamps
from asterisk_hotdesk.directory import Directory
from asterisk_hotdesk.endpoint import STATIC_FIELDS, is_as_wanted
from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.follow import Follower
from asterisk_hotdesk.model import Change, Desk, Seating, user_key
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.pbx.endpoints import Endpoints
from asterisk_hotdesk.pbx.routes import Routes, differing, wanted_entries
from asterisk_hotdesk.precedence import Precedence
from asterisk_hotdesk.store import Database, logins

log = logging.getLogger(__name__)

RECHECK_SECONDS = 3.0
"""AstDB commits about once a second, and takes back what it cannot commit."""

RETRY_SECONDS = 1.0
GATHER_SECONDS = 0.3

PACE_SECONDS = 0.001
"""Between two endpoints that are compared, so that logins meanwhile find room."""

_FORM = "hotdesk/form"

_BATCH = 10
"""Desks dealt with at once: whoever logs in at one of them waits for them all."""


class CatchUp:
    """Catches up whenever somebody asks for it, and on schedule."""

    def __init__(
        self,
        database: Database,
        endpoints: Endpoints,
        routes: Routes,
        directory: Directory,
        follower: Follower,
        desk_lamps: DeskLamps,
        precedence: Precedence,
        config: Config,
    ) -> None:
        self._database = database
        self._endpoints = endpoints
        self._routes = routes
        self._directory = directory
        self._follower = follower
        self._desk_lamps = desk_lamps
        self._precedence = precedence
        self._config = config
        self._wanted = asyncio.Event()
        self.done = asyncio.Event()
        """Set once everything was right for the first time."""

    def want(self) -> None:
        """Catch up soon."""
        self._wanted.set()

    def asterisk_was_reloaded(self) -> None:
        """Catch up soon: Asterisk has read its files again, or started anew."""
        self._directory.dialplan_was_reloaded()
        self.want()

    async def run(self) -> None:
        """Catch up when it is wanted and on schedule, for ever."""
        outage = Outage(log, "what catching up needs")
        while True:
            try:
                async with asyncio.timeout(self._config.refresh.catch_up_seconds):
                    await self._wanted.wait()
            except TimeoutError:
                pass
            # At a start or after an outage several ask at once, for the same.
            await asyncio.sleep(GATHER_SECONDS)
            self._wanted.clear()
            try:
                await self._everything()
            except HotdeskError as error:
                outage.note(error)
                self.want()
                await asyncio.sleep(RETRY_SECONDS)
            else:
                outage.over()
                self.done.set()

    async def keep_checking(self) -> None:
        """Look again at each change some seconds later, for ever.

        The file of hints is written here, too: once for many logins, because each has
        set its hint live already.
        """
        while True:
            await self._follower.something_followed.wait()
            await asyncio.sleep(RECHECK_SECONDS)
            self._follower.something_followed.clear()
            change, self._follower.followed = self._follower.followed, Change()
            try:
                await self._directory.write_hints_file()
                for names in _in_batches(sorted(change.devices)):
                    await self._precedence.give_way()
                    await self._follower.check(Change(devices=frozenset(names)))
                for keys in _in_batches(sorted(change.users)):
                    await self._precedence.give_way()
                    await self._follower.check(Change(users=frozenset(keys)))
            except HotdeskError as error:
                log.warning("%s; catching up", error)
                self.want()

    async def keep_hints(self) -> None:
        """Set the hint of whoever changed places as soon as calls follow; for ever."""
        while True:
            await self._directory.hints_wanted.wait()
            try:
                await self._directory.set_wanted_hints()
            except HotdeskError as error:
                log.warning("%s; catching up", error)
                self.want()

    async def _everything(self) -> None:
        await self._directory.write_files()
        await self._compare_entries()
        if await self._routes.read(_FORM) == self._form():
            await self._compare_endpoints()
        else:
            await self._rewrite_endpoints()
        await self._directory.endpoints_have_followed()
        await self._directory.correct_hints()
        self._desk_lamps.want_all()

    async def _compare_entries(self) -> None:
        found = await self._routes.all()
        everything = await self._desks()
        wanted = wanted_entries(_seating_of(everything))
        change = _named_by(set(differing(wanted, found)) | (set(found) - set(wanted)))
        # In the order of `logins.desks`: what a crash cut short comes first.
        known = [
            desk.device.name
            for desk in everything
            if desk.device.name in change.devices or _unfinished(desk)
        ]
        gone = sorted(change.devices.difference(known))
        people = {d.device.name: d.user.key for d in everything if d.user}
        for names in _in_batches([*known, *gone]):
            sitting = frozenset(people[name] for name in names if name in people)
            await self._follower.follow(Change(devices=frozenset(names), users=sitting))
        for keys in _in_batches(sorted(change.users)):
            await self._follower.follow(Change(users=frozenset(keys)))

    async def _compare_endpoints(self) -> None:
        for desk in await self._desks():
            found = await self._endpoints.read(desk.device.name)
            wanted = self._follower.fields(desk)
            if found is None or not is_as_wanted(found, wanted):
                await self._follower.follow(
                    Change(devices=frozenset({desk.device.name}))
                )
            else:
                self._follower.refresh(desk)
            await asyncio.sleep(PACE_SECONDS)

    async def _rewrite_endpoints(self) -> None:
        for names in _in_batches([desk.device.name for desk in await self._desks()]):
            await self._follower.follow(Change(devices=frozenset(names)))
        await self._routes.write(_FORM, self._form())

    def _form(self) -> str:
        """Return a digest of what all endpoints have in common.

        Asterisk gives these fields back in other words than it took them, so they
        can't be compared; when the digest changes, all endpoints are written again.
        """
        common = json.dumps([STATIC_FIELDS, self._config.endpoint], sort_keys=True)
        return hashlib.sha256(common.encode()).hexdigest()[:16]

    async def _desks(self) -> list[Desk]:
        async with self._database.transaction() as tx:
            return await logins.desks(tx)


def _seating_of(desks: Sequence[Desk]) -> Seating:
    return Seating(
        {desk.device.name: desk for desk in desks},
        {desk.user.key: (desk.user, desk) for desk in desks if desk.user},
    )


def _named_by(entries: Iterable[str]) -> Change:
    """Return whom the AstDB *entries* are about; others than ours are passed over."""
    named_devices, named_users = set(), set()
    for entry in entries:
        match entry.split("/"):
            case ["hotdesk", "desk", name]:
                named_devices.add(name)
            case ["hotdesk", "user", account, extension]:
                named_users.add(user_key(account, extension))
    return Change(devices=frozenset(named_devices), users=frozenset(named_users))


def _in_batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[i : i + _BATCH] for i in range(0, len(names), _BATCH))


def _unfinished(desk: Desk) -> bool:
    return desk.switch is not None and desk.switch.routed_at is None
