"""Which PINs may be chosen: none that is in everybody's list of first guesses."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_hotdesk.errors import WeakPin
from asterisk_hotdesk.pin_rules import check_pin, is_date

any_text = st.text(st.characters(exclude_categories=[]))
dates = st.dates(date(1900, 1, 1), date(2099, 12, 31))


def refusal(pin: str, extension: str = "999", length: int | None = None) -> str:
    """Return why *pin* is refused; empty if it is not."""
    try:
        check_pin(pin, length=length or len(pin), extension=extension)
    except WeakPin as weak:
        return str(weak)
    return ""


@pytest.mark.parametrize(
    "pin", ["739251", "113355", "135791", "940027", "4739", "9275", "73925", "73925173"]
)
def test_a_good_pin_is_good(pin: str) -> None:
    assert refusal(pin) == ""


@pytest.mark.parametrize(
    "pin", ["", "73925", "7392510", "73925a", "73925\n", " 73925", "٧٣٩٢٥١", "73925²"]
)
def test_a_pin_has_as_many_digits_as_the_settings_say(pin: str) -> None:
    assert refusal(pin, length=6) == "A PIN has exactly 6 digits."


@pytest.mark.parametrize("pin", ["000000", "7777", "121212", "4747", "75757", "739739"])
def test_repetitions_are_no_pins(pin: str) -> None:
    assert "repeats" in refusal(pin)


@pytest.mark.parametrize(
    "pin", ["123456", "654321", "567890", "890123", "210987", "6789", "3210"]
)
def test_runs_are_no_pins(pin: str) -> None:
    assert "count up or down" in refusal(pin)


@pytest.mark.parametrize(
    ("pin", "extension"),
    [
        ("000471", "471"),
        ("471000", "471"),
        ("004710", "471"),
        ("947153", "471"),
        ("917453", "471"),
        ("471471", "471"),
        ("4738", "4738"),
        ("8374", "4738"),
        ("4738", "104738"),
        ("470000", "47"),
        ("000074", "47"),
    ],
)
def test_an_extension_is_no_pin_of_its_own_user(pin: str, extension: str) -> None:
    assert refusal(pin, extension) != ""
    assert refusal(pin, "6688") == "" or "extension" not in refusal(pin, "6688")


def test_a_short_extension_may_be_somewhere_in_a_pin() -> None:
    assert refusal("947653", "47") == ""


@given(dates)
def test_no_day_of_two_centuries_is_a_pin(day: date) -> None:
    for form in ("%d%m%y", "%m%d%y", "%y%m%d", "%d%m%Y", "%m%d%Y", "%Y%m%d"):
        pin = day.strftime(form)
        assert is_date(pin)
        assert refusal(pin) != ""
    for form in ("%d%m", "%m%d", "%Y"):
        assert is_date(day.strftime(form))


@pytest.mark.parametrize(
    "pin", ["310299", "290231", "991399", "739251", "31022001", "01011899", "0013"]
)
def test_what_is_no_day_is_no_date(pin: str) -> None:
    assert not is_date(pin)


def test_nine_of_ten_pins_are_left_to_choose_from() -> None:
    left = sum(not refusal(f"{pin:06}", "471") for pin in range(0, 10**6, 7))

    assert 0.88 < left * 7 / 10**6 < 0.95


@given(pin=any_text, length=st.integers(4, 12), extension=st.from_regex(r"[0-9]{2,10}"))
def test_a_complaint_never_repeats_the_pin(
    pin: str, length: int, extension: str
) -> None:
    marked = f"{pin}-SECRET"
    for tried in (pin, marked, pin[:length]):
        try:
            check_pin(tried, length=length, extension=extension)
        except WeakPin as complaint:
            said = f"{complaint!r} {complaint.__cause__!r} {complaint.__context__!r}"
            assert "SECRET" not in said
            assert len(tried) < 3 or tried not in said
