"""A small SIP phone over UDP: what a person can do with a phone, as awaitable calls.

RFC 3261 (calls), 3264 (hold), 3325 (who it is), 4235 and 6665 (lamps). It writes down
what it sees and never decides whether that is right.
"""

import asyncio
import socket
import urllib.parse
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from tests.lab.call import (
    Call,
    CallFailed,
    Dialog,
    IncomingCall,
    Party,
    SipFailure,
    timer,
)
from tests.lab.lamps import (
    Notification,
    RegisterFailed,
    Registration,
    SubscribeFailed,
    Watch,
    dialog_state,
    message_state,
)
from tests.lab.plugged import Plugged
from tests.lab.rtp import Changes
from tests.lab.sip import (
    Address,
    Header,
    NameAddr,
    Request,
    Response,
    authorization,
    authorized,
    new_token,
    parameters,
    quote,
)
from tests.lab.transactions import Transactions

__all__ = [
    "Call",
    "CallFailed",
    "IncomingCall",
    "Notification",
    "Party",
    "Phone",
    "RegisterFailed",
    "SipFailure",
    "SubscribeFailed",
    "Watch",
    "dialog_state",
    "message_state",
]
Handed = TypeVar("Handed")
ALLOWED = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, UPDATE, INFO, MESSAGE")
FAREWELL = 2.0  # seconds that a phone which goes takes to hang up and unregister


