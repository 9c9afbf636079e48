"""What is known of each device: registration, calls, last configuration fetch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.store.database import Tx

RESTART_FOLLOWS_WITHIN = timedelta(minutes=5)
"""A phone that starts so soon after it was told to fetch did it for that reason."""

SHORTEST_START = timedelta(seconds=15)
"""A phone that was away for less has registered anew, as some do over new settings."""

_KNOWN = """
    SELECT name AS device,
           CASE WHEN pbx.answers IS NOT FALSE THEN registered END AS registered,
           CASE WHEN pbx.answers IS NOT FALSE THEN reachable END AS reachable,
           address, user_agent, round_trip_us,
           CASE WHEN pbx.answers IS NOT FALSE THEN in_call END AS in_call,
           seen_at, booted_at, fetched_at, fetched_generation, fetched_user_agent,
           (SELECT max(restarted_at) FROM (
                SELECT restarted_at FROM switches
                WHERE switches.device_id = devices.id ORDER BY id DESC LIMIT 3
            ) AS latest) AS restarted_at
    FROM pbx CROSS JOIN device_status JOIN devices ON devices.id = device_id
"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What Asterisk said of one device; None where it said nothing about it."""

    device: str
    registered: bool | None = None
    reachable: bool | None = None
    address: str | None = None
    user_agent: str | None = None
    round_trip_us: int | None = None
    in_call: bool | None = None

    def and_then(self, later: Seen) -> Seen:
        """Return both, where *later* counts more."""
        said = {name: value for name, value in vars(later).items() if value is not None}
        return Seen(**vars(self) | said)


@dataclass(frozen=True, kw_only=True)
class DeviceStatus:
    """What is known of one device; None where nobody knows."""

    device: str
    registered: bool | None
    reachable: bool | None
    address: str
    user_agent: str
    round_trip_us: int | None
    in_call: bool | None
    seen_at: datetime | None
    booted_at: datetime | None
    """When the phone last said that it had started."""
    fetched_at: datetime | None
    fetched_generation: int | None
    fetched_user_agent: str
    restarted_at: datetime | None
    """When the phone restarted instead of only fetching, in its last three switches."""


@dataclass(frozen=True)
class Absence:
    """A device whose phone had no contact for a while."""

    device: str
    since: datetime
    until: datetime


async def note_seen(tx: Tx, seen: Iterable[Seen], now: datetime) -> None:
    """Keep what Asterisk said, once of each device.

    Names that are no device of ours are passed over.
    """
    await tx.execute(
        """
        INSERT INTO device_status AS known (device_id, registered, reachable,
            address, user_agent, round_trip_us, in_call, seen_at,
            registered_since, last_call_at)
        SELECT id, registered, reachable, coalesce(address, ''),
            coalesce(user_agent, ''), round_trip_us, in_call, %(now)s,
            CASE WHEN registered THEN %(now)s END,
            CASE WHEN in_call THEN %(now)s END
        FROM jsonb_to_recordset(%(seen)s) AS seen (device text, registered boolean,
            reachable boolean, address text, user_agent text, round_trip_us integer,
            in_call boolean)
        JOIN devices ON name = device
        ORDER BY name
        ON CONFLICT (device_id) DO UPDATE SET
            registered = coalesce(excluded.registered, known.registered),
            reachable = coalesce(excluded.reachable, known.reachable),
            address = coalesce(nullif(excluded.address, ''), known.address),
            user_agent = coalesce(nullif(excluded.user_agent, ''), known.user_agent),
            round_trip_us = coalesce(excluded.round_trip_us, known.round_trip_us),
            in_call = coalesce(excluded.in_call, known.in_call),
            seen_at = excluded.seen_at,
            registered_since = CASE
                WHEN NOT excluded.registered THEN NULL
                WHEN known.registered THEN known.registered_since
                ELSE excluded.registered_since END,
            last_call_at = CASE
                WHEN excluded.in_call IS DISTINCT FROM known.in_call
                    AND (excluded.in_call OR known.in_call)
                THEN excluded.seen_at ELSE known.last_call_at END
        """,
        {"seen": Jsonb([vars(one) for one in seen]), "now": now},
    )


async def note_kinds(tx: Tx, kinds: Mapping[str, PhoneKind]) -> None:
    """Keep what kind of phone the devices so named are, unless they fetch from us.

    What a phone says when it fetches is noted then, and more exact.
    """
    await tx.execute(
        """
        UPDATE devices SET (vendor, model, firmware) =
            (kind.vendor, kind.model, kind.firmware)
        FROM jsonb_to_recordset(%s)
            AS kind (name text, vendor text, model text, firmware text)
        WHERE devices.name = kind.name
            AND (devices.vendor, devices.model, devices.firmware)
                IS DISTINCT FROM (kind.vendor, kind.model, kind.firmware)
            AND NOT EXISTS (SELECT FROM device_status
                            WHERE device_id = devices.id AND fetched_at IS NOT NULL)
        """,
        [Jsonb([vars(kind) | {"name": name} for name, kind in kinds.items()])],
    )


