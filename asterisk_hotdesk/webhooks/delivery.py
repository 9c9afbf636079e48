"""Deliver the history to each receiver: in order, at least once, for a day.

A receiver that is dead costs one attempt a minute and a line in the log; what it
misses waits in the history, and the other receivers do not notice.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, get_args

from asterisk_hotdesk.config import WebhookConfig
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.precedence import Precedence
from asterisk_hotdesk.public_events import PublicEvent, public_event
from asterisk_hotdesk.store import Database, events, installation
from asterisk_hotdesk.store import webhooks as states
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.feed import Reader, Recorded
from asterisk_hotdesk.telling import Teller
from asterisk_hotdesk.webhooks.message import Message, message_of
from asterisk_hotdesk.webhooks.receiver import Receiver, Undelivered

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
"""Between two attempts; it doubles from the first to this."""

Result = Literal["delivered", "failed", "given_up"]


class Delivery:
    """Delivers to one receiver what it wants to know."""

    def __init__(
        self,
        name: str,
        config: WebhookConfig,
        database: Database,
        precedence: Precedence,
        now: Callable[[], datetime],
    ) -> None:
        self.results: dict[Result, int] = dict.fromkeys(get_args(Result), 0)
        """How attempts ended, and how many events were given up, since we started."""
        self._name = name
        self._config = config
        self._database = database
        self._now = now
        self._receiver = Receiver(name, config)
        self._reader = Reader(states.reader_of(name))
        self._teller = Teller(
            database, f"webhook {name}", self._tell, precedence, self._reader
        )
        self._outage = Outage(log, f"webhook {name}")
        self._giving_up = False
        self.ring = self._teller.ring

    async def run(self) -> None:
        """Deliver, for ever."""
        async with self._receiver:
            await self._teller.run()

    async def _tell(self, read: Sequence[Recorded]) -> None:
        async with self._database.transaction() as tx:
            ours = await installation.identity(tx)
        for place, recorded in enumerate(read, 1):
            event = public_event(recorded)
            if event is not None and event.kind in self._config.events:
                await self._deal_with(event, message_of(event, ours), read[:place])

    async def _deal_with(
        self, event: PublicEvent, message: Message, until: Iterable[Recorded]
    ) -> None:
        """Deliver or give up one event; then all *until* it is dealt with."""
        delivered = await self._deliver(event, message)
        async with self._database.transaction() as tx:
            if delivered:
                await states.note_delivered(tx, self._name, self._now())
            else:
                await states.note_given_up(tx, self._name, self._now())
                if not self._giving_up:
                    await events.record(tx, self._given_up())
            # Not at the end of them all: a crash would tell the receiver all again.
            await self._reader.done(tx, until)
        self._giving_up = not delivered

    async def _deliver(self, event: PublicEvent, message: Message) -> bool:
        """Return whether *message* was delivered before it was too old."""
        oldest = timedelta(hours=self._config.give_up_hours)
        pause = FIRST_PAUSE_SECONDS
        while self._now() - event.at < oldest:
            try:
                await self._receiver.send(message, self._now())
            except Undelivered as undelivered:
                self.results["failed"] += 1
                self._outage.note(undelivered)
                await self._note_failed(undelivered.why)
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                self.results["delivered"] += 1
                self._outage.over()
                return True
        self.results["given_up"] += 1
        return False

    async def _note_failed(self, problem: str) -> None:
        async with self._database.transaction() as tx:
            await states.note_failed(tx, self._name, problem, self._now())

    def _given_up(self) -> Event:
        """Return what the history says of a row of events that are given up."""
        log.warning(
            "webhook %s misses what happened more than %s hours ago",
            self._name,
            self._config.give_up_hours,
        )
        return Event(
            at=self._now(), what="webhook_given_up", code=self._name, by="service"
        )


class Webhooks:
    """All receivers in the settings, none of which waits for another."""

    def __init__(
        self,
        configs: Mapping[str, WebhookConfig],
        database: Database,
        precedence: Precedence,
        now: Callable[[], datetime],
    ) -> None:
        """Raises `ConfigError` where a certificate file cannot be used."""
        self._database = database
        self._deliveries = {
            name: Delivery(name, config, database, precedence, now)
            for name, config in configs.items()
        }

    def ring(self) -> None:
        """Say that something has happened."""
        for delivery in self._deliveries.values():
            delivery.ring()

    def results(self) -> dict[tuple[str, str], int]:
        """Return how often what came of each webhook's attempts."""
        return {
            (name, result): count
            for name, delivery in self._deliveries.items()
            for result, count in delivery.results.items()
        }

    async def run(self) -> None:
        """Deliver to all, for ever.

        Raises `Unavailable` where the database cannot be asked at the beginning.
        """
        async with self._database.transaction() as tx:
            # What a webhook missed while the settings lacked it was not for it.
            await states.keep_only(tx, self._deliveries)
        async with asyncio.TaskGroup() as tasks:
            for delivery in self._deliveries.values():
                tasks.create_task(delivery.run())
