"""Everything that checking a PIN needs, in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk.model import Device, Failures, User
from asterisk_hotdesk.store.database import Tx
from asterisk_hotdesk.store.devices import COLUMNS as DEVICE_COLUMNS
from asterisk_hotdesk.store.devices import device_of
from asterisk_hotdesk.store.logins import HELD_COLUMNS, Held, held_of, hold
from asterisk_hotdesk.store.users import user_of


@dataclass(frozen=True)
class Known:
    """Who is meant, where, and what speaks against it."""

    device: Device
    user: User | None
    """None: nobody in the device's account has the extension."""
    elsewhere: bool
    """Whether somebody in another account has it."""
    failures: dict[str, Failures]
    """By subject; one without failures is missing."""
    held: Held
    """What is decided upon if the PIN is right."""


async def look(tx: Tx, device_name: str, extension: str, blinded: str) -> Known | None:
    """Return what is known of *extension* at a device; None: no such device.

    Until the transaction ends nobody else can try a PIN for the same extension or at
    the same device, nor decide who sits there.  *blinded* is the extension as the
    subject of failures has it.
    """
    await hold(tx, device_name, extension)
    rows = await tx.execute(
        f"""
        SELECT {DEVICE_COLUMNS}, {HELD_COLUMNS}, to_jsonb(users) AS user,
               EXISTS (SELECT 1 FROM users AS others
                       WHERE others.extension = %(extension)s
                         AND others.account <> devices.account) AS elsewhere,
               (SELECT jsonb_agg(pin_attempts) FROM pin_attempts
                WHERE subject IN ('total', 'device:' || devices.name,
                                  'user:' || devices.account || '/' || %(blinded)s)
               ) AS failures
        FROM devices LEFT JOIN users
            ON users.account = devices.account AND users.extension = %(extension)s
        WHERE devices.name = %(device)s
        """,  # noqa: S608
        {"device": device_name, "extension": extension, "blinded": blinded},
    )
    row = await rows.fetchone()
    if row is None:
        return None
    return Known(
        device=device_of(row),
        user=user_of(row["user"]) if row["user"] else None,
        elsewhere=row["elsewhere"],
        failures={
            found["subject"]: Failures(
                found["failures"], datetime.fromisoformat(found["last_failed_at"])
            )
            for found in row["failures"] or ()
        },
        held=held_of(row),
    )
