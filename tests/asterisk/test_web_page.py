"""The administrators' page of the real service: what it shows and does is real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.asterisk.conftest import Office, eventually
from tests.web.visitor import Visitor

DESK = "HD0001"


@pytest.fixture
async def administrator(office: Office) -> AsyncIterator[Visitor]:
    """Yield the browser of an administrator who is logged in."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        visitor = Visitor(office.facts["web"], client)
        admin = office.facts["web_admin"]
        shown = await visitor.log_in(admin["username"], admin["password"])
        assert shown.path == "/desks"
        yield visitor


async def seen(heard: asyncio.Queue[tuple[str, Any]], *words: str) -> None:
    """Return once the live list says all of these of the desk."""
    async with asyncio.timeout(15):
        while True:
            event, content = await heard.get()
            rows = content["rows"] if event == "rows" else []
            if any(
                row["device"] == DESK and all(word in row["html"] for word in words)
                for row in rows
            ):
                return


async def test_a_login_by_phone_is_seen_until_the_phone_has_confirmed_it(
    office: Office, administrator: Visitor
) -> None:
    desk = await office.desk(DESK)
    async with administrator.watching() as heard:
        await office.sit_down(desk, "100")

        await seen(heard, "Alice (100)", "in force", "confirmed")


async def test_somebody_is_logged_out_and_in_from_afar(
    office: Office, administrator: Visitor
) -> None:
    desk = await office.desk(DESK)
    await office.sit_down(desk, "100")
    out, login = f"/desks/{DESK}/logout", f"/desks/{DESK}/login/101"

    gone = await administrator.fill(await administrator.get(out), out)
    await eventually(lambda: DESK in " ".join(desk.display()), "the display is idle")
    there = await administrator.fill(await administrator.get(login), login)
    await eventually(lambda: "Bob" in " ".join(desk.display()), "the display says Bob")

    assert gone.has(f"Alice (100) is logged out at {DESK}.")
    assert there.has(f"Bob (101) is logged in at {DESK}.")
    assert not there.has("has not followed")
    assert office.sitting() == {DESK: "101"}
