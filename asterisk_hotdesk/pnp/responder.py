"""Answer phones that ask the network for a configuration (SIP PnP).

Anybody in the network can ask, with any MAC address and any sender's address: so there
are limits to how much we do and remember, and nothing goes to an address that did not
ask.  Whether a phone is told a URL, and which one, is for `Enrolment` to decide.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from asterisk_hotdesk.errors import ConfigError, Unavailable
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.pnp.messages import (
    BRANCH_COOKIE,
    Address,
    Subscribe,
    accepted,
    notify,
    parse_subscribe,
)
from asterisk_hotdesk.pnp.notifier import Notifier
from asterisk_hotdesk.pnp.pace import Pace
from asterisk_hotdesk.pnp.sip import SIP_PORT
from asterisk_hotdesk.pnp.sockets import (
    ANY,
    answering_socket,
    hearing_socket,
    receiving,
)

log = logging.getLogger(__name__)

GROUP = "224.0.1.75"
"""sip.mcast.net, where phones ask (RFC 3261 §10.2.6)."""

TRANSACTION_SECONDS = 32.0
"""How long a phone may repeat its SUBSCRIBE (RFC 3261 §17.1.2.2, timer F)."""

MOST_TRANSACTIONS = 1000
"""Phones that we deal with at one time; others have to ask again."""

REQUESTS_PER_SECOND = 50
REQUESTS_PER_SECOND_OF_ONE = 10
"""Of one address.  A phone that finds no room is heard when it repeats its request."""


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A phone that asked.  It says all this itself, so none of it is proven."""

    mac: str
    """Twelve lower-case hexadecimal digits."""
    vendor: str
    """Empty if it does not say, like model and firmware."""
    model: str
    firmware: str
    address: str
    """The IP address that it asked from."""


class Enrolment(Protocol):
    """Who knows which phones may have a configuration."""

    async def bootstrap_url(self, sighting: Sighting) -> str | None:
        """Return where that phone fetches its first configuration; a secret.

        None: it gets no answer, and looks for another server or asks DHCP.  Raises
        `Unavailable` if that cannot be known now.
        """


_Transaction = tuple[Address, tuple[str, int, str]]
"""Who asked, and what its request has in common with its repetitions."""

_Datagram = tuple[bytes, Address]


class Responder:
    """Hears phones at *address* and *port*, and answers them.

    *interface* is this host's address in the phones' network; 0.0.0.0 lets the system
    choose.
    """

    def __init__(
        self,
        enrolment: Enrolment,
        *,
        address: str = GROUP,
        port: int = SIP_PORT,
        interface: str = ANY,
    ) -> None:
        self._enrolment = enrolment
        self._place = address, port
        self._interface = interface

    async def run(self) -> None:
        """Answer phones until cancelled; if that cannot be, log why and return.

        To be called only while Asterisk runs, and cancelled as soon as it does not: an
        Asterisk that is bound to 0.0.0.0 cannot take its port while we hold ours, and
        would come up without SIP.  While it runs it has its port, and it is we who
        cannot.
        """
        try:
            async with self.answering():
                await asyncio.Event().wait()
        except ConfigError as error:
            log.error("phones that ask by SIP PnP get no answer: %s", error)

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Answer phones while the block runs; raises `ConfigError` if it cannot be."""
        with (
            hearing_socket(*self._place, self._interface) as hearing,
            answering_socket(self._interface) as answering,
        ):
            notifier = Notifier(answering)
            phones = _Phones(self._enrolment, notifier)
            async with receiving(answering, notifier.take):
                try:
                    async with receiving(hearing, phones.take):
                        yield
                finally:
                    await phones.leave()


class _Phones:
    """All phones that asked within the last half minute, and what they were told."""

    def __init__(self, enrolment: Enrolment, notifier: Notifier) -> None:
        self._enrolment = enrolment
        self._notifier = notifier
        self._pace = Pace(
            total=REQUESTS_PER_SECOND, of_one_address=REQUESTS_PER_SECOND_OF_ONE
        )
        self._outage = Outage(log, "the enrolment of phones that ask by SIP PnP")
        self._told: dict[_Transaction, list[_Datagram]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, datagram: bytes, source: Address) -> None:
        """Answer a phone, if it is one that asks, the same to the same request."""
        if not self._pace.admits(source[0], time.monotonic()):
            return
        subscribe = parse_subscribe(datagram)
        if subscribe is None:
            return
        transaction = source, subscribe.transaction
        if transaction in self._told:
            for repeated in self._told[transaction]:
                self._notifier.send(*repeated)
        elif len(self._told) < MOST_TRANSACTIONS:
            self._told[transaction] = []
            task = asyncio.create_task(self._serve(transaction, subscribe))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def leave(self) -> None:
        """Tell nobody anything any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, transaction: _Transaction, subscribe: Subscribe) -> None:
        source, _ = transaction
        try:
            async with asyncio.timeout(TRANSACTION_SECONDS):
                url = await self._enrolment.bootstrap_url(_sighting(subscribe, source))
                self._outage.over()
                if url is not None:
                    await self._tell(transaction, subscribe, url)
                # Until then, a repeated request is the same one.
                await asyncio.Event().wait()
        except TimeoutError:
            return
        except Unavailable as unavailable:
            self._outage.note(unavailable)
        except OSError as error:
            log.warning("%s cannot be answered: %s", source[0], error.strerror)
        finally:
            del self._told[transaction]

    async def _tell(
        self, transaction: _Transaction, subscribe: Subscribe, url: str
    ) -> None:
        source, _ = transaction
        ours = self._notifier.address_towards(source[0])
        tag, branch = secrets.token_hex(8), BRANCH_COOKIE + secrets.token_hex(8)
        accept = accepted(subscribe, source, ours=ours, tag=tag)
        request = notify(subscribe, source, ours=ours, tag=tag, branch=branch, url=url)
        to = subscribe.notify_address(source)
        self._told[transaction] += [
            (accept, subscribe.response_address(source)),
            (request, to),
        ]
        self._notifier.send(accept, subscribe.response_address(source))
        status = await self._notifier.until_answered(request, to, branch)
        _log_outcome(subscribe, source, status)


def _sighting(subscribe: Subscribe, source: Address) -> Sighting:
    return Sighting(
        mac=subscribe.mac,
        vendor=subscribe.vendor,
        model=subscribe.model,
        firmware=subscribe.firmware,
        address=source[0],
    )


def _log_outcome(subscribe: Subscribe, source: Address, status: int | None) -> None:
    phone = f"{subscribe.mac} at {source[0]}"
    if status is None:
        log.warning("%s asked for its configuration, and does not hear where", phone)
    elif status >= 300:
        log.warning("%s refuses to hear where its configuration is: %s", phone, status)
    else:
        log.info("%s was told where its configuration is", phone)
