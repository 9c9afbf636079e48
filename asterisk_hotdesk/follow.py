"""Make the PBX match the database: endpoints, routes, hints and generated files.

What is written depends on the database alone and every write may be repeated, so
following twice, late, or after a crash ends in the same state.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.endpoint import STATIC_FIELDS, endpoint_fields
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.model import Change, Desk, User, user_key
from asterisk_hotdesk.pbx import files
from asterisk_hotdesk.pbx.ari import Ari, AriRefused
from asterisk_hotdesk.pbx.routes import (
    Routes,
    desk_entry,
    desk_value,
    differing,
    user_entry,
)
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.store import Database, devices, logins, users

log = logging.getLogger(__name__)

RECHECK_SECONDS = 3.0
"""AstDB commits about once a second, and takes back what it cannot commit."""

_IDENTITY = ("aors", "auth", "callerid", "context", "language", "subscribe_context")
_FORM = "hotdesk/form"
_BATCH = 100


@dataclass(frozen=True)
class Wanted:
    """What the database says about some desks and users."""

    desks: dict[str, Desk | None]
    """By device name; None: there is no such device."""
    users: dict[str, tuple[User, Desk | None] | None]
    """By user key: the user and the desk; None: there is no such user."""

    def entries(self) -> dict[str, str]:
        """Return the AstDB entries that there must be."""
        wanted = {}
        for name, desk in self.desks.items():
            if desk:
                sitting = desk.user.key if desk.user else ""
                wanted[desk_entry(name)] = desk_value(desk.generation, sitting)
        for key, found in self.users.items():
            if found and found[1]:
                desk = found[1]
                wanted[user_entry(key)] = f"{desk.generation}:{desk.device.name}"
        return wanted

    def absent(self) -> list[str]:
        """Return the AstDB entries that there must not be."""
        return [desk_entry(name) for name, desk in self.desks.items() if not desk] + [
            user_entry(key)
            for key, found in self.users.items()
            if not (found and found[1])
        ]


class Follower:
    """Follows changes as they are decided, and everything now and then."""

    def __init__(
        self,
        database: Database,
        ari: Ari,
        routes: Routes,
        refresher: Refresher,
        config: Config,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._ari = ari
        self._routes = routes
        self._refresher = refresher
        self._config = config
        self._now = now
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._files_lock = asyncio.Lock()
        self._hints_stale = asyncio.Event()
        self._to_recheck = Change()
        self._recheck_wanted = asyncio.Event()

    # One change -----------------------------------------------------------------

    async def follow(self, change: Change) -> None:
        """Bring PBX and phones in line with the database for what *change* names.

        When it returns, the change is in force for the next call.  Raises
        `Unavailable` where Asterisk or PostgreSQL is not there: `catch_up` will do it.
        """
        if change.directory:
            await self._write_files()
        async with self._exclusive(change):
            wanted = await self._read(change)
            await self._write(wanted)
            await self._verify(wanted)
            await self._note_routed(wanted)
        self._hints_stale.set()
        self._to_recheck |= change
        self._recheck_wanted.set()

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

    async def _read(self, change: Change) -> Wanted:
        wanted = Wanted({}, {})
        async with self._database.transaction() as tx:
            for name in change.devices:
                wanted.desks[name] = await logins.desk(tx, name)
            for key in change.users:
                account, _, extension = key.partition("/")
                user = await users.find(tx, account, extension)
                desk = await logins.user_desk(tx, account, extension)
                wanted.users[key] = (user, desk) if user else None
        return wanted

    async def _write(self, wanted: Wanted) -> None:
        # The user's entry comes last: until it agrees with the desk's, nobody rings.
        await _together(self._write_endpoint(n, d) for n, d in wanted.desks.items())
        await _together(
            [
                *(self._routes.write(e, v) for e, v in wanted.entries().items()),
                *(self._routes.delete(entry) for entry in wanted.absent()),
                *(self._set_hint(*found) for found in wanted.users.values() if found),
            ]
        )

    async def _write_endpoint(self, name: str, desk: Desk | None) -> None:
        if desk is None:
            await self._ari.delete_endpoint(name)
            return
        try:
            await self._ari.put_endpoint(name, self._fields(desk))
        except AriRefused as refused:
            raise Unavailable(
                f"Asterisk refuses to write the endpoint {name} (HTTP"
                f" {refused.status}); compare sorcery.conf with the README, and look"
                " for an endpoint of this name in pjsip.conf"
            ) from None

    def _fields(self, desk: Desk) -> dict[str, str]:
        return endpoint_fields(
            desk,
            default_language=self._config.provisioning.language,
            extra=self._config.endpoint,
        )

    async def _set_hint(self, user: User, desk: Desk | None) -> None:
        await self._routes.set_hint(
            files.users_context(user.account),
            user.extension,
            desk.device.name if desk else None,
        )

    async def _verify(self, wanted: Wanted) -> None:
        entries = wanted.entries()
        found = await asyncio.gather(*(self._routes.read(e) for e in entries))
        lost = differing(
            entries, dict(zip(entries, (f or "" for f in found), strict=True))
        )
        if lost:
            raise Unavailable(f"AstDB lost what was written: {', '.join(sorted(lost))}")

    async def _note_routed(self, wanted: Wanted) -> None:
        fresh = {d.generation: d for d in wanted.desks.values() if d and d.switch}
        unrouted = [g for g, d in fresh.items() if d.switch and not d.switch.routed_at]
        if unrouted:
            async with self._database.transaction() as tx:
                await logins.note_step(tx, unrouted, "routed", self._now())
        for desk in fresh.values():
            if desk.switch and desk.switch.confirmed_at is None:
                self._refresher.want(desk.device.name, desk.generation)

    # Everything -----------------------------------------------------------------

    async def catch_up(self, *, hints: bool) -> None:
        """Compare everything with the database, and write what differs.

        With *hints*, every live hint is set again: after a restart or a reload of the
        dialplan nobody knows what they say.
        """
        await self._write_files()
        await self._catch_up_entries()
        if await self._routes.read(_FORM) == self._form():
            await self._catch_up_endpoints()
        else:
            await self._rewrite_endpoints()
        if hints:
            await self._catch_up_hints()

    async def _catch_up_entries(self) -> None:
        found = await self._routes.all()
        everything = await self._desks()
        wanted = _wanted_of(everything).entries()
        changed = set(differing(wanted, found)) | (set(found) - set(wanted))
        change = _named_by(changed)
        # In the order of `logins.desks`: what a crash cut short comes first.
        known = [
            desk.device.name
            for desk in everything
            if desk.device.name in change.devices or _unfinished(desk)
        ]
        gone = sorted(change.devices.difference(known))
        for names in _in_batches([*known, *gone]):
            await self.follow(Change(devices=frozenset(names)))
        for keys in _in_batches(sorted(change.users)):
            await self.follow(Change(users=frozenset(keys)))

    async def _catch_up_endpoints(self) -> None:
        for desk in await self._desks():
            name = desk.device.name
            found = await self._ari.endpoint(name)
            wanted = self._fields(desk)
            if found is None or any(found.get(f) != wanted[f] for f in _IDENTITY):
                await self.follow(Change(devices=frozenset({name})))
            elif desk.switch and desk.switch.confirmed_at is None:
                self._refresher.want(name, desk.generation)

    async def _rewrite_endpoints(self) -> None:
        for names in _in_batches([desk.device.name for desk in await self._desks()]):
            await self.follow(Change(devices=frozenset(names)))
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

    async def _catch_up_hints(self) -> None:
        for user, desk in await self._sitting():
            async with self._locks[user_entry(user.key)]:
                await self._set_hint(user, desk)

    async def _sitting(self) -> list[tuple[User, Desk | None]]:
        async with self._database.transaction() as tx:
            everyone = await users.everyone(tx)
            where = {d.user.key: d for d in await logins.desks(tx) if d.user}
        return [(user, where.get(user.key)) for user in everyone]

    # Generated files ------------------------------------------------------------

    async def _write_files(self) -> None:
        async with self._files_lock:
            async with self._database.transaction() as tx:
                phones = await devices.everything(tx)
            sitting = await self._sitting()
            config, folder = self._config, self._config.asterisk.generated_dir
            pjsip = files.pjsip_file(config, phones)
            contexts = {user.context for user, _ in sitting}
            extensions = files.extensions_file(config, phones, contexts)
            changed = await asyncio.to_thread(
                files.write_if_changed, folder, files.PJSIP, pjsip
            )
            if changed:
                await self._routes.reload("res_pjsip.so")
            written = [
                await asyncio.to_thread(files.write_if_changed, folder, name, text)
                for name, text in (
                    (files.USERS, _users_file(sitting)),
                    (files.EXTENSIONS, extensions),
                )
            ]
            if any(written):
                await self._routes.reload("pbx_config.so")

    async def keep_hints_file(self) -> None:
        """Keep the file of hints current, for ever.

        Each login sets its hint live; the file is for the next reload, so it may lag
        by a second and is written once for many logins.
        """
        while True:
            await self._hints_stale.wait()
            self._hints_stale.clear()
            try:
                async with self._files_lock:
                    text = _users_file(await self._sitting())
                    await asyncio.to_thread(
                        files.write_if_changed,
                        self._config.asterisk.generated_dir,
                        files.USERS,
                        text,
                    )
            except Unavailable:
                self._hints_stale.set()
            await asyncio.sleep(1.0)

    async def keep_checking(self) -> None:
        """Look again, some seconds later, whether AstDB kept each change; for ever."""
        while True:
            await self._recheck_wanted.wait()
            await asyncio.sleep(RECHECK_SECONDS)
            self._recheck_wanted.clear()
            change, self._to_recheck = self._to_recheck, Change()
            try:
                async with self._exclusive(change):
                    await self._verify(await self._read(change))
            except Unavailable as unavailable:
                log.warning("%s; writing it again", unavailable)
                try:
                    await self.follow(change)
                except Unavailable:
                    self._to_recheck |= change
                    self._recheck_wanted.set()


def _users_file(sitting: Iterable[tuple[User, Desk | None]]) -> str:
    return files.users_file(
        (user, desk.device.name if desk else None) for user, desk in sitting
    )


def _wanted_of(desks: Iterable[Desk]) -> Wanted:
    desks = list(desks)
    return Wanted(
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


async def _together(writes: Iterable[Awaitable[None]]) -> None:
    """Run all of *writes*, and only then raise what the first failing one raised."""
    results = await asyncio.gather(*writes, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
