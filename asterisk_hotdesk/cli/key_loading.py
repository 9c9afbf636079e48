"""Function keys of a file become keys of our users."""

from __future__ import annotations

from collections.abc import Sequence

from asterisk_hotdesk.administration import recording
from asterisk_hotdesk.cli import key_rows
from asterisk_hotdesk.cli.csv_files import Complaints, Given
from asterisk_hotdesk.cli.key_rows import KeyRow
from asterisk_hotdesk.cli.loading import UPDATE_HELPS, Plan, unusual
from asterisk_hotdesk.cli.opening import now, source
from asterisk_hotdesk.cli.progress import in_batches
from asterisk_hotdesk.cli.user_loading import seats_of
from asterisk_hotdesk.model import Change, KeyKind, User, UserKey
from asterisk_hotdesk.store import Tx, logins, users
from asterisk_hotdesk.store import user_keys as stored_keys

KeyPlan = Plan[KeyRow, UserKey]


async def plan(
    tx: Tx,
    wanted: Sequence[Given[KeyRow]],
    complaints: Complaints,
    *,
    update: bool | None = None,
) -> KeyPlan:
    """Return what becomes of each line of *wanted*; note what cannot be.

    A position that has a key already can only be meant with *update*; it is None where
    nobody was asked.
    """
    people = await users.hold_all(tx, [given.what.owner for given in wanted])
    everyones = await stored_keys.everyones(tx)
    known = {
        (owner, key.position): key for owner, keys in everyones.items() for key in keys
    }
    found = KeyPlan("key")
    for given in wanted:
        row = given.what
        before = known.get((row.owner, row.key.position))
        name = f"{row.extension} key {row.key.position}"
        if row.owner not in people:
            complaints.note(
                given, f"there is no user {row.extension} in account {row.account}"
            )
        elif before and not update:
            taken = f"{row.extension} has a key at position {row.key.position} already"
            complaints.note(given, taken + (UPDATE_HELPS if update is False else ""))
        elif before:
            texts = key_rows.of(row.owner, before), key_rows.of(row.owner, row.key)
            found.change(given, row.key, name, texts)
        else:
            found.add(given, name, _described)
    return found


async def carry_out(tx: Tx, plan: KeyPlan) -> Change:
    """Do what *plan* says; return what has to be followed."""
    rows = [*plan.added, *(row for row, _ in plan.changed)]
    people = await users.hold_all(tx, [row.owner for row in rows])
    keys: dict[tuple[str, str], list[UserKey]] = {}
    for row in rows:
        keys.setdefault(row.owner, []).append(row.key)
    for owners in in_batches(list(keys), "Setting keys"):
        for owner in owners:
            await stored_keys.put(tx, people[owner], keys[owner])
    touched: list[User] = [people[owner] for owner in keys]
    seats = await seats_of(tx, touched)
    await logins.want_fetch(tx, *seats)
    await recording.record_of_users(
        tx, "keys_edited", touched, source=source(), now=now()
    )
    return Change(devices=seats, users=frozenset(user.key for user in touched))


def _described(row: KeyRow) -> str:
    usual = UserKey(position=row.key.position, kind=KeyKind.NONE)
    return unusual(key_rows.of(row.owner, row.key), key_rows.of(row.owner, usual))
