"""Who sits where, and whether each phone really is in that state: the view `status`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime

from psycopg.rows import class_row

from asterisk_hotdesk.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class DeskStatus:
    """One device, as in the view `status`, whose columns these are.

    None where nobody knows, where nobody sits there, or where nobody ever sat.
    """

    account: str
    device: str
    mac: str | None
    location: str
    enabled: bool
    vendor: str
    model: str
    firmware: str
    extension: str | None
    """Of whoever sits there."""
    name: str | None
    login: int | None
    since: datetime | None
    generation: int | None
    """Of the last change of who sits there."""
    decided_at: datetime | None
    routed_at: datetime | None
    refreshed_at: datetime | None
    confirmed_at: datetime | None
    restarted_at: datetime | None
    """When the phone restarted instead of only fetching, in its last three switches."""
    registered: bool | None
    registered_since: datetime | None
    reachable: bool | None
    round_trip_ms: float | None
    address: str
    user_agent: str
    in_call: bool | None
    in_emergency_call: bool
    last_call_at: datetime | None
    """When a call there last began or ended."""
    seen_at: datetime | None
    booted_at: datetime | None
    fetched_at: datetime | None
    fetched_generation: int | None
    routed_generation: int | None
    """Of the last switch that the PBX has followed."""
    routed_extension: str | None
    """Whose calls ring there, whoever should sit there."""
    routed_since: datetime | None
    provisioned_extension: str | None
    """Whom the phone shows, since it fetched."""
    pbx_answers: bool | None
    """If not, nobody knows whether the phone is registered, reachable or in a call."""
    pbx_since: datetime | None
    """Since when the PBX answers, or does not."""

    @property
    def in_force(self) -> bool | None:
        """Return whether the PBX has followed the last switch; None: there is none."""
        return None if self.generation is None else self.routed_at is not None

    @property
    def confirmed(self) -> bool | None:
        """Return whether the phone has fetched since the last switch, if any."""
        return None if self.generation is None else self.confirmed_at is not None

    def is_stale(self, before: datetime) -> bool:
        """Return whether the phone has not fetched since a switch from before then."""
        return (
            self.decided_at is not None
            and self.confirmed_at is None
            and self.decided_at < before
        )


COLUMNS = ", ".join(
    "round_trip_ms::float8" if field.name == "round_trip_ms" else field.name
    for field in fields(DeskStatus)
)


async def all_desks(tx: Tx) -> list[DeskStatus]:
    """Return every device, by name."""
    return await _found(tx, "ORDER BY device", [])


async def desks_after(tx: Tx, device: str, *, most: int) -> list[DeskStatus]:
    """Return at most *most* devices, by name, of those whose names follow *device*."""
    return await _found(
        tx, "WHERE device > %s ORDER BY device LIMIT %s", [device, most]
    )


async def desks_named(tx: Tx, devices: Collection[str]) -> list[DeskStatus]:
    """Return those of *devices* that exist, by name."""
    return await _found(tx, "WHERE device = ANY(%s) ORDER BY device", [list(devices)])


async def desks_of_users(
    tx: Tx, extension: str, account: str | None = None
) -> list[DeskStatus]:
    """Return where users with *extension* sit: in *account*, or in any, by name."""
    return await _found(
        tx,
        "WHERE extension = %s AND account = coalesce(%s, account) ORDER BY device",
        [extension, account],
    )


async def _found(tx: Tx, which: str, values: list[object]) -> list[DeskStatus]:
    async with tx.cursor(row_factory=class_row(DeskStatus)) as cursor:
        await cursor.execute(
            f"SELECT {COLUMNS} FROM status {which}",  # noqa: S608
            values,
        )
        return await cursor.fetchall()
