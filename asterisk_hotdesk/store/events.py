"""What happened, for administrators, and the bell that wakes the daemon."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, fields
from datetime import datetime

from psycopg import Notify
from psycopg.types.json import Jsonb

from asterisk_hotdesk.model import Change
from asterisk_hotdesk.store.database import Database, Tx
from asterisk_hotdesk.store.listening import CHANGES, RECORDS, is_on, listening

_MOST_NAMED = 50


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of the history."""

    at: datetime
    what: str
    """login, logout, refused, unlocked, pin_set, user_added, device_removed …"""
    code: str = ""
    account: str = ""
    extension: str = ""
    name: str = ""
    """Of the user, as it was then."""
    device: str = ""
    by: str = ""
    """Through which way in: phone, command … (`model.Source`)."""
    actor: str = ""
    """Which administrator, AMI user or rule; empty: whoever was at the phone."""
    address: str = ""
    """The IP address that the request came from, where there is one."""


async def record(tx: Tx, *happened: Event) -> None:
    """Keep what *happened*."""
    await tx.execute(f"WITH {_RECORDED} SELECT {_RUNG}", [_rows(happened)])


async def is_known(tx: Tx, event: Event, since: datetime) -> bool:
    """Return whether the same as *event* was recorded after *since*."""
    rows = await tx.execute(
        """
        SELECT 1 FROM events WHERE at > %(since)s AND what = %(what)s
            AND code = %(code)s AND account = %(account)s AND extension = %(extension)s
            AND device = %(device)s AND actor = %(actor)s AND address = %(address)s
        LIMIT 1
        """,
        {**vars(event), "since": since},
    )
    return await rows.fetchone() is not None


async def announce(tx: Tx, change: Change, origin: str) -> None:
    """Tell every daemon, once this transaction commits, that *change* happened.

    A change that touches very many says only that there is much to do: NOTIFY carries
    less than 8,000 bytes.
    """
    await tx.execute(f"SELECT {_NOTIFIED}", [_notice(change, origin)])


async def record_and_announce(
    tx: Tx, happened: Sequence[Event], change: Change, origin: str
) -> None:
    """Do what `record` and `announce` do, in one statement."""
    await tx.execute(
        f"WITH {_RECORDED} SELECT {_NOTIFIED}",
        [_rows(happened), _notice(change, origin)],
    )


EVENT_COLUMNS = ", ".join(field.name for field in fields(Event))

_RECORDED = f"""
    recorded AS (
        INSERT INTO events ({EVENT_COLUMNS}) SELECT {EVENT_COLUMNS}
        FROM jsonb_populate_recordset(NULL::events, %s))
"""  # noqa: S608

_RUNG = f"pg_notify('{RECORDS}:' || current_schema(), '')"

_NOTIFIED = f"pg_notify('{CHANGES}:' || current_schema(), %s)"


def _rows(happened: Sequence[Event]) -> Jsonb:
    return Jsonb([vars(event) | {"at": event.at.isoformat()} for event in happened])


def _notice(change: Change, origin: str) -> str:
    named = {"devices": sorted(change.devices), "users": sorted(change.users)}
    too_many = len(change.devices) + len(change.users) > _MOST_NAMED
    content = {"origin": origin, "directory": change.directory}
    content |= {"all": True} if too_many else named
    return json.dumps(content)


@asynccontextmanager
async def announcements(
    database: Database, own_origin: str, ring: Callable[[], None] = lambda: None
) -> AsyncIterator[AsyncIterator[Change | None]]:
    """Yield the changes that others than *own_origin* announce, from now on.

    None stands for a change too large to name: catch up with everything.  *ring* is
    called whenever anything was recorded or announced, by whomever.  Raises
    `Unavailable` when the connection is lost; what was announced meanwhile is lost
    too, so whoever reconnects catches up.
    """
    async with (
        listening(database, CHANGES, RECORDS) as notices,
        aclosing(_changes(notices, own_origin, ring)) as changes,
    ):
        yield changes


async def _changes(
    notices: AsyncIterator[Notify], own_origin: str, ring: Callable[[], None]
) -> AsyncGenerator[Change | None, None]:
    async for notice in notices:
        ring()
        if not is_on(notice, CHANGES):
            continue
        content = json.loads(notice.payload)
        if content["origin"] == own_origin:
            continue
        if "all" in content:
            yield None
        else:
            yield Change(
                devices=frozenset(content["devices"]),
                users=frozenset(content["users"]),
                directory=content["directory"],
            )
