"""The list of desks in a real browser: found while typing, filtered, and only text."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.desk_list import count, devices, look_live, row, shows
from tests.browser.office import DESKS, WebOffice

PER_PAGE = 50


async def test_typing_finds_desks_at_once(
    office: WebOffice, open_window: OpenWindow
) -> None:
    await office.log_in("102", "HD0044")
    page = (await open_window()).page
    await page.goto("/desks")
    await expect(devices(page)).to_have_count(PER_PAGE)
    search = page.get_by_role("searchbox")
    await search.press_sequentially("çiğdem")
    await shows(page, "HD0044")
    await expect(search).to_be_focused()
    await search.fill("nobody is called so")
    await expect(page.get_by_text("No desk is like that.")).to_be_visible()
    await search.fill("")
    await expect(devices(page)).to_have_count(PER_PAGE)


async def test_what_was_searched_for_is_there_after_reloading(
    office: WebOffice, open_window: OpenWindow
) -> None:
    page = (await open_window()).page
    await page.goto("/desks")
    await page.get_by_role("searchbox").press_sequentially("HD0044")
    await shows(page, "HD0044")
    await page.reload()
    await shows(page, "HD0044")
    await expect(page.get_by_role("searchbox")).to_have_value("HD0044")


async def test_without_scripts_everything_is_found_too(
    office: WebOffice, open_window: OpenWindow
) -> None:
    await office.log_in("100", "HD0044")
    page = (await open_window(scripts=False)).page
    await page.goto("/desks")
    await expect(count(page, "Idle")).to_contain_text(str(DESKS - 1))
    await count(page, "In use").click()
    await shows(page, "HD0044")
    await page.get_by_role("searchbox").fill("bob")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_text("No desk is like that.")).to_be_visible()


async def test_names_are_text_also_in_what_is_changed_later(
    office: WebOffice, open_window: OpenWindow
) -> None:
    name = "<img src=x onerror=alert(1)>\"'&amp;{{ 7*7 }}"
    await office.change("UPDATE users SET name = %s WHERE extension = '140'", name)
    page = (await open_window()).page
    await look_live(page)
    await office.log_in("140", "HD0003")
    await expect(row(page, "HD0003")).to_contain_text(name)
    await row(page, "HD0003").get_by_role("link", name="Log <img").click()
    await expect(page.get_by_role("dialog")).to_contain_text(name)
    await page.reload()
    await expect(row(page, "HD0003")).to_contain_text(name)
