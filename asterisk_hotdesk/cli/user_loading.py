"""Users of a file, or of the command line, become users of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from asterisk_hotdesk.administration import recording
from asterisk_hotdesk.cli import user_rows
from asterisk_hotdesk.cli.csv_files import Complaints, Given
from asterisk_hotdesk.cli.loading import UPDATE_HELPS, Plan, unusual
from asterisk_hotdesk.cli.opening import hot_desks, now, source
from asterisk_hotdesk.cli.progress import in_batches
from asterisk_hotdesk.cli.user_rows import UserRow
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.contexts import LONGEST, used_context
from asterisk_hotdesk.login import user_subject
from asterisk_hotdesk.model import Change, LoginMethod, User, user_key
from asterisk_hotdesk.store import Database, Tx, attempts, devices, logins, users
from asterisk_hotdesk.store.users import NewUser

UserPlan = Plan[UserRow, User]

_PINS_AT_ONCE = 20


@dataclass(frozen=True)
class HashedPins:
    """The PINs of a file, as they are stored."""

    hashes: Mapping[tuple[str, str], str] = field(default_factory=dict, repr=False)
    """By account and extension."""
    subjects: Sequence[str] = ()
    """Under which wrong PINs of the same users are counted."""


async def hashed(
    config: Config, database: Database, wanted: Sequence[Given[UserRow]]
) -> HashedPins:
    """Return the PINs of *wanted*, hashed before any transaction: that takes long."""
    rows = [given.what for given in wanted if given.what.pin]
    if not rows:
        return HashedPins()
    desks = hot_desks(config, database)
    hashes: dict[tuple[str, str], str] = {}
    for batch in in_batches(rows, "Hashing PINs", _PINS_AT_ONCE):
        done = await asyncio.gather(*(desks.pins.hash(row.pin) for row in batch))
        hashes.update(zip((row.key for row in batch), done, strict=True))
    return HashedPins(hashes, [user_subject(desks, *row.key) for row in rows])


async def plan(
    tx: Tx,
    wanted: Sequence[Given[UserRow]],
    complaints: Complaints,
    *,
    update: bool | None = None,
) -> UserPlan:
    """Return what becomes of each line of *wanted*; note what cannot be.

    A user who is there already can only be meant with *update*; it is None where
    nobody was asked.
    """
    known = await users.hold_all(tx, [given.what.key for given in wanted])
    desks = await devices.named(
        tx, {given.what.fields.get("fixed_endpoint", "") for given in wanted}
    )
    found = UserPlan("user")
    for given in wanted:
        row = given.what
        before = known.get(row.key)
        after = row.changed(before) if before else row.new()
        if before and not update:
            taken = f"extension {row.extension} exists already in account {row.account}"
            complaints.note(given, taken + (UPDATE_HELPS if update is False else ""))
        elif problem := _problem(after, desks):
            complaints.note(given, problem)
        elif isinstance(after, User) and before:
            texts = user_rows.of(before), user_rows.of(after)
            unseen = "a new PIN" if row.pin else ""
            found.change(given, after, row.extension, texts, unseen)
        else:
            found.add(given, row.extension, _described)
    return found


async def carry_out(tx: Tx, plan: UserPlan, pins: HashedPins) -> Change:
    """Do what *plan* says, all or (by raising the refusal of a constraint) nothing.

    Returns what has to be followed.
    """
    at = now()
    new = [_with_pin(row, pins, at) for row in plan.added]
    edited = [user for _, user in plan.changed]
    for account in sorted({user.account for user in new}):
        await devices.ensure_account(tx, account)
    for batch in in_batches(new, "Adding users"):
        await users.add(tx, batch)
    for changed in in_batches(edited, "Changing users"):
        await users.update(tx, *changed)
    repinned = [(user, pins.hashes[row.key]) for row, user in plan.changed if row.pin]
    for user, pin_hash in repinned:
        await users.set_pin_hash(tx, user, pin_hash, at)
    # Whoever gets a new PIN has usually tried the old one too often.
    await attempts.forgive(tx, *pins.subjects)
    everybody: list[NewUser | User] = [*new, *edited]
    happened: dict[str, Sequence[NewUser | User]] = {
        "user_added": new,
        "user_edited": edited,
        "pin_set": [
            *(user for user in new if user.pin_hash),
            *(user for user, _ in repinned),
        ],
    }
    for what, people in happened.items():
        await recording.record_of_users(tx, what, people, source=source(), now=at)
    seats = await seats_of(tx, edited)
    await logins.want_fetch(tx, *seats)
    return Change(
        devices=seats,
        users=frozenset(user_key(u.account, u.extension) for u in everybody),
        directory=bool(everybody),
    )


def _with_pin(row: UserRow, pins: HashedPins, at: datetime) -> NewUser:
    if not row.pin:
        return row.new()
    return replace(row.new(), pin_hash=pins.hashes[row.key], pin_set_at=at)


async def seats_of(tx: Tx, people: Collection[User]) -> frozenset[str]:
    """Return the names of the devices where any of *people* sits."""
    if not people:
        return frozenset()
    ids = {user.id for user in people}
    sitting = await logins.everyone_logged_in(tx)
    return frozenset(device.name for user, device in sitting if user.id in ids)


def _described(row: UserRow) -> str:
    """Return what is not usual of a new user, and whether there is a PIN."""
    usual = NewUser(account=row.account, extension=row.extension, name="", context="")
    text = unusual(user_rows.of(row.new()), user_rows.of(usual))
    return f"{text}; with a PIN" if row.pin else text


def _problem(user: User | NewUser, desks: Collection[str]) -> str | None:
    """Return what forbids that there is such a *user*, or None.

    *desks* are names of devices.
    """
    if user.fixed_endpoint in desks:
        return (
            f"fixed endpoint {user.fixed_endpoint!r}: this is a hot desk; name a phone"
            " of the PBX's own"
        )
    if user.login_method is LoginMethod.VOICEMAIL and not user.mailbox:
        return "login method voicemail: a mailbox is needed as well"
    if len(used_context(user.account, user.context)) > LONGEST:
        return (
            f"context {user.context!r}: together with the account {user.account} it is"
            " too long for Asterisk"
        )
    return None
