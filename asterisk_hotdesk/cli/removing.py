"""How devices and users go: first their logins end, then they do."""

from __future__ import annotations

from collections.abc import Sequence

from asterisk_hotdesk.administration import devices, users
from asterisk_hotdesk.administration.finding import (
    devices_named,
    logins_of,
    require_no_emergency,
    users_named,
)
from asterisk_hotdesk.cli import asking, changes, output
from asterisk_hotdesk.cli.opening import hot_desks, now, source
from asterisk_hotdesk.cli.permitting import note_missing
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.model import Device, User
from asterisk_hotdesk.store import Database

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
    asking.confirm(
        f"Remove {output.counted(names, 'device')}{_those(sitting)}?", yes=yes
    )
    await devices.remove(desks, leaving, source=source(), now=now())
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
        leaving = await users_named(tx, account, extensions)
    found = [user.extension for user in leaving]
    note_missing(extensions, found)
    sitting = await logins_of(database, [], leaving)
    asking.confirm(f"Remove {output.counted(found, 'user')}{_those(sitting)}?", yes=yes)
    logged_out = await users.remove(desks, leaving, source=source(), now=now())
    output.say(f"{output.counted(found, 'user')} removed.")
    if logged_out:
        seats = [device.name for _, device in logged_out]
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
