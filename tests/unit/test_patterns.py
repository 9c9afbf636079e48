"""Extension patterns match, and come in the order, as on Asterisk."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_hotdesk.pbx.patterns import Pattern

_LISTED = """
*77 100 12-3 9998 9999
_*7X. _*7! _1-2-X-9 _12X _1[2-4]X _1[579]X _1XX _1X _[*#]7X _[1-3]X _NXX _ZXX
_X5/200 _x5 _X. _. _!
"""
AS_ASTERISK_LISTS_THEM = _LISTED.split()
"""`dialplan show` of Asterisk 22.10.1, of a context with all of these."""


def test_the_order_is_that_of_asterisk() -> None:
    shuffled = random.Random(7).sample(
        AS_ASTERISK_LISTS_THEM, len(AS_ASTERISK_LISTS_THEM)
    )
    patterns = sorted(map(Pattern.written, shuffled), key=lambda p: p.rank)
    listed = [p.text + ("/200" if p.caller else "") for p in patterns]
    # Exact ones are all tried before any pattern; which of them is first is no matter.
    assert set(listed[:5]) == set(AS_ASTERISK_LISTS_THEM[:5])
    assert listed[5:] == AS_ASTERISK_LISTS_THEM[5:]


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("100", "100"),
        ("12-3", "123"),
        ("_1XX", "199"),
        ("_1xx", "199"),
        ("_NXX", "200"),
        ("_Z.", "12"),
        ("_[1-37]X", "75"),
        ("_[*#]77", "#77"),
        ("_*7.", "*77*100*"),
        ("_*77!", "*77"),
        ("_1-2-X", "129"),
        ("_.", "anything"),
    ],
)
def test_it_matches(pattern: str, number: str) -> None:
    assert Pattern.written(pattern).matches(number)


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("100", "1000"),
        ("_1XX", "19"),
        ("_NXX", "100"),
        ("_Z.", "1"),
        ("_Z.", "01"),
        ("_[1-3]X", "45"),
        ("_*7.", "*7"),
        ("_X.", "*77"),
    ],
)
def test_it_does_not_match(pattern: str, number: str) -> None:
    assert not Pattern.written(pattern).matches(number)


@pytest.mark.parametrize(
    ("one", "other", "example"),
    [
        ("_*7X.", "_*77*XX*", "*77*11*"),
        ("_*7.", "*77", "*77"),
        ("_[*#]X!", "*77", "*77"),
        ("_*[67]X", "*77", "*77"),
        ("*7", "*77", None),
        ("*78", "*77", None),
        ("_X.", "*77", None),
        ("_*77*X*", "_*77*XX*", None),
    ],
)
def test_what_two_have_in_common(one: str, other: str, example: str | None) -> None:
    assert Pattern(one).common(Pattern(other)) == example
    assert Pattern(other).common(Pattern(one)) == example


PATTERNS = st.text("0123*#XZN", min_size=1, max_size=6).flatmap(
    lambda fixed: st.sampled_from([fixed, f"_{fixed}", f"_{fixed}.", f"_{fixed}!"])
)


@given(PATTERNS.map(Pattern), PATTERNS.map(Pattern))
def test_an_example_is_matched_by_both(one: Pattern, other: Pattern) -> None:
    example = one.common(other)
    assert example is None or (one.matches(example) and other.matches(example))


@given(PATTERNS.map(Pattern), PATTERNS.map(Pattern), st.text("0123*#", max_size=7))
def test_what_both_match_is_never_overlooked(
    one: Pattern, other: Pattern, number: str
) -> None:
    if one.matches(number) and other.matches(number):
        assert one.common(other) is not None
