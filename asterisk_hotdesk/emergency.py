"""Emergency calls, as Asterisk tells of them: who is told, and what waits meanwhile.

The calls themselves need none of this: the dialplan places them.  It sends an AMI event
at the beginning and at the end of each, and keeps in AstDB

    hotdesk/emergency/HD0001 = 1766000000:112:1765996400.17

until when the desk is called back, which number it called, and the channel's unique
id.  What happened while nobody listened is found there.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from asterisk_hotdesk.config import EmergencyConfig
from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, Desk
from asterisk_hotdesk.notices import Notice, Notices
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.pbx.ami import LOST, MISSED, Message
from asterisk_hotdesk.pbx.ami_events import is_from_a_channel
from asterisk_hotdesk.pbx.routes import Routes
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.store import Database, Tx, emergencies, events, logins
from asterisk_hotdesk.store.emergencies import EmergencyCall
from asterisk_hotdesk.store.events import Event

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How long the database may take to say more of a device than the event does."""

RETRY_SECONDS = 1.0

_ENTRY = re.compile(r"hotdesk/emergency/([A-Za-z0-9]+)")
_PINNED = re.compile(r"(\d{1,11}):(\d+):([\w.-]*?(\d{1,11})\.\d+)")


class Channels(Protocol):
    """What we ask of Asterisk."""

    async def channels(self) -> frozenset[str]:
        """Return the unique ids of all channels that there are."""


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """What an AstDB entry says."""

    call: EmergencyCall
    until: datetime


class EmergencyCalls:
    """Keeps which desks call for help, tells people, and leaves those phones alone."""

    def __init__(
        self,
        database: Database,
        channels: Channels,
        routes: Routes,
        refresher: Refresher,
        notices: Notices,
        config: EmergencyConfig,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._channels = channels
        self._routes = routes
        self._refresher = refresher
        self._notices = notices
        self._config = config
        self._now = now
        self._on: dict[str, EmergencyCall] = {}
        """By channel."""
        self._unkept: list[EmergencyCall] = []
        self._something = asyncio.Event()
        self._look_wanted = asyncio.Event()
        self._telling: set[asyncio.Task[None]] = set()
        self.known = asyncio.Event()
        """Set once it is known which desks were calling when we began."""

    def take(self, event: Message) -> None:
        """Note what one AMI event says of emergency calls."""
        if event is LOST or event is MISSED or event.get("event") == "FullyBooted":
            self._look_wanted.set()
        device, channel = event.get("device", ""), event.get("uniqueid", "")
        # Else everybody on AMI could call for help at any desk, and end such a call.
        if not (device and channel and is_from_a_channel(event)):
            return
        call = EmergencyCall(
            channel=channel,
            device=device,
            number=event.get("number", ""),
            began_at=self._now(),
        )
        match event.get("userevent"):
            case "HotdeskEmergency":
                self._begin(call)
                self._keep_later(call)
                self._tell(call, event)
            case "HotdeskEmergencyOver":
                self._end(call)
                self._keep_later(replace(call, ended_at=self._now()))

    async def run(self) -> None:
        """Keep and look, for ever."""
        self._look_wanted.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_keeping())
            tasks.create_task(self._keep_looking())

    def _begin(self, call: EmergencyCall) -> None:
        log.warning("%s calls %s", call.device, call.number)
        self._on[call.channel] = call
        self._refresher.hold(call.device)

    def _end(self, call: EmergencyCall) -> None:
        log.warning("%s has ended its call to %s", call.device, call.number)
        self._on.pop(call.channel, None)
        if call.device not in {other.device for other in self._on.values()}:
            self._refresher.release(call.device, self._config.quiet_seconds)

    # What the database keeps ----------------------------------------------------

    def _keep_later(self, call: EmergencyCall) -> None:
        self._unkept.append(call)
        self._something.set()

    async def _keep_keeping(self) -> None:
        outage = Outage(log, "what keeping emergency calls needs")
        while True:
            await self._something.wait()
            self._something.clear()
            # All at once: a call that is over must not be on even for a moment.
            keeping = list(self._unkept)
            try:
                async with self._database.transaction() as tx:
                    for call in keeping:
                        await self._keep(tx, call)
            except HotdeskError as error:
                outage.note(error)
                self._something.set()
                await asyncio.sleep(RETRY_SECONDS)
            else:
                del self._unkept[: len(keeping)]
                outage.over()

    async def _keep(self, tx: Tx, call: EmergencyCall) -> bool:
        """Keep that *call* began or, if it says when, ended; return if that is news."""
        if call.ended_at is None:
            what, at = "emergency_call", call.began_at
            news = await emergencies.begin(tx, call)
        else:
            what, at = "emergency_over", call.ended_at
            news = await emergencies.end(tx, call.channel, at)
        if news and (desk := await logins.desk(tx, call.device)):
            await events.record(tx, _event(what, call, desk, at))
        return news

    # What was missed ------------------------------------------------------------

    async def _keep_looking(self) -> None:
        outage = Outage(log, "what looking for emergency calls needs")
        while True:
            await self._look_wanted.wait()
            self._look_wanted.clear()
            try:
                await self._look()
            except HotdeskError as error:
                outage.note(error)
                self._look_wanted.set()
                await asyncio.sleep(RETRY_SECONDS)
            else:
                outage.over()
                self.known.set()

    async def _look(self) -> None:
        # In this order: what begins or ends after it was read, an event tells of.
        pinned = list(pinned_calls(await self._routes.all()))
        there = await self._channels.channels()
        now = self._now()
        quiet = timedelta(seconds=self._config.quiet_seconds)
        async with self._database.transaction() as tx:
            known = {
                call.channel: call for call in await emergencies.lately(tx, now - quiet)
            }
            news = [entry for entry in pinned if await self._is_news(tx, entry, now)]
            for call in known.values():
                if call.ended_at is None and call.channel not in there:
                    await self._keep(tx, replace(call, ended_at=now))
            for entry in news:
                if entry.call.channel not in there:
                    await self._keep(
                        tx, replace(entry.call, ended_at=self._over_at(entry))
                    )
        for entry in pinned:
            if entry.call.channel in there and entry.call.channel not in self._on:
                self._begin(entry.call)
        for call in [*self._on.values(), *known.values()]:
            if call.channel not in there:
                self._rest(call, now)
        for entry in news:
            self._tell(entry.call, {})

    async def _is_news(self, tx: Tx, entry: Pinned, now: datetime) -> bool:
        heard = {*self._on, *(call.channel for call in self._unkept)}
        if entry.until <= now or entry.call.channel in heard:
            return False
        return await self._keep(tx, entry.call)

    def _over_at(self, entry: Pinned) -> datetime:
        return entry.until - timedelta(minutes=self._config.pin_minutes)

    def _rest(self, call: EmergencyCall, now: datetime) -> None:
        """Leave the phone of a call that is over alone for as long as is left."""
        self._on.pop(call.channel, None)
        if call.device in {other.device for other in self._on.values()}:
            return
        since = (now - call.ended_at).total_seconds() if call.ended_at else 0.0
        self._refresher.release(call.device, self._config.quiet_seconds - since)

    # Who is told ----------------------------------------------------------------

    def _tell(self, call: EmergencyCall, said: Message) -> None:
        task = asyncio.create_task(self._tell_everybody(call, said))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell_everybody(self, call: EmergencyCall, said: Message) -> None:
        desk = None
        try:
            async with (
                asyncio.timeout(LOOK_SECONDS),
                self._database.transaction() as tx,
            ):
                desk = await logins.desk(tx, call.device)
        except (HotdeskError, TimeoutError):
            log.warning("the database does not say where %s is", call.device)
        await self._notices.tell(
            _notice_of(call, desk) if desk else _notice_from(call, said)
        )


