"""A small SIP phone over UDP: what a person can do with a phone, as awaitable calls.

RFC 3261 (calls), 3264 (hold), 3325 (who it is), 4235 and 6665 (lamps). It writes down
what it sees and never decides whether that is right.
"""

import asyncio
import socket
import urllib.parse
import xml.etree.ElementTree as ET
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self, TypeVar

from tests.lab.rtp import Changes, Heard, Media, SdpError
from tests.lab.sip import (
    Address,
    Header,
    Message,
    NameAddr,
    Request,
    Response,
    SipError,
    Transactions,
    authorization,
    authorized,
    new_token,
    parameters,
    quote,
    uri_address,
    uri_user,
)

Handed = TypeVar("Handed")
State = Literal["dialling", "ringing", "connected", "ended"]
ALLOWED = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, UPDATE, INFO, MESSAGE")
SDP = ("Content-Type", "application/sdp")
# RFC 4028: we take part in session timers, and leave the refreshing to the PBX.
TIMER = (("Supported", "timer"), ("Session-Expires", "1800;refresher=uas"))
LAMP_ORDER = ("confirmed", "early", "proceeding", "trying", "terminated")
RETRY_REGISTER = 2.0  # seconds until the next try after a failed one
FAREWELL = 2.0  # seconds that a phone which goes takes to hang up and unregister


class SipFailure(Exception):
    """The other side refused; `status` and `reason` are those of its response."""

    def __init__(self, what: str, status: int, reason: str) -> None:
        super().__init__(f"{what}: {status} {reason}")
        self.status, self.reason = status, reason


class CallFailed(SipFailure):
    """The call was never answered."""


class RegisterFailed(SipFailure):
    """The registrar refused, or (408) did not answer for 32 seconds."""


class SubscribeFailed(SipFailure):
    """There is nothing to watch."""


class Party(NamedTuple):
    """Whom the display shows."""

    name: str
    number: str


@dataclass(frozen=True)
class Notification:
    """A NOTIFY: the event's name, its parameters (check-sync's `reboot`), the body."""

    event: str
    params: dict[str, str]
    body: bytes
    request: Request


@dataclass
class _Dialog:
    """RFC 3261 §12; `sent` is the latest request, as CANCEL needs it."""

    local: str
    remote: str
    target: str
    hop: Address
    call_id: str = field(default_factory=new_token)
    routes: list[str] = field(default_factory=list)
    cseq: int = 0
    sent: Request | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.call_id, NameAddr.parse(self.local).params["tag"]

    def learn(self, message: Message, routes: Iterable[str] = ()) -> None:
        """Take over the other side's tag, contact and route (§12.1, §12.2)."""
        self.routes = list(routes) or self.routes
        if contacts := message.all("Contact"):
            self.target = NameAddr.parse(contacts[0]).uri
        first = NameAddr.parse(self.routes[0]).uri if self.routes else self.target
        self.hop = uri_address(first)


