"""Tell a phone its URL until it says that it has heard (RFC 3261 §17.1.2)."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from asterisk_hotdesk.pnp.messages import Address, parse_answer
from asterisk_hotdesk.pnp.sockets import ANY, own_host_towards

PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0, 4.0, 4.0)
"""How long we wait for an answer after each time (§17.1.2.2, timer E)."""


class Notifier:
    """Sends from one socket, and knows which answers it waits for."""

    def __init__(self, udp: socket.socket) -> None:
        self._udp = udp
        self._waiting: dict[str, asyncio.Future[int]] = {}

    def address_towards(self, host: str) -> Address:
        """Return where *host* sees our datagrams come from.

        Raises OSError where there is no way to *host*.
        """
        own, port = self._udp.getsockname()
        return own_host_towards(host) if own == ANY else own, port

    def send(self, datagram: bytes, to: Address) -> None:
        """Send once; like any datagram, it may be lost."""
        with contextlib.suppress(OSError):
            self._udp.sendto(datagram, to)

    async def until_answered(
        self, request: bytes, to: Address, branch: str
    ) -> int | None:
        """Send *request*, which *branch* names, again and again until it is answered.

        Return the final status; None if none came, and we have given up.
        """
        answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting[branch] = answered
        try:
            for pause in PAUSES_SECONDS:
                self.send(request, to)
                await asyncio.wait((answered,), timeout=pause)
                if answered.done():
                    return answered.result()
        finally:
            del self._waiting[branch]
        return None

    def take(self, datagram: bytes, _: Address) -> None:
        """Note an answer, if that is what the datagram is."""
        answer = parse_answer(datagram)
        if answer is None or answer.status < 200:
            return
        waiting = self._waiting.get(answer.branch)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer.status)
