"""What Asterisk says over AMI: one message as headers, and the queue of its events."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

END = "\r\n"

Message = dict[str, str]
"""The headers of one reply or event; names are in lower case."""

LOST: Message = {"event": "hotdesk-connection-lost"}
"""Put among the events when the connection went away, or could not be made."""

MISSED: Message = {"event": "hotdesk-events-missed"}
"""Put in place of events that were too many: look at the whole state again."""

_SUBJECTS = {
    "ContactStatus": "endpointname",
    "DeviceStateChange": "device",
    "MessageWaiting": "mailbox",
}
"""By event that says how something is now, the header that says what."""


def headers_of(text: str) -> Message:
    """Return the headers of one message; of a repeated one the first counts.

    Asterisk writes its own first: of a UserEvent, the others are whatever somebody
    sent, perhaps with `event: Shutdown` among them.
    """
    found: Message = {}
    for line in text.split(END):
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.lower(), value.lstrip(" "))
    return found


def is_from_a_channel(event: Message) -> bool:
    """Return whether a UserEvent comes from the dialplan, not from somebody on AMI.

    Asterisk writes what it knows of the channel, the event's name, and then whatever
    the sender says (main/manager.c, `action_userevent`; apps/app_userevent.c).
    """
    names = list(event)
    if "uniqueid" not in event or "userevent" not in event:
        return False
    return names.index("uniqueid") < names.index("userevent")


class EventQueue:
    """Events that wait to be read, in order.

    What tells how a device is replaces what told it before, so while nobody reads, the
    queue has as many entries as there are devices.  Where there are more than *most*
    of whatever kind, `MISSED` takes their place.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: OrderedDict[object, Message] = OrderedDict()
        self._put = 0
        self._there = asyncio.Event()

    def put_nowait(self, event: Message) -> None:
        """Add *event*, which is the newest."""
        self._put += 1
        kind = event.get("event", "")
        subject = event.get(_SUBJECTS.get(kind, ""))
        key = (kind, subject) if subject else self._put
        self._waiting[key] = event
        self._waiting.move_to_end(key)
        if len(self._waiting) > self._most:
            self._waiting = OrderedDict({self._put: MISSED})
        self._there.set()

    async def get(self) -> Message:
        """Return the oldest event, as soon as there is one, and forget it."""
        while not self._waiting:
            self._there.clear()
            await self._there.wait()
        return self.get_nowait()

    def get_nowait(self) -> Message:
        """Return the oldest event of those that there are, and forget it."""
        return self._waiting.popitem(last=False)[1]

    def qsize(self) -> int:
        """Return how many events wait."""
        return len(self._waiting)
