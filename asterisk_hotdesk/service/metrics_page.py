"""The metrics, served if the settings say so."""

from __future__ import annotations

from collections.abc import Sequence

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.metrics import Live, Metrics
from asterisk_hotdesk.outages import Link
from asterisk_hotdesk.pbx.ami import Ami
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.service.clock import now
from asterisk_hotdesk.service.serving import served
from asterisk_hotdesk.store import Database
from asterisk_hotdesk.webhooks import Webhooks


class MetricsPage:
    """Counts and answers on a port of its own, also while the PBX is away."""

    def __init__(
        self,
        config: Config,
        database: Database,
        *,
        ami: Sequence[Ami],
        ari: Link,
        postgres: Link,
        refresher: Refresher,
        webhooks: Webhooks,
    ) -> None:
        self._config = config
        self._database = database
        self._ami = ami
        self._links = {
            "ami": [connection.connected for connection in ami],
            "ari": [ari],
            "database": [postgres],
        }
        self._refresher = refresher
        self._webhooks = webhooks

    async def run(self) -> None:
        """Serve for ever; return at once where the settings do not want it."""
        settings = self._config.metrics
        if not settings.enabled:
            return
        hooks = list(self._config.webhooks)
        metrics = Metrics(self._database, self._config.pins, hooks, self._live, now)
        async with served(
            metrics.app(),
            settings.listen_host,
            settings.listen_port,
            setting="metrics.listen_port",
        ):
            await metrics.keep_counting()

    def _live(self) -> Live:
        queues = [ami.events for ami in self._ami if ami.events is not None]
        return Live(
            connected={
                to: all(link.is_set() for link in links)
                for to, links in self._links.items()
            },
            reconnects={
                to: sum(link.reconnects for link in links)
                for to, links in self._links.items()
            },
            queues={
                "refresh": self._refresher.waiting(),
                "ami_events": sum(queue.qsize() for queue in queues),
            },
            webhook_results=self._webhooks.results(),
        )
