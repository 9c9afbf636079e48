"""`hotdesk login`, `logout` and `unlock`: what an administrator does for others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import click

from asterisk_hotdesk.administration import seats
from asterisk_hotdesk.cli import asking, changes, output
from asterisk_hotdesk.cli.opening import hot_desks, now, source, with_database
from asterisk_hotdesk.cli.options import account_option, yes_option
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Invalid, NobodyLoggedIn, NotFound
from asterisk_hotdesk.login import HotDesks
from asterisk_hotdesk.model import Device, EndReason, User
from asterisk_hotdesk.store import Database, devices, logins, users

Kind = Literal["device", "user"]

_kind_option = click.option(
    "--as",
    "kind",
    type=click.Choice(["device", "user"]),
    help="What WHO names, where it could be both.",
)


@click.command()
@click.argument("extension", metavar="EXT")
@click.argument("device")
@account_option
@with_database
async def login(
    config: Config, database: Database, extension: str, device: str, account: str
) -> None:
    """Log a user in at a device, without a PIN.

    Whoever sits there is logged out; whether the user may leave another desk for it is
    up to policy.second_login.
    """
    done = await seats.log_in(
        hot_desks(config, database),
        account=account,
        extension=extension,
        device_name=device,
        source=source(),
        now=now(),
    )
    for other, left in done.left:
        output.say(f"{other.extension} is logged out at {left.name}.")
    output.say(f"{extension} ({done.user.name}) is logged in at {device}.")
    touched = {device, *(left.name for _, left in done.left)}
    await changes.say_when_in_force(config, database, touched)


@click.command()
@click.argument("who", metavar="[DEVICE|EXT]", required=False)
@click.option("--all", "everybody", is_flag=True, help="Log everybody out.")
@_kind_option
@account_option
@yes_option
@with_database
async def logout(
    config: Config,
    database: Database,
    who: str | None,
    everybody: bool,
    kind: Kind | None,
    account: str,
    yes: bool,
) -> None:
    """Make devices idle.

    The one named, the one where a user sits, or all.
    """
    if (who is None) != everybody:
        raise click.UsageError("Name a device or an extension, or use --all.")
    desks = hot_desks(config, database)
    if who is not None:
        sitting = await _sitting(desks, who, kind, account)
    else:
        async with database.transaction() as tx:
            sitting = await logins.everyone_logged_in(tx)
        if not sitting:
            output.say("Nobody is logged in.")
            return
        asking.confirm(f"Log {_people(sitting)} out?", yes=yes)
    await seats.log_all_out(
        desks, sitting, EndReason.FORCED, source=source(), now=now()
    )
    if who is None:
        output.say(f"{_people(sitting)} logged out.")
    else:
        (user, device) = sitting[0]
        output.say(f"{user.extension} is logged out at {device.name}.")
    await changes.say_when_in_force(config, database, {d.name for _, d in sitting})


@click.command()
@click.argument("who", metavar="[EXT|DEVICE]", required=False)
@click.option("--all", "everything", is_flag=True, help="Forget all wrong PINs.")
@_kind_option
@account_option
@with_database
async def unlock(
    config: Config,
    database: Database,
    who: str | None,
    everything: bool,
    kind: Kind | None,
    account: str,
) -> None:
    """Forget wrong PINs, so that logins work again.

    Those of a user, those at a device, or all. Only --all also forgets how many there
    were in total (pins.total_failures).
    """
    if (who is None) != everything:
        raise click.UsageError("Name an extension or a device, or use --all.")
    desks = hot_desks(config, database)
    whom = None if who is None else await _named(desks, who, kind, account)
    wrong = await seats.unlock(desks, whom, source=source(), now=now())
    if who is None:
        output.say("All wrong PINs are forgotten.")
    else:
        output.say(f"{who} may try again; wrong PINs forgotten: {wrong}")


async def _sitting(
    desks: HotDesks, who: str, kind: Kind | None, account: str
) -> list[tuple[User, Device]]:
    """Return the one login at the device or of the user that *who* names."""
    named = await _named(desks, who, kind, account)
    async with desks.database.transaction() as tx:
        if isinstance(named, User):
            found = await logins.open_logins(tx, user=named)
        else:
            found = await logins.open_logins(tx, device=named)
    if not found:
        raise NobodyLoggedIn(
            f"{who} is not logged in."
            if isinstance(named, User)
            else f"Nobody is logged in at {who}."
        )
    return [(user, device) for _, user, device in found]


async def _named(
    desks: HotDesks, who: str, kind: Kind | None, account: str
) -> User | Device:
    """Return the user or device that *who* names; raise `Refused` if none or both."""
    async with desks.database.transaction() as tx:
        user = await users.find(tx, account, who) if kind != "device" else None
        device = await devices.find(tx, who) if kind != "user" else None
    if user and device:
        raise Invalid(f"{who} is a user and a device: say --as user or --as device.")
    found = user or device
    if found is None:
        raise NotFound(f"There is no {kind or 'device or user'} {who}.")
    return found


def _people(sitting: Sequence[tuple[User, Device]]) -> str:
    return output.counted([user.extension for user, _ in sitting], "user")
