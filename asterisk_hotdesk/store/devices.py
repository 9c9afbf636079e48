"""Devices: the phones on shared desks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg.rows import DictRow

from asterisk_hotdesk.model import Device
from asterisk_hotdesk.store.database import Tx

COLUMNS = """
    devices.id, devices.account, devices.name, devices.mac, devices.sip_secret,
    devices.language, devices.emergency_number, devices.location
"""


def device_of(row: DictRow) -> Device:
    """Return the device in a row with `COLUMNS`."""
    return Device(
        id=row["id"],
        account=row["account"],
        name=row["name"],
        mac=row["mac"],
        sip_secret=row["sip_secret"],
        language=row["language"],
        emergency_number=row["emergency_number"],
        location=row["location"],
    )


@dataclass(frozen=True, kw_only=True)
class NewDevice:
    """What an administrator says about a device to be added."""

    name: str
    mac: str
    account: str
    sip_secret: str = field(repr=False)
    language: str | None = None
    emergency_number: str = ""
    location: str = ""


async def add(tx: Tx, devices: Sequence[NewDevice]) -> None:
    """Add *devices*, all or (by raising the refusal of a constraint) none."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO devices (account, name, mac, sip_secret, language,
                                 emergency_number, location)
            VALUES (%s, %s, %s, %s, %s, %s, %s)
            """,
            [
                (
                    d.account,
                    d.name,
                    d.mac,
                    d.sip_secret,
                    d.language,
                    d.emergency_number,
                    d.location,
                )
                for d in devices
            ],
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


async def remove(tx: Tx, device: Device) -> None:
    """Remove *device* with all its logins; end the open one first."""
    await tx.execute("DELETE FROM devices WHERE id = %s", [device.id])


async def ensure_account(tx: Tx, name: str) -> None:
    """Make the account *name* if there is none."""
    await tx.execute(
        "INSERT INTO accounts (name) VALUES (%s) ON CONFLICT DO NOTHING", [name]
    )


async def taken(
    tx: Tx, names: Sequence[str], macs: Sequence[str]
) -> tuple[set[str], set[str]]:
    """Return which of *names* and which of *macs* devices have already."""
    rows = await tx.execute(
        "SELECT name, mac FROM devices WHERE name = ANY(%s) OR mac = ANY(%s)",
        [list(names), list(macs)],
    )
    found = await rows.fetchall()
    return {row["name"] for row in found}, {row["mac"] for row in found}


async def update(tx: Tx, device: Device) -> None:
    """Make the device with this id what *device* says, except its name."""
    await tx.execute(
        """
        UPDATE devices SET mac = %(mac)s, language = %(language)s,
            emergency_number = %(emergency_number)s, location = %(location)s
        WHERE id = %(id)s
        """,
        vars(device),
    )
