"""The list of desks, as somebody who looks at it finds things there."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect


def row(page: Page, device: str) -> Locator:
    """Return the row of *device*."""
    header = page.get_by_role("rowheader", name=re.compile(rf"^{device}\b"))
    return page.get_by_role("row").filter(has=header)


def devices(page: Page) -> Locator:
    """Return what each row is called."""
    return page.get_by_role("rowheader")


def count(page: Page, words: str) -> Locator:
    """Return how many desks a filter says that it has."""
    return page.get_by_role("link", name=re.compile(rf"^{words} \d+$"))


async def shows(page: Page, *names: str) -> None:
    """Return once the list has these rows and no other ones, in this order."""
    await expect(devices(page)).to_have_text(list(names))


async def look_live(page: Page, where: str = "/desks") -> None:
    """Open the list, and return once it hears of changes."""
    async with page.expect_response("**/live/desks*"):
        await page.goto(where)
