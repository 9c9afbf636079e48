"""How a new phone asks its network for its settings: SIP PnP.

A SUBSCRIBE for ua-profile to a multicast group, answered by 200 and NOTIFY (snom's
wiki, "Auto Provisioning"; RFC 3265, RFC 6080). The request looks like a snom's, which
puts no branch into Via.
"""

import asyncio
import secrets
import socket
from typing import NamedTuple, cast

from tests.lab.sip import (
    Address,
    Header,
    NameAddr,
    Request,
    Response,
    SipError,
    new_token,
    parameters,
    parse,
)

GROUP: Address = ("224.0.1.75", 5060)
PAUSES = (0.5, 1.0, 2.0)  # seconds until the same SUBSCRIBE is sent again


class BadPnp(Exception):
    """An answer that a phone would not take; says what is wrong with it."""


class Phone(NamedTuple):
    """What a phone tells about itself."""

    mac: str
    vendor: str
    model: str
    firmware: str


async def discover(
    phone: Phone, group: Address, host: str, *, within: float = 10
) -> str:
    """The URL that a PnP server in this group gives a phone with this address.

    Raises BadPnp, or TimeoutError if no server answers.
    """
    asking = _Asking(phone, group, host)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: asking, local_addr=(host, 0)
    )
    try:
        async with asyncio.timeout(within):
            return await asking.url
    except TimeoutError:
        raise TimeoutError(f"no PnP server at {group[0]}:{group[1]}") from None
    finally:
        asking.stop()
        transport.close()


class _Asking(asyncio.DatagramProtocol):
    """One SUBSCRIBE, repeated until it is answered, and the NOTIFY that follows."""

    def __init__(self, phone: Phone, group: Address, host: str) -> None:
        self.url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._phone, self._group, self._host = phone, group, host
        self._answer: tuple[Response, Address] | None = None
        self._waiting: list[tuple[Request, Address]] = []  # overtook the 200
        self._timers: list[asyncio.TimerHandle] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        wire: socket.socket = transport.get_extra_info("socket")
        interface = socket.inet_aton(self._host)
        wire.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
        _, port = transport.get_extra_info("sockname")
        self._subscribe = _subscribe(self._phone, self._group[0], (self._host, port))
        self._send()
        loop, after = asyncio.get_running_loop(), 0.0
        for pause in PAUSES:
            after += pause
            self._timers.append(loop.call_later(after, self._send))

    def _send(self) -> None:
        self._transport.sendto(self._subscribe.encode(), self._group)

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        try:
            self._received(data, addr)
        except (BadPnp, SipError) as problem:
            if not self.url.done():
                self.url.set_exception(BadPnp(str(problem)))

    def _received(self, data: bytes, peer: Address) -> None:
        message = parse(data)
        if message.call_id != self._subscribe.call_id:
            return
        if isinstance(message, Response):
            self.stop()
            _require_answer(message, self._subscribe)
            self._answer = message, peer
            for notify, sender in self._waiting:
                self._notified(notify, sender)
        elif self._answer is None:
            self._waiting.append((message, peer))
        else:
            self._notified(message, peer)

    def _notified(self, notify: Request, peer: Address) -> None:
        assert self._answer
        answer, server = self._answer
        if peer != server:
            raise BadPnp(f"200 came from {server}, NOTIFY from {peer}")
        url = _profile(notify, self._subscribe, answer)
        self._transport.sendto(notify.response(200, "OK").encode(), peer)
        if not self.url.done():
            self.url.set_result(url)


def _subscribe(phone: Phone, group: str, ours: Address) -> Request:
    host, port = ours
    uri = f"sip:MAC%3a{phone.mac.upper()}@{group}"
    about = f'vendor="{phone.vendor}";model="{phone.model}";version="{phone.firmware}"'
    headers: list[Header] = [
        ("Via", f"SIP/2.0/UDP {host}:{port};rport"),
        ("From", f"<{uri}>;tag={secrets.randbelow(2**31)}"),
        ("To", f"<{uri}>"),
        ("Call-ID", f"{new_token()}@{host}"),
        ("CSeq", "1 SUBSCRIBE"),
        ("Event", f'ua-profile;profile-type="device";{about}'),
        ("Expires", "0"),
        ("Accept", "application/url"),
        ("Contact", f"<sip:{host}:{port}>"),
    ]
    return Request(headers, b"", "SUBSCRIBE", uri)


def _require_answer(answer: Response, ours: Request) -> None:
    """BadPnp unless it is the 200 that RFC 3261 §8.2.6 prescribes."""
    if answer.status != 200:
        raise BadPnp(f"SUBSCRIBE got {answer.status} {answer.reason}")
    place, sent_by = (m.header("Via").partition(";")[0] for m in (answer, ours))
    if place != sent_by:
        raise BadPnp(f"200 has Via {place!r} for {sent_by!r}")
    for name in ("From", "CSeq"):
        if answer.header(name) != ours.header(name):
            raise BadPnp(f"200 has {name} {answer.header(name)!r}")
    if not answer.tag("To"):
        raise BadPnp("200 has no tag in To")


def _profile(notify: Request, ours: Request, answer: Response) -> str:
    """The URL in a NOTIFY; BadPnp unless all of it is as a phone wants it."""
    if notify.method != "NOTIFY":
        raise BadPnp(f"{notify.method} instead of NOTIFY")
    contact = NameAddr.parse(ours.header("Contact")).uri
    if notify.uri != contact:
        raise BadPnp(f"NOTIFY goes to {notify.uri}, not to the Contact {contact}")
    tags = notify.tag("From"), notify.tag("To")
    if tags != (answer.tag("To"), ours.tag("From")):
        raise BadPnp(f"NOTIFY has the tags {tags} of another dialog")
    event, _, _ = notify.header("Event").partition(";")
    state, _, rest = notify.header("Subscription-State").partition(";")
    if event != "ua-profile" or state.strip() != "terminated":
        raise BadPnp(f"NOTIFY for {event!r} is {state!r}")
    if not parameters(rest).get("reason"):
        raise BadPnp("Subscription-State: terminated without a reason")
    if notify.header("Content-Type") != "application/url":
        raise BadPnp(f"Content-Type is {notify.header('Content-Type')}")
    if notify.header("Content-Length") != str(len(notify.body)):
        raise BadPnp("Content-Length is not that of the body")
    url = notify.body.decode("ascii", "replace").strip()
    if not url.startswith(("http://", "https://")) or len(url.split()) != 1:
        raise BadPnp("the body is no http or https URL")
    return url
