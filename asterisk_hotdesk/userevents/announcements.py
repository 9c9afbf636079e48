"""What happens at the desks, told over AMI as it happens."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from asterisk_hotdesk.pbx.ami import Ami, Headers
from asterisk_hotdesk.store.feed import Recorded
from asterisk_hotdesk.userevents import messages

NEWS_FOR = timedelta(minutes=10)
"""What is older is history: after an outage nobody needs to hear it over AMI."""

TOGETHER = 20
"""So many events are one packet; a login's routes may wait for that long."""


class Announcements:
    """Tells AMI of logins, logouts, refused PINs and phones that lag behind."""

    def __init__(self, ami: Ami, now: Callable[[], datetime]) -> None:
        self._ami = ami
        self._now = now

    async def tell(self, read: Sequence[Recorded]) -> None:
        """Send what the events *read* mean; raise `Unavailable` to be asked again."""
        oldest = self._now() - NEWS_FOR
        news = [recorded for recorded in read if recorded.event.at >= oldest]
        sent = (messages.announcement(recorded, read) for recorded in news)
        for packet in packets(filter(None, sent)):
            await self._ami.tell(packet)


def packets(events: Iterable[Headers]) -> Iterator[Sequence[Headers]]:
    """Yield *events* in parts that are sent at once."""
    left = iter(events)
    while packet := list(itertools.islice(left, TOGETHER)):
        yield packet
