"""One browser and one office for all tests; each test begins with idle desks."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Generator
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from asterisk_hotdesk.model import Role
from asterisk_hotdesk.store import migrate, open_database
from tests.browser.chromium import launched
from tests.browser.office import WebOffice, opened
from tests.browser.window import Scheme, Window

FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests share a browser, which lives in one event loop."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and pytest_asyncio.is_async_test(item):
            marker = pytest.mark.asyncio(loop_scope="session")
            item.add_marker(marker, append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether the test failed: then its windows are photographed."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Yield a browser that no window is open in."""
    async with launched() as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def premises(postgres_dsn: str) -> AsyncIterator[WebOffice]:
    """Yield the office, whatever an earlier test has left in it."""
    # Not of a test: it is there for all of them.
    folder = Path(tempfile.mkdtemp(prefix="hotdesk-web-", dir="/tmp"))
    schema = f"browser_{secrets.token_hex(6)}"
    await migrate(postgres_dsn, schema)
    async with (
        open_database(postgres_dsn, schema) as database,
        opened(database, postgres_dsn, folder) as office,
    ):
        yield office
    shutil.rmtree(folder)


@pytest_asyncio.fixture(loop_scope="session")
async def office(premises: WebOffice) -> WebOffice:
    """Return the office with idle desks and nobody locked out."""
    await premises.begin_anew()
    return premises


class OpenWindow(Protocol):
    """Opens a window, logged in with a role unless that is None."""

    def __call__(
        self,
        role: Role | None = Role.OPERATOR,
        *,
        language: str = "en",
        width: int = 1280,
        scheme: Scheme = "light",
        scripts: bool = True,
    ) -> Awaitable[Window]: ...


@pytest_asyncio.fixture(loop_scope="session")
async def open_window(
    browser: Browser, office: WebOffice, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[OpenWindow]:
    """Yield how to open windows; nothing must have gone wrong in any of them."""
    windows: list[Window] = []

    async def open_one(
        role: Role | None = Role.OPERATOR,
        *,
        language: str = "en",
        width: int = 1280,
        scheme: Scheme = "light",
        scripts: bool = True,
    ) -> Window:
        window = await Window.opened(
            browser,
            office.home,
            language=language,
            width=width,
            scheme=scheme,
            scripts=scripts,
        )
        windows.append(window)
        if role is not None:
            await window.log_in(role, office.passwords[role])
        return window

    yield open_one
    for number, window in enumerate(windows):
        if request.node.stash.get(FAILED, False):
            picture = tmp_path / f"window-{number}.png"
            await window.page.screenshot(path=picture, full_page=True)
            print(f"what was seen: {picture}")
        await window.page.context.close()
    assert [window.troubles for window in windows] == [[] for _ in windows]