class Phone(Plugged):
    """A phone on its own UDP port. Use it as `async with Phone(…) as phone:`."""

    def __init__(
        self,
        username: str,
        password: str,
        registrar: Address,
        display_name: str | None = None,
        user_agent: str = "lab-phone",
        *,
        auth_username: str | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.username, self.password = username, password
        self.auth_username = auth_username or username
        self.registrar = registrar
        self.display_name = display_name
        self.user_agent = user_agent
        self.auto_answer = self.busy = False
        self.challenged: set[str] = set()  # events that must prove the password
        self.on_notify: Callable[[Notification], None] | None = None
        self.incoming: list[IncomingCall] = []  # every call that ever rang here
        self.notifications: list[Notification] = []  # every one outside of a Watch
        self.messages = ""  # what the message lamp shows, see message_state()
        self.changes = Changes()
        self.wire = Transactions(self._arrived)
        self.contact: tuple[Header, ...] = ()
        self._host = host
        self._nonce = new_token()
        self._handed_out: set[int] = set()  # ids, of things that are kept above
        self._calls: dict[tuple[str, str], Call] = {}
        self._watches: dict[tuple[str, str], Watch] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.problems: list[BaseException] = []  # bugs; raised when the phone closes

    async def start(self) -> None:
        """Take a port; nothing is sent yet."""
        await self.wire.open(self._host)
        host, port = self.address
        user = urllib.parse.quote(self.username)
        self.contact = (("Contact", f"<sip:{user}@{host}:{port}>"),)
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(*self.registrar, family=socket.AF_INET)
        self._hop: Address = (str(found[0][4][0]), self.registrar[1])
        dialog = self._new_dialog(self.username)
        dialog.target = "sip:{}:{}".format(*self.registrar)
        self._registration = Registration(self, dialog)

    async def close(self, *, politely: bool = True) -> None:
        """Hang up, unregister and go; impolitely means: as if the power failed."""
        if politely:
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await self._say_goodbye()
        for call in self.calls:
            call.drop()
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.wire.close()

    async def _say_goodbye(self) -> None:
        goodbyes = [call.hangup() for call in self.calls]
        goodbyes += [watch.close() for watch in self._watches.values()]
        goodbyes += [self.unregister()] if self.registered else []
        await asyncio.gather(*goodbyes, return_exceptions=True)

    @property
    def address(self) -> Address:
        """Where this phone receives SIP."""
        return self.wire.address

    @property
    def calls(self) -> list[Call]:
        """The calls that are not over."""
        return list(self._calls.values())

    # --- what a person or a test does ---

    @property
    def registered(self) -> bool:
        """Whether the latest REGISTER put this phone's contact in place."""
        return self._registration.active

    async def register(self, expires: int = 300, *, within: float = 10) -> None:
        """Register and stay registered; raises RegisterFailed, and tries no more."""
        await self._registration.start(expires, within)

    def keep_registering(self, expires: int = 300) -> None:
        """Register in the background, again and again until it works."""
        self._registration.keep(expires, 0)

    async def unregister(self) -> None:
        """Remove this phone's contact; raises RegisterFailed."""
        await self._registration.end()

    async def call(self, number: str) -> Call:
        """Dial; returns at once, the call is then under way."""
        call = Call(self, self._new_dialog(number), Party("", number))
        await call.open()
        self._calls[call.key] = call
        self.spawn(call.dial())
        return call

    async def ringing(self, *, within: float = 5) -> IncomingCall:
        """The next incoming call that was not handed out yet and is not over."""

        def fresh() -> list[IncomingCall]:
            return [c for c in self.incoming if c.state != "ended" and self._is_new(c)]

        about = f"{self.username} to ring"
        await self.changes.until(fresh, within, lambda: f"{about}: {self.incoming}")
        return self._hand_out(fresh()[0])

    async def notified(self, event: str, *, within: float = 5) -> Notification:
        """The next NOTIFY for that event that was not handed out yet."""

        def fresh() -> list[Notification]:
            known = self.notifications
            return [n for n in known if n.event == event and self._is_new(n)]

        about = f"{self.username} to get a NOTIFY {event}"
        await self.changes.until(fresh, within, lambda: about)
        return self._hand_out(fresh()[0])

    async def subscribe_dialog(self, number: str) -> Watch:
        """Watch an extension's lamp (RFC 4235); raises SubscribeFailed."""
        accept = ("Accept", "application/dialog-info+xml")
        return await self._watch(number, dialog_state, ("Event", "dialog"), accept)

    async def subscribe_messages(self, number: str) -> Watch:
        """Watch a mailbox (RFC 3842); raises SubscribeFailed."""
        accept = ("Accept", "application/simple-message-summary")
        event = ("Event", "message-summary")
        return await self._watch(number, message_state, event, accept)

    # --- what calls and lamps need ---

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run in the background until the phone closes; a failure is raised then."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def request(self, dialog: Dialog, method: str, *headers: Header) -> Request:
        """The next request inside (or the first of) a dialog (§8.1.1, §12.2.1.1)."""
        dialog.cseq += 1
        basics = [
            ("Via", self.wire.via()),
            ("Max-Forwards", "70"),
            *(("Route", route) for route in dialog.routes),
            ("From", dialog.local),
            ("To", dialog.remote),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{dialog.cseq} {method}"),
            *self.contact,
            ("User-Agent", self.user_agent),
            ALLOWED,
        ]
        return Request([*basics, *headers], b"", method, dialog.target)

    async def send(
        self,
        dialog: Dialog,
        request: Request,
        provisional: Callable[[Response], None] | None = None,
    ) -> Response:
        """The final response, after proving the password if asked to (§22)."""
        dialog.sent = request
        response = await self.wire.request(request, dialog.hop, provisional)
        if response.status not in (401, 407):
            return response
        proxy = response.status == 407
        asked = response.header("Proxy-Authenticate" if proxy else "WWW-Authenticate")
        proof = authorization(
            asked,
            username=self.auth_username,
            password=self.password,
            method=request.method,
            uri=request.uri,
        )
        dialog.cseq += 1
        again = replace(request, headers=list(request.headers))
        again.set("Via", self.wire.via())
        again.set("CSeq", f"{dialog.cseq} {request.method}")
        again.set("Proxy-Authorization" if proxy else "Authorization", proof)
        dialog.sent = again
        return await self.wire.request(again, dialog.hop, provisional)

    def respond(
        self,
        request: Request,
        status: int,
        reason: str,
        *headers: Header,
        body: bytes = b"",
        tag: str = "",
    ) -> None:
        """Answer a request."""
        more = [*headers, ALLOWED, ("User-Agent", self.user_agent)]
        if request.method in ("INVITE", "UPDATE") and status == 200:
            more += [*self.contact, *timer(request)]
        response = request.response(status, reason, more, body, tag=tag)
        self.wire.respond(request, response)

    def forget(self, key: tuple[str, str]) -> None:
        """A call or a lamp is over."""
        self._calls.pop(key, None)
        self._watches.pop(key, None)

    def _new_dialog(self, number: str) -> Dialog:
        host, port = self.registrar
        user = urllib.parse.quote(number, safe="*+")
        uri = number if ":" in number else f"sip:{user}@{host}:{port}"
        name = f"{quote(self.display_name)} " if self.display_name else ""
        ours = f"sip:{urllib.parse.quote(self.username)}@{host}:{port}"
        local = f"{name}<{ours}>;tag={new_token()}"
        return Dialog(local, f"<{uri}>", uri, self._hop)

    async def _watch(
        self, number: str, read: Callable[[bytes], str], *about: Header
    ) -> Watch:
        watch = Watch(self, self._new_dialog(number), number, read, about)
        self._watches[watch.dialog.key] = watch
        self.spawn(watch.keep(await watch.subscribe()))
        return watch

    # --- what arrives ---

    def _arrived(self, request: Request) -> None:
        """Give a new request to the call or lamp that it is for, or answer it here."""
        key = request.call_id, request.tag("To")
        method = request.method
        unknown = sorted({*request.all("Require")} - {"timer"})
        if unknown and method not in ("ACK", "CANCEL"):  # §8.2.2.3
            about = ("Unsupported", ", ".join(unknown))
            self.respond(request, 420, "Bad Extension", about)
        elif method == "NOTIFY":
            self._notified(request, self._watches.get(key))
        elif call := self._calls.get(key):
            call.received(request)
        elif method == "CANCEL":
            self._cancelled(request)
        elif method == "ACK":
            return  # of a call that is over
        elif key[1]:
            self.respond(request, 481, "Call/Transaction Does Not Exist")
        elif method == "INVITE":
            self._invited(request)
        elif method in ("OPTIONS", "INFO", "MESSAGE"):
            self.respond(request, 200, "OK")
        else:
            self.respond(request, 405, "Method Not Allowed")

    def _invited(self, invite: Request) -> None:
        if self.busy:
            self.respond(invite, 486, "Busy Here")
            return
        caller = NameAddr.parse(invite.header("From"))
        ours = f"{invite.header('To')};tag={new_token()}"
        dialog = Dialog(ours, invite.header("From"), caller.uri, self._hop)
        dialog.call_id = invite.call_id
        dialog.learn(invite, invite.all("Record-Route"))
        call = IncomingCall(self, dialog, invite, Party(caller.display, caller.user))
        self._calls[call.key] = call
        self.incoming.append(call)
        self.spawn(call.ring())

    def _cancelled(self, cancel: Request) -> None:
        for call in self.incoming:
            if call.branch == cancel.branch:
                call.received(cancel)
                return
        self.respond(cancel, 481, "Call/Transaction Does Not Exist")

    def _notified(self, request: Request, watch: Watch | None) -> None:
        event, _, params = request.header("Event").partition(";")
        event = event.strip().lower()
        notification = Notification(event, parameters(params), request.body, request)
        if event in self.challenged and not self._is_proven(request):
            asked = f'Digest realm="lab-phone", nonce="{self._nonce}", algorithm=MD5'
            self.respond(request, 401, "Unauthorized", ("WWW-Authenticate", asked))
        elif watch:
            self.respond(request, 200, "OK")
            watch.notified(notification)
        elif request.tag("To"):
            self.respond(request, 481, "Subscription Does Not Exist")
        else:
            self.respond(request, 200, "OK")
            self._noticed(notification)
        self.changes.happened()

    def _is_proven(self, request: Request) -> bool:
        proof, method = request.find("Authorization"), request.method
        secrets = {"nonce": self._nonce, "password": self.password}
        return authorized(proof, **secrets, method=method)

    def _noticed(self, notification: Notification) -> None:
        self.notifications.append(notification)
        if notification.event == "message-summary":
            self.messages = message_state(notification.body)
        if self.on_notify:
            self.on_notify(notification)

    def _is_new(self, thing: object) -> bool:
        return id(thing) not in self._handed_out

    def _hand_out(self, thing: Handed) -> Handed:
        self._handed_out.add(id(thing))
        return thing

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            self.problems.append(problem)
