"""How a device gets a phone, another one, or none: one that leaves keeps nothing."""

from __future__ import annotations

from dataclasses import replace as replaced
from datetime import datetime, timedelta

from asterisk_hotdesk.administration import made_up, recording
from asterisk_hotdesk.administration.finding import (
    devices_named,
    logins_of,
    require_no_emergency,
)
from asterisk_hotdesk.administration.seats import log_all_out
from asterisk_hotdesk.administration.values import mac_shown
from asterisk_hotdesk.administration.versions import require_unchanged
from asterisk_hotdesk.config import ProvisioningConfig
from asterisk_hotdesk.errors import AlreadyExists
from asterisk_hotdesk.login import HotDesks
from asterisk_hotdesk.model import Change, Device, EndReason, PhoneKind, Source, User
from asterisk_hotdesk.store import Database, Tx, devices, discovered, logins, phones
from asterisk_hotdesk.store.devices import NewDevice


async def assign(
    database: Database,
    config: ProvisioningConfig,
    mac: str,
    name: str,
    *,
    replace: bool = False,
    source: Source,
    now: datetime,
    version: str | None = None,
) -> Device:
    """Make the phone with *mac* the device called *name*, which may have no other.

    With *replace* it may, and that phone can neither fetch nor register any more;
    whoever sits there stays logged in.  Raises `AlreadyExists` where either is taken,
    and `Conflict` where *version* is given and the device is another one since.
    """
    async with database.transaction() as tx:
        (device,) = await devices_named(tx, [name])
        require_unchanged(device, version)
        await _check_free(tx, device, mac, replace=replace)
        await give(tx, config, device, mac, now)
        await logins.want_fetch(tx, name)
        await recording.record_of_devices(
            tx, "phone_assigned", [device], source=source, now=now
        )
        change = Change(devices=frozenset({name}), directory=True)
        await recording.tell_daemon(tx, change)
    return device


async def release(
    desks: HotDesks, name: str, *, source: Source, now: datetime
) -> list[tuple[User, Device]]:
    """Put a device back into the pool; return who was logged out for it, and where.

    Its phone can neither fetch nor register any more.
    """
    async with desks.database.transaction() as tx:
        (device,) = await devices_named(tx, [name])
        await _exchange(tx, device, None, PhoneKind())
        await phones.close_enrolment(tx, [device.id])
        await recording.record_of_devices(
            tx, "phone_released", [device], source=source, now=now
        )
        change = Change(devices=frozenset({name}), directory=True)
        await recording.tell_daemon(tx, change)
    sitting = await logins_of(desks.database, [device], [])
    await log_all_out(desks, sitting, EndReason.FORCED, source=source, now=now)
    return sitting


def enrolment_end(
    config: ProvisioningConfig, now: datetime, minutes: int | None = None
) -> datetime:
    """Return until when an enrolment that begins now is open."""
    return now + timedelta(minutes=minutes or config.enrolment_minutes)


def opened(config: ProvisioningConfig, device: NewDevice, now: datetime) -> NewDevice:
    """Return *device* with its enrolment open, if a phone is to come."""
    if device.mac is None:
        return device
    return replaced(
        device,
        enrol_until=enrolment_end(config, now),
        deliveries_left=config.enrolment_deliveries,
    )


async def give(
    tx: Tx, config: ProvisioningConfig, device: Device, mac: str, now: datetime
) -> None:
    """Let the phone with *mac* become *device*, and keep what else *device* says.

    The phone that was there before can neither fetch nor register any more.
    """
    known = await discovered.find(tx, mac)
    await _exchange(tx, device, mac, known.kind if known else PhoneKind())
    await phones.open_enrolment(
        tx, [device.id], enrolment_end(config, now), config.enrolment_deliveries
    )
    await discovered.forget(tx, mac)


async def _exchange(tx: Tx, device: Device, mac: str | None, kind: PhoneKind) -> None:
    # The emergency centre may call back.
    await require_no_emergency(tx, [device.name])
    fresh = replaced(
        device,
        mac=mac,
        phone=kind,
        sip_secret=made_up.sip_secret(),
        web_password=made_up.web_password(),
    )
    await devices.update(tx, fresh)
    await phones.forget_tokens(tx, [device.id])


async def _check_free(tx: Tx, device: Device, mac: str, *, replace: bool) -> None:
    """Raise `AlreadyExists` if the phone or the device is taken."""
    holder = await logins.desk_by_mac(tx, mac)
    if holder and holder.device.id == device.id:
        raise AlreadyExists(
            f"{mac_shown(mac)} is {device.name} already; to let it fetch again, see:"
            f" hotdesk device enrol {device.name}"
        )
    if holder:
        raise AlreadyExists(
            f"{mac_shown(mac)} is {holder.device.name}; see: hotdesk device release"
            f" {holder.device.name}"
        )
    if device.mac and not replace:
        raise AlreadyExists(
            f"{device.name} is the phone {mac_shown(device.mac)}; to exchange it, say"
            " --replace"
        )
