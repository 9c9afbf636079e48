"""What the dashboard and the alerts in docs/ ask for is there in a real scrape."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from asterisk_hotdesk.store import Database
from tests.postgres.office import opened
from tests.postgres.scraping import Scraper, scraping

DOCS = Path(__file__).resolve().parents[2] / "docs"

ALERTS = yaml.safe_load((DOCS / "alerts.yml").read_text())
DASHBOARD = json.loads((DOCS / "grafana-dashboard.json").read_text())


@pytest.fixture
async def scraper(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scraper]:
    async with opened(database, monkeypatch) as office, scraping(office) as scraper:
        yield scraper


def rules() -> list[dict[str, Any]]:
    return [rule for group in ALERTS["groups"] for rule in group["rules"]]


def queries() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def asked(query: str) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Yield each metric in a query, and what it wants of labels."""
    for name, inside in re.findall(r"\b((?:hotdesk|process)_\w+)(?:{(.*?)})?", query):
        yield name, re.findall(r'(\w+)(=~?)"([^"]*)"', inside)


async def test_everything_that_is_asked_for_exists(scraper: Scraper) -> None:
    there = await scraper.series()

    missing = {
        f"{name} {label}{how}{wanted}"
        for query in queries()
        for name, labels in asked(query)
        for label, how, wanted in labels or [("", "=", "")]
        for value in (wanted.split("|") if how == "=~" else [wanted])
        if not any(
            name == series and (label in ("", "job") or found.get(label) == value)
            for series, found in there
        )
    }

    assert missing == set()


def test_every_alert_says_how_bad_it_is_and_what_it_means() -> None:
    for rule in rules():
        assert rule["alert"].startswith("Hotdesk")
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]


def test_no_two_panels_cover_each_other() -> None:
    places = [
        (x, y)
        for at in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]

    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24
