"""Who sits where: what an administrator does instead of somebody at a phone."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk.authentication import device_subject
from asterisk_hotdesk.errors import NobodyLoggedIn
from asterisk_hotdesk.login import (
    HotDesks,
    find_device,
    find_user,
    log_in_by_administrator,
    log_out,
    user_subject,
)
from asterisk_hotdesk.model import Device, EndReason, Source, User
from asterisk_hotdesk.store import attempts, events, logins
from asterisk_hotdesk.store.events import Event


@dataclass(frozen=True)
class LoggedIn:
    """A user who sits at a device now."""

    user: User
    device: Device
    left: tuple[tuple[User, Device], ...]
    """Who had to leave which device for it: others this one, the user another."""


async def log_in(
    desks: HotDesks,
    *,
    account: str,
    extension: str,
    device_name: str,
    source: Source,
    now: datetime,
    generation: int | None = None,
) -> LoggedIn:
    """Log the user of *extension* in at a device, without a PIN.

    Where *generation* is given, only if nobody has come or gone there since that switch
    of the device; else it raises `Conflict`.
    """
    user = await find_user(desks, account, extension)
    device = await find_device(desks, device_name)
    async with desks.database.transaction() as tx:
        before = await logins.open_logins(tx, user=user, device=device)
    await log_in_by_administrator(
        desks, user=user, device=device, now=now, source=source, generation=generation
    )
    left = tuple(
        (other, seat)
        for _, other, seat in before
        if (other.id, seat.id) != (user.id, device.id)
    )
    return LoggedIn(user, device, left)


async def log_all_out(
    desks: HotDesks,
    sitting: Iterable[tuple[User, Device]],
    reason: EndReason,
    *,
    source: Source,
    now: datetime,
) -> None:
    """Log everybody of *sitting* out."""
    for user, device in sitting:
        # Somebody may just have gone.
        with suppress(NobodyLoggedIn):
            await log_out(
                desks,
                device_name=device.name,
                now=now,
                reason=reason,
                source=source,
                only=user,
            )


async def unlock(
    desks: HotDesks, whom: User | Device | None, *, source: Source, now: datetime
) -> int:
    """Forget the wrong PINs of a user or at a device, or (None) all that there are.

    Returns how many a user or a device had.
    """
    match whom:
        case User():
            subjects = [user_subject(desks, whom.account, whom.extension)]
            named = {
                "account": whom.account,
                "extension": whom.extension,
                "name": whom.name,
            }
        case Device():
            subjects = [device_subject(whom.name)]
            named = {"account": whom.account, "device": whom.name}
        case None:
            subjects, named = [], {"code": "all"}
    happened = Event(at=now, what="unlocked", **named, **vars(source))
    async with desks.database.transaction() as tx:
        known = await attempts.failures(tx, *subjects)
        await attempts.forgive(tx, *subjects)
        await events.record(tx, happened)
    return sum(failures.count for failures in known.values())
