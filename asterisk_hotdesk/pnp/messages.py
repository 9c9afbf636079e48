"""The messages of SIP PnP: what a phone asks, what it is told, and what it answers.

A phone without a configuration sends a SUBSCRIBE for the event package `ua-profile` to
224.0.1.75, with its MAC address as the user of a URI.  Who knows it answers 200 and
sends a NOTIFY whose body is the URL of the configuration; the phone answers that one.
Source: RFC 6080, RFC 6665, snom's "PnP Config" (https://service.snom.com/x/6LD3DQ).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from asterisk_hotdesk.pnp.sip import (
    SIP_PORT,
    Head,
    Party,
    Via,
    is_port,
    parameters,
    read_head,
    split,
)

EVENT = "ua-profile"
BRANCH_COOKIE = "z9hG4bK"
"""How each branch begins that names a transaction (RFC 3261 §8.1.1.7)."""
LONGEST_TEXT = 64
"""Characters that we keep of what a phone calls its vendor, model and firmware."""

Address = tuple[str, int]
"""An IPv4 address and a UDP port."""

_REQUEST = re.compile(r"SUBSCRIBE ([!-~]+) SIP/2\.0")
_STATUS = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: .*)?")
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+([A-Z]+)")
_CALL_ID = re.compile(r"[!-~]+")
_MAC = re.compile(
    r"sips?:MAC(?:%3A|:|=)([0-9A-F]{12})(?:[@:;?].*)?", re.IGNORECASE | re.ASCII
)
_CONTACT = re.compile(r"sip:(?:[!-?A-~]+@)?([0-9.]+)(?::([0-9]{1,5}))?(?:;[!-~]*)?")


@dataclass(frozen=True, kw_only=True)
class Subscribe:
    """A phone asks where its configuration is.

    What goes back to it is kept as it came; none of it holds a line break.
    """

    mac: str
    """Twelve lower-case hexadecimal digits."""
    vendor: str
    model: str
    firmware: str
    via: Via
    """The topmost: of whoever sent the datagram."""
    older_vias: tuple[str, ...]
    sender: str
    """The From header."""
    recipient: str
    """The To header, which has no tag yet."""
    contact: str | None
    """The URI of the first Contact header."""
    call_id: str
    cseq: int
    event: str

    @property
    def transaction(self) -> tuple[str, int, str]:
        """Return what a request has in common with its repetitions."""
        return self.call_id, self.cseq, self.via.branch

    def response_address(self, source: Address) -> Address:
        """Return where the response to this request goes, which came from *source*.

        The host is always that of *source*: who forges a Via must not make us send
        to somebody else (RFC 3261 §18.2.2 without `maddr`, RFC 3581 §4).
        """
        host, port = source
        return host, port if self.via.wants_rport else self.via.port

    def notify_uri(self, source: Address) -> str:
        """Return the request URI of the NOTIFY; its host is that of *source*."""
        host, port = source
        if self.contact is not None and self._contact_port(host):
            return self.contact
        return f"sip:{host}:{port}"

    def notify_address(self, source: Address) -> Address:
        """Return where the NOTIFY goes; its host is that of *source*."""
        host, port = source
        return host, self._contact_port(host) or port

    def _contact_port(self, host: str) -> int | None:
        """Return the port of the Contact; None unless it is at *host*."""
        found = _CONTACT.fullmatch(self.contact or "")
        if found is None or not _same_host(found[1], host):
            return None
        port = int(found[2] or SIP_PORT)
        return port if is_port(port) else None


class Answer(NamedTuple):
    """The phone's response to a NOTIFY."""

    branch: str
    status: int


