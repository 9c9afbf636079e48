"""Wrong PINs, counted per extension, per device and in total."""

from __future__ import annotations

from datetime import datetime

from asterisk_hotdesk.model import Failures
from asterisk_hotdesk.store.database import Tx


async def failures(tx: Tx, *subjects: str) -> dict[str, Failures]:
    """Return what each of *subjects* has on its account; never missing one."""
    rows = await tx.execute(
        "SELECT subject, failures, last_failed_at FROM pin_attempts"
        " WHERE subject = ANY(%s)",
        [list(subjects)],
    )
    found = {
        row["subject"]: Failures(row["failures"], row["last_failed_at"])
        for row in await rows.fetchall()
    }
    return {subject: found.get(subject, Failures()) for subject in subjects}


async def count(
    tx: Tx, subject: str, now: datetime, *, forget_before: datetime | None
) -> None:
    """Add one failure; those before *forget_before* no longer count."""
    await tx.execute(
        """
        INSERT INTO pin_attempts AS known (subject, failures, last_failed_at)
        VALUES (%(subject)s, 1, %(now)s)
        ON CONFLICT (subject) DO UPDATE SET
            failures = CASE WHEN known.last_failed_at < %(forget)s THEN 1
                            ELSE known.failures + 1 END,
            last_failed_at = %(now)s
        """,
        {"subject": subject, "now": now, "forget": forget_before},
    )


async def forgive(tx: Tx, *subjects: str) -> int:
    """Forget the failures of *subjects* (all, if none is named); return how many."""
    deleted = await tx.execute(
        "DELETE FROM pin_attempts WHERE subject = ANY(%s) OR %s RETURNING subject",
        [list(subjects), not subjects],
    )
    return len(await deleted.fetchall())