def _notice_of(call: EmergencyCall, desk: Desk) -> Notice:
    return Notice(
        device=call.device,
        account=desk.device.account,
        location=desk.device.location,
        number=call.number,
        caller_id=desk.device.emergency_number,
        user=desk.user.extension if desk.user else "",
        user_name=desk.user.name if desk.user else "",
        at=call.began_at,
    )


def _notice_from(call: EmergencyCall, said: Message) -> Notice:
    """Return what the event alone says, for times without a database."""
    caller = said.get("caller", "")
    return Notice(
        device=call.device,
        account=said.get("account", DEFAULT_ACCOUNT),
        location=said.get("location", ""),
        number=call.number,
        caller_id=said.get("calleridnum", ""),
        user="" if caller == call.device else caller,
        user_name="",
        at=call.began_at,
    )


def _event(what: str, call: EmergencyCall, desk: Desk, at: datetime) -> Event:
    return Event(
        at=at,
        what=what,
        code=call.number,
        account=desk.device.account,
        extension=desk.user.extension if desk.user else "",
        name=desk.user.name if desk.user else "",
        device=call.device,
        by="phone",
    )


def pinned_calls(entries: Mapping[str, str]) -> Iterator[Pinned]:
    """Yield what AstDB's *entries* say of emergency calls; others are passed over."""
    for entry, value in entries.items():
        name, pin = _ENTRY.fullmatch(entry), _PINNED.fullmatch(value)
        if name and pin:
            call = EmergencyCall(
                channel=pin[3],
                device=name[1],
                number=pin[2],
                began_at=datetime.fromtimestamp(int(pin[4]), UTC),
            )
            yield Pinned(call=call, until=datetime.fromtimestamp(int(pin[1]), UTC))
