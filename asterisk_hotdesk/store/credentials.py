"""Everything that checking a PIN needs, in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk.model import Device, Failures, User
from asterisk_hotdesk.store.database import Tx
from asterisk_hotdesk.store.devices import COLUMNS as DEVICE_COLUMNS
from asterisk_hotdesk.store.devices import device_of
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


async def look(tx: Tx, device_name: str, extension: str, blinded: str) -> Known | None:
    """Return what is known of *extension* at a device; None: no such device.

    Until the transaction ends nobody else can try a PIN for the same extension or at
    the same device.  *blinded* is the extension as the subject of failures has it.
    """
    named = {"device": device_name, "extension": extension, "blinded": blinded}
    # Always the user's lock first, so that nobody waits in a circle.
    await tx.execute(
        """
        SELECT pg_advisory_xact_lock(
                   hashtextextended('hotdesk user ' || account || %(blinded)s, 0)),
               pg_advisory_xact_lock(hashtextextended('hotdesk device ' || name, 0))
        FROM devices WHERE name = %(device)s
        """,
        named,
    )
    rows = await tx.execute(
        f"""
        SELECT {DEVICE_COLUMNS}, to_jsonb(users) AS user,
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
        named,
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
    )
