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
from functools import partial

from asterisk_hotdesk import rules
from asterisk_hotdesk.authentication import AskMailboxPin, Authentication
from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.errors import (
    Conflict,
    HotdeskError,
    InEmergency,
    NobodyLoggedIn,
    NotAHotDesk,
    NotAllowed,
    NotFound,
    OtherAccount,
    PinExpired,
    Refused,
    UnknownExtension,
)
from asterisk_hotdesk.login_events import login_event, refusals_kept
from asterisk_hotdesk.model import (
    BY_COMMAND,
    BY_PHONE,
    Change,
    Device,
    EndReason,
    Seating,
    Source,
    User,
)
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.precedence import Precedence
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
    origin: str = field(default_factory=partial(secrets.token_hex, 8))
    """Tells what is announced here from what other processes announce."""
    precedence: Precedence = field(default_factory=Precedence)

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
    with desks.precedence.of_a_login():
        async with refusals_kept(desks.database, extension, device_name, now, source):
            outcome, seating = await _check_and_sit_down(
                desks, extension, pin, device_name, now, source
            )
        return replace(outcome, routed=await _follow(desks, seating))


async def require_hot_desk(desks: HotDesks, *, device_name: str, now: datetime) -> None:
    """Return if people can log in at a phone now; raise why not, recorded, if not.

    So that nobody is asked for a PIN in vain.
    """
    async with (
        refusals_kept(desks.database, "", device_name, now),
        desks.database.transaction() as tx,
    ):
        device = await _device(tx, device_name)
        if not device.enabled:
            raise NotAHotDesk
        rules.check_location(device, required=desks.location_required)
        if await emergencies.calling(tx, [device_name]):
            raise InEmergency


async def extension_at(desks: HotDesks, *, device_name: str) -> str:
    """Return the extension of whoever sits at a device, or nothing."""
    async with desks.database.transaction() as tx:
        desk = await logins.desk(tx, device_name)
    return desk.user.extension if desk and desk.user else ""


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
    async with (
        refusals_kept(desks.database, "", device_name, now, source),
        desks.database.transaction() as tx,
    ):
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
        happened = [login_event("logout", reason, user, device, now, source)]
        await _tell(tx, desks, happened, seating.change)
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
        happened.append(login_event("logout", reason, other, seat, now, source))
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
        happened.append(login_event("login", "", user, device, now, source))
    seating.desks[device.name] = desk
    seating.users[user.key] = (user, desk)
    await _tell(tx, desks, happened, seating.change)
    return seating


async def _call_base_user_back(tx: Tx, leaving: User, device: Device) -> None:
    if device.base_user_returns and leaving.id != device.base_user_id:
        await base_users.comes_back(tx, device)


async def _tell(
    tx: Tx, desks: HotDesks, happened: Sequence[Event], change: Change
) -> None:
    await events.record_and_announce(tx, happened, change, desks.origin)
    for event in happened:
        why = f": {event.code}" if event.code else ""
        log.info("%s %s at %s%s", event.what, event.extension, event.device, why)


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
