"""The menu on the screen and the call to *77 are one way in, with one set of limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any, cast

import aiohttp
import pytest

from asterisk_hotdesk.errors import LockedOut
from asterisk_hotdesk.model import Desk, Seating, User
from asterisk_hotdesk.networks import Networks
from asterisk_hotdesk.phones.pages import Page, logged_in_as
from asterisk_hotdesk.store import Database, logins
from asterisk_hotdesk.web import (
    Configurations,
    PhoneMenu,
    Signs,
    listening,
    phones_app,
)
from tests.postgres.office import DESKS, PIN, WRONG, Office, opened
from tests.unit.phone_server import CONFIG, TOKEN, FakeProof
from tests.unit.test_menu import Screen

LOCKED = "Too many wrong PINs. Please try again later."


@dataclass
class Phones:
    """Phones that have enrolled, and a display that says nothing by itself."""

    database: Database

    async def opens(self, mac: str, token: str) -> Desk | None:
        async with self.database.transaction() as tx:
            return await logins.desk_by_mac(tx, mac)

    def has_said(self, device_name: str, decided_at: object) -> None:
        pass

    async def logged_in(self, desk: Desk, user: User) -> Page:
        return logged_in_as(user, "en")


async def in_force(seating: Seating) -> None:
    """Be a PBX that does at once what was decided."""


@dataclass
class Floor:
    """An office whose phones have a screen."""

    office: Office
    client: aiohttp.ClientSession
    port: int

    def screen(self, number: int = 1) -> Screen:
        """Return the screen of the phone at the desk with this number."""
        return Screen(
            self.client, self.port, f"/m/{TOKEN}/{0x000413000000 + number:012x}"
        )

    async def guess(self, number: int, extension: str, times: int) -> Screen:
        """Type a wrong PIN so many times, and return the screen then."""
        screen = self.screen(number)
        for _ in range(times):
            await screen.ask_pin(extension)
            await screen.type(WRONG)
        return screen


@pytest.fixture
async def floor(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Floor]:
    async with opened(database, monkeypatch) as office:
        phones = Phones(database)
        unused = cast(Any, None)
        menu = PhoneMenu(
            CONFIG,
            replace(office.desks, follow=in_force),
            phones,
            phones,
            lambda: office.now,
        )
        app = phones_app(
            Configurations(CONFIG, unused, FakeProof()),
            Signs(Networks(["127.0.0.0/8"]), unused, FakeProof(), FakeProof()),
            menu,
        )
        async with (
            listening(app, "127.0.0.1", 0) as port,
            aiohttp.ClientSession() as client,
        ):
            yield Floor(office, client, port)


async def test_a_day_at_the_screen(floor: Floor) -> None:
    screen = await floor.screen().ask_pin("100")
    await screen.type(PIN)
    assert screen.lines[1:] == ["You are logged in as User default/100 (100)"]
    assert await floor.office.sitting() == {DESKS[0]: "100"}

    await screen.open()
    assert screen.lines[0] == "User default/100 (100)"
    await screen.choose("Log out")
    assert await floor.office.sitting() == {}

    told = await floor.office.rows("SELECT what, by, address FROM events ORDER BY id")
    assert told == [("login", "menu", "127.0.0.1"), ("logout", "menu", "127.0.0.1")]


async def test_a_refusal_at_the_screen_is_recorded_as_such(floor: Floor) -> None:
    await floor.guess(1, "100", times=1)

    assert await floor.office.rows("SELECT what, code, by FROM events") == [
        ("refused", "bad_credentials", "menu")
    ]


async def test_guesses_at_the_screen_lock_calls_out_too(floor: Floor) -> None:
    await floor.guess(1, "100", times=5)

    with pytest.raises(LockedOut):
        await floor.office.log_in("100", DESKS[1])


async def test_guesses_by_call_lock_the_screen_too(floor: Floor) -> None:
    for _ in range(5):
        await asyncio.gather(
            floor.office.log_in("100", DESKS[1], WRONG), return_exceptions=True
        )
    screen = await floor.screen().ask_pin("100")

    assert (await screen.type(PIN)).lines[1:] == [LOCKED]


async def test_guesses_at_the_screen_lock_the_desk(floor: Floor) -> None:
    for extension in ("100", "101", "102"):
        await floor.guess(1, extension, times=4)

    here = await floor.screen(1).ask_pin("103")
    there = await floor.screen(2).ask_pin("103")
    assert (await here.type(PIN)).lines[1:] == [LOCKED]
    assert (await there.type(PIN)).leaves


async def test_a_url_that_is_sent_again_is_no_wrong_pin(floor: Floor) -> None:
    screen = await floor.screen().ask_pin("100")
    sent = screen.answer_url + WRONG
    for _ in range(9):
        await screen.open(sent)

    assert await floor.office.failures(floor.office.of_user("100")) == [1]


async def test_an_extension_that_nobody_has_looks_like_a_wrong_pin(
    floor: Floor,
) -> None:
    wrong, unknown = await floor.guess(1, "100", 1), await floor.guess(2, "999", 1)

    assert wrong.lines == unknown.lines


async def test_two_phones_at_once(floor: Floor) -> None:
    one, two = (
        await floor.screen(1).ask_pin("100"),
        await floor.screen(2).ask_pin("101"),
    )
    await asyncio.gather(one.type(PIN), two.type(PIN))

    assert await floor.office.sitting() == {DESKS[0]: "100", DESKS[1]: "101"}
