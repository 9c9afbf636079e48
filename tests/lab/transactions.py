"""SIP transactions over UDP (RFC 3261 §17, §18; rport: RFC 3581)."""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tests.lab.sip import Address, Request, Response, SipError, new_token, parse

T1 = 0.5  # RFC 3261 §17.1.1.1: first pause before a retransmission
T2 = 4.0  # the longest one
GIVE_UP = 64 * T1  # timers B, F and H
REMEMBERED = 500  # transactions kept to recognise what arrives again

Key = tuple[str, str]  # branch and method of a transaction
Entry = TypeVar("Entry")


class _Repeater:
    """Sends at once, then after T1, 2·T1, … until stopped or, at last, given up."""

    def __init__(
        self, send: Callable[[], None], longest: float, given_up: Callable[[], None]
    ) -> None:
        self._send, self._longest, self._given_up = send, longest, given_up
        self._pause, self._spent = T1, 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._again()

    def _again(self) -> None:
        if self._spent >= GIVE_UP:
            self._given_up()
            return
        self._send()
        pause = min(self._pause, self._longest, GIVE_UP - self._spent)
        self._timer = asyncio.get_running_loop().call_later(pause, self._again)
        self._spent += pause
        self._pause *= 2

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()


@dataclass
class _Client:
    request: Request
    to: Address
    final: asyncio.Future[Response]
    provisional: Callable[[Response], None] | None
    ack: tuple[bytes, Address] | None = None
    repeater: _Repeater = field(init=False)

    def time_out(self) -> None:
        if not self.final.done():
            self.final.set_result(self.request.response(408, "Request Timeout"))


@dataclass
class _Server:
    request: Request
    peer: Address
    last: bytes | None = None
    repeater: _Repeater | None = None


class Transactions(asyncio.DatagramProtocol):
    """One UDP socket: repeats what is lost, and hands each new request up once.

    A 2xx to INVITE is repeated until its ACK comes, which is then handed up too.
    """

    def __init__(self, arrived: Callable[[Request], None]) -> None:
        self.log: deque[str] = deque(maxlen=300)  # what a failed test wants to see
        self._arrived = arrived
        self._clients: dict[Key, _Client] = {}
        self._servers: dict[Key, _Server] = {}

    async def open(self, host: str) -> Address:
        """Bind a free port; its address."""
        loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = loop.create_future()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(host, 0)
        )
        host, port = self._transport.get_extra_info("sockname")
        self.address: Address = (host, port)
        return self.address

    async def close(self) -> None:
        """Stop repeating, end waiting requests with 408, close the socket."""
        for client in self._clients.values():
            client.time_out()
            client.repeater.stop()
        for server in self._servers.values():
            if server.repeater:
                server.repeater.stop()
        self._transport.close()
        await self._closed

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set_result(None)

    def via(self) -> str:
        """A Via value with a fresh branch (§8.1.1.7)."""
        host, port = self.address
        return f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK{new_token()};rport"

    def send(self, datagram: bytes, to: Address) -> None:
        """Send once, outside any transaction."""
        if not self._transport.is_closing():
            self.log.append(f"→ {to[1]} {datagram.decode(errors='replace')}")
            self._transport.sendto(datagram, to)

    async def request(
        self,
        request: Request,
        to: Address,
        provisional: Callable[[Response], None] | None = None,
    ) -> Response:
        """The final response; a 408 of our own if none came (§8.1.3.1)."""
        final: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        datagram = request.encode()
        longest = GIVE_UP if request.method == "INVITE" else T2
        client = _Client(request, to, final, provisional)
        client.repeater = _Repeater(
            lambda: self.send(datagram, to), longest, client.time_out
        )
        _remember(self._clients, (request.branch, request.method), client)
        try:
            return await final
        finally:
            client.repeater.stop()

    def acknowledge(self, response: Response, ack: Request, to: Address) -> None:
        """Send the ACK for a 2xx, and again when the 2xx comes again (§13.2.2.4)."""
        client = self._clients[response.branch, "INVITE"]
        client.ack = (ack.encode(), to)
        self.send(*client.ack)

    def respond(self, request: Request, response: Response) -> None:
        """Answer a request that was handed up; finals to INVITE until the ACK comes."""
        server = self._servers[request.branch, request.method]
        server.last = datagram = response.encode()
        if request.method == "INVITE" and response.status >= 200:
            server.repeater = _Repeater(
                lambda: self.send(datagram, server.peer), T2, lambda: None
            )
        else:
            self.send(datagram, server.peer)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.log.append(f"← {addr[1]} {data.decode(errors='replace')}")
        try:
            message = parse(data)
        except SipError:
            return  # §16.3, §18.1.2: what is not SIP is dropped
        if isinstance(message, Response):
            self._response(message)
        elif message.method == "ACK":
            self._ack(message)
        else:
            self._request(message, addr)

    def _response(self, response: Response) -> None:
        client = self._clients.get((response.branch, response.cseq[1]))
        if client is None:
            return
        inviting = client.request.method == "INVITE"
        if response.status >= 200 or inviting:
            client.repeater.stop()
        if response.status >= 300 and inviting and not client.ack:
            client.ack = (_refusal_ack(client.request, response), client.to)
        if response.status >= 200 and client.ack:
            self.send(*client.ack)
        if client.final.done():
            return
        if response.status >= 200:
            client.final.set_result(response)
        elif client.provisional:
            client.provisional(response)

    def _ack(self, ack: Request) -> None:
        for server in self._servers.values():
            invite = server.request
            same = (invite.call_id, invite.cseq[0]) == (ack.call_id, ack.cseq[0])
            if invite.method == "INVITE" and same and server.repeater:
                server.repeater.stop()
                if ack.branch != invite.branch:  # §17.1.1.3: the ACK of a 2xx
                    self._arrived(ack)

    def _request(self, request: Request, peer: Address) -> None:
        key = request.branch, request.method
        known = self._servers.get(key)
        if known is None:
            seen = f";received={peer[0]};rport={peer[1]}"  # RFC 3581 §4
            via = request.header("Via")
            request.set("Via", re.sub(r";rport(?![=\w])", seen, via, count=1))
            _remember(self._servers, key, _Server(request, peer))
            try:
                self._arrived(request)
            except SipError as problem:
                self.respond(request, request.response(400, str(problem)))
        elif known.last:
            self.send(known.last, peer)


def _remember(table: dict[Key, Entry], key: Key, entry: Entry) -> None:
    table[key] = entry
    if len(table) > REMEMBERED:
        del table[next(iter(table))]


def _refusal_ack(invite: Request, response: Response) -> bytes:
    """§17.1.1.3: the ACK for a final response that is no 2xx."""
    kept = [
        (name, value)
        for name, value in invite.headers
        if name in ("Via", "From", "Call-ID", "Route", "Max-Forwards")
    ]
    kept += [("To", response.header("To")), ("CSeq", f"{invite.cseq[0]} ACK")]
    return Request(kept, b"", "ACK", invite.uri).encode()
