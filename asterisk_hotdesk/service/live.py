"""What the metrics say of the running service."""

from __future__ import annotations

from collections.abc import Sequence

from asterisk_hotdesk.metrics import Live
from asterisk_hotdesk.outages import Link
from asterisk_hotdesk.pbx.ami import Ami
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.webhooks import Webhooks


def live(
    ami: Sequence[Ami],
    ari: Link,
    database: Link,
    refresher: Refresher,
    webhooks: Webhooks,
) -> Live:
    """Return how we are connected, what waits, and how the webhooks fare."""
    links = {
        "ami": [connection.connected for connection in ami],
        "ari": [ari],
        "database": [database],
    }
    return Live(
        connected={to: all(link.is_set() for link in links[to]) for to in links},
        reconnects={to: sum(link.reconnects for link in links[to]) for to in links},
        queues={
            "refresh": refresher.waiting(),
            "ami_events": sum(c.events.qsize() for c in ami if c.events is not None),
        },
        webhook_results=webhooks.results(),
    )
