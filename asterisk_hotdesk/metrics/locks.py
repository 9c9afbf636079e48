"""How many users and devices are locked after wrong PINs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from asterisk_hotdesk import rules
from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.errors import LockedOut
from asterisk_hotdesk.model import Failures
from asterisk_hotdesk.store import Tx, gauges

KINDS = ("user", "device", "total")
"""What is locked: extensions, also such that nobody has; devices; or everybody."""


async def locked(tx: Tx, limits: PinsConfig, now: datetime) -> Counter[str]:
    """Return how many of each of `KINDS` are locked."""
    suspects = await gauges.wrong_pins(
        tx,
        at_least=min(_limits(limits).values()),
        since=now - timedelta(seconds=limits.longest_lock_seconds),
        or_at_least=limits.hard_lock_failures,
    )
    return count_locked(suspects, limits, now)


def count_locked(
    suspects: Mapping[str, Failures], limits: PinsConfig, now: datetime
) -> Counter[str]:
    """Return how many of each of `KINDS` are locked, among *suspects*."""
    kinds = ((subject.partition(":")[0], one) for subject, one in suspects.items())
    return Counter(kind for kind, one in kinds if _is_locked(kind, one, limits, now))


def _is_locked(
    kind: str, failures: Failures, limits: PinsConfig, now: datetime
) -> bool:
    try:
        if kind == "user":
            rules.check_hard_lock(failures, limits.hard_lock_failures)
        until = rules.locked_until(
            failures,
            limit=_limits(limits)[kind],
            first_lock=timedelta(seconds=limits.first_lock_seconds),
            longest_lock=timedelta(seconds=limits.longest_lock_seconds),
        )
        rules.check_lock(until, now)
    except LockedOut:
        return True
    return False


def _limits(limits: PinsConfig) -> dict[str, int]:
    return {
        "user": limits.user_failures,
        "device": limits.device_failures,
        "total": limits.total_failures,
    }
