"""Users as somebody searches them, and page by page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from psycopg.rows import class_row

from asterisk_hotdesk.model import User
from asterisk_hotdesk.store.database import Tx
from asterisk_hotdesk.store.patterns import containing
from asterisk_hotdesk.store.users import COLUMNS, user_of


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user, and where that user sits."""

    extension: str
    name: str
    allowed: bool
    device: str | None
    """None: nowhere."""


async def like(tx: Tx, account: str, text: str, most: int) -> list[Person]:
    """Return *most* users of *account* whose extension or name has *text* in it.

    Those come first whose extension begins with it.
    """
    async with tx.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(
            """
            SELECT extension, users.name, allowed, devices.name AS device
            FROM users
            LEFT JOIN logins ON logins.user_id = users.id AND until IS NULL
            LEFT JOIN devices ON devices.id = device_id
            WHERE users.account = %(account)s
              AND (extension LIKE %(pattern)s OR users.name ILIKE %(pattern)s)
            ORDER BY NOT starts_with(extension, %(text)s), length(extension), extension
            LIMIT %(most)s
            """,
            {
                "account": account,
                "text": text,
                "pattern": containing(text),
                "most": most,
            },
        )
        return await cursor.fetchall()


class Filter(StrEnum):
    """Which users are listed; part of URLs, so never rename one."""

    ALL = "all"
    SITTING = "sitting"
    """Those who are logged in somewhere."""
    ALLOWED = "allowed"
    DENIED = "denied"


class Order(StrEnum):
    """By what users are sorted; part of URLs, so never rename one."""

    EXTENSION = "extension"
    NAME = "name"
    DEVICE = "device"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody wants to see of the users."""

    only: Filter = Filter.ALL
    text: str = ""
    """Part of an extension, a name, or the device where somebody sits."""
    order: Order = Order.EXTENSION
    descending: bool = False
    page: int = 1
    per_page: int = 50


@dataclass(frozen=True)
class Listed:
    """A page of users with the devices where they sit, and how many there are."""

    people: list[tuple[User, str | None]]
    counts: dict[Filter, int]
    """By filter, of those that have the text."""
    page: int


_PEOPLE = """
    FROM users
    LEFT JOIN logins ON logins.user_id = users.id AND until IS NULL
    LEFT JOIN devices ON devices.id = device_id
"""

_CONDITIONS = {
    Filter.ALL: "true",
    Filter.SITTING: "logins.id IS NOT NULL",
    Filter.ALLOWED: "allowed",
    Filter.DENIED: "NOT allowed",
}

_HAS_TEXT = """
    (%(text)s = '' OR extension LIKE %(pattern)s OR users.name ILIKE %(pattern)s
     OR devices.name ILIKE %(pattern)s)
"""

_ORDERS = {
    Order.EXTENSION: ("length(extension)", "extension"),
    Order.NAME: ("lower(users.name)",),
    Order.DEVICE: ("devices.name",),
}


async def listed(tx: Tx, wanted: Wanted) -> Listed:
    """Return the page that is *wanted*, or the last one where there are fewer."""
    counts = await _counted(tx, wanted.text)
    page = min(wanted.page, max(1, -(-counts[wanted.only] // wanted.per_page)))
    direction = "DESC" if wanted.descending else "ASC"
    order = ", ".join(f"{by} {direction} NULLS LAST" for by in _ORDERS[wanted.order])
    rows = await tx.execute(
        f"""
        SELECT {COLUMNS}, devices.name AS device {_PEOPLE}
        WHERE {_CONDITIONS[wanted.only]} AND {_HAS_TEXT}
        ORDER BY {order}, users.account, length(extension), extension
        LIMIT %(limit)s OFFSET %(offset)s
        """,
        _named(wanted.text)
        | {"limit": wanted.per_page, "offset": (page - 1) * wanted.per_page},
    )
    people = [(user_of(row), row["device"]) for row in await rows.fetchall()]
    return Listed(people, counts, page)


async def found(tx: Tx, wanted: Wanted) -> list[tuple[str, str]]:
    """Return account and extension of all that are *wanted*, on whatever page."""
    rows = await tx.execute(
        f"""
        SELECT users.account, extension {_PEOPLE}
        WHERE {_CONDITIONS[wanted.only]} AND {_HAS_TEXT} ORDER BY users.id
        """,
        _named(wanted.text),
    )
    return [(row["account"], row["extension"]) for row in await rows.fetchall()]


async def _counted(tx: Tx, text: str) -> dict[Filter, int]:
    columns = ", ".join(
        f'count(*) FILTER (WHERE {condition}) AS "{which}"'
        for which, condition in _CONDITIONS.items()
    )
    rows = await tx.execute(
        f"SELECT {columns} {_PEOPLE} WHERE {_HAS_TEXT}",
        _named(text),
    )
    row = await rows.fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return {which: row[which] for which in Filter}


def _named(text: str) -> dict[str, object]:
    return {"text": text, "pattern": containing(text)}
