"""Who sits where since when, as the rules see it that log people out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from asterisk_hotdesk.model import OwnLogoutRules
from asterisk_hotdesk.store.database import Database, Tx

MOST_AT_ONCE = 500

_OWN = [field.name for field in fields(OwnLogoutRules)]

# Whoever sits at the own desk stays there: nobody else is to find it idle.
_SITTING = """
    SELECT logins.id AS login, logins.device_id, logins.since, users.account,
           users.extension, devices.name AS device, devices.options,
           devices.switch_id AS generation,
           users.never_logout, users.logout_after_idle, users.logout_after,
           users.logout_at, device_status.in_call, device_status.last_call_at,
           EXISTS (SELECT FROM emergency_calls
                   WHERE emergency_calls.device_id = devices.id AND ended_at IS NULL)
               AS in_emergency_call
    FROM logins
    JOIN users ON users.id = logins.user_id
    JOIN devices ON devices.id = logins.device_id
    LEFT JOIN device_status ON device_status.device_id = devices.id
    WHERE until IS NULL
      AND NOT (base_user_returns AND base_user_id IS NOT DISTINCT FROM users.id)
"""


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """A login that is open, and what rules depend on."""

    login: int
    device_id: int
    account: str
    extension: str
    device: str
    generation: int
    """Of the login's switch."""
    since: datetime
    last_call_at: datetime | None
    """When a call there last began or ended, as far as we know."""
    in_call: bool | None
    """None: nobody knows."""
    in_emergency_call: bool
    of_user: OwnLogoutRules
    of_device: OwnLogoutRules
    timezone: str
    """Of the device; empty: as in the settings."""


async def everybody(
    database: Database, *, with_own_rules: bool
) -> AsyncIterator[Sitting]:
    """Yield who sits where, except base users at their own desks.

    *with_own_rules*: only where the user or the device has a rule of its own.  They are
    asked for a few at a time: nobody else has to wait for thousands.
    """
    after = 0
    while True:
        async with database.question() as tx:
            rows = await tx.execute(
                _SITTING
                + """
                AND logins.device_id > %(after)s
                AND (NOT %(with_own_rules)s
                     OR users.logout_after_idle || users.logout_after
                        || users.logout_at <> ''
                     OR devices.options
                        ?| '{logout_after_idle, logout_after, logout_at}'::text[])
                ORDER BY logins.device_id LIMIT %(most)s
                """,
                {
                    "after": after,
                    "with_own_rules": with_own_rules,
                    "most": MOST_AT_ONCE,
                },
            )
            found = [_sitting(row) for row in await rows.fetchall()]
        for sitting in found:
            yield sitting
        if len(found) < MOST_AT_ONCE:
            return
        after = found[-1].device_id


async def still(tx: Tx, login: int) -> Sitting | None:
    """Return what is known now of *login*; None: it has ended, or no rule ends it."""
    rows = await tx.execute(_SITTING + "AND logins.id = %s", [login])
    row = await rows.fetchone()
    return _sitting(row) if row else None


def _sitting(row: DictRow) -> Sitting:
    options = row.pop("options")
    of_user = _own({name: row.pop(name) for name in _OWN})
    return Sitting(
        **row,
        of_user=of_user,
        of_device=_own(options),
        timezone=options.get("timezone", ""),
    )


def _own(stored: Mapping[str, Any]) -> OwnLogoutRules:
    return OwnLogoutRules(**{name: stored[name] for name in _OWN if name in stored})
