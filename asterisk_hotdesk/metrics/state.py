"""How things are at the moment when Prometheus asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from asterisk_hotdesk.metrics.locks import KINDS
from asterisk_hotdesk.store.gauges import Totals
from asterisk_hotdesk.store.webhooks import WebhookState


@dataclass(frozen=True, kw_only=True)
class Live:
    """What only the running service knows."""

    connected: Mapping[str, bool]
    """Whether each neighbour is reached: ami, ari, database."""
    reconnects: Mapping[str, int]
    """How often each was reached again."""
    queues: Mapping[str, int]
    """How much waits in each queue."""
    webhook_results: Mapping[tuple[str, str], int]
    """By webhook, and delivered, failed or given_up."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the database knows."""

    totals: Totals
    locked: Counter[str]
    webhooks: Sequence[WebhookState]


class State(Collector):
    """Gives Prometheus what it was last given."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.live: Live | None = None
        self.stored: Stored | None = None
        """None while the database cannot be asked: better no figures than old ones."""
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        if self.live:
            yield from _live(self.live)
        if self.stored:
            yield from _stored(self.stored)


def _live(live: Live) -> Iterator[Metric]:
    yield _gauge(
        "connected",
        "Whether a neighbour is reached.",
        "to",
        ((name, int(there)) for name, there in live.connected.items()),
    )
    yield _counter(
        "reconnects",
        "Times that a neighbour was reached again after it was lost.",
        ["to"],
        (((name,), count) for name, count in live.reconnects.items()),
    )
    yield _gauge(
        "queue_length",
        "What waits: phones that have yet to fetch (refresh), AMI events to be read.",
        "queue",
        live.queues.items(),
    )
    yield _counter(
        "webhook_deliveries",
        "Attempts to deliver an event (delivered, failed), and events given up.",
        ["webhook", "result"],
        live.webhook_results.items(),
    )


def _stored(stored: Stored) -> Iterator[Metric]:
    totals = stored.totals
    yield _gauge(
        "devices",
        "Devices: somebody is logged in, nobody is, or they are disabled.",
        "state",
        totals.devices.items(),
    )
    yield _gauge(
        "phones",
        "Phones of devices, as Asterisk sees them.",
        "state",
        totals.phones.items(),
    )
    yield _single(
        "stale_phones",
        "Phones that have not fetched since a switch, for too long.",
        totals.stale_phones,
    )
    yield _single(
        "emergency_calls_active", "Emergency calls that are on.", totals.emergency_calls
    )
    yield _gauge(
        "pin_lockouts",
        "What is locked after wrong PINs: users, devices, or all logins (total).",
        "of",
        ((kind, stored.locked[kind]) for kind in KINDS),
    )
    yield _gauge(
        "webhook_waiting_events",
        "Events that a webhook has not dealt with yet, also those it does not want.",
        "webhook",
        ((hook.name, hook.waiting) for hook in stored.webhooks),
    )
    yield _gauge(
        "webhook_failures",
        "Failed attempts of a webhook since its last delivery.",
        "webhook",
        ((hook.name, hook.failures) for hook in stored.webhooks),
    )


def _single(name: str, says: str, value: int) -> Metric:
    return GaugeMetricFamily(f"hotdesk_{name}", says, value=value)


def _gauge(
    name: str, says: str, label: str, values: Iterable[tuple[str, int]]
) -> Metric:
    family = GaugeMetricFamily(f"hotdesk_{name}", says, labels=[label])
    for which, value in values:
        family.add_metric([which], value)
    return family


def _counter(
    name: str,
    says: str,
    labels: Sequence[str],
    values: Iterable[tuple[tuple[str, ...], int]],
) -> Metric:
    family = CounterMetricFamily(f"hotdesk_{name}", says, labels=labels)
    for which, value in values:
        family.add_metric(which, value)
    return family
