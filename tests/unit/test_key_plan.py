"""Which key is where: ours first, then the user's, and none lost silently."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asterisk_hotdesk.model import DeviceOptions, KeyKind, UserKey
from asterisk_hotdesk.phones import Key, KeyPlan, plan

OURS = Key(KeyKind.SPEED_DIAL, "*77", "Log in")

user_keys = st.lists(
    st.builds(
        UserKey,
        position=st.integers(1, 60),
        kind=st.sampled_from(KeyKind),
        value=st.sampled_from(["", "100", "*8"]),
        priority=st.integers(1, 9),
    ),
    unique_by=lambda key: key.position,
    max_size=40,
)
device_options = st.builds(
    DeviceOptions,
    hot_desk_key=st.integers(0, 60),
    keep_key_positions=st.booleans(),
)


def blf(position: int, priority: int = 5) -> UserKey:
    return UserKey(
        position=position,
        kind=KeyKind.BLF,
        value=str(100 + position),
        priority=priority,
    )


def planned(
    keys: list[UserKey], slots: int, hot_desk_key: int = 1, *, keep: bool = False
) -> KeyPlan:
    options = DeviceOptions(hot_desk_key=hot_desk_key, keep_key_positions=keep)
    return plan(keys, options, slots, OURS)


def shown(result: KeyPlan) -> str:
    """Return the keys in a row: `*` for ours, else the last digit, `-` for none."""
    return "".join(
        "-" if key is None else "*" if key.user_key is None else key.value[-1]
        for key in result.placed
    )


@pytest.mark.parametrize(
    ("hot_desk_key", "keep", "row"),
    [
        (1, False, "*12-4-"),
        (3, False, "12*-4-"),
        (4, False, "12-*4-"),
        (6, False, "12-4-*"),
        (99, False, "12-4-*"),
        (0, False, "12-4--"),
        (3, True, "12*4--"),
        (0, True, "12-4--"),
    ],
)
def test_ours_has_its_place_and_the_others_make_room(
    hot_desk_key: int, keep: bool, row: str
) -> None:
    keys = [blf(1), blf(2), blf(4)]

    result = planned(keys, 6, hot_desk_key, keep=keep)

    assert shown(result) == row
    assert result.dropped == ()


def test_the_key_in_the_way_is_dropped_where_the_others_stay() -> None:
    result = planned([blf(1), blf(2), blf(3)], 6, 2, keep=True)

    assert shown(result) == "1*3---"
    assert result.dropped == (blf(2),)


def test_on_a_small_phone_the_most_important_stay_in_their_order() -> None:
    keys = [blf(1, 9), blf(2, 1), blf(3, 9), blf(4, 1)]

    result = planned(keys, 3)

    assert shown(result) == "*24"
    assert result.dropped == (blf(1, 9), blf(3, 9))


def test_keys_move_forward_only_as_far_as_they_must() -> None:
    assert shown(planned([blf(1), blf(9)], 5)) == "*1--9"


def test_a_phone_of_one_key_has_ours() -> None:
    result = planned([blf(1)], 1)

    assert shown(result) == "*"
    assert result.dropped == (blf(1),)


def test_what_a_phone_cannot_do_gets_no_place() -> None:
    directory = UserKey(position=1, kind=KeyKind.DIRECTORY)

    result = plan([directory, blf(2)], DeviceOptions(), 4, OURS, possible={KeyKind.BLF})

    assert shown(result) == "*-2-"
    assert result.dropped == (directory,)


@settings(deadline=None)
@given(keys=user_keys, options=device_options, slots=st.integers(0, 48))
def test_no_key_is_lost_silently(
    keys: list[UserKey], options: DeviceOptions, slots: int
) -> None:
    result = plan(keys, options, slots, OURS)

    placed = [key.user_key for key in result.placed if key and key.user_key]
    by_position = sorted([*placed, *result.dropped], key=lambda key: key.position)
    assert by_position == sorted(keys, key=lambda key: key.position)
    assert len(result.placed) == slots


@settings(deadline=None)
@given(keys=user_keys, options=device_options, slots=st.integers(0, 48))
def test_keys_keep_their_order_each_at_its_own_place(
    keys: list[UserKey], options: DeviceOptions, slots: int
) -> None:
    result = plan(keys, options, slots, OURS)

    placed = [key.user_key.position for key in result.placed if key and key.user_key]
    assert placed == sorted(placed)
    for slot, key in enumerate(result.placed, 1):
        assert key is None or key.slot == slot


@settings(deadline=None)
@given(keys=user_keys, options=device_options, slots=st.integers(0, 48))
def test_our_key_is_there_exactly_when_it_is_wanted(
    keys: list[UserKey], options: DeviceOptions, slots: int
) -> None:
    result = plan(keys, options, slots, OURS)

    ours = [key.slot for key in result.placed if key and key.user_key is None]
    wanted = min(options.hot_desk_key, slots)
    assert ours == ([wanted] if wanted else [])
    assert not [
        key
        for key in plan(keys, options, slots, None).placed
        if key and key.user_key is None
    ]


@settings(deadline=None)
@given(keys=user_keys, options=device_options, slots=st.integers(0, 48))
def test_a_key_is_dropped_only_where_there_is_no_room_or_ours_is_in_the_way(
    keys: list[UserKey], options: DeviceOptions, slots: int
) -> None:
    result = plan(keys, options, slots, OURS)

    in_the_way = options.keep_key_positions and slots and options.hot_desk_key
    spare = result.placed.count(None)
    assert not spare or len(result.dropped) <= bool(in_the_way)
