"""What a phone may fetch: its device with the keys, and the tokens that open it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from asterisk_hotdesk.model import Desk, Device, KeyKind, PhoneKind, UserKey
from asterisk_hotdesk.store.allowed_phones import ACCOUNT_ALLOWING
from asterisk_hotdesk.store.database import Tx
from asterisk_hotdesk.store.logins import DESKS, desk_of

TokenKind = Literal["bootstrap", "steady"]

MOST_BOOTSTRAP_TOKENS = 5
"""Of one device: a phone that asks again and again gets new ones, the oldest die."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """What opens a device's configuration, as we keep it."""

    hash: bytes = field(repr=False)
    kind: TokenKind
    used: bool


@dataclass(frozen=True, kw_only=True)
class Phone:
    """All that decides what a phone gets."""

    desk: Desk
    keys: tuple[UserKey, ...]
    """Of whoever sits there, by position."""
    tokens: tuple[Token, ...]
    enrol_until: datetime | None
    deliveries_left: int


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """Whether a device's phone has come in, and until when it still may."""

    done_at: datetime | None
    """When the phone used its steady token; None: it never did."""
    open_until: datetime | None
    deliveries_left: int

    def is_open(self, now: datetime) -> bool:
        """Return whether a phone may fetch a first configuration."""
        return (
            self.open_until is not None
            and now < self.open_until
            and self.deliveries_left > 0
        )


async def find(tx: Tx, mac: str) -> tuple[Phone | None, str | None]:
    """Return what there is for the phone with *mac*, and the account that allows it.

    One question, the same whether or not there is such a phone.
    """
    rows = await tx.execute(
        f"""
        SELECT {ACCOUNT_ALLOWING} AS allowed_in, known.*, more.enrol_until,
            more.deliveries_left,
            (SELECT jsonb_agg(to_jsonb(user_keys) ORDER BY position)
             FROM user_keys JOIN logins USING (user_id)
             WHERE logins.device_id = more.id AND logins.until IS NULL) AS keys,
            (SELECT jsonb_agg(jsonb_build_object('hash', encode(hash, 'hex'),
                                                 'kind', kind,
                                                 'used', used_at IS NOT NULL))
             FROM provisioning_tokens WHERE device_id = more.id) AS tokens
        FROM (SELECT %(mac)s) AS asked (mac)
        LEFT JOIN devices AS more ON more.mac = asked.mac
        LEFT JOIN ({DESKS}) AS known ON known.id = more.id
        """,  # noqa: S608
        {"mac": mac},
    )
    row = await rows.fetchone()
    assert row is not None  # noqa: S101 - an outer join of one row
    if row["id"] is None:
        return None, row["allowed_in"]
    phone = Phone(
        desk=desk_of(row),
        keys=tuple(_key_of(key) for key in row["keys"] or ()),
        tokens=tuple(_token_of(token) for token in row["tokens"] or ()),
        enrol_until=row["enrol_until"],
        deliveries_left=row["deliveries_left"],
    )
    return phone, row["allowed_in"]


def _key_of(stored: Mapping[str, Any]) -> UserKey:
    return UserKey(
        position=stored["position"],
        kind=KeyKind(stored["kind"]),
        value=stored["value"],
        label=stored["label"],
        priority=stored["priority"],
    )


def _token_of(stored: Mapping[str, Any]) -> Token:
    return Token(
        hash=bytes.fromhex(stored["hash"]), kind=stored["kind"], used=stored["used"]
    )


async def add_token(
    tx: Tx, device: Device, token_hash: bytes, kind: TokenKind, now: datetime
) -> None:
    """Let a token open the configuration of *device*, unless it is being removed."""
    await tx.execute(
        """
        INSERT INTO provisioning_tokens (hash, device_id, kind, made_at)
        SELECT %s, id, %s, %s FROM devices WHERE id = %s FOR KEY SHARE
        """,
        [token_hash, kind, now, device.id],
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


async def close_enrolment(tx: Tx, device_ids: list[int]) -> None:
    """Let the phones of these devices no longer fetch a first configuration."""
    await tx.execute(
        """
        UPDATE devices SET enrol_until = NULL, deliveries_left = 0
        WHERE id = ANY(%s)
        """,
        [device_ids],
    )


async def enrolment(tx: Tx, device: Device) -> Enrolment:
    """Return how far the phone of *device* has come."""
    rows = await tx.execute(
        """
        SELECT enrol_until AS open_until, deliveries_left,
            (SELECT max(used_at) FROM provisioning_tokens
             WHERE device_id = devices.id) AS done_at
        FROM devices WHERE id = %s
        """,
        [device.id],
    )
    row = await rows.fetchone()
    if row is None:
        return Enrolment(done_at=None, open_until=None, deliveries_left=0)
    return Enrolment(**row)


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
