"""What Asterisk is told of all users and devices: generated files, and hints.

Each login sets its user's hint live, right after its routes.  The file of hints is for
the next reload of the dialplan, so it may lag by some seconds, and is written once for
many logins.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from pathlib import Path

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.model import Desk, Seating, User
from asterisk_hotdesk.pbx import files
from asterisk_hotdesk.pbx.routes import Routes
from asterisk_hotdesk.store import Database, logins, users


class Directory:
    """Users with their desks as Asterisk should know them, and as it does."""

    def __init__(self, database: Database, routes: Routes, config: Config) -> None:
        self._database = database
        self._routes = routes
        self._config = config
        self._files_lock = asyncio.Lock()
        self._sitting: dict[str, tuple[User, str | None]] = {}
        """By key, every user and the name of the device."""
        self._moved: set[str] = set()
        """Keys of users that changed places since `_sitting` was last asked for."""
        self._live: dict[str, str | None] = {}
        """By key, the device that Asterisk's own hint watches, as far as known."""
        self._filed: dict[str, str | None] = {}
        """The same for the file, which the next reload of the dialplan takes over."""
        self._doubtful: set[str] = set()
        """Keys of those whose hint was to be set, and perhaps is not."""
        self._wanted: dict[str, None] = {}
        """Keys of those whose hint comes next, in the order of their logins."""
        self.hints_wanted = asyncio.Event()
        self._places: set[files.Place] = set()
        """Where endpoints may be now."""

    def take(self, seating: Seating) -> None:
        """Note who sits where now."""
        self._moved.update(seating.users)
        for key, found in seating.users.items():
            if found is None:
                self._sitting.pop(key, None)
            else:
                self._sitting[key] = (found[0], _name(found[1]))

    def want_hints(self, seating: Seating) -> None:
        """Let `set_wanted_hints` set the hints of all users in *seating*."""
        there = [key for key in seating.users if key in self._sitting]
        self._doubtful.update(there)
        self._wanted.update(dict.fromkeys(there))
        self.hints_wanted.set()

    async def set_wanted_hints(self) -> None:
        """Set the hints that are wanted, one after the other.

        Logins share the connection, and with very many users each hint takes Asterisk
        milliseconds.  One that fails stays for `correct_hints`.
        """
        self.hints_wanted.clear()
        while self._wanted:
            key = next(iter(self._wanted))
            del self._wanted[key]
            if key in self._sitting:
                await self._set_hint(*self._sitting[key])

    async def set_hints(self, seating: Seating) -> None:
        """Set the hints of all users in *seating*, whatever they say now."""
        await asyncio.gather(
            *(
                self._set_hint(*self._sitting[k])
                for k in seating.users
                if k in self._sitting
            )
        )

    async def _set_hint(self, user: User, device: str | None) -> None:
        self._doubtful.add(user.key)
        await self._routes.set_hint(user, device)
        self._doubtful.discard(user.key)
        self._live[user.key] = device

    def dialplan_was_reloaded(self) -> None:
        """Note that Asterisk's hints are those of the file now."""
        self._live = dict(self._filed)

    async def correct_hints(self) -> None:
        """Set the hints that do not say who sits where, or may not."""
        for key, (_, device) in list(self._sitting.items()):
            if (
                key not in self._doubtful
                and key in self._live
                and self._live[key] == device
            ):
                continue
            # Somebody may have moved, or been removed, while others were set.
            if key in self._sitting:
                await self._set_hint(*self._sitting[key])

    async def write_files(self) -> None:
        """Write the generated files, and let Asterisk reload those that differ."""
        async with self._files_lock:
            self._moved.clear()
            async with self._database.transaction() as tx:
                desks = await logins.desks(tx)
                people = await users.everyone(tx)
            self._take_places(desks, people)
            phones = sorted((desk.device for desk in desks), key=lambda d: d.name)
            pjsip = files.pjsip_file(self._config, phones)
            places = files.places_of(phones, people)
            self._places |= places | await self._places_filed()
            extensions = files.extensions_file(self._config, phones, self._places)
            hints = files.users_file(self._sitting.values())
            await self._write_file(files.PJSIP, pjsip)
            await self._load("res_pjsip.so", pjsip)
            await self._write_hints(hints)
            await self._write_file(files.EXTENSIONS, extensions)
            # Hints alone are set live: reloading very many of them blocks the dialplan
            # for seconds.
            if await self._load(
                "pbx_config.so", extensions, files.without_hints(hints)
            ):
                self.dialplan_was_reloaded()

    async def _places_filed(self) -> set[files.Place]:
        """Return where endpoints may have been when the daemon before us ended."""
        if self._places:
            return set()
        text = await asyncio.to_thread(files.read, self._folder, files.EXTENSIONS)
        return files.places_in(text)

    async def endpoints_have_followed(self) -> None:
        """Forget contexts that no endpoint is in any more; the next file lacks them.

        Until then they stay: from a context that is not there, nobody could call for
        help.
        """
        async with self._files_lock, self._database.transaction() as tx:
            desks, people = await logins.desks(tx), await users.everyone(tx)
            self._places = files.places_of((desk.device for desk in desks), people)

    async def _load(self, module: str, *texts: str) -> bool:
        """Let *module* read its files again unless it has read *texts*; return if so.

        What was read last is kept in AstDB, so that neither a crash between writing
        and reloading nor an Asterisk that was away leaves anything unread.
        """
        entry = f"hotdesk/loaded/{module}"
        digest = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
        if await self._routes.read(entry) == digest:
            return False
        await self._routes.reload(module)
        await self._routes.write(entry, digest)
        return True

    async def write_hints_file(self) -> None:
        """Write the file of hints for the next reload; the live hints are set."""
        async with self._files_lock:
            sitting = list(self._sitting.values())
            await self._write_hints(await asyncio.to_thread(files.users_file, sitting))

    async def _write_hints(self, text: str) -> None:
        filed = {key: device for key, (_, device) in self._sitting.items()}
        await self._write_file(files.USERS, text)
        self._filed = filed

    async def _write_file(self, name: str, text: str) -> None:
        await asyncio.to_thread(files.write_if_changed, self._folder, name, text)

    @property
    def _folder(self) -> Path:
        return self._config.asterisk.generated_dir

    def _take_places(self, desks: Iterable[Desk], people: Iterable[User]) -> None:
        where = {desk.user.key: desk.device.name for desk in desks if desk.user}
        asked = {user.key: (user, where.get(user.key)) for user in people}
        # Who changed places while the database was asked is known better here.
        for key in self._moved:
            asked.pop(key, None)
            if key in self._sitting:
                asked[key] = self._sitting[key]
        self._sitting = asked


def _name(desk: Desk | None) -> str | None:
    return desk.device.name if desk else None
