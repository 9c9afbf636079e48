"""An outage is said when it begins, once a minute and when it ends: not at each try."""

from __future__ import annotations

import logging

import pytest

from asterisk_hotdesk.errors import Conflict, Unavailable
from asterisk_hotdesk.outages import Outage

log = logging.getLogger("asterisk_hotdesk.test_outages")


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("asterisk_hotdesk.outages.time", clock)
    return clock


@pytest.fixture
def outage() -> Outage:
    return Outage(log, "PostgreSQL")


GONE = Unavailable("PostgreSQL cannot be reached (OperationalError)")


def test_an_outage_of_an_hour_is_sixty_lines_not_thousands(
    outage: Outage, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(36_000):
        outage.note(GONE)
        clock.seconds += 0.1

    assert 59 <= len(caplog.messages) <= 61
    assert set(caplog.messages) == {f"{GONE}; trying again"}


def test_the_beginning_is_said_at_once(
    outage: Outage, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    outage.note(GONE)

    assert caplog.messages == [f"{GONE}; trying again"]


def test_nobody_is_asked_to_do_what_is_being_done(
    outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    outage.note(Conflict())

    (said,) = caplog.messages
    assert said.endswith("at the same moment; trying again")


def test_the_end_is_said_once(
    outage: Outage, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    outage.note(GONE)
    outage.over()
    outage.over()

    assert caplog.messages[1:] == ["PostgreSQL is back"]


def test_what_was_never_gone_is_not_back(
    outage: Outage, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    outage.over()

    assert caplog.messages == []


def test_a_new_outage_is_said_at_once(
    outage: Outage, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        outage.note(GONE)
        outage.over()

    assert caplog.messages == [f"{GONE}; trying again", "PostgreSQL is back"] * 2
