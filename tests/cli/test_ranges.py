"""Ranges of extensions and of device names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_hotdesk.cli.ranges import LARGEST, extensions_in, names_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100", ["100"]),
        ("100-103", ["100", "101", "102", "103"]),
        ("100,105-106", ["100", "105", "106"]),
        ("100, 105 - 106", ["100", "105", "106"]),
        ("098-101", ["098", "099", "100", "101"]),
        ("99-101", ["99", "100", "101"]),
        ("100,99-101", ["100", "99", "101"]),
        ("0", ["0"]),
    ],
)
def test_extensions(text: str, expected: list[str]) -> None:
    assert extensions_in(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HD0001", ["HD0001"]),
        ("Lobby", ["Lobby"]),
        ("HD0009-HD0011", ["HD0009", "HD0010", "HD0011"]),
        ("HD0009-0011", ["HD0009", "HD0010", "HD0011"]),
        ("A1B09-A1B10", ["A1B09", "A1B10"]),
        ("HD1,Lobby,HD1", ["HD1", "Lobby"]),
    ],
)
def test_names(text: str, expected: list[str]) -> None:
    assert names_in(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "100-",
        "-100",
        "abc",
        "100,",
        "1 00",
        "103-100",
        "100-0101",
        "1-2-3",
        f"100-{100 + LARGEST}",
        "0-99999999999999999999",
        "१००",
    ],
)
def test_what_is_no_range_of_extensions_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|digits|upwards|number"):
        extensions_in(text)


@pytest.mark.parametrize("text", ["", "HD-01", "HD1-XY2", "Lobby-Lounge", "HD1-"])
def test_what_is_no_range_of_names_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|number"):
        names_in(text)


@given(st.integers(0, 9_000_000_000), st.integers(0, 200))
def test_a_range_has_all_between_its_ends(low: int, more: int) -> None:
    width = len(str(low + more))
    text = f"{low:0{width}}-{low + more:0{width}}"
    assert list(map(int, extensions_in(text))) == list(range(low, low + more + 1))
