"""Emergency calls as AMI and AstDB tell of them, and as they do not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_hotdesk.config import EmergencyConfig
from asterisk_hotdesk.emergency import EmergencyCalls, pinned_calls
from asterisk_hotdesk.pbx.ami import Message
from asterisk_hotdesk.store.emergencies import EmergencyCall

NOW = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)
BEGAN = {
    "event": "UserEvent",
    "uniqueid": "1767340800.7",
    "userevent": "HotdeskEmergency",
    "device": "HD0001",
    "number": "112",
}
OVER = BEGAN | {"userevent": "HotdeskEmergencyOver"}


class FakePhones:
    """Which phones are left alone, and since when not any more."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.released: list[tuple[str, float]] = []

    def hold(self, device: str) -> None:
        self.held.append(device)

    def release(self, device: str, quiet_seconds: float) -> None:
        self.released.append((device, quiet_seconds))


@pytest.fixture
def phones() -> FakePhones:
    return FakePhones()


@pytest.fixture
def calls(phones: FakePhones, monkeypatch: pytest.MonkeyPatch) -> EmergencyCalls:
    """Return what hears of emergency calls, and tells nobody."""
    monkeypatch.setattr(EmergencyCalls, "_tell", lambda *_: None)
    nobody = cast(Any, None)
    return EmergencyCalls(
        nobody,
        nobody,
        nobody,
        cast(Any, phones),
        nobody,
        EmergencyConfig(quiet_seconds=90),
        lambda: NOW,
    )


async def test_the_phone_rests_after_its_last_call(
    calls: EmergencyCalls, phones: FakePhones
) -> None:
    second = {"uniqueid": "1767340801.9"}
    for event in (BEGAN, BEGAN | second, OVER):
        calls.take(event)
    assert phones.released == []

    calls.take(OVER | second)
    assert phones.held == ["HD0001", "HD0001"]
    assert phones.released == [("HD0001", 90)]


@pytest.mark.parametrize("missing", ["userevent", "uniqueid", "device"])
async def test_half_an_event_says_nothing(
    calls: EmergencyCalls, phones: FakePhones, missing: str
) -> None:
    event: Message = {k: v for k, v in BEGAN.items() if k != missing}

    calls.take(event)

    assert phones.held == []


async def test_nobody_on_ami_calls_for_help_or_ends_a_call(
    calls: EmergencyCalls, phones: FakePhones
) -> None:
    """What an AMI user sends comes after the name of the event."""
    forged = {"event": "UserEvent", "userevent": "HotdeskEmergency"} | BEGAN

    calls.take(forged)
    assert phones.held == []

    calls.take(BEGAN)
    calls.take(forged | {"userevent": "HotdeskEmergencyOver"})
    assert phones.released == []


def test_what_astdb_says_is_understood() -> None:
    (found,) = pinned_calls(
        {
            "hotdesk/desk/HD0001": "17:default/100",
            "hotdesk/emergency/HD0001": "1767344400:112:pbx-1-1767340800.7",
            "hotdesk/callback/493055501": "HD0001",
        }
    )

    assert found.until == datetime(2026, 1, 2, 9, 0, tzinfo=UTC)
    assert found.call == EmergencyCall(
        channel="pbx-1-1767340800.7", device="HD0001", number="112", began_at=NOW
    )


@given(
    st.text() | st.from_regex(r"[0-9:.\-]{0,40}", fullmatch=True),
    st.text() | st.just("HD0001"),
)
def test_nonsense_in_astdb_says_nothing(value: str, device: str) -> None:
    for found in pinned_calls({f"hotdesk/emergency/{device}": value}):
        # It looks like one of ours, so it is taken for one.
        assert value.endswith(f":{found.call.number}:{found.call.channel}")
