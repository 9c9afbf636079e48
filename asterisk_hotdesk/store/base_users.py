"""Base users: who sits at a device when nobody else does."""

from __future__ import annotations

from asterisk_hotdesk.model import Device, User
from asterisk_hotdesk.store.database import Tx
from asterisk_hotdesk.store.devices import COLUMNS as DEVICE_COLUMNS
from asterisk_hotdesk.store.devices import device_of
from asterisk_hotdesk.store.users import user_of


async def due(tx: Tx) -> list[tuple[User, Device]]:
    """Return who is to sit down where: the phone is there, and both are free."""
    rows = await tx.execute(
        f"""
        SELECT {DEVICE_COLUMNS}, to_jsonb(users) AS user
        FROM devices
        JOIN users ON users.id = devices.base_user_id
        LEFT JOIN device_status ON device_status.device_id = devices.id
        WHERE devices.base_user_due AND devices.enabled
            AND (device_status.registered OR EXISTS (
                SELECT FROM provisioning_tokens
                WHERE device_id = devices.id AND used_at IS NOT NULL))
            AND NOT EXISTS (
                SELECT FROM logins WHERE until IS NULL
                AND (logins.device_id = devices.id OR logins.user_id = users.id))
            AND NOT EXISTS (
                SELECT FROM emergency_calls
                WHERE emergency_calls.device_id = devices.id AND ended_at IS NULL)
        ORDER BY devices.name
        """  # noqa: S608
    )
    return [(user_of(row["user"]), device_of(row)) for row in await rows.fetchall()]


async def comes_back(tx: Tx, device: Device) -> None:
    """Keep that the base user of *device* is to sit down there as soon as may be."""
    await tx.execute(
        "UPDATE devices SET base_user_due = true WHERE id = %s", [device.id]
    )


async def is_there(tx: Tx, device: Device) -> None:
    """Keep that the base user of *device* need not be seated any more."""
    await tx.execute(
        "UPDATE devices SET base_user_due = false WHERE id = %s", [device.id]
    )
