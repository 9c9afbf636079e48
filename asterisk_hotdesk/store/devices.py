"""Devices: the phones on shared desks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from asterisk_hotdesk.model import Device, DeviceOptions, PhoneKind
from asterisk_hotdesk.store.database import Tx

COLUMNS = """
    devices.id, devices.account, devices.name, devices.mac, devices.sip_secret,
    devices.web_password, devices.enabled, devices.language,
    devices.emergency_number, devices.location, devices.options, devices.vendor,
    devices.model, devices.firmware, devices.base_user_id, devices.base_user_returns
"""


def device_of(row: DictRow) -> Device:
    """Return the device in a row with `COLUMNS`."""
    return Device(
        id=row["id"],
        account=row["account"],
        name=row["name"],
        mac=row["mac"],
        sip_secret=row["sip_secret"],
        web_password=row["web_password"],
        enabled=row["enabled"],
        language=row["language"],
        emergency_number=row["emergency_number"],
        location=row["location"],
        options=_options_of(row["options"]),
        phone=PhoneKind(
            vendor=row["vendor"], model=row["model"], firmware=row["firmware"]
        ),
        base_user_id=row["base_user_id"],
        base_user_returns=row["base_user_returns"],
    )


def _options_of(stored: Mapping[str, Any]) -> DeviceOptions:
    codecs = tuple(stored.get("codecs", ()))
    return DeviceOptions(**{**stored, "codecs": codecs})


_USUAL = vars(DeviceOptions())


def _stored(options: DeviceOptions) -> Jsonb:
    """Return what differs from the defaults, so that a default may change later."""
    return Jsonb({k: v for k, v in vars(options).items() if v != _USUAL[k]})


@dataclass(frozen=True, kw_only=True)
class NewDevice:
    """What an administrator says about a device to be added."""

    name: str
    mac: str | None
    """None: of the pool."""
    account: str
    sip_secret: str = field(repr=False)
    web_password: str = field(repr=False)
    language: str | None = None
    emergency_number: str = ""
    location: str = ""
    options: DeviceOptions = field(default_factory=DeviceOptions)
    base_user_id: int | None = None
    """Who sits there once its phone has started."""
    base_user_returns: bool = False
    enabled: bool = True
    enrol_until: datetime | None = None
    """Until when a phone may fetch its first configuration; None: not yet."""
    deliveries_left: int = 0


async def add(tx: Tx, devices: Sequence[NewDevice]) -> None:
    """Add *devices*, all or (by raising the refusal of a constraint) none."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO devices (account, name, mac, sip_secret, web_password, language,
                                 emergency_number, location, options, base_user_id,
                                 base_user_due, base_user_returns, enabled,
                                 enrol_until, deliveries_left)
            VALUES (%(account)s, %(name)s, %(mac)s, %(sip_secret)s, %(web_password)s,
                    %(language)s, %(emergency_number)s, %(location)s, %(options)s,
                    %(base_user_id)s, %(base_user_id)s::bigint IS NOT NULL,
                    %(base_user_returns)s, %(enabled)s, %(enrol_until)s,
                    %(deliveries_left)s)
            """,
            [vars(device) | {"options": _stored(device.options)} for device in devices],
        )


async def find(tx: Tx, name: str) -> Device | None:
    """Return the device called *name*, or None."""
    rows = await tx.execute(
        f"SELECT {COLUMNS} FROM devices WHERE name = %s",  # noqa: S608
        [name],
    )
    row = await rows.fetchone()
    return device_of(row) if row else None


async def everything(tx: Tx) -> list[Device]:
    """Return all devices by name."""
    rows = await tx.execute(
        f"SELECT {COLUMNS} FROM devices ORDER BY name"  # noqa: S608
    )
    return [device_of(row) for row in await rows.fetchall()]


async def hold(tx: Tx, names: Sequence[str]) -> list[Device]:
    """Return the devices with these *names*; nobody else changes them meanwhile.

    Until the transaction ends, a phone cannot claim them either.
    """
    rows = await tx.execute(
        f"""
        SELECT {COLUMNS} FROM devices WHERE name = ANY(%s) ORDER BY id FOR UPDATE
        """,  # noqa: S608
        [list(names)],
    )
    return [device_of(row) for row in await rows.fetchall()]


async def remove(tx: Tx, device: Device) -> None:
    """Remove *device* with all its logins; end the open one first."""
    await tx.execute("DELETE FROM devices WHERE id = %s", [device.id])


async def ensure_account(tx: Tx, name: str) -> None:
    """Make the account *name* if there is none."""
    await tx.execute(
        "INSERT INTO accounts (name) VALUES (%s) ON CONFLICT DO NOTHING", [name]
    )


async def accounts(tx: Tx) -> list[str]:
    """Return the names of all accounts."""
    rows = await tx.execute("SELECT name FROM accounts ORDER BY name")
    return [row["name"] for row in await rows.fetchall()]


async def named(tx: Tx, names: Collection[str]) -> set[str]:
    """Return those of *names* that devices have."""
    rows = await tx.execute(
        "SELECT name FROM devices WHERE name = ANY(%s)", [list(names)]
    )
    return {row["name"] for row in await rows.fetchall()}


async def with_macs(tx: Tx, macs: Collection[str]) -> dict[str, str]:
    """Return the names of the devices that have *macs*, by MAC address."""
    rows = await tx.execute(
        "SELECT name, mac FROM devices WHERE mac = ANY(%s)", [list(macs)]
    )
    return {row["mac"]: row["name"] for row in await rows.fetchall()}


async def update(tx: Tx, *devices: Device) -> None:
    """Make the devices with these ids what *devices* say, except their names.

    A base user who was not there before sits down when the phone next starts; so does
    the one of a device without a phone, once it has one.
    """
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            UPDATE devices SET account = %(account)s, mac = %(mac)s,
                sip_secret = %(sip_secret)s,
                web_password = %(web_password)s, language = %(language)s,
                emergency_number = %(emergency_number)s, location = %(location)s,
                enabled = %(enabled)s, options = %(options)s, vendor = %(vendor)s,
                model = %(model)s, firmware = %(firmware)s,
                base_user_id = %(base_user_id)s,
                base_user_due = %(base_user_id)s::bigint IS NOT NULL AND (
                    base_user_due OR %(mac)s::text IS NULL
                    OR base_user_id IS DISTINCT FROM %(base_user_id)s),
                base_user_returns = %(base_user_returns)s
            WHERE id = %(id)s
            """,
            [
                vars(device) | vars(device.phone) | {"options": _stored(device.options)}
                for device in devices
            ],
        )
