"""Guessing PINs is slow, then impossible, and tells nothing about who exists."""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from asterisk_hotdesk.authentication import TOTAL, device_subject
from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.errors import BadCredentials, LockedOut, Refused
from asterisk_hotdesk.login import Outcome
from asterisk_hotdesk.store import Database, attempts, users
from tests.postgres.office import (
    ACME_EXTENSION,
    DESKS,
    PEOPLE,
    PIN,
    WRONG,
    Office,
    opened,
)

A, B, C = DESKS
ALICE, BOB, CAROL, DAVE = PEOPLE
NOBODY = "471147"
"""No user's extension; it might be somebody's PIN."""

LIMITS = PinsConfig(
    user_failures=5,
    device_failures=10,
    total_failures=100,
    hard_lock_failures=20,
    first_lock_seconds=30,
    longest_lock_seconds=3600,
    forget_seconds=3600,
)
UNLIMITED = PinsConfig(
    user_failures=10**6,
    device_failures=10**6,
    total_failures=10**6,
    hard_lock_failures=10**6,
)


@pytest.fixture
async def office(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    async with opened(database, monkeypatch, limits=LIMITS) as office:
        yield office


@pytest.fixture
async def lenient_desks(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """Yield an office where desks are never locked, only users."""
    limits = LIMITS.model_copy(
        update={"device_failures": 10**6, "total_failures": 10**6}
    )
    async with opened(database, monkeypatch, limits=limits) as office:
        yield office


async def guess(
    office: Office, extension: str = ALICE, device: str = A, pin: str = WRONG
) -> str:
    """Return the code of the refusal, or `in`."""
    try:
        await office.log_in(extension, device, pin)
    except Refused as refusal:
        return refusal.code
    return "in"


async def guesses(office: Office, count: int, extension: str = ALICE) -> list[str]:
    return [await guess(office, extension) for _ in range(count)]


# Users -----------------------------------------------------------------------


async def test_a_wrong_pin_is_counted_although_it_is_refused(office: Office) -> None:
    assert await guess(office) == "bad_credentials"

    counted = await office.failures(office.of_user(ALICE), device_subject(A), TOTAL)
    assert counted == [1, 1, 1]


async def test_the_fifth_wrong_pin_locks_the_right_one_out(office: Office) -> None:
    assert await guesses(office, 5) == ["bad_credentials"] * 5

    assert await guess(office, ALICE, A, PIN) == "locked_out"
    assert await guess(office, ALICE, B, PIN) == "locked_out"
    assert await office.sitting() == {}


async def test_a_lock_ends_and_the_right_pin_is_forgiven(office: Office) -> None:
    await guesses(office, 5)
    office.later(29.9)
    assert await guess(office, pin=PIN) == "locked_out"

    office.later(0.1)

    assert await guess(office, pin=PIN) == "in"
    assert await office.failures(office.of_user(ALICE)) == [0]


async def test_each_further_wrong_pin_doubles_the_lock(lenient_desks: Office) -> None:
    office = lenient_desks
    await guesses(office, 4)
    for seconds in (30, 60, 120, 240, 480, 960, 1920, 3600, 3600):
        assert await guess(office) == "bad_credentials"
        office.later(seconds - 0.1)
        assert await guess(office, pin=PIN) == "locked_out"
        office.later(0.1)

    assert await guess(office, pin=PIN) == "in"


async def test_trying_while_locked_makes_it_no_worse(office: Office) -> None:
    await guesses(office, 5)
    assert await guesses(office, 10) == ["locked_out"] * 10
    office.later(30)

    assert await office.failures(office.of_user(ALICE)) == [5]
    assert await guess(office, pin=PIN) == "in"


async def test_a_user_s_failures_do_not_fade(lenient_desks: Office) -> None:
    """Else five guesses an hour would go on for ever."""
    office = lenient_desks
    for _ in range(4):
        assert await guess(office) == "bad_credentials"
        office.later(10**6)
    assert await guess(office) == "bad_credentials"

    assert await guess(office, pin=PIN) == "locked_out"


async def test_after_twenty_only_an_administrator_unlocks(
    lenient_desks: Office,
) -> None:
    office = lenient_desks
    for _ in range(20):
        assert await guess(office) == "bad_credentials"
        office.later(3600)
    office.later(10 * 365 * 86400)
    assert await guess(office, pin=PIN) == "locked_out"

    async with office.database.transaction() as tx:
        assert await attempts.forgive(tx, office.of_user(ALICE)) == 1

    assert await guess(office, pin=PIN) == "in"


async def test_unlocking_all_unlocks_everybody_and_every_desk(office: Office) -> None:
    for extension in (ALICE, BOB):
        await guesses(office, 5, extension)
    assert await guess(office, CAROL, A, PIN) == "locked_out"

    async with office.database.transaction() as tx:
        assert await attempts.forgive(tx) == 4

    for extension, device in ((ALICE, A), (BOB, B), (CAROL, C)):
        assert await guess(office, extension, device, PIN) == "in"


async def test_one_user_s_failures_are_not_another_s(office: Office) -> None:
    await guesses(office, 5, ALICE)

    assert await guess(office, BOB, A, PIN) == "in"


async def test_the_same_extension_of_another_account_is_somebody_else(
    office: Office,
) -> None:
    await guesses(office, 5, ALICE)

    assert await guess(office, ALICE, "ACME1", PIN) == "in"


async def test_who_is_not_allowed_is_told_only_that_it_was_wrong(
    office: Office,
) -> None:
    async with office.database.transaction() as tx:
        await users.set_allowed(tx, "default", [BOB], False)
    await guesses(office, 4, BOB)

    with pytest.raises(BadCredentials):
        await office.log_in(BOB, A, PIN)
    # The PIN was right: that is no guess.
    assert await office.failures(office.of_user(BOB), device_subject(A)) == [0, 4]


# Desks, and all --------------------------------------------------------------


async def test_ten_wrong_pins_at_a_desk_lock_the_desk_for_all(office: Office) -> None:
    for extension in (ALICE, BOB, CAROL):
        await guesses(office, 3, extension)
    assert await guess(office, DAVE) == "bad_credentials"

    assert await guess(office, DAVE, A, PIN) == "locked_out"
    assert await guess(office, DAVE, B, PIN) == "in"

    office.later(30)
    assert await guess(office, CAROL, A, PIN) == "in"


async def test_the_right_pin_forgives_the_user_and_not_the_desk(
    office: Office,
) -> None:
    await guesses(office, 3, ALICE)
    assert await guess(office, ALICE, A, PIN) == "in"

    counted = await office.failures(office.of_user(ALICE), device_subject(A), TOTAL)
    assert counted == [0, 3, 3]


async def test_a_desk_s_failures_fade(office: Office) -> None:
    for extension in (ALICE, BOB, CAROL):
        await guesses(office, 3, extension)
    office.later(3600.1)
    await guess(office, DAVE)

    assert await office.failures(device_subject(A), TOTAL) == [1, 1]


async def test_spraying_one_guess_each_locks_everything(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = LIMITS.model_copy(update={"total_failures": 6})
    async with opened(database, monkeypatch, limits=limits) as office:
        for device in (A, B):
            for extension in (ALICE, BOB, CAROL):
                assert await guess(office, extension, device) == "bad_credentials"

        assert await guess(office, DAVE, C, PIN) == "locked_out"
        office.later(30)
        assert await guess(office, DAVE, C, PIN) == "in"


# Nobody ----------------------------------------------------------------------


@pytest.mark.parametrize("extension", [NOBODY, ACME_EXTENSION, "", "0" * 40])
async def test_an_extension_that_nobody_has_is_counted_and_locked_like_any(
    office: Office, extension: str
) -> None:
    """Whoever guesses cannot tell it from a user's."""
    known = await guesses(office, 7, ALICE)
    async with office.database.transaction() as tx:
        await attempts.forgive(tx, device_subject(A))
    unknown = await guesses(office, 7, extension)

    assert known == ["bad_credentials"] * 5 + ["locked_out"] * 2
    assert [code == "locked_out" for code in unknown] == [
        code == "locked_out" for code in known
    ]
    assert await office.failures(office.of_user(extension), device_subject(A)) == [5, 5]


async def test_every_wrong_guess_is_refused_as_a_kind_of_bad_credentials(
    office: Office,
) -> None:
    for extension in (ALICE, NOBODY, ACME_EXTENSION):
        with pytest.raises(BadCredentials):
            await office.log_in(extension, A, WRONG)


async def test_an_unknown_extension_takes_as_long_as_a_wrong_pin(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds: dict[str, list[float]] = {ALICE: [], NOBODY: [], ACME_EXTENSION: []}
    async with opened(database, monkeypatch, limits=UNLIMITED, quick=False) as office:
        for _ in range(11):
            for extension, measured in seconds.items():
                began = time.perf_counter()
                await guess(office, extension)
                measured.append(time.perf_counter() - began)

    wrong, unknown, elsewhere = (statistics.median(m) for m in seconds.values())
    assert 0.5 < unknown / wrong < 2
    assert 0.5 < elsewhere / wrong < 2


async def test_what_was_typed_in_place_of_an_extension_is_kept_nowhere(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for device in (A, "SIP1"):
        await guess(office, NOBODY, device, WRONG)
    assert await guesses(office, 6, NOBODY) == (
        ["unknown_extension"] * 4 + ["locked_out"] * 2
    )
    for extension in (ALICE, BOB):
        await guesses(office, 4, extension)
    # Now the desk is locked, too.
    assert await guess(office, NOBODY, A, WRONG) == "locked_out"
    assert await guess(office, "888888", A, WRONG) == "locked_out"

    stored = await office.everything_stored()
    assert "locked_out" in stored
    for secret in (NOBODY, "888888", WRONG, PIN):
        assert secret not in stored
        assert secret not in caplog.text


async def test_a_pin_is_in_no_error(office: Office) -> None:
    for extension in (ALICE, NOBODY):
        for _ in range(6):
            with pytest.raises(Refused) as caught:
                await office.log_in(extension, A, WRONG)
            assert WRONG not in f"{caught.value!r} {caught.value}"


# At once ---------------------------------------------------------------------


async def test_guesses_at_once_are_counted_one_by_one(office: Office) -> None:
    """Else a fast guesser had as many tries as connections."""
    found = await asyncio.gather(
        *(guess(office, ALICE, DESKS[n % 3]) for n in range(12))
    )

    assert Counter(found) == {"bad_credentials": 5, "locked_out": 7}
    assert await office.failures(office.of_user(ALICE), TOTAL) == [5, 5]


async def test_guesses_at_one_desk_at_once_are_counted_one_by_one(
    office: Office,
) -> None:
    found = await asyncio.gather(
        *(guess(office, extension) for extension in PEOPLE * 4)
    )

    assert Counter(found) == {"bad_credentials": 10, "locked_out": 6}
    assert await office.failures(device_subject(A), TOTAL) == [10, 10]


async def test_guesses_hold_up_nobody_who_knows_the_pin(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(database, monkeypatch, limits=UNLIMITED) as office:
        storm = [guess(office, ALICE, A) for _ in range(60)]
        results = await asyncio.gather(
            *storm, office.log_in(BOB, B), office.log_in(CAROL, C)
        )

        assert set(results[:60]) == {"bad_credentials"}
        assert all(isinstance(result, Outcome) for result in results[60:])
        assert await office.failures(office.of_user(ALICE)) == [60]


async def test_a_refused_guess_is_recorded_with_its_code(office: Office) -> None:
    await guesses(office, 6)

    assert await office.events() == [
        *[("refused", "bad_credentials", ALICE, A)] * 5,
        ("refused", LockedOut.code, ALICE, A),
    ]
