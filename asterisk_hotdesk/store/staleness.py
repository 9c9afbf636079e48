"""Phones that have not fetched since the last switch of their device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk.model import PhoneState
from asterisk_hotdesk.store.database import Tx

PHONE_STATE = f"""
    CASE WHEN (SELECT answers FROM pbx) IS FALSE THEN '{PhoneState.UNKNOWN}'
         WHEN registered AND reachable IS FALSE THEN '{PhoneState.UNREACHABLE}'
         WHEN registered THEN '{PhoneState.REGISTERED}'
         WHEN NOT registered THEN '{PhoneState.UNREGISTERED}'
         ELSE '{PhoneState.UNKNOWN}' END
"""  # noqa: S608
"""The `PhoneState` in a row of `device_status`, also where that is missing."""


@dataclass(frozen=True)
class Desk:
    """A device with a phone, and who sits there."""

    device: str
    account: str
    extension: str
    """Empty where nobody sits; the name, too."""
    name: str


@dataclass(frozen=True)
class Lagging:
    """A desk whose phone has yet to fetch what a switch changed."""

    desk: Desk
    generation: int
    """Of that switch, the last one of its device."""
    phone: PhoneState


_DESK = """
    devices.name AS device, devices.account,
    coalesce(users.extension, '') AS extension, coalesce(users.name, '') AS name
"""

_WHO_SITS_THERE = """
    LEFT JOIN logins ON logins.device_id = devices.id AND until IS NULL
    LEFT JOIN users ON users.id = user_id
"""


async def lagging(tx: Tx) -> list[Lagging]:
    """Return the desks whose phones have yet to fetch, and of which nobody was told.

    A phone in a call has time: it is told to fetch when the call ends.  And a device
    without a MAC address has no phone that could fetch.
    """
    rows = await tx.execute(
        f"""
        SELECT {_DESK}, switches.id AS generation, {PHONE_STATE} AS phone
        FROM switches
        JOIN devices
            ON devices.switch_id = switches.id AND enabled AND mac IS NOT NULL
        {_WHO_SITS_THERE}
        LEFT JOIN device_status ON device_status.device_id = devices.id
        WHERE confirmed_at IS NULL AND in_call IS NOT TRUE AND NOT EXISTS (
            SELECT FROM stale_phones
            WHERE stale_phones.device_id = devices.id AND generation = switches.id)
        """  # noqa: S608
    )
    return [
        Lagging(
            generation=row.pop("generation"),
            phone=PhoneState(row.pop("phone")),
            desk=Desk(**row),
        )
        for row in await rows.fetchall()
    ]


async def note_stale(tx: Tx, found: Sequence[Lagging], now: datetime) -> None:
    """Keep which phones are stale, with the switch that they do not know of."""
    await tx.execute(
        """
        INSERT INTO stale_phones (device_id, generation, since)
        SELECT devices.id, found.generation, %(now)s
        FROM unnest(%(devices)s::text[], %(generations)s::bigint[])
            AS found (device, generation)
        JOIN devices ON devices.name = found.device
        ON CONFLICT (device_id) DO UPDATE SET generation = excluded.generation
        """,
        {
            "now": now,
            "devices": [one.desk.device for one in found],
            "generations": [one.generation for one in found],
        },
    )


async def take_fresh(tx: Tx) -> list[Desk]:
    """Return the desks whose phones were stale and have fetched; they no longer are."""
    rows = await tx.execute(
        f"""
        WITH fetched AS (
            DELETE FROM stale_phones USING devices, switches
            WHERE devices.id = stale_phones.device_id
              AND switches.id = devices.switch_id AND confirmed_at IS NOT NULL
            RETURNING devices.id)
        SELECT {_DESK} FROM fetched JOIN devices USING (id) {_WHO_SITS_THERE}
        ORDER BY devices.name
        """  # noqa: S608
    )
    return [Desk(**row) for row in await rows.fetchall()]
