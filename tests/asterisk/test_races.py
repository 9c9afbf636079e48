"""Everybody at once: whatever interleaving, one open login each, and no wrong desk."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from asterisk_hotdesk.config import load
from asterisk_hotdesk.errors import Refused
from asterisk_hotdesk.login import HotDesks, log_in, log_out
from asterisk_hotdesk.model import BY_COMMAND
from asterisk_hotdesk.pbx.ami import Ami
from asterisk_hotdesk.pepper import pepper
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.store import open_database
from tests.asterisk.conftest import GAP_MS, TONE_MS, Office, press_pin
from tests.asterisk.trouble import all_right, phone_of, rings, until, wrongs
from tests.lab.phone import Call
from tests.lab.snom import VirtualSnom

ROUNDS = 25
DESKS = ("HD0001", "HD0002", "HD0003")
PEOPLE = ("100", "101", "102")


async def _at_pin(desk: VirtualSnom, extension: str) -> Call:
    call = await desk.dial(f"*77*{extension}*")
    await call.answered()
    await call.hears(0.3)
    return call


async def _press(call: Call, pin: str) -> None:
    await call.dtmf(pin, tone_ms=TONE_MS, gap_ms=GAP_MS)


async def _all_but_the_last_digit(office: Office, *calls: tuple[Call, str]) -> None:
    """Press, so that the last digits then come at the same moment."""
    await asyncio.gather(*(_press(call, office.pin(who)[:-1]) for call, who in calls))


async def _routed(office: Office) -> None:
    query = (
        "SELECT 1 FROM switches JOIN devices ON switch_id = switches.id"
        " WHERE routed_at IS NULL"
    )
    await until(lambda: not office.rows(query), "all switches are routed", 10)


async def _settled(office: Office) -> None:
    await _routed(office)
    await all_right(office)


@pytest.mark.parametrize("attempt", [1, 2])
async def test_one_user_at_two_desks(office: Office, attempt: int) -> None:
    desks = {name: await office.desk(name) for name in ("HD0001", "HD0002")}
    fixed = await office.phone("200")
    calls = [await _at_pin(desk, "100") for desk in desks.values()]
    await _all_but_the_last_digit(office, *((call, "100") for call in calls))
    last = office.pin("100")[-1]
    await asyncio.gather(*(_press(call, last) for call in calls))
    for call in calls:
        await call.hears(0.3)
    await until(lambda: len(office.sitting()) == 1, "one of them sits")
    query = "SELECT count(*) AS n FROM logins WHERE end_reason = 'moved'"
    await until(lambda: office.rows(query)[0]["n"] >= attempt - 1, "both were decided")
    for call in calls:
        await call.hangup()
    await _settled(office)
    (where,) = office.sitting()
    (other,) = desks.keys() - {where}
    await rings(fixed, "100", desks[where])
    await desks[where].shows("100", within=10)
    await desks[other].until(
        lambda: set(desks[other].display()) == {other}, "the other is idle", within=10
    )


@pytest.mark.parametrize("second", ["call", "command"])
async def test_two_users_at_one_desk(office: Office, second: str) -> None:
    desk, fixed = await office.desk("HD0001"), await office.phone("200")
    one = await _at_pin(desk, "100")
    await _all_but_the_last_digit(office, (one, "100"))
    if second == "call":
        two = await _at_pin(desk, "101")
        await _all_but_the_last_digit(office, (two, "101"))
        await asyncio.gather(
            _press(one, office.pin("100")[-1]), _press(two, office.pin("101")[-1])
        )
        await asyncio.gather(one.hears(0.3), two.hears(0.3))
    else:
        await asyncio.gather(
            _press(one, office.pin("100")[-1]),
            office.hotdesk("login", "101", "HD0001"),
        )
    query = "SELECT 1 FROM logins WHERE until IS NULL OR end_reason = 'replaced'"
    await until(lambda: office.rows(query), "somebody sits")
    for call in phone_of(desk).calls:
        await call.hangup()
    await _settled(office)
    sits = office.sitting()["HD0001"]
    assert sits in ("100", "101")
    await rings(fixed, sits, desk)
    await desk.shows(sits, within=10)


async def test_login_against_logout(office: Office) -> None:
    """100 gives HD0001 back and sits down at HD0002, in whatever order."""
    one, two = await office.desk("HD0001"), await office.desk("HD0002")
    fixed = await office.phone("200")
    for pause in (0.0, 0.05, 0.1):
        if office.sitting().get("HD0001") != "100":
            await office.sit_down(one, "100")
        call = await _at_pin(two, "100")
        await _all_but_the_last_digit(office, (call, "100"))

        async def give_back(after: float = pause) -> Call:
            await asyncio.sleep(after)
            leaving = await one.dial("*77*5*")
            await leaving.answered()
            await leaving.hears(0.2)
            return leaving

        _, leaving = await asyncio.gather(
            _press(call, office.pin("100")[-1]), give_back()
        )
        await call.hears(0.3)
        await until(lambda: "HD0002" in office.sitting(), "100 sits at HD0002")
        await call.hangup()
        await leaving.hangup()
        await _settled(office)
        assert office.sitting() == {"HD0002": "100"}
        await rings(fixed, "100", two)
    assert phone_of(one).incoming == []


@asynccontextmanager
async def _library(office: Office) -> AsyncIterator[HotDesks]:
    """Yield what another process of ours uses: the daemon only hears of changes."""
    config = load(office.lab.config, os.environ)
    async with open_database(office.facts["database"], "hotdesk") as database:
        yield HotDesks(
            database=database,
            pins=Pins(pepper(config)),
            limits=config.pins,
            second_login=config.policy.second_login,
        )


@asynccontextmanager
async def _watched(office: Office) -> AsyncIterator[list[str]]:
    """Look at AstDB all the time; yield the routes that led to a wrong desk.

    A route counts where both its entries agree; it may be as old as one second.
    """
    wrong: list[str] = []
    facts = office.facts["ami"]
    ami = Ami(
        facts["host"],
        facts["port"],
        facts["username"],
        facts["secret"],
        with_events=False,
    )
    running = asyncio.create_task(ami.run())
    looks = 0

    async def look() -> None:
        nonlocal looks
        await ami.connected.wait()
        while True:
            shown = await ami.listing("DBGetTree", {"Family": "hotdesk"})
            found = {m["key"].lstrip("/"): m["val"] for m in shown if "key" in m}
            looks += 1
            for entry, value in found.items():
                if not entry.startswith("hotdesk/user/"):
                    continue
                key = entry.removeprefix("hotdesk/user/")
                generation, _, device = value.partition(":")
                if found.get(f"hotdesk/desk/{device}") == f"{generation}:{key}":
                    extension = key.partition("/")[2]
                    wrong.extend(
                        await asyncio.to_thread(_unfounded, office, extension, device)
                    )
            # The phones of this process need their time for audible keys.
            await asyncio.sleep(0.01)

    looking = asyncio.create_task(look())
    try:
        yield wrong
        assert not looking.done(), looking
        assert looks > 50
    finally:
        looking.cancel()
        running.cancel()
        await asyncio.gather(looking, running, return_exceptions=True)


def _unfounded(office: Office, extension: str, device: str) -> list[str]:
    found = office.rows(
        "SELECT 1 FROM logins JOIN users ON users.id = user_id"
        " JOIN devices ON devices.id = device_id"
        " WHERE extension = %s AND devices.name = %s"
        " AND (until IS NULL OR until > clock_timestamp() - interval '1 second')",
        extension,
        device,
    )
    return [] if found else [f"{extension} rings at {device}"]


async def test_many_at_once(office: Office) -> None:
    """Seeded: the same pushing and shoving each time."""
    chance = random.Random(77)

    async def push(desks: HotDesks) -> None:
        await asyncio.sleep(chance.random() / 50)
        device = chance.choice(DESKS)
        now = datetime.now(UTC)
        try:
            if chance.random() < 0.3:
                await log_out(desks, device_name=device, now=now, source=BY_COMMAND)
            else:
                who = chance.choice(PEOPLE)
                await log_in(
                    desks,
                    extension=who,
                    pin=office.pin(who),
                    device_name=device,
                    now=now,
                )
        except Refused as refusal:
            if refusal.code not in ("nobody_logged_in", "conflict"):
                raise

    async with _library(office) as desks, _watched(office) as wrong:
        for number in range(ROUNDS):
            await asyncio.gather(*(push(desks) for _ in range(chance.randint(2, 6))))
            _no_two(office)
            if number % 5 == 0:
                await _settled(office)
        await _settled(office)
        assert wrong == []


async def test_many_at_once_by_phone(office: Office) -> None:
    """The daemon decides itself, while commands decide beside it."""
    desks = {name: await office.desk(name) for name in DESKS}
    fixed = await office.phone("200")
    chance = random.Random(5)

    async def by_phone(name: str, who: str) -> None:
        call = await desks[name].dial(f"*77*{who}*")
        await press_pin(call, office.pin(who))
        await call.hears(0.2)
        await asyncio.sleep(chance.random() / 10)
        await call.hangup()

    async with _watched(office) as wrong:
        for _ in range(4):
            people = chance.sample(PEOPLE, 3)
            await asyncio.gather(
                *(by_phone(name, who) for name, who in zip(DESKS, people, strict=True)),
                office.hotdesk("login", people[0], DESKS[1]),
                office.hotdesk("logout", DESKS[0], check=False),
            )
            _no_two(office)
        await _settled(office)
        assert wrong == []
    assert len(office.recorded("login")) >= 8, "most PINs were understood"
    for name, who in office.sitting().items():
        await rings(fixed, who, desks[name])
        await desks[name].shows(who, within=10)
    assert wrongs(office) == []


def _no_two(office: Office) -> None:
    for column in ("user_id", "device_id"):
        query = f"SELECT {column} FROM logins WHERE until IS NULL"  # noqa: S608
        sitting = [row[column] for row in office.rows(query)]
        assert len(sitting) == len(set(sitting)), column
