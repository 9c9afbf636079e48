"""What a lab phone keeps up: lamps, its registration (RFC 3261, 3842, 4235, 6665)."""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lab.call import Dialog, SipFailure
from tests.lab.sip import Header, NameAddr, Request, Response

if TYPE_CHECKING:
    from tests.lab.phone import Phone

LAMP_ORDER = ("confirmed", "early", "proceeding", "trying", "terminated")
RETRY_REGISTER = 2.0  # seconds until the next try after a failed one


class RegisterFailed(SipFailure):
    """The registrar refused, or (408) did not answer for 32 seconds."""


class SubscribeFailed(SipFailure):
    """There is nothing to watch."""


@dataclass(frozen=True)
class Notification:
    """A NOTIFY: the event's name, its parameters (check-sync's `reboot`), the body."""

    event: str
    params: dict[str, str]
    body: bytes
    request: Request


class Watch:
    """A lamp (RFC 6665): `state` is the latest, `states` all since it was asked for."""

    def __init__(
        self,
        phone: Phone,
        dialog: Dialog,
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

    def __init__(self, phone: Phone, dialog: Dialog) -> None:
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


def granted(response: Response, asked: int) -> float:
    """The seconds until a registration or subscription ends (§10.2.4)."""
    contacts = [NameAddr.parse(text).params for text in response.all("Contact")]
    said = [params["expires"] for params in contacts if "expires" in params]
    seconds = [*said, response.find("Expires") or ""][0]
    return float(seconds) if seconds.isascii() and seconds.isdigit() else asked
