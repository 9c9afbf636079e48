"""Devices page by page, as somebody searches, filters and sorts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from psycopg.rows import class_row

from asterisk_hotdesk.store.database import Tx
from asterisk_hotdesk.store.overview import COLUMNS, DeskStatus
from asterisk_hotdesk.store.patterns import containing


class Filter(StrEnum):
    """Which devices are listed; part of URLs, so never rename one."""

    ALL = "all"
    USED = "used"
    IDLE = "idle"
    STALE = "stale"
    """Their phones have not fetched in time."""
    UNREACHABLE = "unreachable"
    """Their phones are not registered, or do not answer."""


class Order(StrEnum):
    """By what devices are sorted; part of URLs, so never rename one."""

    DEVICE = "device"
    USER = "user"
    SINCE = "since"
    LOCATION = "location"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody wants to see of the devices."""

    only: Filter = Filter.ALL
    text: str = ""
    """Part of a device's name, extension, name, location, MAC or IP address."""
    order: Order = Order.DEVICE
    descending: bool = False
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True)
class Listed:
    """A page of devices, and how many there are by filter that have the text."""

    desks: list[DeskStatus]
    counts: dict[Filter, int]
    page: int


# What desks are chosen by.  The view `status` works out more of each of them, which
# takes twice as long where there are thousands.
_DESKS = """
    (SELECT devices.name AS device, devices.mac, devices.location,
            users.extension, users.name, logins.id AS login, logins.since,
            switches.decided_at, switches.confirmed_at, device_status.address,
            pbx.answers IS NOT FALSE
                AND (registered IS FALSE OR reachable IS FALSE) AS unreachable
     FROM devices CROSS JOIN pbx
     LEFT JOIN logins ON logins.device_id = devices.id AND until IS NULL
     LEFT JOIN users ON users.id = logins.user_id
     LEFT JOIN switches ON switches.id = devices.switch_id
     LEFT JOIN device_status ON device_status.device_id = devices.id) AS desks
"""

_CONDITIONS = {
    Filter.ALL: "true",
    Filter.USED: "login IS NOT NULL",
    Filter.IDLE: "login IS NULL",
    Filter.STALE: "confirmed_at IS NULL AND decided_at < %(stale_before)s",
    Filter.UNREACHABLE: "unreachable",
}

# All in one, for ILIKE with each of them takes four times as long.
_HAS_TEXT = r"""
    %(text)s = '' OR mac LIKE %(mac_pattern)s
    OR lower(concat_ws(E'\n', device, extension, name, location, address))
       LIKE %(pattern)s
"""

_ORDERS = {
    Order.DEVICE: ("device",),
    Order.USER: ("length(extension)", "extension"),
    Order.SINCE: ("since",),
    Order.LOCATION: ("nullif(location, '')",),
}

_SHORTEST_MAC = 4
"""Digits; fewer are part of too many MAC addresses."""


async def listed(tx: Tx, wanted: Wanted, stale_before: datetime) -> Listed:
    """Return the page that is *wanted*, or the last one where there are fewer.

    Switches that were decided before *stale_before* should be confirmed.
    """
    counts = await counted(tx, stale_before, wanted.text)
    page = min(wanted.page, max(1, -(-counts[wanted.only] // wanted.per_page)))
    direction = "DESC" if wanted.descending else "ASC"
    order = ", ".join(f"{by} {direction} NULLS LAST" for by in _ORDERS[wanted.order])
    # First which ones: all of the view is too much to work out for every device.
    query = f"""
        SELECT {COLUMNS} FROM status
        WHERE device = ANY(ARRAY(
            SELECT device FROM {_DESKS}
            WHERE ({_CONDITIONS[wanted.only]}) AND ({_HAS_TEXT})
            ORDER BY {order}, device LIMIT %(limit)s OFFSET %(offset)s))
        ORDER BY {order}, device
    """  # noqa: S608
    place = {"limit": wanted.per_page, "offset": (page - 1) * wanted.per_page}
    async with tx.cursor(row_factory=class_row(DeskStatus)) as cursor:
        await cursor.execute(query, _named(wanted.text, stale_before) | place)
        return Listed(await cursor.fetchall(), counts, page)


async def counted(tx: Tx, stale_before: datetime, text: str = "") -> dict[Filter, int]:
    """Return how many devices there are by filter that have *text*."""
    columns = ", ".join(
        f'count(*) FILTER (WHERE {condition}) AS "{which}"'
        for which, condition in _CONDITIONS.items()
    )
    rows = await tx.execute(
        f"SELECT {columns} FROM {_DESKS} WHERE {_HAS_TEXT}",  # noqa: S608
        _named(text, stale_before),
    )
    row = await rows.fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return {which: row[which] for which in Filter}


async def turned_stale(tx: Tx, after: datetime, before: datetime) -> list[str]:
    """Return the devices whose last switch is unconfirmed and from between these."""
    rows = await tx.execute(
        """
        SELECT name FROM devices JOIN switches ON switches.id = devices.switch_id
        WHERE confirmed_at IS NULL AND decided_at >= %s AND decided_at < %s
        """,
        [after, before],
    )
    return [row["name"] for row in await rows.fetchall()]


def _named(text: str, stale_before: datetime) -> dict[str, object]:
    # As it is printed on phones, too.
    mac = text.replace(":", "").replace("-", "").lower()
    return {
        "text": text,
        "pattern": containing(text.lower()),
        "mac_pattern": containing(mac) if len(mac) >= _SHORTEST_MAC else None,
        "stale_before": stale_before,
    }
