"""On a phone's browser everything is there, and nothing has to be pushed sideways."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from asterisk_hotdesk.model import Role
from tests.browser.conftest import OpenWindow
from tests.browser.desk_list import row
from tests.browser.office import WebOffice
from tests.browser.pages import pages_for

PHONE = 360

HIDDEN_SIDEWAYS = """() => {
    const page = document.documentElement
    return page.scrollWidth - page.clientWidth
}"""

TOO_SMALL = """() => [...document.querySelectorAll("a, button, input, select")]
    .filter(element => element.offsetParent && !element.closest("p, .unseen"))
    .map(element => [element.getBoundingClientRect(), element])
    .filter(([box]) => box.width > 1 && (box.width < 24 || box.height < 24))
    .map(([, element]) => element.outerHTML.slice(0, 120))"""
"""Source: WCAG 2.2, 2.5.8 target size."""


@pytest.mark.parametrize("language", ["en", "de"])
async def test_every_page_fits(
    office: WebOffice, open_window: OpenWindow, language: str
) -> None:
    await office.show_all_states()
    for role in (None, Role.ADMIN):
        page = (await open_window(role, width=PHONE, language=language)).page
        for path in pages_for(role):
            await page.goto(path)
            assert await page.evaluate(HIDDEN_SIDEWAYS) == 0, path
            assert await page.evaluate(TOO_SMALL) == [], path


async def test_a_desk_can_be_given_back(
    office: WebOffice, open_window: OpenWindow
) -> None:
    await office.log_in("102", "HD0001")
    page = (await open_window(width=PHONE)).page
    await page.goto("/desks")
    desk = row(page, "HD0001")
    for words in ("Çiğdem Öz (102)", "Floor 1", "pending", "waiting"):
        await expect(desk.get_by_text(words)).to_be_visible()
    await desk.get_by_role("link", name="Log Çiğdem Öz (102) out").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Log out", exact=True).click()
    await expect(page.get_by_text("Çiğdem Öz (102) is logged out")).to_be_visible()
    assert await office.sitting() == {}
