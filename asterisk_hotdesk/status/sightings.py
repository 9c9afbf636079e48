"""What one AMI message says of a phone; nothing, if it lacks what it needs.

The texts are the phone's own: it may say anything in a REGISTER.
"""

from __future__ import annotations

import re

from asterisk_hotdesk.pbx.ami import Message
from asterisk_hotdesk.store.status import Seen

LONGEST_TEXT = 200

_BUSY = frozenset({"INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD"})


def device_of(event: Message) -> str:
    """Return the endpoint of which *event* tells the state; empty if it is none."""
    technology, _, device = event.get("device", "").partition("/")
    return device if technology == "PJSIP" else ""


def is_busy(event: Message) -> bool:
    """Return whether the state that *event* tells is that of a phone in a call."""
    return event.get("state", "") in _BUSY


def is_gone(event: Message) -> bool:
    """Return whether a ContactStatus tells that the contact exists no more."""
    return event.get("contactstatus") == "Removed"


def contact_seen(event: Message) -> Seen | None:
    """Return what a ContactStatus says of its phone.

    Other values than Reachable, Unreachable, NonQualified, Unknown and Removed may
    come with later releases; only one of them is good news.
    """
    device = event.get("endpointname") or event.get("aor", "")
    if not device:
        return None
    return Seen(
        device=device,
        registered=not is_gone(event),
        reachable=event.get("contactstatus") == "Reachable",
        address=_address(event.get("uri", "")),
        round_trip_us=_number(event.get("roundtripusec")),
    )


def contact_listed(contact: Message) -> Seen | None:
    """Return what one entry of PJSIPShowContacts says of its phone."""
    device = contact.get("endpoint", "")
    if not device:
        return None
    return Seen(
        device=device,
        registered=True,
        reachable=contact.get("status") == "Reachable",
        address=_address(contact.get("uri", "")),
        user_agent=_text(contact.get("useragent", "")),
        round_trip_us=_number(contact.get("roundtripusec")),
    )


def _address(uri: str) -> str:
    """Return host and port of a contact's URI, as `192.0.2.7:5060`."""
    return _text(uri.partition("@")[2].partition(";")[0])


def _text(said: str) -> str:
    """Return *said* on one line, without what would do something to a terminal."""
    cut = said[:LONGEST_TEXT]
    return "".join(letter if letter.isprintable() else "?" for letter in cut)


def _number(text: str | None) -> int | None:
    # Nine digits fit into the column, and are a quarter of an hour.
    return int(text) if text and re.fullmatch("[0-9]{1,9}", text) else None
