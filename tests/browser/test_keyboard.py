"""Everything can be done without a mouse."""

from __future__ import annotations

from playwright.async_api import Page, expect

from asterisk_hotdesk.model import Role
from tests.browser.conftest import OpenWindow
from tests.browser.desk_list import row
from tests.browser.office import WebOffice

LONGEST_WAY = 60


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called *name* has the focus; it can be seen there."""
    for _ in range(LONGEST_WAY):
        await page.keyboard.press("Tab")
        if name in await page.evaluate(FOCUSED):
            outline = await page.evaluate(
                "getComputedStyle(document.activeElement).outlineStyle"
            )
            assert outline != "none", f"nobody sees that {name} has the focus"
            return
    raise AssertionError(f"Tab does not lead to {name}")


FOCUSED = """() => {
    const here = document.activeElement
    if (here === document.body) return ""
    return here.getAttribute("aria-label") ?? here.innerText
}"""


async def test_logging_in_by_keyboard(
    office: WebOffice, open_window: OpenWindow
) -> None:
    page = (await open_window(None)).page
    await page.goto("/login")
    await expect(page.get_by_label("Name")).to_be_focused()
    await page.keyboard.type("viewer")
    await page.keyboard.press("Tab")
    await page.keyboard.type(office.passwords[Role.VIEWER])
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Desks")).to_be_visible()


async def test_the_first_key_skips_the_menu(open_window: OpenWindow) -> None:
    page = (await open_window()).page
    await page.goto("/desks")
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()


async def test_logging_somebody_out_by_keyboard(
    office: WebOffice, open_window: OpenWindow
) -> None:
    await office.log_in("100", "HD0001")
    page = (await open_window()).page
    await page.goto("/desks?only=used")
    await tab_to(page, "Log Alice (100) out at HD0001")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Log Alice (100) out?")
    await expect(dialog).to_be_visible()
    await tab_to(page, "Log out")
    await expect(dialog.locator(":focus")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Alice (100) is logged out")).to_be_visible()
    assert await office.sitting() == {}


async def test_escape_closes_a_question_and_leads_back(
    office: WebOffice, open_window: OpenWindow
) -> None:
    await office.log_in("100", "HD0001")
    page = (await open_window()).page
    await page.goto("/desks?only=used")
    await tab_to(page, "Log Alice (100) out at HD0001")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(
        row(page, "HD0001").get_by_role("link", name="Log Alice (100) out")
    ).to_be_focused()
    assert await office.sitting() == {"HD0001": "100"}


async def test_logging_somebody_in_by_keyboard(
    office: WebOffice, open_window: OpenWindow
) -> None:
    page = (await open_window()).page
    await page.goto("/desks?q=HD0005")
    await tab_to(page, "Log somebody in at HD0005")
    await page.keyboard.press("Enter")
    search = page.get_by_role("searchbox", name="Extension or name")
    await expect(search).to_be_focused()
    await page.keyboard.type("Dora")
    await expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(1)
    await tab_to(page, "Dora (103)")
    await page.keyboard.press("Enter")
    question = page.get_by_role("heading", name="Log Dora (103) in at HD0005?")
    await expect(question).to_be_visible()
    await expect(page.get_by_role("dialog").locator(":focus")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Dora (103) is logged in at HD0005.")).to_be_visible()
    assert await office.sitting() == {"HD0005": "103"}
