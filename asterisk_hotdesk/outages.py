"""Say that something is unreachable once a minute, not at every attempt."""

from __future__ import annotations

import logging
import time

from asterisk_hotdesk.errors import HotdeskError

REPEAT_SECONDS = 60.0


class Outage:
    """Logs the beginning, the duration and the end of one neighbour's outage."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        self._log = log
        self._what = what
        self._said_at: float | None = None

    def note(self, error: HotdeskError) -> None:
        """Say why, unless it was said within the last minute."""
        now = time.monotonic()
        if self._said_at is None or now - self._said_at >= REPEAT_SECONDS:
            self._said_at = now
            self._log.warning("%s; trying again", error)

    def over(self) -> None:
        """Say that it is back, if it was said to be gone."""
        if self._said_at is not None:
            self._log.warning("%s is back", self._what)
        self._said_at = None
