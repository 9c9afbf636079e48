"""Prometheus, as far as a test needs it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from asterisk_hotdesk.metrics import Live, Metrics
from asterisk_hotdesk.web import listening
from tests.postgres.office import Office

LIVE = Live(
    connected={"ami": True, "ari": False, "database": True},
    reconnects={"ami": 3, "ari": 0, "database": 0},
    queues={"refresh": 7, "ami_events": 0},
    webhook_results={
        ("booking", "delivered"): 5,
        ("booking", "failed"): 2,
        ("booking", "given_up"): 0,
    },
)


class Scraper:
    """Prometheus, with our metrics at a port of their own."""

    def __init__(self, office: Office, metrics: Metrics, url: str) -> None:
        self.office = office
        self.metrics = metrics
        self._url = url

    async def text(self, accept: str = "") -> tuple[str, str]:
        """Return what is answered, and its content type."""
        async with (
            aiohttp.ClientSession(headers={"Accept": accept}) as http,
            http.get(self._url) as response,
        ):
            assert response.status == 200
            return await response.text(), response.headers["Content-Type"]

    async def scrape(self) -> dict[str, float]:
        """Return every sample, by its name and labels, as Prometheus would read it."""
        return {
            " ".join([sample.name, *_sorted(sample.labels)]): sample.value
            for sample in await self._samples()
        }

    async def series(self) -> list[tuple[str, dict[str, str]]]:
        """Return the name and the labels of every series."""
        return [(sample.name, sample.labels) for sample in await self._samples()]

    async def _samples(self) -> list[Sample]:
        await self.metrics.count()
        text, _ = await self.text()
        families = text_string_to_metric_families(text)
        return [sample for family in families for sample in family.samples]


@asynccontextmanager
async def scraping(office: Office) -> AsyncIterator[Scraper]:
    """Yield what scrapes the metrics of *office*."""
    metrics = Metrics(
        office.database,
        office.desks.limits,
        ["booking"],
        lambda: LIVE,
        lambda: office.now,
    )
    async with listening(metrics.app(), "127.0.0.1", 0) as port:
        yield Scraper(office, metrics, f"http://127.0.0.1:{port}/metrics")


def _sorted(labels: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in sorted(labels.items())]
