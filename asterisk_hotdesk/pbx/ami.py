"""AMI: one connection that is kept up; panoramisk makes it and logs in.

What panoramisk 1.4 gets wrong is put right here, and only here: one `Manager` serves
one connection and never reconnects by itself (it would send unanswered actions again,
and a stale route could overwrite a newer one); every action has a deadline; our own
ping notices a peer that is gone; characters split between packets survive; no value
can smuggle a header in, and no event of others can pass for an answer or for one of
Asterisk's own; a message without an end is not waited for; and events do nothing but
wait in a queue.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message as Answer

from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.outages import Link, Outage
from asterisk_hotdesk.pbx.ami_events import (
    END,
    LOST,
    MISSED,
    EventQueue,
    Message,
    headers_of,
)
from asterisk_hotdesk.pbx.ami_requests import (
    Headers,
    Request,
    Requests,
    check_headers,
    lines_of,
)

__all__ = ["LOST", "MISSED", "Ami", "AmiRefused", "Headers", "Message", "Reply"]

log = logging.getLogger(__name__)

ACTION_SECONDS = 5.0
SLOW_SECONDS = 60.0
PING_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
LONGEST_BACKOFF_SECONDS = 10.0
"""After a refused login: each attempt is a line in Asterisk's security log."""
LOGIN_SECONDS = 3.0
STEADY_SECONDS = 10.0
"""A connection that lasted so long was a good one: what follows is a new outage."""
MOST_QUEUED_EVENTS = 20_000
LONGEST_MESSAGE = 8 * 1024 * 1024
"""Characters; Asterisk's own messages have some hundred."""


class AmiRefused(Unavailable):
    """Asterisk answered an action with an error."""

    def __init__(self, action: str, message: str) -> None:
        remedy = ""
        if message == "Permission denied":
            remedy = "; compare the rights in manager.conf with the README"
        super().__init__(f"Asterisk refuses {action}: {message}{remedy}")


Reply = list[Message] | AmiRefused
"""What Asterisk says to one action: a list has several messages."""


class LoginRefused(Unavailable):
    """Asterisk knows neither our user name nor our secret, or not from here."""


