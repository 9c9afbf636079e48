"""What an administrator has named: devices that exist, and who sits at them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from asterisk_hotdesk.errors import InEmergency, Invalid, NotFound
from asterisk_hotdesk.model import Device, User
from asterisk_hotdesk.store import Database, Tx, devices, emergencies, logins, users


async def devices_named(tx: Tx, names: Sequence[str]) -> list[Device]:
    """Return the devices so named; raise `NotFound` that tells all there are not.

    Nobody else changes them until the transaction ends.
    """
    known = {device.name: device for device in await devices.hold(tx, names)}
    missing = [name for name in names if name not in known]
    if missing:
        raise NotFound("\n".join(f"There is no device {name}." for name in missing))
    return [known[name] for name in names]


async def user_named(tx: Tx, account: str, extension: str) -> User:
    """Return the user of *extension*, or raise `NotFound`.

    Nobody else changes the user until the transaction ends.
    """
    found = await users.hold(tx, account, [extension])
    if not found:
        raise NotFound(f"There is no user {extension} in account {account}.")
    return found[0]


async def users_named(tx: Tx, account: str, extensions: Sequence[str]) -> list[User]:
    """Return those of *extensions* that there are, in their order, as `user_named`.

    Raises `NotFound` if there is none.
    """
    known = {user.extension: user for user in await users.hold(tx, account, extensions)}
    if not known:
        named = f"user {extensions[0]}" if len(extensions) == 1 else "such user"
        raise NotFound(f"There is no {named} in account {account}.")
    return [known[extension] for extension in extensions if extension in known]


async def refuse_hot_desks(tx: Tx, endpoints: Iterable[str]) -> None:
    """Raise `Invalid` if one of *endpoints* is a device, where anybody may sit."""
    if found := await devices.named(tx, [*endpoints]):
        raise Invalid(
            f"fixed endpoint {min(found)!r}: this is a hot desk; name a phone of the"
            " PBX's own"
        )


async def logins_of(
    database: Database, seats: Sequence[Device], people: Sequence[User]
) -> list[tuple[User, Device]]:
    """Return the logins at one of *seats* or of one of *people*."""
    at, of = {seat.id for seat in seats}, {person.id for person in people}
    async with database.transaction() as tx:
        everyone = await logins.everyone_logged_in(tx)
    return [(u, d) for u, d in everyone if u.id in of or d.id in at]


async def require_no_emergency(tx: Tx, names: Collection[str]) -> None:
    """Raise `InEmergency` if somebody calls for help at one of these devices."""
    if calling := await emergencies.calling(tx, names):
        raise InEmergency(
            f"{calling[0]} is in an emergency call; try again when it has ended."
        )
