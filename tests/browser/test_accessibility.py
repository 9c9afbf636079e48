"""Every page stands the test of axe, by WCAG 2.2 AA and its own best practices."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from asterisk_hotdesk.model import Role
from tests.browser.conftest import OpenWindow
from tests.browser.office import WebOffice
from tests.browser.pages import pages_for
from tests.browser.window import Scheme


async def faults(page: Page) -> list[str]:
    """Return what axe finds: which rule, and where."""
    found: Any = await Axe().run(page)
    return [
        f"{fault['id']}: {node['target']} {node['html']}: {node['failureSummary']}"
        for fault in found.response["violations"]
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_is_for_everybody(
    office: WebOffice, open_window: OpenWindow, scheme: Scheme
) -> None:
    await office.show_all_states()
    for role in (None, Role.ADMIN):
        page = (await open_window(role, scheme=scheme)).page
        for path in pages_for(role):
            await page.goto(path)
            assert await faults(page) == [], path


async def test_a_question_is_for_everybody(
    office: WebOffice, open_window: OpenWindow
) -> None:
    await office.log_in("100", "HD0001")
    page = (await open_window()).page
    await page.goto("/desks?only=used")
    await page.get_by_role("link", name="Log Alice (100) out").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await faults(page) == []


async def test_a_phones_width_is_for_everybody(
    office: WebOffice, open_window: OpenWindow
) -> None:
    await office.show_all_states()
    page = (await open_window(width=360)).page
    await page.goto("/desks")
    assert await faults(page) == []