async def note_pbx(tx: Tx, now: datetime, *, answers: bool) -> None:
    """Keep whether Asterisk answers us, and since when."""
    await tx.execute(
        """
        UPDATE pbx SET answers = %(answers)s, since = %(now)s
        WHERE answers IS DISTINCT FROM %(answers)s
        """,
        {"answers": answers, "now": now},
    )


async def pbx_away_since(tx: Tx) -> datetime | None:
    """Return since when Asterisk does not answer; None: it does, as far as we know."""
    rows = await tx.execute("SELECT since FROM pbx WHERE answers IS FALSE")
    row = await rows.fetchone()
    return row["since"] if row else None


async def note_absent(tx: Tx, registered: Collection[str], now: datetime) -> None:
    """Mark every device that is not among *registered* as not registered."""
    await tx.execute(
        """
        INSERT INTO device_status AS known (device_id, registered, reachable, seen_at)
        SELECT id, false, false, %s FROM devices WHERE NOT (name = ANY(%s))
        ORDER BY name
        ON CONFLICT (device_id) DO UPDATE SET
            registered = false, reachable = false, round_trip_us = NULL,
            registered_since = NULL,
            seen_at = excluded.seen_at
        WHERE known.registered IS DISTINCT FROM false
        """,
        [now, list(registered)],
    )


async def note_fetches(
    tx: Tx, fetches: Iterable[tuple[str, int, str, datetime]]
) -> None:
    """Keep which phones fetched: device name, generation, user agent and when."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO device_status (device_id, fetched_at, fetched_generation,
                                       fetched_user_agent)
            SELECT id, %(at)s, %(generation)s, %(user_agent)s
            FROM devices WHERE name = %(device)s
            ON CONFLICT (device_id) DO UPDATE SET
                fetched_at = excluded.fetched_at,
                fetched_generation = excluded.fetched_generation,
                fetched_user_agent = excluded.fetched_user_agent
            """,
            [
                {
                    "device": device,
                    "generation": generation,
                    "user_agent": user_agent,
                    "at": at,
                }
                for device, generation, user_agent, at in sorted(fetches)
            ],
        )


async def note_started(tx: Tx, started: Mapping[str, datetime]) -> None:
    """Keep when phones said that they had started.

    One that was only asked to fetch, a short while before, has restarted by itself.
    """
    if not started:
        return
    named = {"names": list(started), "times": list(started.values())}
    await tx.execute(
        """
        INSERT INTO device_status (device_id, booted_at)
        SELECT devices.id, noted.at FROM devices
        JOIN unnest(%(names)s::text[], %(times)s::timestamptz[]) AS noted (name, at)
            USING (name)
        ON CONFLICT (device_id) DO UPDATE SET booted_at = excluded.booted_at
        """,
        named,
    )
    await tx.execute(
        """
        UPDATE switches SET restarted_at = noted.at
        FROM devices
        JOIN unnest(%(names)s::text[], %(times)s::timestamptz[]) AS noted (name, at)
            USING (name)
        WHERE switches.id = devices.switch_id AND restarted_at IS NULL
            AND noted.at BETWEEN refreshed_at AND refreshed_at + %(suspicious)s
        """,
        {**named, "suspicious": RESTART_FOLLOWS_WITHIN},
    )


async def note_returned(tx: Tx, absences: Sequence[Absence]) -> None:
    """Keep which phones were away as phones are that restart.

    One that was only asked to fetch then left, fetched while it was away, as phones do
    when they start, and came back after as long as that takes.
    """
    if not absences:
        return
    await tx.execute(
        """
        UPDATE switches SET restarted_at = away.until
        FROM devices
        JOIN device_status ON device_id = devices.id
        JOIN unnest(%(names)s::text[], %(since)s::timestamptz[],
                    %(until)s::timestamptz[]) AS away (name, since, until)
            USING (name)
        WHERE switches.id = devices.switch_id AND restarted_at IS NULL
            AND away.since >= refreshed_at
            AND away.until <= refreshed_at + %(suspicious)s
            AND away.until >= away.since + %(shortest)s
            AND fetched_at BETWEEN away.since AND away.until
        """,
        {
            "names": [absence.device for absence in absences],
            "since": [absence.since for absence in absences],
            "until": [absence.until for absence in absences],
            "suspicious": RESTART_FOLLOWS_WITHIN,
            "shortest": SHORTEST_START,
        },
    )


async def known_of(tx: Tx, device: str) -> DeviceStatus | None:
    """Return what is known of one device, or None if it was never seen."""
    rows = await tx.execute(_KNOWN + "WHERE name = %s", [device])
    row = await rows.fetchone()
    return DeviceStatus(**row) if row else None
