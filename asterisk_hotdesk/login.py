"""Log in and log out: the only way in, for calls, phones, pages and commands alike.

The database decides, in one transaction.  Then the PBX and the phones follow; one that
does not is put right by `follow`, never by undoing the login.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from asterisk_hotdesk import rules
from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.errors import (
    BadCredentials,
    NobodyLoggedIn,
    NotAHotDesk,
    NotAllowed,
    NotFound,
    OtherAccount,
    Refused,
    Unavailable,
    UnknownExtension,
)
from asterisk_hotdesk.model import (
    Change,
    Device,
    EndReason,
    Failures,
    Login,
    User,
    user_key,
)
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.store import (
    Database,
    Tx,
    attempts,
    devices,
    events,
    logins,
    users,
)
from asterisk_hotdesk.store.events import Event

log = logging.getLogger(__name__)

ORIGIN = secrets.token_hex(8)
"""Tells our own announcements from those of other processes."""


TOTAL = "total"
"""The subject under which all wrong PINs are counted."""


@dataclass(frozen=True)
class Outcome:
    """What was decided, and whether it is in force in the PBX already."""

    user: User
    device: Device
    routed: bool


@dataclass(frozen=True)
class HotDesks:
    """The rules in force, and what they work on."""

    database: Database
    pins: Pins
    limits: PinsConfig
    second_login: rules.SecondLogin
    follow: Callable[[Change], Awaitable[None]] | None = field(default=None)
    """None in a process that is not the daemon: the daemon hears of every change."""


async def log_in(
    desks: HotDesks, *, extension: str, pin: str, device_name: str, now: datetime
) -> Outcome:
    """Log the user of *extension* in at a device, for whoever knows the PIN.

    Raises a `Refused` that says why not; it is recorded, and nothing has changed.
    """
    try:
        user, device = await _authenticate(desks, extension, pin, device_name, now)
        return await _sit_down(desks, user, device, now, by="phone")
    except Refused as refusal:
        await _record_refusal(desks, refusal, extension, device_name, now)
        raise


async def log_in_by_administrator(
    desks: HotDesks, *, user: User, device: Device, now: datetime
) -> Outcome:
    """Log *user* in at *device* without a PIN; the other rules hold.

    Raises a `Refused` that says why not.
    """
    if not user.allowed:
        raise NotAllowed("This user may not use hot desks; see: hotdesk user allow.")
    if user.account != device.account:
        raise OtherAccount(
            f"{user.extension} belongs to account {user.account}, {device.name} to"
            f" {device.account}: users log in only at devices of their own account."
        )
    return await _sit_down(desks, user, device, now, by="command")


async def log_out(
    desks: HotDesks,
    *,
    device_name: str,
    now: datetime,
    reason: EndReason = EndReason.LOGGED_OUT,
    by: str = "phone",
) -> Outcome:
    """Make a device idle.

    Raises `NotAHotDesk` for a phone that is none, and `NobodyLoggedIn`.
    """
    try:
        async with desks.database.transaction() as tx:
            device = await _device(tx, device_name)
            await logins.lock(tx, None, device)
            sitting = await logins.open_logins(tx, device=device)
            if not sitting:
                raise NobodyLoggedIn(f"Nobody is logged in at {device.name}.")
            (login, user, _) = sitting[0]
            await _end(tx, login, user, device, reason, now, by)
            change = _change([device], [user])
            await events.announce(tx, change, ORIGIN)
    except Refused as refusal:
        await _record_refusal(desks, refusal, "", device_name, now)
        raise
    return Outcome(user, device, await _follow(desks, change))


def user_subject(desks: HotDesks, account: str, extension: str) -> str:
    """Return the subject under which wrong PINs for *extension* are counted."""
    return f"user:{desks.pins.blind(user_key(account, extension))}"


def device_subject(device_name: str) -> str:
    """Return the subject under which wrong PINs at a device are counted."""
    return f"device:{device_name}"


async def _device(tx: Tx, name: str) -> Device:
    device = await devices.find(tx, name)
    if device is None:
        raise NotAHotDesk
    return device


async def _authenticate(
    desks: HotDesks, extension: str, pin: str, device_name: str, now: datetime
) -> tuple[User, Device]:
    """Return the user of *extension* whose PIN this is, and the device.

    A wrong PIN is counted before it is refused.  An unknown extension costs the caller
    the same prompts and the same time as a wrong PIN.
    """
    async with desks.database.transaction() as tx:
        device = await _device(tx, device_name)
        of_user = user_subject(desks, device.account, extension)
        of_device = device_subject(device.name)
        # Guesses queue up; always the user's lock first, so nobody waits in a circle.
        await attempts.lock(tx, of_user, of_device)
        known = await attempts.failures(tx, of_user, of_device, TOTAL)
        _check_limits(desks.limits, known, (of_user, of_device, TOTAL), now)
        user = await users.find(tx, device.account, extension)
        right = await desks.pins.match(pin, user.pin_hash if user else None)
        refusal = await _credentials_refusal(tx, user, right, extension, device)
        if refusal is None or isinstance(refusal, NotAllowed):
            if known[of_user].count:
                await attempts.forgive(tx, of_user)
        else:
            forget = now - timedelta(seconds=desks.limits.forget_seconds)
            await attempts.count(tx, of_user, now, forget_before=None)
            for subject in (of_device, TOTAL):
                await attempts.count(tx, subject, now, forget_before=forget)
    # Only here: inside the transaction it would take the count back.
    if refusal is not None:
        raise refusal
    assert user is not None  # noqa: S101 - no refusal, so there is one
    return user, device


def _check_limits(
    limits: PinsConfig,
    known: dict[str, Failures],
    subjects: Sequence[str],
    now: datetime,
) -> None:
    of_user, of_device, total = (known[subject] for subject in subjects)
    rules.check_hard_lock(of_user, limits.hard_lock_failures)
    for failures, limit in (
        (of_user, limits.user_failures),
        (of_device, limits.device_failures),
        (total, limits.total_failures),
    ):
        until = rules.locked_until(
            failures,
            limit=limit,
            first_lock=timedelta(seconds=limits.first_lock_seconds),
            longest_lock=timedelta(seconds=limits.longest_lock_seconds),
        )
        rules.check_lock(until, now)


async def _credentials_refusal(
    tx: Tx, user: User | None, right: bool, extension: str, device: Device
) -> BadCredentials | None:
    # Asked in every case, so that the answer takes as long in every case.
    elsewhere = await users.extension_known_elsewhere(tx, device.account, extension)
    if user is None:
        return OtherAccount() if elsewhere else UnknownExtension()
    if not right:
        return BadCredentials()
    return None if user.allowed else NotAllowed()


async def _sit_down(
    desks: HotDesks, user: User, device: Device, now: datetime, *, by: str
) -> Outcome:
    async with desks.database.transaction() as tx:
        await logins.lock(tx, user, device)
        open_logins = await logins.open_logins(tx, user=user, device=device)
        by_login = {login.id: (other, seat) for login, other, seat in open_logins}
        ending = rules.make_room(
            user, device, [login for login, _, _ in open_logins], desks.second_login
        )
        for login, reason in ending:
            other, seat = by_login[login.id]
            await _end(tx, login, other, seat, reason, now, by)
        if len(ending) == len(open_logins):
            await logins.begin(tx, user, device, now)
            await _record(tx, "login", "", user, device, now, by)
        gone = [by_login[login.id] for login, _ in ending]
        change = _change(
            [device, *(seat for _, seat in gone)], [user, *(other for other, _ in gone)]
        )
        await events.announce(tx, change, ORIGIN)
    return Outcome(user, device, await _follow(desks, change))


async def _end(
    tx: Tx,
    login: Login,
    user: User,
    device: Device,
    reason: EndReason,
    now: datetime,
    by: str,
) -> None:
    await logins.end(tx, login, reason, now)
    await _record(tx, "logout", reason, user, device, now, by)


async def _follow(desks: HotDesks, change: Change) -> bool:
    """Return whether the change is in force; if not, it will be when all is back."""
    if desks.follow is None:
        return False
    try:
        await desks.follow(change)
    except Unavailable as unavailable:
        log.warning("decided, but not in force yet: %s", unavailable)
        return False
    return True


async def _record(
    tx: Tx, what: str, code: str, user: User, device: Device, now: datetime, by: str
) -> None:
    await events.record(
        tx,
        Event(
            at=now,
            what=what,
            code=code,
            account=device.account,
            extension=user.extension,
            device=device.name,
            by=by,
        ),
    )
    log.info("%s %s at %s %s", what, user.extension, device.name, code)


async def _record_refusal(
    desks: HotDesks, refusal: Refused, extension: str, device_name: str, now: datetime
) -> None:
    if isinstance(refusal, UnknownExtension):
        # It may be a PIN, typed at the wrong prompt.
        extension = ""
    log.info("refused %s at %s: %s", extension, device_name, refusal.code)
    async with desks.database.transaction() as tx:
        await events.record(
            tx,
            Event(
                at=now,
                what="refused",
                code=refusal.code,
                extension=extension,
                device=device_name,
                by="phone",
            ),
        )


def _change(seats: Sequence[Device], people: Sequence[User]) -> Change:
    return Change(
        devices=frozenset(device.name for device in seats),
        users=frozenset(user.key for user in people),
    )


async def find_user(desks: HotDesks, account: str, extension: str) -> User:
    """Return the user of *extension*, or raise `NotFound`."""
    async with desks.database.transaction() as tx:
        user = await users.find(tx, account, extension)
    if user is None:
        raise NotFound(f"There is no user {extension} in account {account}.")
    return user


async def find_device(desks: HotDesks, name: str) -> Device:
    """Return the device called *name*, or raise `NotFound`."""
    async with desks.database.transaction() as tx:
        device = await devices.find(tx, name)
    if device is None:
        raise NotFound(f"There is no device {name}.")
    return device
