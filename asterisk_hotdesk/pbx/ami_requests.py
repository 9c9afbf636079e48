"""Actions on their way to Asterisk, and what it says to each.

A reply is one message, or a list: from a response with `EventList: start` to an event
with `EventList: Complete`.  Source: Asterisk documentation, "AMI v2 Specification".
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence

from asterisk_hotdesk.pbx.ami_events import END, Message

Headers = Mapping[str, str | Sequence[str]]
"""What an action says; a header with several values is sent several times."""

_numbers = itertools.count(1)


class Request:
    """One action, and what Asterisk has said to it so far."""

    def __init__(self, action: str, headers: Headers) -> None:
        """Raises ValueError for a header that would end before its value does."""
        check_headers(headers)
        self.action = action
        self.id = f"hotdesk/{next(_numbers)}"
        self.text = lines_of({"Action": action, "ActionID": self.id, **headers})
        self.answered: asyncio.Future[list[Message]] = asyncio.Future()
        """All that Asterisk says; nothing, if the connection is lost before that."""
        self._said: list[Message] = []

    def take(self, message: Message) -> bool:
        """Add what Asterisk says; return whether that was all."""
        self._said.append(message)
        place = message.get("eventlist", "").lower()
        if place == "start" or (len(self._said) > 1 and not place):
            return False
        self._end(self._said)
        return True

    def lose(self) -> None:
        """End without an answer: the connection is lost."""
        self._end([])

    def _end(self, said: list[Message]) -> None:
        if not self.answered.done():
            self.answered.set_result(said)


class Requests:
    """Those that wait for an answer on one connection."""

    def __init__(self) -> None:
        self._waiting: dict[str, Request] = {}

    def add(self, requests: Sequence[Request]) -> None:
        """Expect answers to *requests*."""
        self._waiting.update({request.id: request for request in requests})

    def drop(self, requests: Sequence[Request]) -> None:
        """Pass over what is said to *requests* from now on."""
        for request in requests:
            self._waiting.pop(request.id, None)

    def take(self, message: Message) -> bool:
        """Give *message* to the request that it answers, if there is one."""
        request = self._waiting.get(message.get("actionid", ""))
        if request and request.take(message):
            del self._waiting[request.id]
        return request is not None

    def lose_all(self) -> None:
        """End them all: the connection is lost."""
        for request in self._waiting.values():
            request.lose()
        self._waiting.clear()


def check_headers(headers: Headers) -> None:
    """Raise ValueError where a value would end its header and begin another."""
    for name, value in headers.items():
        for line in [value] if isinstance(value, str) else value:
            if any(character in line for character in "\r\n\0"):
                raise ValueError(f"the AMI header {name} holds a line break")


def lines_of(headers: Headers) -> str:
    """Return *headers* as one AMI message."""
    lines = []
    for name, value in headers.items():
        for line in [value] if isinstance(value, str) else value:
            lines.append(f"{name}: {line}{END}")
    return "".join([*lines, END])
