"""When rules log people out, wherever clocks change and however they are set."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asterisk_hotdesk.config import Config, LogoutConfig
from asterisk_hotdesk.config.regions import public_holidays
from asterisk_hotdesk.logout_rules import (
    AFTER_CALL,
    Due,
    LogoutRules,
    Rule,
    free_at,
    instant,
    rules_at,
    rules_of,
)
from asterisk_hotdesk.model import OwnLogoutRules

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
"""Where summer time is half an hour."""
SIX = time(18)
HOUR = timedelta(hours=1)
OFFICE = {"mon": "08:00-18:00", "tue": "08:00-18:00", "wed": "08:00-18:00"} | {
    "thu": "08:00-18:00",
    "fri": "08:00-16:00",
}

# Those that have changed their clocks in every way that there is: by an hour, by half
# an hour, at midnight, for Ramadan, by a whole day, and never.
zones = st.sampled_from(
    [
        *("Europe/Berlin", "Europe/London", "America/New_York", "America/Sao_Paulo"),
        *("Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu"),
        *("America/St_Johns", "Asia/Tehran", "Africa/Cairo", "UTC"),
    ]
).map(ZoneInfo)
moments = st.integers(0, 33 * 365 * 24 * 60).map(
    lambda minutes: datetime(2005, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def local(zone: ZoneInfo, *date_and_time: int) -> datetime:
    """Return when clocks in *zone* show this, for the first time."""
    return datetime(*date_and_time, tzinfo=zone).astimezone(UTC)  # type: ignore[arg-type, misc]


def daily(at: time = SIX, zone: ZoneInfo = BERLIN) -> LogoutRules:
    return LogoutRules(zone=zone, daily=frozenset({at}))


def end(
    rules: LogoutRules,
    since: datetime,
    last_call_at: datetime | None = None,
    *,
    in_call: bool = False,
) -> datetime | None:
    due = rules.due(since=since, last_call_at=last_call_at, in_call=in_call)
    return due.at if due else None


def ends(rules: LogoutRules, since: datetime, times: int) -> list[datetime]:
    """Return when somebody is logged out who logs in again at once, each time."""
    found = []
    for _ in range(times):
        at = end(rules, since)
        assert at is not None
        found.append(at)
        since = at
    return found


def plan(**settings: Any) -> LogoutConfig:
    return LogoutConfig.model_validate({"timezone": "Europe/Berlin", **settings})


def rules(settings: LogoutConfig, *own: OwnLogoutRules) -> LogoutRules:
    found = rules_of(settings, BERLIN, *own)
    assert found is not None
    return found


# Daily -----------------------------------------------------------------------


def test_whoever_sits_there_at_the_time_is_logged_out_then() -> None:
    since = local(BERLIN, 2026, 5, 4, 9, 12)

    assert daily().due(since=since, last_call_at=None, in_call=False) == Due(
        local(BERLIN, 2026, 5, 4, 18), Rule.DAILY
    )


def test_who_logs_in_after_the_time_stays_until_tomorrows() -> None:
    for minutes in (0, 1, 300):
        since = local(BERLIN, 2026, 5, 4, 18) + timedelta(minutes=minutes)

        assert end(daily(), since) == local(BERLIN, 2026, 5, 5, 18)


def test_a_time_that_summer_time_skips_is_the_instant_of_the_change() -> None:
    rules = daily(time(2, 30))
    evening = local(BERLIN, 2026, 3, 28, 20)

    assert ends(rules, evening, 2) == [
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        local(BERLIN, 2026, 3, 30, 2, 30),
    ]


def test_a_time_that_there_is_twice_logs_out_once() -> None:
    rules = daily(time(2, 30))
    evening = local(BERLIN, 2026, 10, 24, 20)

    assert ends(rules, evening, 2) == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        local(BERLIN, 2026, 10, 26, 2, 30),
    ]


def test_half_an_hour_of_summer_time_is_a_change_like_any() -> None:
    rules = daily(time(2, 15), LORD_HOWE)

    # Clocks go from 2:00 to 2:30 there, and half a year later back to 1:30.
    assert ends(rules, local(LORD_HOWE, 2026, 10, 3, 20), 2) == [
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
        local(LORD_HOWE, 2026, 10, 5, 2, 15),
    ]
    twice = daily(time(1, 45), LORD_HOWE)
    assert ends(twice, local(LORD_HOWE, 2026, 4, 4, 20), 2) == [
        datetime(2026, 4, 4, 14, 45, tzinfo=UTC),
        local(LORD_HOWE, 2026, 4, 6, 1, 45),
    ]


def test_a_day_that_a_country_skipped_ends_at_its_change() -> None:
    """Samoa had no 30 December 2011."""
    apia = ZoneInfo("Pacific/Apia")

    assert ends(daily(zone=apia), datetime(2011, 12, 30, 5, tzinfo=UTC), 2) == [
        datetime(2011, 12, 30, 10, tzinfo=UTC),
        datetime(2011, 12, 31, 4, tzinfo=UTC),
    ]


@settings(deadline=None)
@given(zones, times, moments)
def test_every_day_has_one_logout_and_no_more(
    zone: ZoneInfo, at: time, since: datetime
) -> None:
    found = ends(daily(at, zone), since, 5)

    assert found == sorted(set(found))
    days = [instant_day(one, at, zone) for one in found]
    gaps = {later - day for day, later in pairwise(days)}
    assert gaps == {timedelta(days=1)}
    assert found[0] > since


def instant_day(found: datetime, at: time, zone: ZoneInfo) -> date:
    """Return whose logout *found* is: of the day whose time it is, or that skips it."""
    shown = found.astimezone(zone)
    for day in (shown.date() + timedelta(days=n) for n in (-1, 0)):
        if instant(datetime.combine(day, at), zone) == found:
            return day
    raise AssertionError(found)


@settings(deadline=None)
@given(zones, moments, times)
def test_an_instant_is_the_first_that_shows_the_time_or_later(
    zone: ZoneInfo, around: datetime, at: time
) -> None:
    wall = datetime.combine(around.astimezone(zone).date(), at)
    found = instant(wall, zone)

    assert shown(found, zone) >= wall
    assert shown(found - timedelta(seconds=1), zone) < wall
    is_shown = any(
        shown(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC), zone) == wall
        for fold in (0, 1)
    )
    assert is_shown == (shown(found, zone) == wall)


def shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


@settings(deadline=None)
@given(zones, moments, times)
def test_when_is_due_does_not_depend_on_when_somebody_looks(
    zone: ZoneInfo, since: datetime, at: time
) -> None:
    """So a clock that is set, or an outage, neither skips nor repeats a logout."""
    both = replace(daily(at, zone), total=10 * HOUR)
    first = end(both, since)

    assert first is not None
    assert first <= since + 10 * HOUR
    assert end(both, since) == first


def test_a_clock_that_is_set_back_after_a_logout_does_not_repeat_it() -> None:
    """Who was logged out at 18:00 and comes back is there at the second 18:00, too."""
    again = local(BERLIN, 2026, 5, 4, 18, 1)

    assert end(daily(), again) == local(BERLIN, 2026, 5, 5, 18)


def test_a_clock_that_is_set_forward_past_the_time_skips_nothing() -> None:
    since, later = local(BERLIN, 2026, 5, 4, 17), local(BERLIN, 2026, 5, 4, 23)
    at = end(daily(), since)

    assert at is not None
    assert since < at <= later


# Idle, and in all ------------------------------------------------------------


def test_who_makes_no_call_is_idle_from_the_login_on() -> None:
    since = datetime(2026, 5, 4, 8, tzinfo=UTC)
    idle = LogoutRules(zone=BERLIN, idle=4 * HOUR)

    assert end(idle, since) == since + 4 * HOUR
    assert end(idle, since, since - HOUR) == since + 4 * HOUR
    assert end(idle, since, since + HOUR) == since + 5 * HOUR
    assert end(idle, since, since + HOUR, in_call=True) is None


def test_in_all_calls_do_not_count() -> None:
    since = datetime(2026, 5, 4, 8, tzinfo=UTC)
    total = LogoutRules(zone=BERLIN, total=8 * HOUR)

    assert end(total, since, since + HOUR, in_call=True) == since + 8 * HOUR


def test_hours_are_hours_also_when_clocks_change() -> None:
    since = local(BERLIN, 2026, 3, 28, 22)

    assert end(LogoutRules(zone=BERLIN, total=8 * HOUR), since) == local(
        BERLIN, 2026, 3, 29, 7
    )


def test_after_a_call_there_is_time_for_another() -> None:
    due = Due(datetime(2026, 5, 4, 18, tzinfo=UTC), Rule.DAILY)

    assert free_at(due, None) == due.at
    assert free_at(due, due.at - HOUR) == due.at
    assert free_at(due, due.at + HOUR) == due.at + HOUR + AFTER_CALL


# Opening hours ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "closes"),
    [
        pytest.param((2026, 5, 4, 9), (2026, 5, 4, 18), id="on a Monday"),
        pytest.param((2026, 5, 4, 6), (2026, 5, 4, 18), id="before it opens"),
        pytest.param((2026, 5, 4, 18), (2026, 5, 5, 18), id="after it has closed"),
        pytest.param((2026, 5, 8, 17), (2026, 5, 11, 18), id="on a Friday evening"),
        pytest.param((2026, 5, 9, 11), (2026, 5, 11, 18), id="on a Saturday"),
        pytest.param((2026, 5, 14, 11), (2026, 5, 15, 16), id="on Ascension Day"),
    ],
)
def test_everybody_leaves_when_the_office_closes(
    since: tuple[int, ...], closes: tuple[int, ...]
) -> None:
    holds = rules(plan(hours=OFFICE, region="DE-BY"))

    assert end(holds, local(BERLIN, *since)) == local(BERLIN, *closes)


def test_a_holiday_of_one_part_of_a_country_is_none_of_the_others() -> None:
    epiphany = local(BERLIN, 2026, 1, 6, 9)

    assert end(rules(plan(hours=OFFICE, region="DE-BY")), epiphany) == local(
        BERLIN, 2026, 1, 7, 18
    )
    assert end(rules(plan(hours=OFFICE, region="DE-BE")), epiphany) == local(
        BERLIN, 2026, 1, 6, 18
    )


@pytest.mark.parametrize(
    ("hours", "closes"),
    [
        ("08:00-24:00", (2026, 5, 5, 0)),
        ("22:00-06:00", (2026, 5, 5, 6)),
        ("08:00-08:00", (2026, 5, 5, 8)),
    ],
)
def test_an_office_can_close_on_the_next_day(
    hours: str, closes: tuple[int, ...]
) -> None:
    holds = rules(plan(hours={"mon": hours}))

    assert end(holds, local(BERLIN, 2026, 5, 4, 23)) == local(BERLIN, *closes)


def test_an_office_that_never_opens_never_closes() -> None:
    class Always(Container[date]):
        def __contains__(self, day: object) -> bool:
            return True

    holds = replace(rules(plan(hours=OFFICE)), holidays=Always())

    assert end(holds, local(BERLIN, 2026, 5, 4, 9)) is None


@settings(deadline=None)
@given(moments)
def test_no_closing_time_is_on_a_holiday_or_a_weekend(since: datetime) -> None:
    at = end(rules(plan(hours=OFFICE, region="DE-BY")), since)

    assert at is not None
    day = at.astimezone(BERLIN).date()
    assert day.weekday() < 5
    assert day not in public_holidays("DE-BY")


def test_regions_are_known_by_name() -> None:
    with pytest.raises(ValueError, match="such as DE"):
        public_holidays("XX")
    with pytest.raises(ValueError, match="such as DE"):
        public_holidays("de-by")
    with pytest.raises(ValueError, match="of DE with one of BB, BE, BW, BY"):
        public_holidays("DE-XX")


# Which rules hold ------------------------------------------------------------


def test_the_strictest_rule_comes_first() -> None:
    mondays = plan(idle_hours=4, total_hours=10, daily_at="18:00")
    user = OwnLogoutRules(logout_after_idle="90m", logout_at="17:00")
    device = OwnLogoutRules(logout_after_idle="2h", logout_after="12h")

    holds = rules(mondays, user, device)

    assert (holds.idle, holds.total) == (1.5 * HOUR, 10 * HOUR)
    assert holds.daily == {time(17), time(18)}
    since = local(BERLIN, 2026, 5, 4, 16)
    assert holds.due(since=since, last_call_at=None, in_call=False) == Due(
        local(BERLIN, 2026, 5, 4, 17), Rule.DAILY
    )


def test_no_rule_logs_out_who_or_what_is_exempt() -> None:
    exempt, strict = (
        OwnLogoutRules(never_logout=True),
        OwnLogoutRules(logout_after="1h"),
    )

    assert rules_of(plan(total_hours=1), BERLIN, exempt, strict) is None
    assert rules_of(plan(total_hours=1), BERLIN, strict, exempt) is None


def test_without_rules_nobody_is_due() -> None:
    holds = rules(plan())

    assert not holds
    assert end(holds, datetime(2026, 5, 4, tzinfo=UTC)) is None


def test_an_account_can_differ_and_switch_a_rule_off() -> None:
    whole = plan(
        idle_hours=4,
        daily_at="18:00",
        accounts={"acme": {"idle_hours": 0, "daily_at": "20:00"}},
    )

    assert rules(whole.of("default")).idle == 4 * HOUR
    assert rules(whole.of("acme")).idle is None
    assert rules(whole.of("acme")).daily == {time(20)}


@pytest.mark.parametrize(
    ("device", "settings", "zone"),
    [
        ("Asia/Tokyo", {}, "Asia/Tokyo"),
        ("", {}, "Europe/Berlin"),
        ("", {"timezone": None}, "Europe/Paris"),
    ],
)
def test_a_time_is_that_of_the_desk(
    device: str, settings: dict[str, Any], zone: str
) -> None:
    config = Config.model_validate(
        {
            "asterisk": {"ari_password": "x", "ami_secret": "y"},
            "logout": {"timezone": "Europe/Berlin", **settings},
            "provisioning": {"timezone": "Europe/Paris"},
        }
    )
    own = OwnLogoutRules(logout_at="18:00")

    holds = rules_at(config, "default", device, own)

    assert holds is not None
    assert holds.zone.key == zone