class Call:
    """A call that this phone makes, or (IncomingCall) gets."""

    def __init__(self, phone: "Phone", dialog: _Dialog, remote: Party) -> None:
        self.state: State = "dialling"
        self.remote = remote
        self.failure: CallFailed | None = None
        self.ended_by: Literal["", "us", "them"] = ""
        self._phone, self._dialog = phone, dialog
        self._media = Media()
        self._was_connected = self._hung_up = self._early = False

    def __repr__(self) -> str:
        return f"call with {self.remote.number}, {self.state} {self.failure or ''}"

    @property
    def key(self) -> tuple[str, str]:
        """Call-ID and our tag: what names the call (§12)."""
        return self._dialog.key

    @property
    def heard(self) -> Heard:
        """What has arrived so far; it keeps counting."""
        return self._media.heard

    def talk(self, aloud: bool = True) -> None:
        """Send a tone from now on, or silence again."""
        self._media.talking = aloud

    async def hears(self, seconds: float = 0.2, *, within: float = 5) -> None:
        """Return once that much more sound, not silence, has arrived."""
        await self._media.hears(seconds, within=within)

    async def hears_keys(self, keys: str, *, within: float = 5) -> None:
        """Return once the other side's pressed keys have arrived."""
        await self._media.hears_keys(keys, within=within)

    async def dtmf(self, keys: str, *, tone_ms: int = 60, gap_ms: int = 40) -> None:
        """Press keys; returns when the last one has been sent."""
        await self._media.press(keys, tone_ms, gap_ms)

    async def answered(self, *, within: float = 10) -> None:
        """Return once connected; raises CallFailed if the call ends before."""
        await self.until(
            lambda: self._was_connected or self.state == "ended", within, "the answer"
        )
        if not self._was_connected:
            raise self.failure or CallFailed(repr(self), 487, "Request Terminated")

    async def ended(self, *, within: float = 10) -> None:
        """Return once the call is over, whoever ended it."""
        await self.until(lambda: self.state == "ended", within, "the end")

    async def until(
        self, condition: Callable[[], object], within: float, what: str = "a change"
    ) -> None:
        """Return once the condition holds; it is looked at when the call changes."""
        changes = self._phone.changes
        await changes.until(condition, within, lambda: f"{what} of a {self}")

    async def hangup(self) -> None:
        """End the call: CANCEL before the answer (§9.1), BYE after; it is over then."""
        self._hung_up = True
        if self.state == "connected":
            self._over("us")
            await self._phone.send(self._dialog, self._request("BYE"))
        elif self._early and self.state != "ended":
            self._phone.spawn(self._cancel())
        await self.ended(within=40)

    def _request(self, method: str, *headers: Header) -> Request:
        return self._phone.request(self._dialog, method, *headers)

    async def dial(self) -> None:
        """Send the INVITE and see it through to its final response."""
        invite = self._request("INVITE", *TIMER, SDP)
        invite.body = self._media.describe()
        response = await self._phone.send(self._dialog, invite, self._progress)
        if response.status >= 300:
            about = f"call to {self.remote.number}"
            self.failure = CallFailed(about, response.status, response.reason)
            self._over("us" if self._hung_up else "them")
            return
        self._dialog.remote = response.header("To")
        self._dialog.learn(response, reversed(response.all("Record-Route")))
        self._acknowledge(response)
        try:
            self._connected(response)
        except SdpError as problem:
            self._was_connected, self._hung_up = False, True
            self.failure = CallFailed(repr(self), 488, str(problem))
        if self._hung_up:  # §9.1: the answer was faster than our CANCEL
            await self.hangup()

    def _acknowledge(self, response: Response) -> None:
        """§13.2.2.4: the ACK has the INVITE's sequence number."""
        ack = self._request("ACK")
        self._dialog.cseq = response.cseq[0]
        ack.set("CSeq", f"{response.cseq[0]} ACK")
        self._phone.wire.acknowledge(response, ack, self._dialog.hop)

    def _progress(self, response: Response) -> None:
        if self._hung_up and not self._early:
            self._phone.spawn(self._cancel())
        self._early = True
        if response.status > 100:
            self.state = "ringing"
            with suppress(SdpError, SipError):
                self.learn(response)
                self._media.start()

    async def _cancel(self) -> None:
        invite = self._dialog.sent
        if invite is None:
            return
        names = ("Via", "From", "To", "Call-ID", "Route", "Max-Forwards")
        kept = [(name, value) for name, value in invite.headers if name in names]
        kept.append(("CSeq", f"{invite.cseq[0]} CANCEL"))
        cancel = Request(kept, b"", "CANCEL", invite.uri)
        await self._phone.wire.request(cancel, self._dialog.hop)

    def _connected(self, message: Message | None = None) -> None:
        self.state, self._was_connected = "connected", True
        if message:
            self.learn(message)
        self._media.start()
        self._phone.changes.happened()

    def learn(self, message: Message) -> None:
        """Take over who the other side is, and where it wants its audio."""
        for name in ("P-Asserted-Identity", "Remote-Party-ID"):
            if values := message.all(name):
                known = NameAddr.parse(values[0])
                self.remote = Party(known.display, known.user)
        if message.body and message.find("Content-Type") == SDP[1]:
            self._media.accept(message.body)
        self._phone.changes.happened()

    def received(self, request: Request) -> None:
        """Do what a request inside the call wants, and answer it."""
        respond = self._phone.respond
        if request.method == "BYE":
            respond(request, 200, "OK")
            self._over("them")
        elif request.method in ("INVITE", "UPDATE"):
            self._dialog.learn(request)
            try:
                self.learn(request)
            except SdpError as problem:
                respond(request, 488, str(problem))
                return
            offered = request.method == "INVITE" or request.body
            body = self._media.describe() if offered else b""
            respond(request, 200, "OK", *([SDP] if body else []), body=body)
        elif request.method == "ACK":
            with suppress(SdpError):  # the answer to our offer, if we made one
                self.learn(request)
        else:
            respond(request, 200, "OK", tag=self.key[1])

    def _over(self, by: Literal["us", "them"]) -> None:
        if self.state != "ended":
            self.state, self.ended_by = "ended", by
            self._phone.forget(self._dialog.key)
            self._media.close()
            self._phone.changes.happened()

    async def open(self) -> None:
        """Get a port for the audio; the phone does this."""
        await self._media.open(self._phone.address[0])
        if self.state == "ended":
            self._media.close()

    def drop(self) -> None:
        """End without a word to anyone, as a phone without power does."""
        self._over("us")


