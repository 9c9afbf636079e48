"""A PnP server as small as can be; run as a program, one network of its own.

`unshare -rn python -m tests.unit.pnp_server` gives a snom its settings by multicast, on
a loopback interface that nobody else has, and says what the snom shows.
"""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
from collections.abc import Callable
from typing import cast

from tests.lab.pnp import GROUP
from tests.lab.rtp import Changes
from tests.lab.sip import Address, Request, parameters, parse
from tests.lab.snom import VirtualSnom
from tests.unit.lab_web import XML, serving

Change = Callable[[Request], None]
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1  # netdevice(7)
SETTINGS = """<settings><phone-settings e="2">
<user_idle_text idx="1" perm="RW">Found by PnP</user_idle_text>
</phone-settings></settings>"""


class PnpServer(asyncio.DatagramProtocol):
    """Answers each SUBSCRIBE with 200 and a NOTIFY, which *change* may spoil."""

    def __init__(self, url: str, change: Change = lambda notify: None) -> None:
        self.asked: list[Request] = []
        self.answers: list[str] = []  # statuses that came back
        self.deaf_to = 0  # so many of the first requests are lost
        self.changes = Changes()
        self._url, self._change = url, change

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        message = parse(data)
        if not isinstance(message, Request):
            self.answers.append(f"{message.status} {message.cseq[1]}")
            self.changes.happened()
            return
        self.asked.append(message)
        if len(self.asked) <= self.deaf_to:
            return
        ok = message.response(200, "OK", [("Expires", "0")], tag="server")
        notify = _notify(message, ok.header("To"), self._url)
        self._change(notify)
        self._transport.sendto(ok.encode(), addr)
        self._transport.sendto(notify.encode(), addr)


def _notify(ours: Request, to: str, url: str) -> Request:
    event = 'ua-profile;profile-type="device";vendor="OEM";model="OEM";version="1"'
    headers = [
        ("Via", "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKpnp"),
        ("Max-Forwards", "20"),
        ("From", to),
        ("To", ours.header("From")),
        ("Call-ID", ours.call_id),
        ("CSeq", "1 NOTIFY"),
        ("Contact", "<sip:127.0.0.1:5060>"),
        ("Event", event),
        ("Subscription-State", "terminated;reason=timeout"),
        ("Content-Type", "application/url"),
    ]
    contact = ours.header("Contact").strip("<>")
    return Request(headers, f"{url}\r\n".encode(), "NOTIFY", contact)


def model(subscribe: Request) -> str:
    """Return the model that a phone says it is."""
    return parameters(subscribe.header("Event"))["model"]


async def _multicast() -> None:
    _bring_up("lo")
    async with serving() as web:
        web.answers["/settings"] = (200, "text/xml", XML + SETTINGS)
        wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        wire.bind(("", GROUP[1]))
        member = socket.inet_aton(GROUP[0]) + socket.inet_aton("127.0.0.1")
        wire.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: PnpServer(web.url("/settings")), sock=wire
        )
        async with VirtualSnom.by_pnp("000413000001") as snom:
            print(server.asked[0].uri, model(server.asked[0]), *snom.display())
        transport.close()


def _bring_up(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sh14x", interface.encode(), IFF_UP)
        fcntl.ioctl(probe, SIOCSIFFLAGS, request)


if __name__ == "__main__":
    asyncio.run(_multicast())
