"""What others are told of the history: over AMI and by webhooks, in the same words.

The names of the kinds and of their fields are part of the public interface: kinds and
fields are only ever added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk.errors import (
    BadCredentials,
    LockedOut,
    NoPhoneLogin,
    NotAllowed,
    OtherAccount,
    UnknownExtension,
)
from asterisk_hotdesk.model import EndReason, EventKind
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.feed import Recorded

AUTH_FAILURES = frozenset(
    refusal.code
    for refusal in (
        BadCredentials,
        LockedOut,
        NoPhoneLogin,
        NotAllowed,
        OtherAccount,
        UnknownExtension,
    )
)
"""The codes of those refusals that somebody gets who guesses."""

_DETAILS = {
    EventKind.LOGOUT: "reason",
    EventKind.REPLACED: "reason",
    EventKind.AUTH_FAIL: "code",
    EventKind.EMERGENCY: "number",
    EventKind.EMERGENCY_OVER: "number",
    EventKind.STALE: "phone",
}
"""What the code in the history is called here, for those kinds that have one."""

_KINDS = {
    "login": EventKind.LOGIN,
    "logout": EventKind.LOGOUT,
    "emergency_call": EventKind.EMERGENCY,
    "emergency_over": EventKind.EMERGENCY_OVER,
    "stale": EventKind.STALE,
    "fresh": EventKind.FRESH,
}


@dataclass(frozen=True)
class PublicEvent:
    """One thing that happened, as others are told of it."""

    kind: EventKind
    id: int
    """Its number in the history: the same whenever and to whomever it is told."""
    at: datetime
    fields: Mapping[str, str]
    """account, device, extension and name (of the user), by, actor, address; and reason
    (`EndReason`) where a login ends, code (of `AUTH_FAILURES`), number (that was
    called), phone (`PhoneState`).  Empty where nobody knows."""


def public_event(recorded: Recorded) -> PublicEvent | None:
    """Return what others are told of an event; None: it is nobody else's business."""
    event = recorded.event
    kind = _kind(event)
    if kind is None:
        return None
    fields = {
        "account": event.account,
        "device": event.device,
        "extension": event.extension,
        "name": event.name,
        "by": event.by,
        "actor": event.actor,
        "address": event.address,
    }
    if kind in _DETAILS:
        fields[_DETAILS[kind]] = event.code
    return PublicEvent(kind, recorded.id, event.at, fields)


def _kind(event: Event) -> EventKind | None:
    if event.what == "logout" and event.code == EndReason.REPLACED:
        return EventKind.REPLACED
    if event.what == "refused" and event.code in AUTH_FAILURES:
        return EventKind.AUTH_FAIL
    return _KINDS.get(event.what)
