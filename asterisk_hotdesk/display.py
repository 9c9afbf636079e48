"""Say on a phone's display who is logged in, once the phone has shown that it knows.

And who is about to be logged out.  A courtesy: it is sent once, to phones that can show
it and are not in a call, and nobody waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from asterisk_hotdesk.errors import HotdeskError, Unavailable
from asterisk_hotdesk.model import Desk, User
from asterisk_hotdesk.pbx.features import CallsOf, Features
from asterisk_hotdesk.pbx.routes import Routes
from asterisk_hotdesk.phones import traits
from asterisk_hotdesk.phones.pages import (
    Page,
    as_xml,
    language_of,
    logged_in_as,
    logged_out_at,
    pushed_to,
)
from asterisk_hotdesk.store import Database, logins

log = logging.getLogger(__name__)

NEWS = timedelta(minutes=2)
"""A login that the phone confirms later is no news any more to who sits there."""


class Display:
    """Which displays have yet to say that somebody is logged in."""

    def __init__(
        self,
        database: Database,
        routes: Routes,
        features: Features,
        *,
        in_call: Callable[[str], bool],
        default_language: str,
        per_second: int,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._routes = routes
        self._features = features
        self._in_call = in_call
        self._default_language = default_language
        self._pause = 1.0 / per_second
        self._now = now
        self._confirmed: dict[str, int] = {}
        self._something = asyncio.Event()
        self._said: dict[str, datetime] = {}
        """When the login was decided of which a device's display said something."""

    def has_said(self, device_name: str, decided_at: datetime) -> None:
        """The display itself says it of the login that is decided at this moment."""
        self._said[device_name] = decided_at

    def confirmed(self, device_name: str, generation: int) -> None:
        """The phone fetched the configuration of *generation*, which was awaited."""
        self._confirmed[device_name] = generation
        self._something.set()

    async def run(self) -> None:
        """Let displays say it, one after the other, for ever."""
        while True:
            await self._something.wait()
            self._something.clear()
            while self._confirmed:
                device_name = next(iter(self._confirmed))
                generation = self._confirmed.pop(device_name)
                try:
                    await self._tell(device_name, generation)
                except HotdeskError as error:
                    log.info("the display of %s says nothing: %s", device_name, error)
                await asyncio.sleep(self._pause)

    async def _tell(self, device_name: str, generation: int) -> None:
        async with self._database.transaction() as tx:
            desk = await logins.desk(tx, device_name)
        if (
            desk is None
            or desk.user is None
            or desk.switch is None
            or desk.generation != generation
            or not self._is_news(device_name, desk.switch.decided_at)
            or not _can_show(desk)
            or self._in_call(device_name)
        ):
            return
        self.has_said(device_name, desk.switch.decided_at)
        page = await self.logged_in(desk, desk.user)
        await self._show(device_name, desk, page)

    async def warn(self, device_name: str, login_id: int, time: str, code: str) -> bool:
        """Say that who logged in there will be logged out at *time*.

        *code* is what is dialled to log out sooner.  Return whether it was said, or
        cannot be; False: not now, because of a call.  Raises a `HotdeskError` where
        Asterisk or the database is away.
        """
        if self._in_call(device_name):
            return False
        async with self._database.transaction() as tx:
            desk = await logins.desk(tx, device_name)
        if (
            desk is not None
            and desk.switch is not None
            and desk.switch.login_id == login_id
            and _can_show(desk)
        ):
            page = logged_out_at(time, code, self._language(desk))
            await self._show(device_name, desk, page)
        return True

    async def _show(self, device_name: str, desk: Desk, page: Page) -> None:
        vendor = desk.device.phone.vendor
        await self._routes.show(device_name, *pushed_to(vendor), as_xml(page, vendor))

    async def logged_in(self, desk: Desk, user: User) -> Page:
        """Return what the display of *desk* says once *user* is logged in there."""
        try:
            calls = await self._features.calls_of(user)
        except Unavailable:
            # She is logged in all the same.
            calls = CallsOf()
        return logged_in_as(
            user,
            self._language(desk),
            do_not_disturb=calls.do_not_disturb,
            forwarded_to=calls.forwarded_to,
        )

    def _language(self, desk: Desk) -> str:
        return language_of(desk, self._default_language)

    def _is_news(self, device_name: str, decided_at: datetime) -> bool:
        if self._now() - decided_at > NEWS:
            return False
        return self._said.get(device_name) != decided_at


def _can_show(desk: Desk) -> bool:
    """Return whether its phone has said what it is, and that can show it."""
    kind = desk.device.phone
    return bool(kind.vendor) and traits(kind).takes_xml_push
