"""Devices: what they are, whether anybody can use them, and how they go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from asterisk_hotdesk.administration import device_values, phones, recording, values
from asterisk_hotdesk.administration.finding import (
    devices_named,
    logins_of,
    require_no_emergency,
)
from asterisk_hotdesk.administration.seats import log_all_out
from asterisk_hotdesk.authentication import device_subject
from asterisk_hotdesk.config import ProvisioningConfig
from asterisk_hotdesk.errors import Conflict, NotFound
from asterisk_hotdesk.login import HotDesks, require_generation
from asterisk_hotdesk.model import Change, Device, EndReason, Source, User
from asterisk_hotdesk.store import Tx, attempts, devices, logins, users

NOTHING_SEEN: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True)
class Edited:
    """What became of one device."""

    logged_out: list[tuple[User, Device]]
    """Who had to go for it."""
    has_other_phone: bool


async def edit(
    desks: HotDesks,
    config: ProvisioningConfig,
    name: str,
    given: Mapping[str, str],
    *,
    source: Source,
    now: datetime,
) -> Edited:
    """Change what is *given* of a device, in the words of `hotdesk device edit`."""
    different = device_values.of_desk(given)
    options = device_values.options(given)
    sitter = device_values.sitter(given)
    mac = values.mac_address(given["mac"]) if "mac" in given else None
    account = values.account_name(given["account"]) if "account" in given else None
    gone = await _leave_account(desks, name, account, source, now) if account else []
    async with desks.database.transaction() as tx:
        (before,) = await devices_named(tx, [name])
        device = replace(
            before, options=replace(before.options, **options), **different
        )
        if account:
            device = await _in_account(tx, device, account)
        if sitter:
            device = await _seated(tx, device, *sitter)
        exchanged = mac is not None and mac != device.mac
        if mac and exchanged:
            await phones.give(tx, config, device, mac, now)
        else:
            await devices.update(tx, device)
        await logins.want_fetch(tx, name)
        await recording.record_of_devices(
            tx, "device_edited", [device], source=source, now=now
        )
        change = Change(devices=frozenset({name}), directory=True)
        await recording.tell_daemon(tx, change)
    return Edited(gone, exchanged)


async def set_enabled(
    desks: HotDesks,
    names: Sequence[str],
    *,
    enabled: bool,
    source: Source,
    now: datetime,
    seen: Mapping[str, int] = NOTHING_SEEN,
) -> list[tuple[User, Device]]:
    """Let devices be used, or by nobody; return who was logged out for it, and where.

    The phone of a disabled device gets no configuration.  Raises `Conflict` if somebody
    has come or gone at a device since the generation of it that is *seen*.
    """
    async with desks.database.transaction() as tx:
        found = await devices_named(tx, names)
        if not enabled:
            await require_no_emergency(tx, names)
        for device in found:
            await require_generation(tx, device, seen.get(device.name))
            await devices.update(tx, replace(device, enabled=enabled))
            await logins.want_fetch(tx, device.name)
        await recording.record_of_devices(
            tx,
            "device_enabled" if enabled else "device_disabled",
            found,
            source=source,
            now=now,
        )
        change = Change(devices=frozenset(names), directory=True)
        await recording.tell_daemon(tx, change)
    if enabled:
        return []
    # Only now: nobody can sit down any more.
    sitting = await logins_of(desks.database, found, [])
    await log_all_out(desks, sitting, EndReason.FORCED, source=source, now=now)
    return sitting


async def remove(
    desks: HotDesks, leaving: Sequence[Device], *, source: Source, now: datetime
) -> list[tuple[User, Device]]:
    """Remove devices; return who was logged out for it, and where."""
    sitting = await logins_of(desks.database, leaving, [])
    await log_all_out(desks, sitting, EndReason.REMOVED, source=source, now=now)
    async with desks.database.transaction() as tx:
        for device in leaving:
            await devices.remove(tx, device)
        # A device that gets this name later should not inherit a lock.
        await attempts.forgive(tx, *(device_subject(d.name) for d in leaving))
        await recording.record_of_devices(
            tx, "device_removed", leaving, source=source, now=now
        )
        change = Change(
            devices=frozenset(device.name for device in leaving),
            users=frozenset(user.key for user, _ in sitting),
            directory=True,
        )
        await recording.tell_daemon(tx, change)
    return sitting


async def _leave_account(
    desks: HotDesks, name: str, account: str, source: Source, now: datetime
) -> list[tuple[User, Device]]:
    """Log out who sits at a device that is to belong to another *account*."""
    async with desks.database.transaction() as tx:
        (device,) = await devices_named(tx, [name])
    if device.account == account:
        return []
    sitting = await logins_of(desks.database, [device], [])
    await log_all_out(desks, sitting, EndReason.FORCED, source=source, now=now)
    return sitting


async def _in_account(tx: Tx, device: Device, account: str) -> Device:
    """Return *device*, where nobody may sit, as one of *account*.

    Raises `Conflict` if somebody has just sat down.
    """
    if account == device.account:
        return device
    if await logins.open_logins(tx, device=device):
        raise Conflict
    await devices.ensure_account(tx, account)
    return replace(device, account=account, base_user_id=None, base_user_returns=False)


async def _seated(tx: Tx, device: Device, extension: str, returns: bool) -> Device:
    """Return *device* with the first or base user of *extension*, empty for nobody."""
    user = await users.find(tx, device.account, extension)
    if user is None and extension:
        raise NotFound(f"There is no user {extension} in account {device.account}.")
    return replace(
        device, base_user_id=user.id if user else None, base_user_returns=returns
    )
