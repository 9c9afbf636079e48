"""Times and durations as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo


def moment(time: datetime | None, zone: tzinfo | None) -> str:
    """Return *time* to the second, where the desks are (None: where we are)."""
    return f"{time.astimezone(zone):%Y-%m-%d %H:%M:%S}" if time else ""


def duration(taken: timedelta) -> str:
    """Return *taken* in the unit that suits it: 8 ms, 1.4 s, 3 min, 2 h or 5 d."""
    seconds = taken.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 86400:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} d"
