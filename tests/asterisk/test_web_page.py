"""What telephones do is seen on the web page, and what is done there by telephones."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.asterisk.conftest import Office
from tests.browser.chromium import launched
from tests.browser.desk_list import look_live, row
from tests.browser.window import Window

FETCHED = re.compile("confirmed|restarts")
"""A phone that was plugged in just after a switch looks like one that restarted."""


@pytest.fixture
async def page(office: Office) -> AsyncIterator[Page]:
    """Yield the list of desks, which hears of changes, for an administrator."""
    async with launched() as browser:
        window = await Window.opened(browser, office.facts["web"])
        await window.log_in(**office.facts["web_admin"])
        await look_live(window.page)
        yield window.page
        assert window.troubles == []


async def test_a_login_by_phone_is_seen_step_by_step(
    office: Office, page: Page
) -> None:
    desk = await office.desk("HD0001")
    await expect(row(page, "HD0001")).to_contain_text("registered")
    await office.log_in(desk, "100")
    for words in ("Alice (100)", "in force", FETCHED):
        await expect(row(page, "HD0001")).to_contain_text(words)


async def test_a_login_from_afar_is_seen_on_the_phone(
    office: Office, page: Page
) -> None:
    desk = await office.desk("HD0001")
    await row(page, "HD0001").get_by_role("link", name="Log somebody in").click()
    await page.get_by_role("link", name="Alice (100)").click()
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page.get_by_text("Alice (100) is logged in")).to_be_visible()
    await desk.shows("Alice")
    await expect(row(page, "HD0001")).to_contain_text(FETCHED)
    await row(page, "HD0001").get_by_role("link", name="Log Alice (100) out").click()
    question = page.get_by_role("dialog")
    await question.get_by_role("button", name="Log out", exact=True).click()
    await expect(page.get_by_text("Alice (100) is logged out")).to_be_visible()
    await desk.shows("HD0001")
    assert office.sitting() == {}
