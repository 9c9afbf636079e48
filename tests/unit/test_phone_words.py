"""Languages and time zones, in the words of each vendor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.phones.timezones import _ZONES, SummerTime, zone
from asterisk_hotdesk.phones.words import WORDS, language_name, words_of

YEAR = 2027


@pytest.mark.parametrize(
    ("language", "vendor", "firmware", "name"),
    [
        ("de_CH", "snom", "10.1.198.12", "Deutsch"),
        ("fr", "snom", "10.1.198.12", "Français"),
        ("fr", "snom", "", "Français"),
        ("fr", "snom", "8.9.3.40", "Francais"),
        ("es", "gigaset", "10.1.226.16", "Español"),
        ("de", "yealink", "96.86.0.20", "German"),
        ("nl", "yealink", "96.86.0.20", "English"),
        ("de", "fanvil", "", "de"),
        ("it", "grandstream", "", "it"),
        ("nl", "poly", "", "Dutch_Netherlands"),
        ("tlh", "poly", "", "English_United_States"),
    ],
)
def test_each_vendor_has_names_of_its_own_for_languages(
    language: str, vendor: str, firmware: str, name: str
) -> None:
    assert language_name(language, PhoneKind(vendor=vendor, firmware=firmware)) == name


def test_every_word_is_said_in_every_language() -> None:
    for language in WORDS:
        assert all(words_of(language))
    assert words_of("tlh") == words_of("en-GB") == WORDS["en"]


@pytest.mark.parametrize("name", sorted(_ZONES))
def test_clocks_change_when_they_do_there(name: str) -> None:
    known = zone(name)
    assert known is not None
    there = _as_in_the_newest_law(name)
    for day in range(365):
        noon = datetime(YEAR, 1, 1, 12, tzinfo=UTC) + timedelta(days=day)
        ahead = noon.astimezone(there).utcoffset()
        summer = known.summer is not None and _is_summer(
            noon, known.hours, known.summer
        )
        assert ahead == timedelta(hours=known.hours + summer), noon


def _as_in_the_newest_law(name: str) -> ZoneInfo:
    """Return a zone from the package tzdata: a machine's own data may be years old."""
    with files("tzdata").joinpath("zoneinfo", name).open("rb") as data:
        return ZoneInfo.from_file(data, name)


def _is_summer(at: datetime, hours: float, rule: SummerTime) -> bool:
    def utc(month: int, week: int, hour: int, ahead: float) -> datetime:
        first = datetime(YEAR, month, 1, tzinfo=UTC)
        sundays = [
            first + timedelta(days=day)
            for day in range(31)
            if (first + timedelta(days=day)).month == month
            and (first + timedelta(days=day)).weekday() == 6
        ]
        sunday = sundays[-1] if week == 5 else sundays[week - 1]
        return sunday + timedelta(hours=hour) - timedelta(hours=ahead)

    start, end = utc(*rule.start, hours), utc(*rule.end, hours + 1)
    return start <= at < end if start < end else not end <= at < start


@pytest.mark.parametrize(
    ("name", "clock", "seconds", "fanvil"),
    [
        ("Europe/Berlin", "+1", 3600, (4, "UTC+1")),
        ("Europe/London", "0", 0, (0, "UTC")),
        ("America/New_York", "-5", -18000, (-20, "UTC-05")),
        ("Asia/Kolkata", "+5:30", 19800, None),
    ],
)
def test_each_vendor_counts_hours_in_its_own_way(
    name: str, clock: str, seconds: int, fanvil: tuple[int, str] | None
) -> None:
    known = zone(name)

    assert known is not None
    assert (known.clock, known.seconds, known.fanvil) == (clock, seconds, fanvil)


@pytest.mark.parametrize("name", ["Atlantis/Capital", "", "Europe/Istanbul"])
def test_a_zone_that_vendors_do_not_know_for_sure_is_none(name: str) -> None:
    assert zone(name) is None
