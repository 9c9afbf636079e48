"""Asterisk brings a page to a phone as it was written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from asterisk_hotdesk.pbx.ami import Ami
from asterisk_hotdesk.pbx.routes import Routes
from asterisk_hotdesk.phones.pages import as_xml, logged_in_as, pushed_to
from tests.asterisk.conftest import Office
from tests.unit.test_phones import ALICE

NAMES = [
    "Alice",
    'Öz, "Çiğdem" \\ (100) [x] {y}',
    "${SHELL(touch /tmp/x)} ${EXTEN} $[1+1] %s %n",
    "a;b;c=d&e<f>'g' 🦊",
    "\\,\\\\,\"\",''",
    "&🦊" * 100,
]


@pytest.fixture
async def routes(office: Office) -> AsyncIterator[Routes]:
    """Yield what the service sends NOTIFYs with, connected to Asterisk."""
    ami = Ami(**office.facts["ami"], with_events=False)
    running = asyncio.create_task(ami.run())
    await asyncio.wait_for(ami.connected.wait(), 10)
    yield Routes(ami, ami)
    running.cancel()
    await asyncio.wait([running])


@pytest.mark.parametrize("vendor", ["snom", "yealink"])
async def test_a_page_arrives_as_it_was_written(
    office: Office, routes: Routes, vendor: str
) -> None:
    phone = await office.phone("200")
    event, content_type = pushed_to(vendor)
    for name in NAMES:
        page = as_xml(logged_in_as(replace(ALICE, name=name), "en"), vendor)

        await routes.show("200", event, content_type, page)

        notification = await phone.notified(event.lower())
        assert notification.request.header("Content-Type") == content_type
        assert notification.body.decode().splitlines() == page.splitlines()
