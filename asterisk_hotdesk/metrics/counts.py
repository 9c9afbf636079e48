"""What has happened since we started, counted from the history."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter

from asterisk_hotdesk.errors import (
    AlreadyLoggedIn,
    BadCredentials,
    Conflict,
    InEmergency,
    LockedOut,
    NobodyLoggedIn,
    NoLocation,
    NoPhoneLogin,
    NotAHotDesk,
    NotAllowed,
    OtherAccount,
    PinExpired,
    PinOfMailbox,
    UnknownExtension,
    WeakPin,
)
from asterisk_hotdesk.model import EndReason
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.feed import Recorded

OTHER = "other"
"""Stands for every value that is not among those which a label may have."""

WAYS_IN = frozenset(
    {"phone", "menu", "command", "web", "api", "ami", "rule", "base user"}
)
"""`model.Source.by`."""

LOGGED_IN = "ok"


REFUSALS = frozenset(
    refusal.code
    for refusal in (
        AlreadyLoggedIn,
        BadCredentials,
        Conflict,
        InEmergency,
        LockedOut,
        NoLocation,
        NoPhoneLogin,
        NotAHotDesk,
        NotAllowed,
        OtherAccount,
        PinExpired,
        UnknownExtension,
    )
)
"""Why somebody cannot log in."""

_NOT_OF_LOGINS = frozenset(
    refusal.code for refusal in (NobodyLoggedIn, PinOfMailbox, WeakPin)
)
"""What only those get who want to log out, or to change a PIN."""

_REASONS = frozenset(EndReason)


class Counts:
    """Counts logins, logouts, emergency calls and stale phones.

    No label has a user's, a device's or a caller's value, so there are few series.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._logins = Counter(
            "hotdesk_logins",
            "Logins: ok, or the code of the refusal.",
            ["result", "by"],
            registry=registry,
        )
        self._logouts = Counter(
            "hotdesk_logouts",
            "Logins that ended, by reason.",
            ["reason", "by"],
            registry=registry,
        )
        self._emergencies = Counter(
            "hotdesk_emergency_calls", "Emergency calls that began.", registry=registry
        )
        self._stale = Counter(
            "hotdesk_phones_became_stale",
            "Phones that did not fetch in time after a switch.",
            registry=registry,
        )
        # A series that begins with its first increase has not increased, to Prometheus.
        for result in (LOGGED_IN, *REFUSALS):
            self._logins.labels(result, "phone")
        for reason in EndReason:
            self._logouts.labels(reason.value, "phone")

    def take(self, read: Iterable[Recorded]) -> None:
        """Count what was *read*."""
        for recorded in read:
            self._count(recorded.event)

    def _count(self, event: Event) -> None:
        by = _one_of(WAYS_IN, event.by)
        match event.what:
            case "login":
                self._logins.labels(LOGGED_IN, by).inc()
            case "refused" if event.code not in _NOT_OF_LOGINS:
                self._logins.labels(_one_of(REFUSALS, event.code), by).inc()
            case "logout":
                self._logouts.labels(_one_of(_REASONS, event.code), by).inc()
            case "emergency_call":
                self._emergencies.inc()
            case "stale":
                self._stale.inc()


def _one_of(known: frozenset[str], value: str) -> str:
    return value if value in known else OTHER
