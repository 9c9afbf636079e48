"""What a receiver of a webhook gets: a stable body, and a signature it can check."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone

from asterisk_hotdesk.model import EventKind
from asterisk_hotdesk.public_events import PublicEvent
from asterisk_hotdesk.webhooks.message import Message, headers, message_of

AT = datetime(2026, 1, 2, 9, 0, tzinfo=timezone(timedelta(hours=1)))
EVENT = PublicEvent(
    EventKind.LOGIN, 7, AT, {"device": "HD0001", "extension": "102", "name": "Çiğdem"}
)


def test_the_signature_is_the_one_that_is_published_as_an_example() -> None:
    # Source: https://docs.svix.com/receiving/verifying-payloads/how-manual
    sent = headers(
        Message(
            "msg_loFOjxBNrRLzqYUf", b'{"event_type":"ping","data":{"success":true}}'
        ),
        base64.b64decode("plJ3nmyCDGBKInavdOK15jsl"),
        datetime.fromtimestamp(1731705121, UTC),
    )

    assert sent == {
        "Content-Type": "application/json",
        "webhook-id": "msg_loFOjxBNrRLzqYUf",
        "webhook-timestamp": "1731705121",
        "webhook-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    }


def test_the_body_says_what_happened_when_to_whom_where() -> None:
    assert json.loads(message_of(EVENT, "here").body) == {
        "id": 7,
        "event": "login",
        "at": "2026-01-02T08:00:00+00:00",
        "device": "HD0001",
        "extension": "102",
        "name": "Çiğdem",
    }


def test_the_same_event_of_another_hot_desk_is_another_message() -> None:
    here, again = message_of(EVENT, "here"), message_of(EVENT, "here")

    assert here == again
    assert here.id != message_of(EVENT, "there").id


def test_an_attempt_at_another_time_is_signed_for_that_time() -> None:
    message = message_of(EVENT, "here")

    first = headers(message, b"key", AT)
    later = headers(message, b"key", AT + timedelta(seconds=1))

    assert first["webhook-id"] == later["webhook-id"]
    assert first["webhook-signature"] != later["webhook-signature"]
