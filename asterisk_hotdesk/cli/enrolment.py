"""How a device gets a phone, another one, or none: one that leaves keeps nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from asterisk_hotdesk.cli import made_up
from asterisk_hotdesk.cli.opening import now
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.model import Device, PhoneKind
from asterisk_hotdesk.store import Tx, devices, discovered, phones
from asterisk_hotdesk.store.devices import NewDevice


def end(config: Config, minutes: int | None = None) -> datetime:
    """Return until when an enrolment that begins now is open."""
    return now() + timedelta(minutes=minutes or config.provisioning.enrolment_minutes)


def opened(config: Config, device: NewDevice) -> NewDevice:
    """Return *device* with its enrolment open, if a phone is to come."""
    if device.mac is None:
        return device
    return replace(
        device,
        enrol_until=end(config),
        deliveries_left=config.provisioning.enrolment_deliveries,
    )


def what_to_do(name: str) -> str:
    """Return how the phone of the device called *name* comes in."""
    return (
        "The phone may fetch its configuration, with a new SIP secret; for its URL"
        f" see: hotdesk device enrol {name}"
    )


async def give_phone(tx: Tx, config: Config, device: Device, mac: str) -> None:
    """Let the phone with *mac* become *device*, and keep what else *device* says.

    The phone that was there before can neither fetch nor register any more.
    """
    known = await discovered.find(tx, mac)
    await _exchange(tx, device, mac, known.kind if known else PhoneKind())
    deliveries = config.provisioning.enrolment_deliveries
    await phones.open_enrolment(tx, [device.id], end(config), deliveries)
    await discovered.forget(tx, mac)


async def take_phone(tx: Tx, device: Device) -> None:
    """Put *device* into the pool; its phone can neither fetch nor register any more."""
    await _exchange(tx, device, None, PhoneKind())
    await phones.close_enrolment(tx, [device.id])


async def _exchange(tx: Tx, device: Device, mac: str | None, kind: PhoneKind) -> None:
    fresh = replace(
        device,
        mac=mac,
        phone=kind,
        sip_secret=made_up.sip_secret(),
        web_password=made_up.web_password(),
    )
    await devices.update(tx, fresh)
    await phones.forget_tokens(tx, [device.id])
