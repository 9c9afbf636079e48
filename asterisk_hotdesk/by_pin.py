"""What somebody may do from any hot desk who knows a PIN, besides logging in.

Choose another PIN, log out wherever that is, and, for those who may, log others out.
"""

from __future__ import annotations

from datetime import datetime

from asterisk_hotdesk.errors import (
    MayNotLogOthersOut,
    NobodyLoggedIn,
    PinOfMailbox,
    UnknownExtension,
    WeakPin,
)
from asterisk_hotdesk.login import HotDesks, Outcome, log_out
from asterisk_hotdesk.login_events import login_event, refusals_kept
from asterisk_hotdesk.model import BY_PHONE, EndReason, LoginMethod, Source, User
from asterisk_hotdesk.pin_rules import check_pin
from asterisk_hotdesk.store import events, logins, users


async def check_pin_to_change(
    desks: HotDesks, *, extension: str, pin: str, device_name: str, now: datetime
) -> None:
    """Return if *pin* is the user's, and one that `change_pin` can change.

    Raises a `Refused` that says why not; it is recorded, and a wrong PIN counted.
    """
    async with refusals_kept(desks.database, extension, device_name, now):
        user = await _recognise(desks, extension, pin, device_name, now)
        _require_own_pin(desks, user)


async def change_pin(
    desks: HotDesks,
    *,
    extension: str,
    old: str,
    new: str,
    device_name: str,
    now: datetime,
) -> None:
    """Make *new* the only PIN of the user of *extension*, for whoever knows the *old*.

    Raises a `Refused` that says why not, such as `WeakPin`; it is recorded, and nothing
    has changed.
    """
    async with refusals_kept(desks.database, extension, device_name, now):
        await _check_and_set_pin(desks, extension, old, new, device_name, now)


async def log_out_everywhere(
    desks: HotDesks, *, extension: str, pin: str, device_name: str, now: datetime
) -> Outcome:
    """Log the user of *extension* out, wherever that is, for whoever knows the PIN.

    *device_name* is where the PIN was pressed.  Raises a `Refused` that says why not;
    it is recorded.
    """
    async with refusals_kept(desks.database, extension, device_name, now):
        user = await _recognise(desks, extension, pin, device_name, now)
        async with desks.database.transaction() as tx:
            desk = await logins.user_desk(tx, user.account, extension)
        if desk is None:
            raise NobodyLoggedIn(f"{extension} is logged in nowhere.")
    return await log_out(desks, device_name=desk.device.name, now=now, only=user)


async def require_may_log_others_out(
    desks: HotDesks, *, device_name: str, now: datetime
) -> str:
    """Return the extension of who sits at a device and may log others out.

    Raises `MayNotLogOthersOut`, recorded: so that nobody is asked for a PIN in vain.
    """
    async with refusals_kept(desks.database, "", device_name, now):
        async with desks.database.transaction() as tx:
            desk = await logins.desk(tx, device_name)
        if desk is None or desk.user is None or not desk.user.may_log_others_out:
            raise MayNotLogOthersOut
    return desk.user.extension


async def log_other_out(
    desks: HotDesks,
    *,
    extension: str,
    by: str,
    pin: str,
    device_name: str,
    now: datetime,
) -> Outcome:
    """Log the user of *extension* out, wherever that is, for *by*, whose PIN this is.

    *by* has to sit at the device where the PIN was pressed.  Raises a `Refused` that
    says why not; it is recorded.
    """
    source = Source(BY_PHONE.by, actor=by)
    async with refusals_kept(desks.database, by, device_name, now, source):
        user = await _recognise(desks, by, pin, device_name, now)
    async with refusals_kept(desks.database, extension, device_name, now, source):
        async with desks.database.transaction() as tx:
            here = await logins.desk(tx, device_name)
            there = await logins.user_desk(tx, user.account, extension)
        sits_here = here and here.user and here.user.id == user.id
        if not sits_here or not user.may_log_others_out:
            raise MayNotLogOthersOut
        if there is None:
            raise NobodyLoggedIn(f"{extension} is logged in nowhere.")
    return await log_out(
        desks,
        device_name=there.device.name,
        now=now,
        reason=EndReason.FORCED,
        source=source,
        generation=there.generation,
    )


async def _recognise(
    desks: HotDesks, extension: str, pin: str, device_name: str, now: datetime
) -> User:
    async with desks.pins.turn(), desks.database.transaction() as tx:
        known, refusal = await desks.authentication.check(
            tx, extension, pin, device_name, now
        )
    if known.user is None or refusal:
        raise refusal or UnknownExtension
    return known.user


async def _check_and_set_pin(
    desks: HotDesks, extension: str, old: str, new: str, device_name: str, now: datetime
) -> None:
    check_pin(new, length=desks.limits.length, extension=extension)
    if new == old:
        raise WeakPin("This is the old PIN; choose another.")
    async with desks.pins.turn():
        pin_hash = await desks.pins.hash(new)
        async with desks.database.transaction() as tx:
            known, refusal = await desks.authentication.check(
                tx, extension, old, device_name, now
            )
            user, device = known.user, known.device
            if user and not refusal:
                _require_own_pin(desks, user)
                await users.set_pin_hash(tx, user, pin_hash, now)
                happened = login_event("pin_changed", "", user, device, now, BY_PHONE)
                await events.record(tx, happened)
                return
    raise refusal or UnknownExtension


def _require_own_pin(desks: HotDesks, user: User) -> None:
    if desks.authentication.method(user) is not LoginMethod.PIN:
        raise PinOfMailbox
