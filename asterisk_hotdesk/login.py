"""Log in and log out: the only way in, for calls, phones, pages and commands alike.

The database decides, in one transaction.  Then the PBX and the phones follow; one that
does not is put right by `follow`, never by undoing the login.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from asterisk_hotdesk import rules
from asterisk_hotdesk.authentication import AskMailboxPin, Authentication
from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.errors import (
    Conflict,
    HotdeskError,
    InEmergency,
    MayNotLogOthersOut,
    NobodyLoggedIn,
    NotAHotDesk,
    NotAllowed,
    NotFound,
    OtherAccount,
    PinExpired,
    PinOfMailbox,
    Refused,
    UnknownExtension,
    WeakPin,
)
from asterisk_hotdesk.model import (
    BY_COMMAND,
    BY_PHONE,
    Change,
    Device,
    EndReason,
    LoginMethod,
    Seating,
    Source,
    User,
)
from asterisk_hotdesk.pin_rules import check_pin
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.store import (
    Database,
    Tx,
    base_users,
    devices,
    emergencies,
    events,
    logins,
    users,
)
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.logins import Held

log = logging.getLogger(__name__)

ORIGIN = secrets.token_hex(8)
"""Tells our own announcements from those of other processes."""


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
    follow: Callable[[Seating], Awaitable[None]] | None = field(default=None)
    """None in a process that is not the daemon: the daemon hears of every change."""
    location_required: bool = False
    """Whether nobody can log in at a device without a location."""
    ask_mailbox_pin: AskMailboxPin | None = field(default=None)
    """None in a process that cannot ask Asterisk."""

    @property
    def authentication(self) -> Authentication:
        """Return how a PIN is checked here."""
        return Authentication(self.pins, self.limits, self.ask_mailbox_pin)


async def log_in(
    desks: HotDesks,
    *,
    extension: str,
    pin: str,
    device_name: str,
    now: datetime,
    source: Source = BY_PHONE,
) -> Outcome:
    """Log the user of *extension* in at a device, for whoever knows the PIN.

    Raises a `Refused` that says why not; it is recorded, and nothing has changed.
    """
    try:
        outcome, seating = await _check_and_sit_down(
            desks, extension, pin, device_name, now, source
        )
    except Refused as refusal:
        await _record_refusal(
            desks, refusal, extension, device_name, now, source=source
        )
        raise
    return replace(outcome, routed=await _follow(desks, seating))


async def require_hot_desk(desks: HotDesks, *, device_name: str, now: datetime) -> None:
    """Return if people can log in at a phone now; raise why not, recorded, if not.

    So that nobody is asked for a PIN in vain.
    """
    try:
        async with desks.database.transaction() as tx:
            device = await _device(tx, device_name)
            if not device.enabled:
                raise NotAHotDesk
            rules.check_location(device, required=desks.location_required)
            if await emergencies.calling(tx, [device_name]):
                raise InEmergency
    except Refused as refusal:
        await _record_refusal(desks, refusal, "", device_name, now)
        raise


async def extension_at(desks: HotDesks, *, device_name: str) -> str:
    """Return the extension of whoever sits at a device, or nothing."""
    async with desks.database.transaction() as tx:
        desk = await logins.desk(tx, device_name)
    return desk.user.extension if desk and desk.user else ""


async def check_pin_to_change(
    desks: HotDesks, *, extension: str, pin: str, device_name: str, now: datetime
) -> None:
    """Return if *pin* is the user's, and one that `change_pin` can change.

    Raises a `Refused` that says why not; it is recorded, and a wrong PIN counted.
    """
    try:
        user = await _recognise(desks, extension, pin, device_name, now)
        _require_own_pin(desks, user)
    except Refused as refusal:
        await _record_refusal(desks, refusal, extension, device_name, now)
        raise


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
    try:
        await _check_and_set_pin(desks, extension, old, new, device_name, now)
    except Refused as refusal:
        await _record_refusal(desks, refusal, extension, device_name, now)
        raise


async def log_out_everywhere(
    desks: HotDesks, *, extension: str, pin: str, device_name: str, now: datetime
) -> Outcome:
    """Log the user of *extension* out, wherever that is, for whoever knows the PIN.

    *device_name* is where the PIN was pressed.  Raises a `Refused` that says why not;
    it is recorded.
    """
    try:
        user = await _recognise(desks, extension, pin, device_name, now)
        async with desks.database.transaction() as tx:
            desk = await logins.user_desk(tx, user.account, extension)
        if desk is None:
            raise NobodyLoggedIn(f"{extension} is logged in nowhere.")
    except Refused as refusal:
        await _record_refusal(desks, refusal, extension, device_name, now)
        raise
    return await log_out(desks, device_name=desk.device.name, now=now, only=user)


async def require_may_log_others_out(
    desks: HotDesks, *, device_name: str, now: datetime
) -> str:
    """Return the extension of who sits at a device and may log others out.

    Raises `MayNotLogOthersOut`, recorded: so that nobody is asked for a PIN in vain.
    """
    try:
        async with desks.database.transaction() as tx:
            desk = await logins.desk(tx, device_name)
        if desk is None or desk.user is None or not desk.user.may_log_others_out:
            raise MayNotLogOthersOut
    except Refused as refusal:
        await _record_refusal(desks, refusal, "", device_name, now)
        raise
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
    try:
        user = await _recognise(desks, by, pin, device_name, now)
        async with desks.database.transaction() as tx:
            here = await logins.desk(tx, device_name)
            there = await logins.user_desk(tx, user.account, extension)
        sits_here = here and here.user and here.user.id == user.id
        if not sits_here or not user.may_log_others_out:
            raise MayNotLogOthersOut
        if there is None:
            raise NobodyLoggedIn(f"{extension} is logged in nowhere.")
    except Refused as refusal:
        await _record_refusal(
            desks, refusal, extension, device_name, now, source=source
        )
        raise
    return await log_out(
        desks,
        device_name=there.device.name,
        now=now,
        reason=EndReason.FORCED,
        source=source,
        generation=there.generation,
    )


async def log_in_by_administrator(
    desks: HotDesks,
    *,
    user: User,
    device: Device,
    now: datetime,
    source: Source = BY_COMMAND,
    generation: int | None = None,
) -> Outcome:
    """Log *user* in at *device* without a PIN; the other rules hold.

    Where *generation* is given, only if that still is the last switch of the device.
    Raises a `Refused` that says why not, `Conflict` for the last.
    """
    if not device.enabled:
        raise NotAHotDesk(
            f"{device.name} is disabled; see: hotdesk device enable {device.name}"
        )
    if not user.allowed:
        raise NotAllowed("This user may not use hot desks; see: hotdesk user allow.")
    if user.account != device.account:
        raise OtherAccount(
            f"{user.extension} belongs to account {user.account}, {device.name} to"
            f" {device.account}: users log in only at devices of their own account."
        )
    async with desks.database.transaction() as tx:
        held = await logins.held(tx, user, device)
        await require_generation(tx, device, generation)
        seating = await _sit_down(tx, desks, user, device, held, now, source=source)
    return Outcome(user, device, await _follow(desks, seating))


async def log_out(
    desks: HotDesks,
    *,
    device_name: str,
    now: datetime,
    reason: EndReason = EndReason.LOGGED_OUT,
    source: Source = BY_PHONE,
    only: User | None = None,
    generation: int | None = None,
) -> Outcome:
    """Make a device idle; where *only* is named, only if that user sits there.

    Where *generation* is given, only if that still is the last switch of the device;
    else it raises `Conflict`.  Raises `NotAHotDesk` for a phone that is none,
    `NobodyLoggedIn`, and `InEmergency` while somebody calls for help there.
    """
    try:
        async with desks.database.transaction() as tx:
            device = await _device(tx, device_name)
            held = await logins.held(tx, None, device)
            await require_generation(tx, device, generation)
            if not held.open:
                raise NobodyLoggedIn(f"Nobody is logged in at {device.name}.")
            (login, user, _) = held.open[0]
            if only is not None and user.id != only.id:
                raise NobodyLoggedIn(f"{only.extension} has left {device.name}.")
            rules.check_emergency([device], held.calling)
            await logins.end(tx, login, reason, now)
            desk = await logins.make_idle(tx, device, held.generations[0], now)
            await _call_base_user_back(tx, user, device)
            seating = Seating({device.name: desk}, {user.key: (user, None)})
            happened = [_event("logout", reason, user, device, now, source)]
            await _tell(tx, happened, seating.change)
    except Refused as refusal:
        await _record_refusal(desks, refusal, "", device_name, now, source=source)
        raise
    return Outcome(user, device, await _follow(desks, seating))


async def require_generation(tx: Tx, device: Device, generation: int | None) -> None:
    """Raise `Conflict`, which tells who sits there, if *generation* is not the last.

    The device is held; None: whatever it is.
    """
    if generation is None:
        return
    desk = await logins.desk(tx, device.name)
    if desk is None:
        raise NotAHotDesk
    if desk.generation != generation:
        sitter = f"{desk.user.extension} {desk.user.name}" if desk.user else "nobody"
        raise Conflict(
            f"{device.name} has changed meanwhile: now {sitter} is logged in there."
        )


def user_subject(desks: HotDesks, account: str, extension: str) -> str:
    """Return the subject under which wrong PINs for *extension* are counted."""
    return desks.authentication.user_subject(account, extension)


async def _device(tx: Tx, name: str) -> Device:
    device = await devices.find(tx, name)
    if device is None:
        raise NotAHotDesk
    return device


async def _check_and_sit_down(
    desks: HotDesks,
    extension: str,
    pin: str,
    device_name: str,
    now: datetime,
    source: Source,
) -> tuple[Outcome, Seating]:
    """Let whoever knows the PIN sit down, in one transaction."""
    refusal: Refused | None
    async with desks.pins.turn(), desks.database.transaction() as tx:
        known, refusal = await desks.authentication.check(
            tx, extension, pin, device_name, now
        )
        user, device, held = known.user, known.device, known.held
        if user and not refusal and desks.authentication.is_expired(user, now):
            refusal = PinExpired()
        if user and not refusal:
            seating = await _sit_down(tx, desks, user, device, held, now, source=source)
            return Outcome(user, device, routed=False), seating
    # Only here: inside the transaction it would take the count back.
    raise refusal or UnknownExtension


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
                happened = _event("pin_changed", "", user, device, now, BY_PHONE)
                await events.record(tx, happened)
                return
    raise refusal or UnknownExtension


def _require_own_pin(desks: HotDesks, user: User) -> None:
    if desks.authentication.method(user) is not LoginMethod.PIN:
        raise PinOfMailbox


async def _sit_down(
    tx: Tx,
    desks: HotDesks,
    user: User,
    device: Device,
    held: Held,
    now: datetime,
    *,
    source: Source,
) -> Seating:
    around = {login.id: (other, seat) for login, other, seat in held.open}
    ending = rules.make_room(
        user, device, [login for login, _, _ in held.open], desks.second_login
    )
    is_there = len(ending) < len(held.open)
    left = [around[login.id][1] for login, _ in ending]
    rules.check_location(device, required=desks.location_required)
    rules.check_emergency(left if is_there else [device, *left], held.calling)
    generation, other_generation = held.generations
    seating, happened = Seating({}, {}), []
    for login, reason in ending:
        other, seat = around[login.id]
        await logins.end(tx, login, reason, now)
        happened.append(_event("logout", reason, other, seat, now, source))
        if seat.id != device.id:
            idle = await logins.make_idle(tx, seat, other_generation, now)
            seating.desks[seat.name] = idle
            await _call_base_user_back(tx, other, seat)
        seating.users[other.key] = (other, None)
    if is_there:
        # She sits here already: nothing new, but whoever asks gets it done again.
        desk = await logins.desk(tx, device.name)
    else:
        desk = await logins.begin(tx, user, device, held.login_id, generation, now)
        happened.append(_event("login", "", user, device, now, source))
    seating.desks[device.name] = desk
    seating.users[user.key] = (user, desk)
    await _tell(tx, happened, seating.change)
    return seating


async def _call_base_user_back(tx: Tx, leaving: User, device: Device) -> None:
    if device.base_user_returns and leaving.id != device.base_user_id:
        await base_users.comes_back(tx, device)


async def _tell(tx: Tx, happened: Sequence[Event], change: Change) -> None:
    await events.record_and_announce(tx, happened, change, ORIGIN)
    for event in happened:
        log.info(
            "%s %s at %s %s", event.what, event.extension, event.device, event.code
        )


async def _follow(desks: HotDesks, seating: Seating) -> bool:
    """Return whether the change is in force; if not, it will be when all is back."""
    if desks.follow is None:
        return False
    try:
        await desks.follow(seating)
    except HotdeskError as error:
        log.warning("decided, but not in force yet: %s", error)
        return False
    return True


def _event(
    what: str, code: str, user: User, device: Device, now: datetime, source: Source
) -> Event:
    return Event(
        at=now,
        what=what,
        code=code,
        account=device.account,
        extension=user.extension,
        name=user.name,
        device=device.name,
        by=source.by,
        actor=source.actor,
        address=source.address,
    )


async def _record_refusal(
    desks: HotDesks,
    refusal: Refused,
    extension: str,
    device_name: str,
    now: datetime,
    *,
    source: Source = BY_PHONE,
) -> None:
    async with desks.database.transaction() as tx:
        device = await devices.find(tx, device_name)
        account = device.account if device else ""
        known = await users.with_extension(tx, extension, "")
        if not known:
            # It may be a PIN, typed at the wrong prompt.
            extension = ""
        meant = next((user for user in known if user.account == account), None)
        await events.record(
            tx,
            Event(
                at=now,
                what="refused",
                code=refusal.code,
                account=account,
                extension=extension,
                name=meant.name if meant else "",
                device=device_name,
                by=source.by,
                actor=source.actor,
                address=source.address,
            ),
        )
    log.info("refused %s at %s: %s", extension, device_name, refusal.code)


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
