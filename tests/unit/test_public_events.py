"""What others are told of the history."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from asterisk_hotdesk.model import EventKind
from asterisk_hotdesk.public_events import PublicEvent, public_event
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.feed import Recorded

AT = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)


def told(what: str, code: str = "") -> PublicEvent | None:
    """Return what is told of an event of Alice at HD0001."""
    event = Event(
        at=AT,
        what=what,
        code=code,
        account="default",
        extension="100",
        name="Alice",
        device="HD0001",
        by="phone",
    )
    return public_event(Recorded(7, event))


@pytest.mark.parametrize(
    ("what", "code", "kind", "detail"),
    [
        ("login", "", EventKind.LOGIN, {}),
        ("logout", "logged_out", EventKind.LOGOUT, {"reason": "logged_out"}),
        ("logout", "moved", EventKind.LOGOUT, {"reason": "moved"}),
        ("logout", "replaced", EventKind.REPLACED, {"reason": "replaced"}),
        ("refused", "not_allowed", EventKind.AUTH_FAIL, {"code": "not_allowed"}),
        ("refused", "locked_out", EventKind.AUTH_FAIL, {"code": "locked_out"}),
        ("emergency_call", "112", EventKind.EMERGENCY, {"number": "112"}),
        ("emergency_over", "112", EventKind.EMERGENCY_OVER, {"number": "112"}),
        ("stale", "unreachable", EventKind.STALE, {"phone": "unreachable"}),
        ("fresh", "", EventKind.FRESH, {}),
    ],
)
def test_others_are_told_what_happened_to_whom_where(
    what: str, code: str, kind: EventKind, detail: dict[str, str]
) -> None:
    event = told(what, code)

    assert event is not None
    assert (event.kind, event.id, event.at) == (kind, 7, AT)
    assert event.fields == {
        "account": "default",
        "device": "HD0001",
        "extension": "100",
        "name": "Alice",
        "by": "phone",
        "actor": "",
        "address": "",
        **detail,
    }


@pytest.mark.parametrize(
    ("what", "code"),
    [("refused", "nobody_logged_in"), ("pin_set", ""), ("user_added", "")],
)
def test_the_rest_is_nobody_elses_business(what: str, code: str) -> None:
    assert told(what, code) is None


def test_ami_calls_the_kinds_what_asterisk_would() -> None:
    assert [kind.ami_name for kind in EventKind] == [
        "HotdeskLogin",
        "HotdeskLogout",
        "HotdeskReplaced",
        "HotdeskAuthFail",
        "HotdeskEmergency",
        "HotdeskEmergencyOver",
        "HotdeskStale",
        "HotdeskFresh",
    ]