class IncomingCall(Call):
    """A call to this phone: `dialled` is the number that was asked for."""

    def __init__(
        self, phone: "Phone", dialog: _Dialog, invite: Request, caller: Party
    ) -> None:
        super().__init__(phone, dialog, caller)
        self.state = "ringing"
        self.dialled = uri_user(invite.uri)
        self._invite = invite
        self._acknowledged = False

    @property
    def branch(self) -> str:
        """Which INVITE a CANCEL must name (§9.2)."""
        return self._invite.branch

    async def answer(self) -> None:
        """Pick up; returns when the other side has acknowledged it."""
        if self.state == "ringing":
            self._connected()
            body = self._media.describe()
            self._respond(200, "OK", SDP, body=body)
        await self.until(
            lambda: self._acknowledged or self.state == "ended", 10, "the ACK"
        )

    async def reject(self, status: int = 486, reason: str = "Busy Here") -> None:
        """Refuse; the caller gets that status."""
        if self.state == "ringing":
            self._respond(status, reason)
            self._over("us")

    async def hangup(self) -> None:
        """Refuse with 603 before the answer, BYE after."""
        await self.reject(603, "Decline")
        if self.state == "connected":
            await super().hangup()

    async def ring(self) -> None:
        """Answer 180, and 200 if the phone answers by itself; the phone does this."""
        await self.open()
        if self.state != "ringing":
            return
        try:
            self.learn(self._invite)
        except SdpError as problem:
            await self.reject(488, str(problem))
            return
        self._respond(180, "Ringing", *self._phone.contact)
        if self._phone.auto_answer:
            await self.answer()

    def received(self, request: Request) -> None:
        if request.method == "ACK":
            self._acknowledged = True
        elif request.method == "CANCEL" and self.state == "ringing":
            self._respond(487, "Request Terminated")
            self._over("them")
        super().received(request)

    def _respond(
        self, status: int, reason: str, *headers: Header, body: bytes = b""
    ) -> None:
        tag = self._dialog.key[1]
        self._phone.respond(self._invite, status, reason, *headers, body=body, tag=tag)


class Watch:
    """A lamp (RFC 6665): `state` is the latest, `states` all since it was asked for."""

    def __init__(
        self,
        phone: "Phone",
        dialog: _Dialog,
        number: str,
        read: Callable[[bytes], str],
        about: tuple[Header, ...],
    ) -> None:
        self.number, self.about = number, about
        self.state = ""
        self.states: list[str] = []
        self.active = True
        self._phone, self.dialog, self._read = phone, dialog, read

    async def becomes(self, *states: str, within: float = 5) -> None:
        """Return once the state is one of these."""
        await self._phone.changes.until(
            lambda: self.state in states,
            within,
            lambda: f"lamp {self.number} to be {' or '.join(states)}: {self.states}",
        )

    def notified(self, notification: Notification) -> None:
        """Take over what a NOTIFY says."""
        state = notification.request.find("Subscription-State") or "active"
        self.active = not state.lower().startswith("terminated")
        if not self.active:
            self._phone.forget(self.dialog.key)
        if notification.body:
            self.state = self._read(notification.body)
            self.states.append(self.state)

    async def subscribe(self) -> float:
        """Subscribe, or refresh it (RFC 6665 §4.1.2); the granted seconds."""
        response = await self._send(expires=600)
        if response.status >= 300:
            self.active = False
            self._phone.forget(self.dialog.key)
            about = f"lamp {self.number}"
            raise SubscribeFailed(about, response.status, response.reason)
        self.dialog.remote = response.header("To")
        self.dialog.learn(response, reversed(response.all("Record-Route")))
        return granted(response, 600)

    async def keep(self, seconds: float) -> None:
        """Refresh the subscription, granted for `seconds`, until it ends."""
        await asyncio.sleep(seconds / 2)
        while self.active:
            with suppress(SubscribeFailed):
                await asyncio.sleep(await self.subscribe() / 2)

    async def close(self) -> None:
        """Unsubscribe (RFC 6665 §4.1.2.3)."""
        if self.active:
            self.active = False
            self._phone.forget(self.dialog.key)
            await self._send(expires=0)

    async def _send(self, expires: int) -> Response:
        wanted = (*self.about, ("Expires", str(expires)))
        request = self._phone.request(self.dialog, "SUBSCRIBE", *wanted)
        return await self._phone.send(self.dialog, request)


