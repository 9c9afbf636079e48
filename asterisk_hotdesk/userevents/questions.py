"""What other programs ask over AMI, and what we answer.

A question is a UserEvent that anybody with an AMI login sends.  Asterisk hands it to
every listener, without saying who sent it; so do our answers reach everybody.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from asterisk_hotdesk.config import AmiConfig
from asterisk_hotdesk.errors import (
    HotdeskError,
    Invalid,
    NobodyLoggedIn,
    NotFound,
    Unavailable,
)
from asterisk_hotdesk.login import HotDesks, Outcome, find_user, log_out
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, EndReason, Source
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.pbx.ami import Ami, Headers, Message
from asterisk_hotdesk.store import Database, logins, overview, users
from asterisk_hotdesk.store.overview import DeskStatus
from asterisk_hotdesk.userevents import messages
from asterisk_hotdesk.userevents.announcements import packets

log = logging.getLogger(__name__)

STATUS = "HotdeskStatus"
LOGOUT = "HotdeskLogoutRequest"

MOST_WAITING = 100
"""So many questions may wait for an answer; further ones get none."""

PAGE = 200
"""Desks that are read at once: whoever logs in meanwhile waits for these only."""

_FORMS = {
    "Device": re.compile("[A-Za-z0-9]{1,32}"),
    "Extension": re.compile("[0-9]{2,10}"),
    "Account": re.compile("[a-z0-9][a-z0-9-]{0,31}"),
}

_EXAMPLES = {"Device": "HD0001", "Extension": "100", "Account": "default"}


class SwitchedOff(Invalid):
    """Requests to log out are not granted; see ami.logout_requests in hotdesk.toml."""

    code = "switched_off"


class Questions:
    """Hears questions, and answers one after the other."""

    def __init__(
        self,
        ami: Ami,
        database: Database,
        desks: HotDesks,
        config: AmiConfig,
        *,
        stale_seconds: int,
        now: Callable[[], datetime],
    ) -> None:
        self._ami = ami
        self._database = database
        self._desks = desks
        self._config = config
        self._patience = timedelta(seconds=stale_seconds)
        self._now = now
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(MOST_WAITING)
        self._flood = Outage(log, "answering over AMI")

    def take(self, event: Message) -> None:
        """Note an AMI event, if it is a question."""
        if event.get("event") != "UserEvent":
            return
        if event.get("userevent") not in (STATUS, LOGOUT):
            return
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self._flood.note(Unavailable("too many questions over AMI"))

    async def run(self) -> None:
        """Answer, for ever."""
        while True:
            question = await self._waiting.get()
            try:
                await self._answer(question)
            except HotdeskError as error:
                log.warning("a question over AMI is not answered: %s", error)
            if self._waiting.empty():
                self._flood.over()

    async def _answer(self, question: Message) -> None:
        if question["userevent"] == LOGOUT:
            await self._ami.tell([await self._logout_answer(question)])
        else:
            await self._tell_status(question)

    async def _tell_status(self, question: Message) -> None:
        echo, count = messages.echo_of(question), 0
        try:
            async for desks in self._asked_for(question):
                now = self._now()
                before = now - self._patience
                entries = [messages.status_entry(d, echo, before, now) for d in desks]
                for packet in packets(entries):
                    await self._ami.tell(packet)
                count += len(desks)
        except HotdeskError as error:
            await self._ami.tell([messages.status_failed(error, echo)])
        else:
            await self._ami.tell([messages.status_complete(count, echo)])

    async def _asked_for(self, question: Message) -> AsyncIterator[list[DeskStatus]]:
        """Yield the desks that *question* asks for, in parts."""
        device, extension, account = (
            _header(question, name) for name in ("Device", "Extension", "Account")
        )
        if device or extension:
            yield await self._found(device, extension, account)
            return
        after = ""
        while True:
            async with self._database.transaction() as tx:
                desks = await overview.desks_after(tx, after, most=PAGE)
            if not desks:
                return
            after = desks[-1].device
            yield [desk for desk in desks if account in ("", desk.account)]

    async def _found(
        self, device: str, extension: str, account: str
    ) -> list[DeskStatus]:
        async with self._database.transaction() as tx:
            if device:
                desks = await overview.desks_named(tx, [device])
                if not desks:
                    raise NotFound(f"There is no device {device}.")
            else:
                desks = await overview.desks_of_users(tx, extension)
                if not (desks or await users.with_extension(tx, extension, account)):
                    raise NotFound(f"There is no user {extension}.")
        return [
            desk
            for desk in desks
            if extension in ("", desk.extension) and account in ("", desk.account)
        ]

    async def _logout_answer(self, question: Message) -> Headers:
        echo = messages.echo_of(question)
        try:
            return messages.logged_out(await self._log_out(question), echo)
        except HotdeskError as error:
            return messages.logout_failed(error, echo)

    async def _log_out(self, question: Message) -> Outcome:
        if not self._config.logout_requests:
            raise SwitchedOff
        device, extension = (_header(question, h) for h in ("Device", "Extension"))
        account = _header(question, "Account") or DEFAULT_ACCOUNT
        if not (device or extension):
            raise Invalid("Device or Extension is needed: who is to be logged out?")
        user = None
        if extension:
            user = await find_user(self._desks, account, extension)
        if user and not device:
            async with self._database.transaction() as tx:
                desk = await logins.user_desk(tx, account, extension)
            if desk is None:
                raise NobodyLoggedIn(f"{extension} is logged in nowhere.")
            device = desk.device.name
        return await log_out(
            self._desks,
            device_name=device,
            now=self._now(),
            reason=EndReason.FORCED,
            source=Source("ami"),
            only=user,
        )


def _header(question: Message, name: str) -> str:
    """Return a header of *question*, empty if it has none; raise `Invalid` if wrong."""
    value = question.get(name.lower(), "").strip()
    if value and not _FORMS[name].fullmatch(value):
        raise Invalid(f"{name} cannot be that; expected is such as {_EXAMPLES[name]}")
    return value