class _Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk is untyped
    """panoramisk's protocol, that survives any input."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = ""
        self.heard_at = time.monotonic()
        self.requests = Requests()
        self.refusal = ""
        """What Asterisk last said no to, of what was sent without an id of ours."""

    def send_together(self, requests: Sequence[Request]) -> None:
        """Send *requests* as one packet; each gets its reply."""
        self.requests.add(requests)
        text = "".join(request.text for request in requests)
        self.transport.write(text.encode(self.encoding))

    def send_user_events(self, events: Sequence[Headers]) -> None:
        """Let Asterisk send *events*, which have no action id but their own."""
        self.refusal = ""
        text = "".join(lines_of({"Action": "UserEvent", **event}) for event in events)
        self.transport.write(text.encode(self.encoding))

    def data_received(self, data: bytes) -> None:
        self.heard_at = time.monotonic()
        # panoramisk decodes packet by packet and drops what it cannot.  PostgreSQL
        # takes no NUL.
        text = self._begun + self._decoder.decode(data).replace("\0", "\ufffd")
        *messages, self._begun = text.split(END + END)
        for message in messages:
            self._take(headers_of(message))
        if len(self._begun) > LONGEST_MESSAGE:
            log.warning("an AMI message has no end; the connection is made anew")
            self.transport.abort()

    def _take(self, message: Message) -> None:
        # An exception here would close the connection and lose what follows.
        try:
            if "event" in message and (
                "actionid" not in message or message["event"] == "UserEvent"
            ):
                self.factory.hear(message)
                if message["event"] == "Shutdown":
                    self.connection_lost(None)
            elif not self.requests.take(message) and "response" in message:
                self.refusal = _refusal(message) or self.refusal
                self.handle_message(Answer(message))
        except Exception:
            log.warning("an AMI message could not be read and was passed over")

    def connection_lost(self, exc: object) -> None:
        self.requests.lose_all()
        # Whose it is, it learns only later than that it is connected.
        if self.factory is not None:
            super().connection_lost(exc)


class _Connection(Manager):  # type: ignore[misc]  # panoramisk is untyped
    """One connection, from login to its end."""

    def __init__(self, hear: Callable[[Message], None], **config: Any) -> None:
        self.hear = hear
        self.lost = asyncio.get_running_loop().create_future()
        super().__init__(
            protocol_factory=_Protocol,
            loop=asyncio.get_running_loop(),
            # Our own ping below checks the answers; this one never would.
            ping_delay=10**6,
            ping_interval=10**6,
            log=logging.getLogger("panoramisk"),
            **config,
        )
        self.log.setLevel(logging.CRITICAL)

    def connection_made(self, future: Any) -> None:
        if not future.cancelled() and future.exception() is None:
            super().connection_made(future)

    def login(self, future: Any) -> None:
        if not future.cancelled():
            super().login(future)

    def dispatch(self, event: object) -> None:
        """Pass over an answer that nobody waits for any more."""

    def connection_lost(self, exc: object) -> None:
        if self.pinger:
            self.pinger.cancel()
        if not self.lost.done():
            self.lost.set_result(None)

    def abandon(self) -> None:
        """Close without waiting for the peer."""
        if self.pinger:
            self.pinger.cancel()
        if self.protocol is not None:
            self.protocol.transport.abort()
        self.connection_lost(None)


class Ami:
    """Actions and events over one AMI connection, which `run` keeps up.

    *events* is a queue of what Asterisk sent unasked; None for a connection that is
    used for actions only.
    """

    def __init__(
        self, host: str, port: int, username: str, secret: str, *, with_events: bool
    ) -> None:
        self._address = {"host": host, "port": port}
        self._credentials = {"username": username, "secret": secret}
        self.events = EventQueue(MOST_QUEUED_EVENTS) if with_events else None
        self.connected = Link()
        self._connection: _Connection | None = None
        self._slow_actions = 0

    async def run(self) -> None:
        """Keep the connection up for ever, with growing pauses between attempts."""
        outage = Outage(log, "Asterisk's AMI")
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            refused = False
            try:
                await self._serve_once(outage)
            except Unavailable as unavailable:
                outage.note(unavailable)
                refused = isinstance(unavailable, LoginRefused)
            if time.monotonic() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            longest = LONGEST_BACKOFF_SECONDS if refused else LONGEST_PAUSE_SECONDS
            pause = min(pause * 2, longest)

    async def _serve_once(self, outage: Outage) -> None:
        connection = self._connect(events="off" if self.events is None else "on")
        try:
            await self._log_in(connection)
            self._connection = connection
            self.connected.set()
            outage.over()
            await self._ping_until_lost(connection)
        finally:
            self.connected.clear()
            self._connection = None
            connection.abandon()
            self._hear(LOST)

    def _connect(self, *, events: str) -> _Connection:
        return _Connection(
            self._hear, events=events, **self._address, **self._credentials
        )

    def _hear(self, event: Message) -> None:
        if self.events is not None:
            self.events.put_nowait(event)

    @contextlib.asynccontextmanager
    async def once(self) -> AsyncIterator[None]:
        """Be connected while the block runs; raise `Unavailable` where that fails."""
        connection = self._connect(events="off")
        try:
            await self._log_in(connection)
            self._connection = connection
            yield
        finally:
            self._connection = None
            connection.abandon()

    async def _log_in(self, connection: _Connection) -> None:
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                await connection.connect()
                reply = await connection.authenticated_future
        except (OSError, TimeoutError) as error:
            raise Unavailable(
                f"Asterisk's AMI cannot be reached ({type(error).__name__})"
            ) from None
        if not reply.success:
            raise LoginRefused(
                "Asterisk's AMI refuses our user name or secret;"
                " compare manager.conf with [asterisk] in hotdesk.toml"
            )

    async def _ping_until_lost(self, connection: _Connection) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PING_SECONDS):
                    await asyncio.shield(connection.lost)
            if connection.lost.done():
                raise Unavailable("the connection to Asterisk's AMI is lost")
            # One connection is served in order: behind a slow action no ping is
            # answered, and that action has a deadline of its own.  Nor is one soon
            # behind very many events, which are a sign of life themselves.
            silence = time.monotonic() - connection.protocol.heard_at
            if not self._slow_actions and silence >= PING_SECONDS:
                await self.action("Ping")

    async def action(self, name: str, headers: Headers | None = None) -> Message:
        """Return the reply to one action.

        Raises `AmiRefused` where Asterisk says no, and `Unavailable` where it is not
        connected or does not answer in time.
        """
        (reply,) = await self._send([(name, headers or {})], ACTION_SECONDS)
        return _unless_refused(reply)[0]

    async def together(self, actions: Sequence[tuple[str, Headers]]) -> list[Reply]:
        """Return what Asterisk says to *actions*, which it serves in this order.

        They are one packet and one wait, so a fraction of the work of as many single
        actions.  Raises `Unavailable` as `action` does.
        """
        return await self._send(actions, ACTION_SECONDS)

    async def tell(self, events: Sequence[Headers]) -> None:
        """Let Asterisk send *events* to all its AMI users who read user events.

        Each begins with the header `UserEvent`, its name, and only an `ActionID` of
        its own is sent with it.  Raises `AmiRefused` and `Unavailable` as `action`
        does; some may have been sent then.
        """
        connection = self._there()
        for event in events:
            check_headers(event)
        connection.protocol.send_user_events(events)
        # Asterisk serves one after the other, so it has done with them.
        await self.action("Ping")
        if connection.protocol.refusal:
            raise AmiRefused("UserEvent", connection.protocol.refusal)

    async def listing(self, name: str, headers: Headers | None = None) -> list[Message]:
        """Return the events of an action that answers with a list."""
        replies = await self._send_slow(name, headers or {})
        return [
            r for r in replies if not r.get("event", "Complete").endswith("Complete")
        ]

    async def slow_action(self, name: str, headers: Headers) -> None:
        """Return when an action is done that may take Asterisk a minute."""
        await self._send_slow(name, headers)

    async def _send_slow(self, name: str, headers: Headers) -> list[Message]:
        self._slow_actions += 1
        try:
            (reply,) = await self._send([(name, headers)], SLOW_SECONDS)
        finally:
            self._slow_actions -= 1
        return _unless_refused(reply)

    async def _send(
        self, actions: Sequence[tuple[str, Headers]], seconds: float
    ) -> list[Reply]:
        connection = self._there()
        requests = [Request(name, headers) for name, headers in actions]
        replies: list[Reply] = []
        connection.protocol.send_together(requests)
        try:
            async with asyncio.timeout(seconds):
                for request in requests:
                    replies.append(_reply(request.action, await request.answered))
        except TimeoutError:
            # A peer that does not answer is gone: begin anew.
            connection.abandon()
            late = requests[len(replies)]
            raise Unavailable(
                f"Asterisk's AMI did not answer {late.action} in time"
            ) from None
        finally:
            connection.protocol.requests.drop(requests)
        return replies

    def _there(self) -> _Connection:
        if self._connection is None or self._connection.lost.done():
            raise Unavailable("Asterisk's AMI is not connected")
        return self._connection


def _reply(action: str, said: list[Message]) -> Reply:
    if not said:
        raise Unavailable("the connection to Asterisk's AMI is lost")
    refusal = _refusal(said[0])
    return AmiRefused(action, refusal) if refusal else said


def _refusal(message: Message) -> str:
    """Return why Asterisk says no, or nothing if it does not."""
    if message.get("response") != "Error":
        return ""
    return message.get("message", "no reason given")


def _unless_refused(reply: Reply) -> list[Message]:
    if isinstance(reply, AmiRefused):
        raise reply
    return reply
