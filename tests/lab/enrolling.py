"""Enrol the lab's devices as their phones would: a first fetch gives the steady URL."""

from __future__ import annotations

import asyncio
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asterisk_hotdesk.config import load
from asterisk_hotdesk.model import Device
from asterisk_hotdesk.store import devices, open_database, phones
from asterisk_hotdesk.tokens import new_token, token_hash


def steady_urls(config_file: Path, dsn: str, *only: str) -> dict[str, str]:
    """Return where phones fetch from now on, by device name: all, or *only* those."""
    config = load(config_file, {})
    base = config.provisioning.base_url
    tokens = asyncio.run(_bootstrap_tokens(dsn, config.database.schema_name, only))
    return {
        device.name: _steady(f"{base}/p/{token}/{device.mac}.xml")
        for device, token in tokens
    }


async def _bootstrap_tokens(
    dsn: str, schema: str, only: Sequence[str]
) -> list[tuple[Device, str]]:
    now = datetime.now(UTC)
    async with open_database(dsn, schema) as database, database.transaction() as tx:
        known = [d for d in await devices.everything(tx) if d.mac]
        found = [(d, new_token()) for d in known if not only or d.name in only]
        ids = [device.id for device, _ in found]
        await phones.open_enrolment(tx, ids, now + timedelta(hours=1), 1)
        for device, token in found:
            await phones.add_token(tx, device, token_hash(token), "bootstrap", now)
    return found


def _steady(bootstrap_url: str) -> str:
    with urllib.request.urlopen(bootstrap_url, timeout=10) as answer:  # noqa: S310
        settings = ET.fromstring(answer.read())  # noqa: S314 - our own server's
    found = settings.findtext(".//setting_server")
    assert found is not None
    return found
