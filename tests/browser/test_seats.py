"""Logging people in and out from afar: asked first, told afterwards."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from asterisk_hotdesk.model import Role
from tests.browser.conftest import OpenWindow
from tests.browser.desk_list import look_live, row
from tests.browser.office import WebOffice

scripts_or_not = pytest.mark.parametrize(
    "scripts", [True, False], ids=["scripts", "no scripts"]
)


async def ask_to_log_out(page: Page, device: str) -> None:
    """Click on what asks whether to log somebody out."""
    await row(page, device).get_by_role("link", name=re.compile("^Log .* out")).click()


async def ask_to_log_in(page: Page, device: str) -> None:
    """Click on what asks whom to log in."""
    await (
        row(page, device).get_by_role("link", name=re.compile("^Log somebody")).click()
    )


@scripts_or_not
async def test_logging_somebody_out(
    office: WebOffice, open_window: OpenWindow, scripts: bool
) -> None:
    await office.log_in("100", "HD0001")
    page = (await open_window(scripts=scripts)).page
    await page.goto("/desks?only=used")
    await ask_to_log_out(page, "HD0001")
    await expect(
        page.get_by_role("heading", name="Log Alice (100) out?")
    ).to_be_visible()
    await page.get_by_role("button", name="Log out", exact=True).last.click()
    await expect(
        page.get_by_text("Alice (100) is logged out at HD0001.")
    ).to_be_visible()
    assert await office.sitting() == {}


@scripts_or_not
async def test_cancelling_changes_nothing(
    office: WebOffice, open_window: OpenWindow, scripts: bool
) -> None:
    await office.log_in("100", "HD0001")
    page = (await open_window(scripts=scripts)).page
    await page.goto("/desks")
    await ask_to_log_out(page, "HD0001")
    await page.get_by_text("Cancel").click()
    await expect(row(page, "HD0001")).to_contain_text("Alice")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert await office.sitting() == {"HD0001": "100"}


@scripts_or_not
async def test_logging_somebody_in(
    office: WebOffice, open_window: OpenWindow, scripts: bool
) -> None:
    await office.log_in("100", "HD0001")
    page = (await open_window(scripts=scripts)).page
    await page.goto("/desks")
    await ask_to_log_in(page, "HD0001")
    person = page.get_by_role("searchbox", name="Extension or name")
    await person.fill("dora")
    await person.press("Enter")
    await page.get_by_role("link", name="Dora (103)").click()
    await expect(page.get_by_text("Alice (100) sits there now")).to_be_visible()
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page.get_by_text("Dora (103) is logged in at HD0001.")).to_be_visible()
    await expect(row(page, "HD0001")).to_contain_text("Dora (103)")
    assert await office.sitting() == {"HD0001": "103"}


async def test_an_open_question_tells_that_things_have_changed(
    office: WebOffice, open_window: OpenWindow
) -> None:
    await office.log_in("100", "HD0001")
    window = await open_window()
    window.expects("status of 409")
    page = window.page
    await look_live(page)
    await ask_to_log_out(page, "HD0001")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await office.log_in("101", "HD0001")
    await dialog.get_by_role("button", name="Log out", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Bob (101) sits at HD0001")
    assert await office.sitting() == {"HD0001": "101"}


async def test_a_viewer_looks_and_changes_nothing(
    office: WebOffice, open_window: OpenWindow
) -> None:
    await office.log_in("100", "HD0001")
    window = await open_window(Role.VIEWER)
    window.expects("status of 403")
    page = window.page
    await page.goto("/desks")
    await expect(row(page, "HD0001")).to_contain_text("Alice (100)")
    await expect(
        row(page, "HD0001").get_by_role("link", name=re.compile("Log"))
    ).to_have_count(0)
    await page.goto("/desks/HD0001/logout")
    await expect(page.get_by_text("Your role does not allow this.")).to_be_visible()
