"""Users: who may log in, what follows a person to every desk, PINs, and farewells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from asterisk_hotdesk.administration import recording, user_values
from asterisk_hotdesk.administration.finding import (
    logins_of,
    refuse_hot_desks,
    user_named,
    users_named,
)
from asterisk_hotdesk.administration.seats import log_all_out
from asterisk_hotdesk.administration.versions import require_unchanged
from asterisk_hotdesk.login import HotDesks, user_subject
from asterisk_hotdesk.model import Change, Device, EndReason, Source, User
from asterisk_hotdesk.pin_rules import check_pin
from asterisk_hotdesk.store import Database, Tx, attempts, logins, users


@dataclass(frozen=True)
class Permitted:
    """Whose permission was set."""

    people: list[User]
    """Those that there are, in the order in which they were named."""
    sitting: list[tuple[User, Device]]
    """Who of them is logged in, and where."""


async def set_allowed(
    database: Database,
    account: str,
    extensions: Sequence[str],
    *,
    allowed: bool,
    source: Source,
    now: datetime,
) -> Permitted:
    """Let those of *extensions* that there are log in at hot desks, or no longer.

    Whoever is logged in stays so.  Raises `NotFound` if there is none.
    """
    async with database.transaction() as tx:
        people = await users_named(tx, account, extensions)
        await users.set_allowed(tx, account, extensions, allowed)
        await recording.record_of_users(
            tx,
            "user_allowed" if allowed else "user_denied",
            people,
            source=source,
            now=now,
        )
        keys = frozenset(user.key for user in people)
        await recording.tell_daemon(tx, Change(users=keys, directory=True))
    return Permitted(people, await logins_of(database, [], people))


async def edit(
    database: Database,
    account: str,
    extension: str,
    given: Mapping[str, str],
    *,
    source: Source,
    now: datetime,
    version: str | None = None,
) -> User:
    """Change what is *given* of a user, in the words of `hotdesk user edit`.

    Returns the user as she is now.  Where *version* is given, nothing is changed if
    somebody else has changed her since; that raises `Conflict`.
    """
    different = user_values.fields(given, extension)
    async with database.transaction() as tx:
        user = await user_named(tx, account, extension)
        require_unchanged(user, version)
        changed = replace(user, **different)
        await refuse_hot_desks(tx, [changed.fixed_endpoint])
        await users.update(tx, changed)
        seat = await let_fetch(tx, user)
        await recording.record_of_users(
            tx, "user_edited", [changed], source=source, now=now
        )
        change = Change(devices=seat, users=frozenset({user.key}), directory=True)
        await recording.tell_daemon(tx, change)
    return changed


async def set_pin(
    desks: HotDesks, user: User, pin: str, *, source: Source, now: datetime
) -> None:
    """Make *pin* the user's only one, and forget wrong ones; raise `WeakPin` for some.

    Whoever asked for a new PIN has usually tried the old one too often.
    """
    check_pin(pin, length=desks.limits.length, extension=user.extension)
    pin_hash = await desks.pins.hash(pin)
    async with desks.database.transaction() as tx:
        await users.set_pin_hash(tx, user, pin_hash, now)
        await attempts.forgive(tx, user_subject(desks, user.account, user.extension))
        await recording.record_of_users(tx, "pin_set", [user], source=source, now=now)


async def remove(
    desks: HotDesks, leaving: Sequence[User], *, source: Source, now: datetime
) -> list[tuple[User, Device]]:
    """Remove users; return who was logged out for it, and where."""
    sitting = await logins_of(desks.database, [], leaving)
    await log_all_out(desks, sitting, EndReason.REMOVED, source=source, now=now)
    async with desks.database.transaction() as tx:
        for user in leaving:
            await users.remove(tx, user)
        # A user who gets this extension later should not inherit a lock.
        subjects = [
            user_subject(desks, user.account, user.extension) for user in leaving
        ]
        await attempts.forgive(tx, *subjects)
        await recording.record_of_users(
            tx, "user_removed", leaving, source=source, now=now
        )
        change = Change(
            devices=frozenset(device.name for _, device in sitting),
            users=frozenset(user.key for user in leaving),
            directory=True,
        )
        await recording.tell_daemon(tx, change)
    return sitting


async def let_fetch(tx: Tx, user: User) -> frozenset[str]:
    """Let the phone where *user* sits fetch again; return the name of that device."""
    desk = await logins.user_desk(tx, user.account, user.extension)
    if desk is None:
        return frozenset()
    await logins.want_fetch(tx, desk.device.name)
    return frozenset({desk.device.name})
