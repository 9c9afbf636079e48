"""`/metrics`: what Prometheus reads, at most one look into the database a second."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from aiohttp import web
from prometheus_client import (
    CollectorRegistry,
    Info,
    ProcessCollector,
    disable_created_metrics,
    exposition,
)
from prometheus_client.openmetrics import exposition as openmetrics

from asterisk_hotdesk import __version__
from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.metrics.counts import Counts
from asterisk_hotdesk.metrics.locks import locked
from asterisk_hotdesk.metrics.state import Live, State, Stored
from asterisk_hotdesk.metrics.switch_steps import SwitchSteps
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.store import Database, gauges, webhooks
from asterisk_hotdesk.store.feed import MOST_AT_ONCE, Reader
from asterisk_hotdesk.web.server import app_of

log = logging.getLogger(__name__)

COUNT_SECONDS = 5.0
"""How old the counters are at most: nobody who logs in waits for them."""

FRESH_SECONDS = 1.0
"""For so long the same answer is good enough for everybody."""

PATIENCE_SECONDS = 3.0
"""Prometheus waits ten; without the database, the rest is told."""

_OPENMETRICS = "application/openmetrics-text"


class Metrics:
    """Counts, looks, and answers."""

    def __init__(
        self,
        database: Database,
        limits: PinsConfig,
        webhook_names: Sequence[str],
        live: Callable[[], Live],
        now: Callable[[], datetime],
    ) -> None:
        """Process-wide, prometheus-client's extra `_created` series are turned off."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._database = database
        self._limits = limits
        self._webhook_names = webhook_names
        self._live = live
        self._now = now
        self._registry = CollectorRegistry()
        self._counts = Counts(self._registry)
        self._steps = SwitchSteps(self._registry)
        self._state = State(self._registry)
        ProcessCollector(registry=self._registry)
        Info("hotdesk_build", "Which release runs.", registry=self._registry).info(
            {"version": __version__}
        )
        # Counters begin anew with each start, so what happened before is not counted.
        self._reader = Reader(None)
        self._one_at_a_time = asyncio.Lock()
        self._looked_at: float | None = None

    def app(self) -> web.Application:
        """Return what answers."""
        return app_of(web.get("/metrics", self._serve))

    async def keep_counting(self) -> None:
        """Count, for ever."""
        outage = Outage(log, "what the metrics need")
        while True:
            try:
                more = await self.count()
            except HotdeskError as error:
                outage.note(error)
                more = False
            else:
                outage.over()
            if not more:
                await asyncio.sleep(COUNT_SECONDS)

    async def count(self) -> bool:
        """Count what is not counted yet; return whether there may be more."""
        async with self._database.transaction() as tx:
            read = await self._reader.unread(tx)
            await self._reader.done(tx, read)
            await self._steps.look(tx)
        self._counts.take(read)
        return len(read) == MOST_AT_ONCE

    async def _serve(self, request: web.Request) -> web.Response:
        async with self._one_at_a_time:
            if not self._is_fresh():
                await self._look()
                self._looked_at = time.monotonic()
        accepted = ",".join(request.headers.getall("Accept", []))
        if _OPENMETRICS in accepted:
            text = openmetrics.generate_latest(  # type: ignore[no-untyped-call]
                self._registry
            )
            content_type = openmetrics.CONTENT_TYPE_LATEST
        else:
            text = exposition.generate_latest(self._registry)
            content_type = exposition.CONTENT_TYPE_PLAIN_0_0_4
        return web.Response(body=text, headers={"Content-Type": content_type})

    def _is_fresh(self) -> bool:
        return (
            self._looked_at is not None
            and time.monotonic() - self._looked_at < FRESH_SECONDS
        )

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                self._state.stored = await self._ask()
        except (HotdeskError, TimeoutError):
            self._state.stored = None
        live = self._live()
        reached = {**live.connected, "database": self._state.stored is not None}
        self._state.live = replace(live, connected=reached)

    async def _ask(self) -> Stored:
        async with self._database.transaction() as tx:
            return Stored(
                totals=await gauges.totals(tx),
                locked=await locked(tx, self._limits, self._now()),
                webhooks=await webhooks.states(tx, self._webhook_names),
            )
