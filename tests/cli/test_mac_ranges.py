"""Ranges of MAC addresses."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_hotdesk.cli.mac_ranges import MacRange, macs_in, merged, without
from asterisk_hotdesk.errors import Invalid


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("00:04:13:00:00:0A", "00041300000a", "00041300000a"),
        ("0004.1300.000a", "00041300000a", "00041300000a"),
        ("00:04:13:00:00:00-00:04:13:00:00:FF", "000413000000", "0004130000ff"),
        ("000413000000 - 0004130000ff", "000413000000", "0004130000ff"),
        ("00-04-13-00-00-00-00-04-13-00-00-ff", "000413000000", "0004130000ff"),
        ("00:04:13", "000413000000", "000413ffffff"),
        ("000413", "000413000000", "000413ffffff"),
        ("000413*", "000413000000", "000413ffffff"),
        ("00:04:13:0*", "000413000000", "0004130fffff"),
        ("00041300000*", "000413000000", "00041300000f"),
    ],
)
def test_what_people_write(text: str, first: str, last: str) -> None:
    found = macs_in(text)
    assert (found.first_mac, found.last_mac) == (first, last)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "expected one such as"),
        ("*", "expected one such as"),
        ("00:04", "expected one such as"),
        ("00:04*", "expected one such as"),
        ("00:04:13:00", "expected one such as"),
        ("00:04:13:00:00:0G", "expected one such as"),
        ("00:04:13:00:00:01:02", "expected one such as"),
        ("ff:ff:ff:ff:ff:ff", "twelve hexadecimal digits"),
        ("000413000002-000413000001", "upwards"),
        ("000413000002-000414000001", "same six digits"),
    ],
)
def test_what_is_a_slip_of_the_finger(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        macs_in(text)


RANGES = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 10)).map(
        lambda ends: MacRange(ends[0], ends[0] + ends[1])
    ),
    max_size=6,
)


def addresses(ranges: list[MacRange]) -> set[int]:
    return {mac for one in ranges for mac in range(one.first, one.last + 1)}


@given(RANGES)
def test_ranges_put_together_hold_the_same_and_do_not_touch(
    ranges: list[MacRange],
) -> None:
    found = merged(ranges)
    assert addresses(found) == addresses(ranges)
    assert sum(map(len, found)) == len(addresses(ranges))
    for one, other in pairwise(found):
        assert one.last + 1 < other.first


@given(RANGES, RANGES)
def test_what_is_taken_out_is_gone_and_nothing_else(
    ranges: list[MacRange], gone: list[MacRange]
) -> None:
    left = without(ranges, gone)
    assert addresses(left) == addresses(ranges) - addresses(gone)
    assert left == merged(left)
