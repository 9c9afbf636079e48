"""Logins go first, and the rest is done nevertheless."""

from __future__ import annotations

import asyncio
import time

import pytest

from asterisk_hotdesk import precedence
from asterisk_hotdesk.precedence import Precedence


async def test_where_nobody_logs_in_nobody_waits() -> None:
    async with asyncio.timeout(precedence.LONGEST_SECONDS / 2):
        await Precedence().give_way()


async def test_whoever_gives_way_goes_on_when_the_last_login_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precedence, "LONGEST_SECONDS", 5.0)
    logins = Precedence()
    done: list[str] = []

    async def check() -> None:
        await logins.give_way()
        done.append("checked")

    with logins.of_a_login():
        with logins.of_a_login():
            checking = asyncio.create_task(check())
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        done.append("logged in")
    async with asyncio.timeout(1):
        await checking

    assert done == ["logged in", "checked"]


async def test_a_login_that_fails_stops_nobody() -> None:
    logins = Precedence()
    with pytest.raises(ZeroDivisionError), logins.of_a_login():
        raise ZeroDivisionError

    async with asyncio.timeout(precedence.LONGEST_SECONDS / 2):
        await logins.give_way()


async def test_logins_without_a_pause_do_not_stop_the_rest() -> None:
    logins = Precedence()
    began = time.monotonic()
    with logins.of_a_login():
        async with asyncio.timeout(5):
            await logins.give_way()

    assert time.monotonic() - began >= precedence.LONGEST_SECONDS * 0.9
