"""How each webhook fares: what was delivered, what failed, and how far it has come."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk.store.database import Tx

_READER = "webhook "
"""Before the name of a webhook it is the name of its reader of events."""


@dataclass(frozen=True, kw_only=True)
class WebhookState:
    """What became of the events that one webhook wants."""

    name: str
    delivered: int
    delivered_at: datetime | None
    failures: int
    """Attempts since the last delivery."""
    failed_at: datetime | None
    problem: str
    """Why the last attempt failed; empty: it did not."""
    given_up: int
    """Events that were too old before they could be delivered."""
    given_up_at: datetime | None
    waiting: int
    """Events that it has not looked at yet, also those that it does not want."""


def reader_of(name: str) -> str:
    """Return the name of the reader that keeps how far a webhook has come."""
    return f"{_READER}{name}"


async def note_delivered(tx: Tx, name: str, now: datetime) -> None:
    """Keep that an event was delivered."""
    await tx.execute(
        """
        INSERT INTO webhooks AS known (name, delivered, delivered_at)
        VALUES (%s, 1, %s)
        ON CONFLICT (name) DO UPDATE SET
            delivered = known.delivered + 1, delivered_at = excluded.delivered_at,
            failures = 0, problem = ''
        """,
        [name, now],
    )


async def note_failed(tx: Tx, name: str, problem: str, now: datetime) -> None:
    """Keep why an attempt failed."""
    await tx.execute(
        """
        INSERT INTO webhooks AS known (name, failures, failed_at, problem)
        VALUES (%s, 1, %s, %s)
        ON CONFLICT (name) DO UPDATE SET
            failures = known.failures + 1, failed_at = excluded.failed_at,
            problem = excluded.problem
        """,
        [name, now, problem],
    )


async def note_given_up(tx: Tx, name: str, now: datetime) -> None:
    """Keep that an event will not be delivered."""
    await tx.execute(
        """
        INSERT INTO webhooks AS known (name, given_up, given_up_at) VALUES (%s, 1, %s)
        ON CONFLICT (name) DO UPDATE SET
            given_up = known.given_up + 1, given_up_at = excluded.given_up_at
        """,
        [name, now],
    )


async def keep_only(tx: Tx, names: Collection[str]) -> None:
    """Forget the webhooks that are not among *names*: the settings lack them."""
    await tx.execute("DELETE FROM webhooks WHERE NOT (name = ANY(%s))", [list(names)])
    await tx.execute(
        """
        DELETE FROM event_readers
        WHERE starts_with(name, %s) AND NOT (name = ANY(%s))
        """,
        [_READER, [reader_of(name) for name in names]],
    )


async def states(tx: Tx, names: Collection[str]) -> list[WebhookState]:
    """Return how each of *names* fares, in their order, also one never used."""
    rows = await tx.execute(
        """
        SELECT wanted.name,
               coalesce(delivered, 0) AS delivered, delivered_at,
               coalesce(failures, 0) AS failures, failed_at,
               coalesce(problem, '') AS problem,
               coalesce(given_up, 0) AS given_up, given_up_at,
               coalesce((SELECT max(id) FROM events) - last_event, 0) AS waiting
        FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY
            AS wanted (name, reader, place)
        LEFT JOIN webhooks ON webhooks.name = wanted.name
        LEFT JOIN event_readers ON event_readers.name = wanted.reader
        ORDER BY place
        """,
        [list(names), [reader_of(name) for name in names]],
    )
    return [WebhookState(**row) for row in await rows.fetchall()]
