"""What other programs read over AMI: names, values, and nothing that breaks a line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_hotdesk.errors import NotFound, Unavailable
from asterisk_hotdesk.pbx.ami import Headers
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.feed import Recorded
from asterisk_hotdesk.userevents import Announcements, announcements, messages

NOW = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)


class FakeAmi:
    """Keeps what is sent, packet by packet."""

    def __init__(self) -> None:
        self.packets: list[list[Headers]] = []

    async def tell(self, events: list[Headers]) -> None:
        self.packets.append(events)

    @property
    def sent(self) -> list[Headers]:
        return [event for packet in self.packets for event in packet]


def happened(number: int, what: str, **facts: str) -> Recorded:
    known = {"account": "default", "extension": "100", "device": "HD0001"}
    return Recorded(number, Event(at=NOW, what=what, **known | facts))


def told(recorded: Recorded) -> dict[str, str]:
    """Return what is sent because of *recorded*; empty: nothing is."""
    return messages.announcement(recorded, [recorded]) or {}


# Values ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (17, "17"),
        (2.5, "2.5"),
        ("Zoë", "Zoë"),
        ("a\r\nAction: Reload", "a  Action: Reload"),
        ("\x1b[31m\0", " [31m "),
        (NOW, "2026-01-02T08:00:00.000Z"),
        (NOW.astimezone(timezone(timedelta(hours=1))), "2026-01-02T08:00:00.000Z"),
    ],
)
def test_values_are_one_line_of_text(value: messages.Value, text: str) -> None:
    assert messages.shown(value) == text


@given(st.text())
def test_no_text_breaks_a_line_or_asterisks_limit(text: str) -> None:
    line = f"Name: {messages.shown(text * 100)}"

    assert line.isprintable()
    assert len(line.encode()) < 1024


def test_what_somebody_asks_with_comes_back() -> None:
    question = {"actionid": "1", "requestid": "x", "device": "HD0001"}

    assert messages.echo_of(question) == {"ActionID": "1", "RequestID": "x"}
    assert messages.echo_of({"actionid": ""}) == {}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("There is no device X."), "not_found"),
        (Unavailable("PostgreSQL cannot be reached"), "unavailable"),
    ],
)
def test_a_failure_says_what_and_why(error: NotFound | Unavailable, code: str) -> None:
    answer = messages.status_failed(error, {"ActionID": "1"})

    assert (answer["Result"], answer["Code"]) == ("Error", code)
    assert answer["Message"] == str(error)
    assert (answer["ActionID"], answer["EventList"]) == ("1", "Complete")


# Announcements ---------------------------------------------------------------


def test_a_login_is_told_with_whose_and_where() -> None:
    assert told(happened(7, "login", name="Alice")) == {
        "UserEvent": "HotdeskLogin",
        "EventID": "7",
        "At": "2026-01-02T08:00:00.000Z",
        "Device": "HD0001",
        "Account": "default",
        "Extension": "100",
        "Name": "Alice",
        "By": "",
        "Actor": "",
        "Address": "",
    }


def test_who_is_replaced_is_told_with_by_whom() -> None:
    left = happened(1, "logout", code="replaced")
    came = happened(2, "login", extension="101")
    elsewhere = happened(3, "login", extension="102", device="HD0002")

    replaced = messages.announcement(left, [elsewhere, left, came]) or {}

    assert (replaced["UserEvent"], replaced["ReplacedBy"]) == ("HotdeskReplaced", "101")
    assert told(left)["ReplacedBy"] == ""


@pytest.mark.parametrize(
    ("what", "code", "name", "header"),
    [
        ("logout", "moved", "HotdeskLogout", "Reason"),
        ("refused", "bad_credentials", "HotdeskAuthFail", "Code"),
        ("refused", "locked_out", "HotdeskAuthFail", "Code"),
        ("stale", "registered", "HotdeskStale", "Phone"),
    ],
)
def test_other_things_are_told_under_their_names_and_with_why(
    what: str, code: str, name: str, header: str
) -> None:
    event = told(happened(1, what, code=code))

    assert (event["UserEvent"], event[header]) == (name, code)


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("refused", "in_emergency"),
        ("emergency_call", "112"),
        ("emergency_over", "112"),
        ("pin_set", ""),
        ("something of a later release", ""),
    ],
)
def test_what_others_tell_or_nobody_should_know_is_not_told(
    what: str, code: str
) -> None:
    assert told(happened(1, what, code=code)) == {}


async def test_news_are_told_for_ten_minutes() -> None:
    ami = FakeAmi()
    teller = Announcements(ami, lambda: NOW + timedelta(minutes=10))  # type: ignore[arg-type]
    old = Recorded(1, Event(at=NOW - timedelta(seconds=1), what="login"))

    await teller.tell([old, happened(2, "login")])

    assert [event["EventID"] for event in ami.sent] == ["2"]


async def test_very_many_news_are_told_in_parts() -> None:
    ami = FakeAmi()
    teller = Announcements(ami, lambda: NOW)  # type: ignore[arg-type]

    await teller.tell([happened(number, "login") for number in range(50)])

    assert [len(packet) for packet in ami.packets] == [20, 20, 10]
    assert announcements.TOGETHER == 20
