"""A phone that asks for its configuration, and an enrolment that knows it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass, field

from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.pnp.messages import Address
from asterisk_hotdesk.pnp.responder import Sighting
from tests.lab import sip
from tests.unit.pnp_request import MAC, URL, subscribe


@dataclass
class KnownPhones:
    """An enrolment with one phone in it; it notes who asked."""

    urls: dict[str, str] = field(default_factory=lambda: {MAC: URL})
    failures: list[Unavailable] = field(default_factory=list)
    """Raised one after the other, before it answers."""
    asked: list[Sighting] = field(default_factory=list)

    async def bootstrap_url(self, sighting: Sighting) -> str | None:
        self.asked.append(sighting)
        if self.failures:
            raise self.failures.pop(0)
        return self.urls.get(sighting.mac)


class PnpPhone:
    """A UDP socket at which a test plays the phone."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setblocking(False)
        self._udp.bind((host, 0))
        interface = socket.inet_aton(host)
        self._udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
        self.address: Address = self._udp.getsockname()

    def __enter__(self) -> PnpPhone:
        return self

    def __exit__(self, *_: object) -> None:
        self._udp.close()

    def request(self, *changes: tuple[str, str]) -> bytes:
        """Return this phone's SUBSCRIBE, changed."""
        host, port = self.address
        return subscribe(("192.0.2.90:5060", f"{host}:{port}"), *changes)

    def send(self, datagram: bytes, to: Address) -> None:
        self._udp.sendto(datagram, to)

    async def receive(
        self, within: float = 5
    ) -> tuple[sip.Request | sip.Response, Address]:
        """Return the next message and who sent it."""
        async with asyncio.timeout(within):
            loop = asyncio.get_running_loop()
            datagram, source = await loop.sock_recvfrom(self._udp, 65536)
        return sip.parse(datagram), source

    async def response(self) -> sip.Response:
        """Return the next message, which must be a response."""
        message, _ = await self.receive()
        assert isinstance(message, sip.Response), message
        return message

    async def notify(self) -> tuple[sip.Request, Address]:
        """Return the next message, which must be a NOTIFY, and who sent it."""
        message, source = await self.receive()
        assert isinstance(message, sip.Request), message
        assert message.method == "NOTIFY"
        return message, source

    async def url(self, asked: Address) -> str:
        """Ask at *asked* until there is an answer; return the URL, and confirm it."""
        async with asyncio.timeout(10):
            while True:
                self.send(self.request(), asked)
                with contextlib.suppress(TimeoutError):
                    message, source = await self.receive(within=0.5)
                    if isinstance(message, sip.Response):
                        assert message.status == 200
                        message, source = await self.receive()
                    assert isinstance(message, sip.Request)
                    self.send(message.response(200, "OK").encode(), source)
                    return message.body.decode()

    async def hears_nothing(self, within: float) -> bool:
        """Return whether nothing arrives for so many seconds."""
        try:
            await self.receive(within)
        except TimeoutError:
            return True
        return False