def parse_subscribe(datagram: bytes) -> Subscribe | None:
    """Return the request for a configuration in *datagram*; None if it is not one.

    Whatever the datagram holds, nothing is raised.
    """
    head = read_head(datagram)
    request = _REQUEST.fullmatch(head.start) if head else None
    if head is None or request is None:
        return None
    event, sender, recipient = (head.only(n) for n in ("event", "from", "to"))
    call_id, cseq, vias = head.only("call-id"), _cseq(head), head.values("via")
    if not (event and sender and recipient and call_id and cseq and vias):
        return None

    package, *about = split(event, ";")
    via, caller, called = (
        Via.parse(vias[0]),
        Party.parse(sender),
        Party.parse(recipient),
    )
    if via is None or caller is None or called is None:
        return None
    mac = _mac(request[1], caller.uri, called.uri)
    # A tag in To would make it part of a dialog, and we keep none.
    expected = (EVENT, "SUBSCRIBE", "")
    if (package.lower(), cseq[1], called.tag) != expected or mac is None:
        return None
    if not _CALL_ID.fullmatch(call_id):
        return None

    said = parameters(about)
    return Subscribe(
        mac=mac,
        vendor=_text(said.get("vendor", "")),
        model=_text(said.get("model", "")),
        firmware=_text(said.get("version", "")),
        via=via,
        older_vias=tuple(vias[1:]),
        sender=sender,
        recipient=recipient,
        contact=_contact(head),
        call_id=call_id,
        cseq=cseq[0],
        event=event,
    )


def parse_answer(datagram: bytes) -> Answer | None:
    """Return the response to a NOTIFY in *datagram*; None if it is not one."""
    head = read_head(datagram)
    status = _STATUS.fullmatch(head.start) if head else None
    if head is None or status is None:
        return None
    cseq, vias = _cseq(head), head.values("via")
    via = Via.parse(vias[0]) if vias else None
    if cseq is None or cseq[1] != "NOTIFY" or via is None:
        return None
    return Answer(via.branch, int(status[1]))


def accepted(
    subscribe: Subscribe, source: Address, *, ours: Address, tag: str
) -> bytes:
    """Return the 200 that ends the subscription at once.

    *ours* is where the NOTIFY will come from, *tag* names our side of the dialog.
    """
    return _message(
        "SIP/2.0 200 OK",
        [
            ("Via", subscribe.via.received(*source)),
            *(("Via", via) for via in subscribe.older_vias),
            ("From", subscribe.sender),
            ("To", f"{subscribe.recipient};tag={tag}"),
            ("Call-ID", subscribe.call_id),
            ("CSeq", f"{subscribe.cseq} SUBSCRIBE"),
            ("Contact", _uri(ours)),
            ("Expires", "0"),
        ],
    )


def notify(
    subscribe: Subscribe,
    source: Address,
    *,
    ours: Address,
    tag: str,
    branch: str,
    url: str,
) -> bytes:
    """Return the request that tells the phone the *url* of its configuration.

    *ours* is where it comes from, *tag* is that of the 200, *branch* is new.
    """
    host, port = ours
    return _message(
        f"NOTIFY {subscribe.notify_uri(source)} SIP/2.0",
        [
            ("Via", f"SIP/2.0/UDP {host}:{port};branch={branch};rport"),
            ("Max-Forwards", "70"),
            ("From", f"{subscribe.recipient};tag={tag}"),
            ("To", subscribe.sender),
            ("Call-ID", subscribe.call_id),
            ("CSeq", "1 NOTIFY"),
            ("Contact", _uri(ours)),
            ("Event", subscribe.event),
            ("Subscription-State", "terminated;reason=timeout"),
            ("Content-Type", "application/url"),
        ],
        url.encode(),
    )


def _message(
    start: str, headers: Iterable[tuple[str, str]], body: bytes = b""
) -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers)]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def _uri(address: Address) -> str:
    host, port = address
    return f"<sip:{host}:{port}>"


def _cseq(head: Head) -> tuple[int, str] | None:
    found = _CSEQ.fullmatch(head.only("cseq") or "")
    return (int(found[1]), found[2]) if found else None


def _mac(*uris: str) -> str | None:
    """Return the MAC address that these name; None if they name none, or several."""
    found = {match[1].lower() for uri in uris if (match := _MAC.fullmatch(uri))}
    return found.pop() if len(found) == 1 else None


def _contact(head: Head) -> str | None:
    values = head.values("contact")
    party = Party.parse(values[0]) if values else None
    return party.uri if party else None


def _text(said: str) -> str:
    return "".join(filter(str.isprintable, said)).strip()[:LONGEST_TEXT]


def _same_host(named: str, host: str) -> bool:
    try:
        return ipaddress.IPv4Address(named) == ipaddress.IPv4Address(host)
    except ValueError:
        return False