def dialog_state(body: bytes) -> str:
    """The busiest state in an application/dialog-info+xml body; `idle` without any."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - from the lab's own PBX
    except ET.ParseError as problem:
        return f"broken: {problem}"
    states = [(node.text or "").strip() for node in root.iter() if _is_state(node)]
    known = [state for state in LAMP_ORDER if state in states]
    return (known or states or ["idle"])[0]


def _is_state(node: ET.Element) -> bool:
    return node.tag.rpartition("}")[2] == "state"


def message_state(body: bytes) -> str:
    """New and old messages as `2/0` (RFC 3842); `yes` or `no` if none are counted."""
    lines = body.decode(errors="replace").lower().splitlines()
    said = {
        name.strip(): text.strip()
        for name, _, text in (x.partition(":") for x in lines)
    }
    counted = said.get("voice-message", "").partition(" ")[0]
    return counted or said.get("messages-waiting", "")


class Registration:
    """A phone's contact at the registrar, refreshed in time (RFC 3261 §10)."""

    def __init__(self, phone: "Phone", dialog: _Dialog) -> None:
        self.active = False
        self._phone, self._dialog = phone, dialog
        self._keeper: asyncio.Task[None] | None = None

    async def start(self, expires: int, within: float) -> None:
        """Register and stay registered; raises RegisterFailed or TimeoutError."""
        self._stop_keeping()
        try:
            async with asyncio.timeout(within):
                seconds = await self._register(expires)
        except TimeoutError:
            where = f"{self._phone.username} to register at {self._phone.registrar}"
            raise TimeoutError(f"{where}; waited {within:g} s") from None
        self.keep(expires, seconds)

    def keep(self, expires: int, seconds: float) -> None:
        """Register again in half of `seconds`, or soon if not registered, and so on."""
        self._stop_keeping()
        self._keeper = self._phone.spawn(self._stay(expires, seconds))

    async def end(self) -> None:
        """Remove the contact (§10.2.2); raises RegisterFailed."""
        self._stop_keeping()
        await self._register(0)

    async def _register(self, expires: int) -> float:
        wanted = ("Expires", str(expires))
        request = self._phone.request(self._dialog, "REGISTER", wanted)
        response = await self._phone.send(self._dialog, request)
        self.active = response.status < 300 and expires > 0
        self._phone.changes.happened()
        if response.status >= 300:
            about = f"registration of {self._phone.username}"
            raise RegisterFailed(about, response.status, response.reason)
        return granted(response, expires)

    async def _stay(self, expires: int, seconds: float) -> None:
        while True:
            pause = max(seconds / 2, 0.05) if self.active else RETRY_REGISTER
            await asyncio.sleep(pause)
            with suppress(RegisterFailed):
                seconds = await self._register(expires)

    def _stop_keeping(self) -> None:
        if self._keeper:
            self._keeper.cancel()
            self._keeper = None


class Phone:
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

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
        if self.problems and problem is None:
            raise self.problems[0]

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

    def request(self, dialog: _Dialog, method: str, *headers: Header) -> Request:
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
        dialog: _Dialog,
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
            more += [*self.contact, *_timer(request)]
        response = request.response(status, reason, more, body, tag=tag)
        self.wire.respond(request, response)

    def forget(self, key: tuple[str, str]) -> None:
        """A call or a lamp is over."""
        self._calls.pop(key, None)
        self._watches.pop(key, None)

    def _new_dialog(self, number: str) -> _Dialog:
        host, port = self.registrar
        user = urllib.parse.quote(number, safe="*+")
        uri = number if ":" in number else f"sip:{user}@{host}:{port}"
        name = f"{quote(self.display_name)} " if self.display_name else ""
        ours = f"sip:{urllib.parse.quote(self.username)}@{host}:{port}"
        local = f"{name}<{ours}>;tag={new_token()}"
        return _Dialog(local, f"<{uri}>", uri, self._hop)

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
        dialog = _Dialog(ours, invite.header("From"), caller.uri, self._hop)
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


def granted(response: Response, asked: int) -> float:
    """The seconds until a registration or subscription ends (§10.2.4)."""
    contacts = [NameAddr.parse(text).params for text in response.all("Contact")]
    said = [params["expires"] for params in contacts if "expires" in params]
    seconds = [*said, response.find("Expires") or ""][0]
    return float(seconds) if seconds.isascii() and seconds.isdigit() else asked


def _timer(request: Request) -> list[Header]:
    """RFC 4028 §9: agree to the session timer that a request proposes."""
    proposed = request.find("Session-Expires")
    if proposed is None:
        return []
    agreed = proposed if "refresher=" in proposed else f"{proposed};refresher=uac"
    return [("Require", "timer"), TIMER[0], ("Session-Expires", agreed)]
