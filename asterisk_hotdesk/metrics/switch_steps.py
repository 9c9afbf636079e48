"""How long the steps of switches take, read from the times that the database keeps.

Looking there, now and then, costs a login nothing.
"""

from __future__ import annotations

from datetime import datetime

from prometheus_client import CollectorRegistry, Histogram

from asterisk_hotdesk.store import Tx, gauges
from asterisk_hotdesk.store.gauges import SwitchTimes

LATE = 1000
"""Numbers are drawn before they are committed: a lower one may come so much later."""

BUCKETS = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0),
)
"""Seconds: the PBX takes milliseconds, phones seconds, and those in a call longer."""


class SwitchSteps:
    """Observes each step of each switch once, of those decided since we began."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "hotdesk_switch_step_seconds",
            "From the decision until a switch was routed, refreshed and confirmed.",
            ["step"],
            buckets=BUCKETS,
            registry=registry,
        )
        for step in ("routed", "refreshed", "confirmed"):
            self._seconds.labels(step)
        self._after: int | None = None
        self._watched: dict[int, set[str]] = {}
        """The steps that were observed, of switches that have others to come.

        At most one for each device: a later switch makes an earlier one obsolete.
        """
        self._complete: set[int] = set()
        """Those after `_after` of which nothing is to come."""

    async def look(self, tx: Tx) -> None:
        """Observe what was done since the last look."""
        if self._after is None:
            self._after = await gauges.newest_switch(tx)
        found = await gauges.switch_times(tx, self._after, list(self._watched))
        for switch in found:
            if switch.generation not in self._complete:
                self._observe(switch)
        there = {switch.generation for switch in found}
        # A removed device takes its switches along.
        self._watched = {n: done for n, done in self._watched.items() if n in there}
        self._after = max(self._after, max(there, default=0) - LATE)
        self._complete = {n for n in self._complete if n > self._after}

    def _observe(self, switch: SwitchTimes) -> None:
        observed = self._watched.setdefault(switch.generation, set())
        for step, at in _steps(switch).items():
            if at is not None and step not in observed:
                observed.add(step)
                seconds = (at - switch.decided_at).total_seconds()
                self._seconds.labels(step).observe(max(seconds, 0.0))
        # A phone that fetches by itself is never told to.
        if observed >= {"routed", "confirmed"} or not switch.last:
            del self._watched[switch.generation]
            self._complete.add(switch.generation)


def _steps(switch: SwitchTimes) -> dict[str, datetime | None]:
    return {
        "routed": switch.routed_at,
        "refreshed": switch.refreshed_at,
        "confirmed": switch.confirmed_at,
    }
