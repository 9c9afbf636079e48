"""Who may sit where, and who must wait: tables and properties, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asterisk_hotdesk.errors import AlreadyLoggedIn, InEmergency, LockedOut, NoLocation
from asterisk_hotdesk.model import EndReason, Failures, Login
from asterisk_hotdesk.rules import (
    SecondLogin,
    check_emergency,
    check_hard_lock,
    check_location,
    check_lock,
    locked_until,
    make_room,
)
from tests.unit.test_phones import ALICE, DEVICE

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FIRST = timedelta(seconds=30)
LONGEST = timedelta(hours=1)

BOB = replace(ALICE, id=2, extension="101", name="Bob")
NEXT_DESK = replace(DEVICE, id=2, name="HD0002", mac="000413000002")


def sits(user_id: int, device_id: int) -> Login:
    return Login(
        id=100 * user_id + device_id, user_id=user_id, device_id=device_id, since=NOW
    )


def locked(count: int, limit: int = 5, last_at: datetime = NOW) -> datetime | None:
    return locked_until(
        Failures(count, last_at), limit=limit, first_lock=FIRST, longest_lock=LONGEST
    )


def test_an_empty_desk_is_free() -> None:
    assert make_room(ALICE, DEVICE, [], "move") == []
    assert make_room(ALICE, DEVICE, [], "refuse") == []


@pytest.mark.parametrize("policy", ["move", "refuse"])
def test_whoever_sits_there_is_replaced(policy: SecondLogin) -> None:
    bobs = sits(BOB.id, DEVICE.id)

    assert make_room(ALICE, DEVICE, [bobs], policy) == [(bobs, EndReason.REPLACED)]


def test_a_second_login_moves_the_user() -> None:
    alices = sits(ALICE.id, NEXT_DESK.id)

    assert make_room(ALICE, DEVICE, [alices], "move") == [(alices, EndReason.MOVED)]


def test_a_second_login_is_refused_where_the_policy_says_so() -> None:
    with pytest.raises(AlreadyLoggedIn):
        make_room(ALICE, DEVICE, [sits(ALICE.id, NEXT_DESK.id)], "refuse")


@pytest.mark.parametrize("policy", ["move", "refuse"])
def test_whoever_logs_in_where_they_sit_stays_there(policy: SecondLogin) -> None:
    assert make_room(ALICE, DEVICE, [sits(ALICE.id, DEVICE.id)], policy) == []


def test_moving_to_a_used_desk_ends_two_logins() -> None:
    alices, bobs = sits(ALICE.id, NEXT_DESK.id), sits(BOB.id, DEVICE.id)

    assert make_room(ALICE, DEVICE, [alices, bobs], "move") == [
        (alices, EndReason.MOVED),
        (bobs, EndReason.REPLACED),
    ]


def test_a_refused_second_login_does_not_replace_whoever_sits_there() -> None:
    alices, bobs = sits(ALICE.id, NEXT_DESK.id), sits(BOB.id, DEVICE.id)

    with pytest.raises(AlreadyLoggedIn):
        make_room(ALICE, DEVICE, [bobs, alices], "refuse")


@settings(deadline=None)
@given(
    seats=st.permutations(range(1, 9)),
    user_id=st.integers(1, 8),
    device_id=st.integers(1, 8),
    policy=st.sampled_from(["move", "refuse"]),
)
def test_room_is_made_for_one_and_nobody_else_is_disturbed(
    seats: list[int], user_id: int, device_id: int, policy: SecondLogin
) -> None:
    """In a full office, everybody at one desk of their own."""
    user, device = replace(ALICE, id=user_id), replace(DEVICE, id=device_id)
    office = [sits(user, seat) for user, seat in enumerate(seats, start=1)]

    try:
        ending = [login for login, _ in make_room(user, device, office, policy)]
    except AlreadyLoggedIn:
        assert policy == "refuse"
        assert seats[user_id - 1] != device_id
        return

    staying = [login for login in office if login not in ending]
    stranger = [
        login
        for login in staying
        if (login.user_id == user_id) != (login.device_id == device_id)
    ]
    assert stranger == []
    assert all(
        login.user_id == user_id or login.device_id == device_id for login in ending
    )


@pytest.mark.parametrize(
    ("count", "seconds"),
    [
        (0, None),
        (4, None),
        (5, 30),
        (6, 60),
        (7, 120),
        (11, 1920),
        (12, 3600),
        (13, 3600),
        (10**9, 3600),
    ],
)
def test_the_lock_doubles_from_the_fifth_failure_on(
    count: int, seconds: int | None
) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)

    assert locked(count) == expected


def test_who_never_failed_is_not_locked() -> None:
    nothing = Failures()

    assert (
        locked_until(nothing, limit=1, first_lock=FIRST, longest_lock=LONGEST) is None
    )


@settings(deadline=None)
@given(
    count=st.integers(0, 2**70),
    limit=st.integers(1, 10**6),
    first=st.timedeltas(timedelta(seconds=1), timedelta(days=1)),
    longest=st.timedeltas(timedelta(seconds=1), timedelta(days=7)),
)
def test_a_lock_never_shrinks_never_overflows_and_is_never_too_long(
    count: int, limit: int, first: timedelta, longest: timedelta
) -> None:
    def until(failures: int) -> datetime | None:
        return locked_until(
            Failures(failures, NOW), limit=limit, first_lock=first, longest_lock=longest
        )

    now, next_one = until(count), until(count + 1)

    assert (now is None) == (count < limit)
    if now is not None:
        assert next_one is not None
        assert NOW < now <= next_one <= NOW + longest
        doubled = now - NOW + (now - NOW)
        assert next_one == NOW + min(doubled, longest)


def test_a_lock_holds_until_its_last_moment_and_not_longer() -> None:
    until = NOW + FIRST

    with pytest.raises(LockedOut):
        check_lock(until, until - timedelta(microseconds=1))
    check_lock(until, until)
    check_lock(None, NOW)


def test_a_hard_lock_does_not_end_with_time() -> None:
    long_ago = NOW - timedelta(days=3650)

    check_hard_lock(Failures(19, long_ago), 20)
    for count in (20, 21, 10**9):
        with pytest.raises(LockedOut):
            check_hard_lock(Failures(count, long_ago), 20)


def test_only_the_policy_asks_where_a_desk_is() -> None:
    lost = replace(DEVICE, location="")

    check_location(lost, required=False)
    check_location(DEVICE, required=True)
    with pytest.raises(NoLocation, match="HD0001 has no location"):
        check_location(lost, required=True)


def test_a_switch_waits_only_for_the_desks_that_it_changes() -> None:
    check_emergency([DEVICE], {NEXT_DESK.id})
    check_emergency([], {DEVICE.id})
    with pytest.raises(InEmergency, match="HD0002 is in an emergency call"):
        check_emergency([DEVICE, NEXT_DESK], {NEXT_DESK.id})
