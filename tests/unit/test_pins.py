"""PINs: only the right one matches, and nothing tells what a wrong one was."""

from __future__ import annotations

import statistics
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asterisk_hotdesk.pins import Pins

PIN = "730519"
PEPPER = b"pepper"
any_text = st.text(st.characters(exclude_categories=[]))


@pytest.fixture(scope="module")
def pins() -> Pins:
    return Pins(PEPPER)


async def test_only_the_right_pin_matches(pins: Pins) -> None:
    pin_hash = await pins.hash(PIN)

    assert await pins.match(PIN, pin_hash)
    for wrong in ("", "730518", "73051", "7305190", " 730519", "٧٣٠٥١٩"):
        assert not await pins.match(wrong, pin_hash)


async def test_the_same_pin_never_has_the_same_hash(pins: Pins) -> None:
    first, second = await pins.hash(PIN), await pins.hash(PIN)

    assert first != second
    assert PIN not in first


async def test_the_hash_is_what_owasp_asks_for(pins: Pins) -> None:
    assert (await pins.hash(PIN)).startswith("$argon2id$v=19$m=12288,t=3,p=1$")


async def test_whoever_stole_the_database_lacks_the_pepper(pins: Pins) -> None:
    pin_hash = await pins.hash(PIN)

    assert not await Pins(b"another pepper").match(PIN, pin_hash)
    assert await Pins(PEPPER).match(PIN, pin_hash)


@pytest.mark.parametrize(
    "no_hash", [None, "", "no hash", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$YQ$YQ"]
)
async def test_nothing_matches_a_user_without_a_pin(
    pins: Pins, no_hash: str | None
) -> None:
    assert not await pins.match("", no_hash)
    assert not await pins.match(PIN, no_hash)


async def test_an_unknown_user_takes_as_long_as_a_wrong_pin(pins: Pins) -> None:
    pin_hash = await pins.hash(PIN)
    seconds: dict[str | None, list[float]] = {None: [], pin_hash: []}

    for _ in range(15):
        for known, measured in seconds.items():
            began = time.perf_counter()
            await pins.match("111222", known)
            measured.append(time.perf_counter() - began)

    unknown, wrong = (statistics.median(measured) for measured in seconds.values())
    assert 0.5 < unknown / wrong < 2


@settings(max_examples=15, deadline=None)
@given(pin=any_text, pin_hash=st.none() | st.text(st.characters(max_codepoint=127)))
async def test_no_pin_makes_an_error_that_could_quote_it(
    pins: Pins, pin: str, pin_hash: str | None
) -> None:
    assert not await pins.match(pin, pin_hash)
    assert len(pins.blind(pin)) == 32


def test_a_blinded_text_is_the_same_each_time_and_tells_nothing(pins: Pins) -> None:
    assert pins.blind(PIN) == Pins(PEPPER).blind(PIN)
    assert pins.blind(PIN) != pins.blind("730518")
    assert pins.blind(PIN) != Pins(b"another pepper").blind(PIN)
    assert PIN not in pins.blind(PIN)
