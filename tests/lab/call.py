"""A call of a lab phone, made or got (RFC 3261 §9, §12 to §15; 3264; 3325; 4028)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from tests.lab.rtp import Heard, Media, SdpError
from tests.lab.sip import (
    Address,
    Header,
    Message,
    NameAddr,
    Request,
    Response,
    SipError,
    new_token,
    uri_address,
    uri_user,
)

if TYPE_CHECKING:
    from tests.lab.phone import Phone

State = Literal["dialling", "ringing", "connected", "ended"]
SDP = ("Content-Type", "application/sdp")
# RFC 4028: we take part in session timers, and leave the refreshing to the PBX.
TIMER = (("Supported", "timer"), ("Session-Expires", "1800;refresher=uas"))


class SipFailure(Exception):
    """The other side refused; `status` and `reason` are those of its response."""

    def __init__(self, what: str, status: int, reason: str) -> None:
        super().__init__(f"{what}: {status} {reason}")
        self.status, self.reason = status, reason


class CallFailed(SipFailure):
    """The call was never answered."""


class Party(NamedTuple):
    """Whom the display shows."""

    name: str
    number: str


@dataclass
class Dialog:
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

    def __init__(self, phone: Phone, dialog: Dialog, remote: Party) -> None:
        self.state: State = "dialling"
        self.remote = remote
        self.failure: CallFailed | None = None
        self.ended_by: Literal["", "us", "them"] = ""
        self._phone, self._dialog = phone, dialog
        self._media = Media()
        self._was_connected = self._hung_up = self._early = False

    def __repr__(self) -> str:
        failure = f" {self.failure}" if self.failure else ""
        return f"call with {self.remote.number}, {self.state}{failure}"

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
        if description := message.content(SDP[1]):
            self._media.accept(description)
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
        self, phone: Phone, dialog: Dialog, invite: Request, caller: Party
    ) -> None:
        super().__init__(phone, dialog, caller)
        self.state = "ringing"
        self.dialled = uri_user(invite.uri)
        self._invite = invite
        self._acknowledged = False
        self._can_talk = asyncio.Event()

    @property
    def branch(self) -> str:
        """Which INVITE a CANCEL must name (§9.2)."""
        return self._invite.branch

    def header(self, name: str) -> str:
        """A header of the INVITE; empty if it has none."""
        return self._invite.find(name) or ""

    def content(self, kind: str) -> str:
        """What the INVITE carries of that content type; empty if nothing."""
        return self._invite.content(kind).decode()

    async def answer(self) -> None:
        """Pick up; returns when the other side has acknowledged it."""
        await self._can_talk.wait()
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
        self._can_talk.set()
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


def timer(request: Request) -> list[Header]:
    """RFC 4028 §9: agree to the session timer that a request proposes."""
    proposed = request.find("Session-Expires")
    if proposed is None:
        return []
    agreed = proposed if "refresher=" in proposed else f"{proposed};refresher=uac"
    return [("Require", "timer"), TIMER[0], ("Session-Expires", agreed)]
