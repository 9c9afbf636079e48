"""Administrators come in by name and password, and nobody else does."""

from __future__ import annotations

from playwright.async_api import Page, expect

from asterisk_hotdesk.model import Role
from tests.browser.conftest import OpenWindow
from tests.browser.office import WebOffice

REFUSED = "status of 403"
"""What the browser itself says about the answer to a wrong password."""


async def give(page: Page, name: str, password: str) -> None:
    """Fill in the form, and send it as most people do: with Enter."""
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def is_inside(page: Page) -> None:
    """Return once the list of desks is shown."""
    await expect(page.get_by_role("heading", name="Desks")).to_be_visible()


async def is_outside(page: Page) -> None:
    """Return once the page asks for the password."""
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()


async def test_the_password_opens_the_list(
    office: WebOffice, open_window: OpenWindow
) -> None:
    page = (await open_window(None)).page
    await page.goto("/")
    await give(page, "viewer", office.passwords[Role.VIEWER])
    await is_inside(page)
    await expect(page.get_by_role("link", name="viewer")).to_be_visible()


async def test_after_a_wrong_password_only_that_has_to_be_typed_again(
    open_window: OpenWindow,
) -> None:
    window = await open_window(None)
    window.expects(REFUSED)
    await window.page.goto("/login")
    await give(window.page, "viewer", "not my password")
    said = window.page.get_by_role("alert")
    await expect(said).to_have_text("The name or the password is wrong.")
    await expect(window.page.get_by_label("Name")).to_have_value("viewer")
    await expect(window.page.get_by_label("Password")).to_have_value("")
    await expect(window.page.get_by_label("Password")).to_be_focused()


async def test_after_five_wrong_passwords_the_right_one_has_to_wait(
    office: WebOffice, open_window: OpenWindow
) -> None:
    window = await open_window(None)
    window.expects(REFUSED)
    await window.page.goto("/login")
    said = window.page.get_by_role("alert")
    for _ in range(5):
        await give(window.page, "viewer", "not my password")
        await expect(said).to_contain_text("wrong")
    await give(window.page, "viewer", office.passwords[Role.VIEWER])
    await expect(said).to_contain_text("Too many wrong attempts")
    await give(window.page, "admin", office.passwords[Role.ADMIN])
    await is_inside(window.page)


async def test_nobody_comes_back_in_after_logging_out(open_window: OpenWindow) -> None:
    page = (await open_window(Role.ADMIN)).page
    await page.goto("/desks")
    await is_inside(page)
    await page.get_by_role("button", name="Log out", exact=True).click()
    await is_outside(page)
    await expect(page.get_by_text("You are logged out.")).to_be_visible()
    await page.go_back()
    await is_outside(page)
    await expect(page.get_by_role("table")).to_have_count(0)


async def test_scripts_cannot_read_the_cookie(open_window: OpenWindow) -> None:
    window = await open_window(Role.VIEWER)
    (cookie,) = await window.page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    await window.page.goto("/desks")
    assert await window.page.evaluate("document.cookie") == ""
