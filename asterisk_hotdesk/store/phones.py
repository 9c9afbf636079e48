"""What a phone may fetch: its device with the keys, and the tokens that open it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from asterisk_hotdesk.model import Desk, Device, KeyKind, PhoneKind, UserKey
from asterisk_hotdesk.store.database import Tx
from asterisk_hotdesk.store.logins import desk_by_mac

TokenKind = Literal["bootstrap", "steady"]

MOST_BOOTSTRAP_TOKENS = 5
"""Of one device: a phone that asks again and again gets new ones, the oldest die."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """What opens a device's configuration, as we keep it."""

    hash: bytes = field(repr=False)
    kind: TokenKind
    used_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Phone:
    """All that decides what a phone gets."""

    desk: Desk
    keys: tuple[UserKey, ...]
    """Of whoever sits there, by position."""
    tokens: tuple[Token, ...]
    enrol_until: datetime | None
    deliveries_left: int
    base_user_due: bool
    """Whether the base user has yet to be logged in for the first time."""


async def find(tx: Tx, mac: str) -> Phone | None:
    """Return what there is for the phone with *mac*, or None.

    Asks the same of the database whether or not there is such a phone.
    """
    more = await tx.execute(
        """
        SELECT devices.enrol_until, devices.deliveries_left, devices.base_user_due,
            (SELECT coalesce(jsonb_agg(to_jsonb(user_keys) ORDER BY position), '[]')
             FROM user_keys JOIN logins USING (user_id)
             WHERE logins.device_id = devices.id AND logins.until IS NULL) AS keys
        FROM devices WHERE devices.mac = %s
        """,
        [mac],
    )
    known = await tx.execute(
        """
        SELECT hash, kind, used_at FROM provisioning_tokens
        JOIN devices ON devices.id = device_id WHERE devices.mac = %s
        """,
        [mac],
    )
    desk = await desk_by_mac(tx, mac)
    row = await more.fetchone()
    if desk is None or row is None:
        return None
    return Phone(
        desk=desk,
        keys=tuple(
            UserKey(
                position=key["position"],
                kind=KeyKind(key["kind"]),
                value=key["value"],
                label=key["label"],
                priority=key["priority"],
            )
            for key in row["keys"]
        ),
        tokens=tuple(Token(**token) for token in await known.fetchall()),
        enrol_until=row["enrol_until"],
        deliveries_left=row["deliveries_left"],
        base_user_due=row["base_user_due"],
    )


async def add_token(
    tx: Tx, device: Device, token_hash: bytes, kind: TokenKind, now: datetime
) -> None:
    """Let a token open the configuration of *device*."""
    await tx.execute(
        """
        INSERT INTO provisioning_tokens (hash, device_id, kind, made_at)
        VALUES (%s, %s, %s, %s)
        """,
        [token_hash, device.id, kind, now],
    )
    await tx.execute(
        """
        DELETE FROM provisioning_tokens WHERE used_at IS NULL AND hash IN (
            SELECT hash FROM provisioning_tokens
            WHERE device_id = %s AND kind = %s AND used_at IS NULL
            ORDER BY made_at DESC, hash OFFSET %s)
        """,
        [device.id, kind, MOST_BOOTSTRAP_TOKENS],
    )


async def take_delivery(tx: Tx, device: Device, now: datetime) -> bool:
    """Count one delivery of the enrolment; return whether there was one left."""
    taken = await tx.execute(
        """
        UPDATE devices SET deliveries_left = deliveries_left - 1
        WHERE id = %s AND deliveries_left > 0 AND enrol_until > %s
        RETURNING id
        """,
        [device.id, now],
    )
    return await taken.fetchone() is not None


async def use_steady(tx: Tx, device: Device, token_hash: bytes, now: datetime) -> None:
    """End the enrolment of *device*: only this token opens it from now on."""
    await tx.execute(
        "DELETE FROM provisioning_tokens WHERE device_id = %s AND hash != %s",
        [device.id, token_hash],
    )
    await tx.execute(
        "UPDATE provisioning_tokens SET used_at = %s WHERE hash = %s",
        [now, token_hash],
    )
    await tx.execute(
        "UPDATE devices SET enrol_until = NULL, deliveries_left = 0 WHERE id = %s",
        [device.id],
    )


async def open_enrolment(
    tx: Tx, device_ids: list[int], until: datetime, deliveries: int
) -> None:
    """Let the phones of these devices fetch a first configuration until *until*."""
    await tx.execute(
        """
        UPDATE devices SET enrol_until = %s, deliveries_left = %s
        WHERE id = ANY(%s)
        """,
        [until, deliveries, device_ids],
    )


async def forget_tokens(tx: Tx, device_ids: list[int]) -> None:
    """Let nothing open the configuration of these devices any more."""
    await tx.execute(
        "DELETE FROM provisioning_tokens WHERE device_id = ANY(%s)", [device_ids]
    )


async def note_kind(tx: Tx, device: Device, kind: PhoneKind) -> None:
    """Keep what the phone of *device* says it is."""
    await tx.execute(
        "UPDATE devices SET vendor = %s, model = %s, firmware = %s WHERE id = %s",
        [kind.vendor, kind.model, kind.firmware, device.id],
    )


async def claim(
    tx: Tx, mac: str, account: str, until: datetime, deliveries: int
) -> str | None:
    """Give *mac* to a device of the account's pool; return its name, None: none free.

    Two phones at once claim two devices, and one phone at once claims one.
    """
    # Another request of the same phone waits here, and then finds its device.
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"claim:{mac}"])
    claimed = await tx.execute(
        """
        UPDATE devices SET mac = %(mac)s, enrol_until = %(until)s,
            deliveries_left = %(deliveries)s
        WHERE id = (
            SELECT id FROM devices
            WHERE mac IS NULL AND enabled AND account = %(account)s
                AND NOT EXISTS (SELECT FROM devices WHERE mac = %(mac)s)
            ORDER BY name FOR UPDATE SKIP LOCKED LIMIT 1)
        RETURNING name
        """,
        {"mac": mac, "account": account, "until": until, "deliveries": deliveries},
    )
    row = await claimed.fetchone()
    return row["name"] if row else None


async def base_user_is_there(tx: Tx, device: Device) -> None:
    """Keep that the base user of *device* need not be seated a first time any more."""
    await tx.execute(
        "UPDATE devices SET base_user_due = false WHERE id = %s", [device.id]
    )
