"""The list keeps itself current, and says when it cannot."""

from __future__ import annotations

import re

from playwright.async_api import Route, expect

from asterisk_hotdesk.model import Role
from tests.browser.conftest import OpenWindow
from tests.browser.desk_list import count, look_live, row, shows
from tests.browser.office import WebOffice

LOST = ("ERR_", "EventSource")
"""What the browser itself says about a connection that has broken."""


async def test_a_login_elsewhere_is_seen_by_all(
    office: WebOffice, open_window: OpenWindow
) -> None:
    pages = [(await open_window(role)).page for role in (Role.VIEWER, Role.ADMIN)]
    for page in pages:
        await look_live(page)
    await office.log_in("100", "HD0001")
    for page in pages:
        await expect(row(page, "HD0001")).to_contain_text("Alice (100)")
        await expect(count(page, "In use")).to_contain_text("1")
    await office.log_in("100", "HD0002")
    for page in pages:
        await expect(row(page, "HD0001")).to_contain_text("nobody")
        await expect(row(page, "HD0002")).to_contain_text("Alice (100)")


async def test_what_happens_while_the_page_loads_is_not_missed(
    office: WebOffice, open_window: OpenWindow
) -> None:
    page, other = (await open_window()).page, (await open_window()).page
    await look_live(other)

    async def first_a_login(route: Route) -> None:
        await office.log_in("100", "HD0001")
        await expect(row(other, "HD0001")).to_contain_text("Alice (100)")
        await route.continue_()

    await page.route("**/live/desks*", first_a_login)
    await page.goto("/desks")
    await expect(row(page, "HD0001")).to_contain_text("Alice (100)")


async def test_a_screen_reader_is_told(
    office: WebOffice, open_window: OpenWindow
) -> None:
    page = (await open_window()).page
    await look_live(page)
    await office.log_in("102", "HD0003")
    # What changed before may be told in the same sentence.
    told = re.compile(r"HD0003: Çiğdem Öz \(102\)|desks have changed")
    await expect(page.locator("[aria-live=polite]")).to_have_text(told)


async def test_a_filtered_list_gains_and_loses_rows(
    office: WebOffice, open_window: OpenWindow
) -> None:
    await office.log_in("100", "HD0002")
    page = (await open_window()).page
    await look_live(page, "/desks?only=used")
    await shows(page, "HD0002")
    await office.log_in("101", "HD0001")
    await shows(page, "HD0001", "HD0002")
    await office.log_out("HD0002")
    await shows(page, "HD0001")


async def test_a_lost_connection_is_said_and_mended(
    office: WebOffice, open_window: OpenWindow
) -> None:
    window = await open_window()
    window.expects(*LOST)
    page = window.page
    await look_live(page)
    warning = page.get_by_text("Not connected")
    await expect(warning).to_be_hidden()
    await office.kill()
    await expect(warning).to_be_visible()
    await office.log_in("100", "HD0001")
    await office.start()
    await expect(warning).to_be_hidden()
    await expect(row(page, "HD0001")).to_contain_text("Alice (100)")
    await office.log_in("101", "HD0002")
    await expect(row(page, "HD0002")).to_contain_text("Bob (101)")


async def test_where_i_am_in_the_list_stays(
    office: WebOffice, open_window: OpenWindow
) -> None:
    """A change must not take the keyboard away from whoever is about to press Enter."""
    page = (await open_window()).page
    await look_live(page)
    button = row(page, "HD0001").locator("[data-action]").first
    await button.focus()
    await office.log_in("100", "HD0001")
    await expect(row(page, "HD0001")).to_contain_text("Alice (100)")
    await expect(button).to_be_focused()

    device = row(page, "HD0001").get_by_role("link", name="HD0001", exact=True)
    await device.focus()
    await office.log_in("101", "HD0001")
    await expect(row(page, "HD0001")).to_contain_text("Bob (101)")
    await expect(device).to_be_focused()
