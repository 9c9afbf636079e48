"""How devices and users go: first their logins end, then they do."""

from __future__ import annotations

from collections.abc import Sequence

from asterisk_hotdesk.authentication import device_subject
from asterisk_hotdesk.cli import changes, output
from asterisk_hotdesk.cli.finding import devices_named, logins_of, require_no_emergency
from asterisk_hotdesk.cli.opening import hot_desks
from asterisk_hotdesk.cli.permitting import note_missing
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.login import user_subject
from asterisk_hotdesk.model import Change, Device, EndReason, User
from asterisk_hotdesk.store import Database, attempts, devices, users

_MOST_NAMED = 5


async def remove_devices(
    config: Config, database: Database, names: Sequence[str], *, yes: bool
) -> None:
    """Remove all of *names* or, if one is no device, none; ask before, unless *yes*."""
    desks = hot_desks(config, database)
    async with database.transaction() as tx:
        leaving = await devices_named(tx, names)
        await require_no_emergency(tx, names)
    sitting = await logins_of(database, leaving, [])
    output.confirm(
        f"Remove {output.counted(names, 'device')}{_those(sitting)}?", yes=yes
    )
    await changes.end_logins(desks, sitting, EndReason.REMOVED)
    async with database.transaction() as tx:
        for device in leaving:
            await devices.remove(tx, device)
        # A device that gets this name later should not inherit a lock.
        await attempts.forgive(tx, *(device_subject(d.name) for d in leaving))
        await changes.record_of_devices(
            tx, "device_removed", [(d.account, d.name) for d in leaving]
        )
        change = Change(
            devices=frozenset(names),
            users=frozenset(user.key for user, _ in sitting),
            directory=True,
        )
        await changes.tell_daemon(tx, change)
    output.say(f"{output.counted(names, 'device')} removed.")
    await changes.say_if_nobody_follows(config, database)


async def remove_users(
    config: Config,
    database: Database,
    account: str,
    extensions: Sequence[str],
    *,
    yes: bool,
) -> None:
    """Remove those of *extensions* that there are; ask before, unless *yes*."""
    desks = hot_desks(config, database)
    async with database.transaction() as tx:
        known = {user.extension: user for user in await users.everyone(tx, account)}
    leaving = [known[extension] for extension in extensions if extension in known]
    found = [user.extension for user in leaving]
    note_missing(extensions, found, account)
    sitting = await logins_of(database, [], leaving)
    output.confirm(f"Remove {output.counted(found, 'user')}{_those(sitting)}?", yes=yes)
    await changes.end_logins(desks, sitting, EndReason.REMOVED)
    seats = [device.name for _, device in sitting]
    async with database.transaction() as tx:
        for user in leaving:
            await users.remove(tx, user)
        subjects = [user_subject(desks, account, extension) for extension in found]
        await attempts.forgive(tx, *subjects)
        await changes.record_of_users(
            tx, "user_removed", [(account, extension) for extension in found]
        )
        change = Change(
            devices=frozenset(seats),
            users=frozenset(user.key for user in leaving),
            directory=True,
        )
        await changes.tell_daemon(tx, change)
    output.say(f"{output.counted(found, 'user')} removed.")
    if seats:
        await changes.say_when_in_force(config, database, seats)
    else:
        await changes.say_if_nobody_follows(config, database)


def _those(sitting: Sequence[tuple[User, Device]]) -> str:
    if not sitting:
        return ""
    if len(sitting) > _MOST_NAMED:
        return f" ({len(sitting)} are logged in)"
    listed = ", ".join(f"{user.extension} at {device.name}" for user, device in sitting)
    return f" (logged in: {listed})"
