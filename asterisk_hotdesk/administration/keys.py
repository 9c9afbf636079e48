"""Key plans: the function keys that a user finds on every phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from asterisk_hotdesk.administration import recording
from asterisk_hotdesk.administration.finding import user_named
from asterisk_hotdesk.administration.users import let_fetch
from asterisk_hotdesk.administration.versions import require_unchanged
from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.model import Change, Source, UserKey
from asterisk_hotdesk.store import Database, user_keys


@dataclass(frozen=True)
class Plan:
    """The keys of one user."""

    extension: str
    keys: tuple[UserKey, ...]

    def with_key(self, key: UserKey) -> Plan:
        """Return it with *key* instead of the one at its position."""
        others = (one for one in self.keys if one.position != key.position)
        return replace(self, keys=(*others, key))

    def without(self, position: int) -> Plan:
        """Return it without the key at *position*; raise `NotFound` if it has none."""
        gone = self._at(position)
        return replace(self, keys=tuple(one for one in self.keys if one != gone))

    def moved(self, position: int, to: int) -> Plan:
        """Return it with a key elsewhere, and the key that was there in its place.

        Raises `NotFound` if it has none at *position*.
        """
        places = {self._at(position).position: to, to: position}
        return replace(
            self,
            keys=tuple(
                replace(one, position=places.get(one.position, one.position))
                for one in self.keys
            ),
        )

    def _at(self, position: int) -> UserKey:
        for key in self.keys:
            if key.position == position:
                return key
        raise NotFound(f"{self.extension} has no key at position {position}.")


async def change(
    database: Database,
    account: str,
    extension: str,
    changed: Callable[[Plan], Plan],
    *,
    source: Source,
    now: datetime,
    version: str | None = None,
) -> None:
    """Give a user what *changed* makes of the plan; her phone fetches it.

    Where *version* (of the plan) is given, nothing is changed if somebody else has
    changed it since; that raises `Conflict`.
    """
    async with database.transaction() as tx:
        user = await user_named(tx, account, extension)
        plan = Plan(extension, tuple(await user_keys.of(tx, user)))
        require_unchanged(plan, version)
        await user_keys.replace(tx, user, changed(plan).keys)
        seat = await let_fetch(tx, user)
        await recording.record_of_users(
            tx, "keys_edited", [user], source=source, now=now
        )
        await recording.tell_daemon(
            tx, Change(devices=seat, users=frozenset({user.key}))
        )
