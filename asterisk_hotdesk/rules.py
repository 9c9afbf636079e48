"""Who may sit where, and who must wait: decisions without a database or a clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal

from asterisk_hotdesk.errors import AlreadyLoggedIn, InEmergency, LockedOut, NoLocation
from asterisk_hotdesk.model import Device, EndReason, Failures, Login, User

SecondLogin = Literal["move", "refuse"]


def make_room(
    user: User,
    device: Device,
    open_logins: Sequence[Login],
    second_login: SecondLogin,
) -> list[tuple[Login, EndReason]]:
    """Return which of *open_logins* must end before *user* can sit at *device*.

    Whoever sits at the device is replaced; the user's own login elsewhere moves.
    Raises `AlreadyLoggedIn` where the policy forbids the second.
    """
    ending = []
    for login in open_logins:
        if login.user_id == user.id and login.device_id == device.id:
            continue
        if login.user_id == user.id:
            if second_login == "refuse":
                raise AlreadyLoggedIn
            ending.append((login, EndReason.MOVED))
        elif login.device_id == device.id:
            ending.append((login, EndReason.REPLACED))
    return ending


def check_location(device: Device, *, required: bool) -> None:
    """Raise `NoLocation` where the policy wants to know where *device* stands."""
    if required and not device.location:
        raise NoLocation(
            f"{device.name} has no location, so nobody can log in there; see: hotdesk"
            " device edit --location."
        )


def check_emergency(switched: Collection[Device], calling: Collection[int]) -> None:
    """Raise `InEmergency` if one of the devices *switched* is in an emergency call.

    *calling* has the ids of those that are.
    """
    for device in switched:
        if device.id in calling:
            raise InEmergency(
                f"{device.name} is in an emergency call; try again when it has ended."
            )


def locked_until(
    failures: Failures,
    *,
    limit: int,
    first_lock: timedelta,
    longest_lock: timedelta,
) -> datetime | None:
    """Return until when nobody may try a PIN, or None.

    The first lock comes with failure number *limit*; each further failure doubles it,
    up to *longest_lock*.
    """
    if failures.last_at is None or failures.count < limit:
        return None
    # Beyond this many doublings every lock is the longest one; the product stays small.
    enough = (longest_lock // first_lock).bit_length()
    doublings = min(failures.count - limit, enough)
    lock: timedelta = min(first_lock * 2**doublings, longest_lock)
    return failures.last_at + lock


def check_lock(until: datetime | None, now: datetime) -> None:
    """Raise `LockedOut` if *until* is still ahead."""
    if until is not None and now < until:
        raise LockedOut


def pin_is_expired(set_at: datetime | None, days: int, now: datetime) -> bool:
    """Return whether a PIN is older than *days*; never where they are 0."""
    return bool(days) and set_at is not None and now - set_at > timedelta(days=days)


def check_hard_lock(failures: Failures, limit: int) -> None:
    """Raise `LockedOut` where only an administrator can unlock."""
    if failures.count >= limit:
        raise LockedOut
