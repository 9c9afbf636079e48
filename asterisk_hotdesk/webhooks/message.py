"""What a receiver gets: the body, and the headers that prove from whom it is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from asterisk_hotdesk.public_events import PublicEvent

TEST = "test"
"""What the event is called that `hotdesk webhook test` sends."""


@dataclass(frozen=True)
class Message:
    """One event for one receiver, the same at every attempt."""

    id: str
    """The same for the same event, so that a receiver can tell what it knows."""
    body: bytes


def message_of(event: PublicEvent, installation: str) -> Message:
    """Return what is sent of *event*.

    *installation* tells our events from those of another hot desk, which count from 1
    as well.
    """
    return _message(
        f"{installation}_{event.id}",
        {"id": event.id, "event": event.kind, "at": _time(event.at), **event.fields},
    )


def sample_message(name: str, at: datetime, installation: str) -> Message:
    """Return what is sent to the webhook *name* so that somebody sees that it works."""
    moment = int(at.timestamp() * 1000)
    return _message(
        f"{installation}_test_{moment}",
        {"id": 0, "event": TEST, "at": _time(at), "webhook": name},
    )


def headers(message: Message, key: bytes, at: datetime) -> dict[str, str]:
    """Return the headers of an attempt *at* a time, signed with *key*.

    Source: Standard Webhooks specification, "Signature scheme" and "Webhook headers".
    """
    timestamp = str(int(at.timestamp()))
    signed = b".".join((message.id.encode(), timestamp.encode(), message.body))
    signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def _message(id: str, content: dict[str, object]) -> Message:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Message(id, body.encode())


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
