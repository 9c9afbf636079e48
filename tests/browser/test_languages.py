"""English and German: as the browser asks, or as the administrator has chosen."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from asterisk_hotdesk.model import Role
from tests.browser.conftest import OpenWindow
from tests.browser.desk_list import look_live, row
from tests.browser.office import WebOffice


@pytest.mark.parametrize("language", ["de", "de-CH", "de-AT"])
async def test_a_german_browser_gets_german(
    open_window: OpenWindow, language: str
) -> None:
    page = (await open_window(None, language=language)).page
    await page.goto("/login")
    await expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "de")


async def test_any_other_one_gets_english(open_window: OpenWindow) -> None:
    page = (await open_window(None, language="fr-FR")).page
    await page.goto("/login")
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_changes_come_in_the_language_of_the_page(
    office: WebOffice, open_window: OpenWindow
) -> None:
    german = (await open_window(language="de")).page
    english = (await open_window()).page
    for page in (german, english):
        await look_live(page)
    await office.log_in("100", "HD0001")
    await expect(row(german, "HD0001")).to_contain_text("ausstehend")
    await expect(row(english, "HD0001")).to_contain_text("pending")


async def test_an_administrator_chooses(
    office: WebOffice, open_window: OpenWindow
) -> None:
    page = (await open_window(Role.ADMIN)).page
    await page.goto("/account")
    await page.get_by_label("Language").select_option("Deutsch")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Ihr Zugang")).to_be_visible()
    await page.goto("/desks")
    await expect(page.get_by_role("heading", name="Plätze")).to_be_visible()
    await page.goto("/account")
    await page.get_by_label("Sprache").select_option("")
    await page.get_by_role("button", name="Speichern").click()
    await expect(page.get_by_role("heading", name="Your login")).to_be_visible()


async def test_german_pages_have_no_english_left(
    office: WebOffice, open_window: OpenWindow
) -> None:
    await office.log_in("100", "HD0001")
    page = (await open_window(language="de")).page
    for path in ("/desks", "/account", "/desks/HD0001/logout", "/desks/HD0001/login"):
        await page.goto(path)
        text = await page.locator("body").inner_text()
        assert not re.findall(r"\b(?:the|is|and|out|log|search|save)\b", text.lower())
