"""The web page for administrators and the API for programs, on a port of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from asterisk_hotdesk.administrators import Administrators
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.login import HotDesks
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.web.admin.api.desks import DeskCalls
from asterisk_hotdesk.web.admin.api.devices import DeviceCalls
from asterisk_hotdesk.web.admin.api.history import HistoryCalls
from asterisk_hotdesk.web.admin.api.openapi import with_document
from asterisk_hotdesk.web.admin.api.routes import ApiRoute
from asterisk_hotdesk.web.admin.api.users import UserCalls
from asterisk_hotdesk.web.admin.desk_rows import DeskRows
from asterisk_hotdesk.web.admin.live import Live
from asterisk_hotdesk.web.admin.pages.desks import DeskPages
from asterisk_hotdesk.web.admin.pages.device import DevicePage
from asterisk_hotdesk.web.admin.pages.history import HistoryPages
from asterisk_hotdesk.web.admin.pages.login import LoginPages
from asterisk_hotdesk.web.admin.pages.phones import PhonePages
from asterisk_hotdesk.web.admin.pages.seats import SeatPages
from asterisk_hotdesk.web.admin.pages.user import UserPage
from asterisk_hotdesk.web.admin.pages.users import UserPages
from asterisk_hotdesk.web.admin.protection import Protection
from asterisk_hotdesk.web.admin.rendering import Rendering, static_files
from asterisk_hotdesk.web.admin.routes import Route
from asterisk_hotdesk.web.admin.site import Site


class AdminSite:
    """Everything that administrators and programs can ask for."""

    def __init__(
        self,
        config: Config,
        desks: HotDesks,
        passwords: Pins,
        now: Callable[[], datetime],
    ) -> None:
        """*passwords* hashes those of administrators."""
        database = desks.database
        self.files = static_files()
        rendering = Rendering(self.files)
        protection = Protection(config.web.base_url)
        administrators = Administrators(database, passwords, config.web, now)
        zone = config.provisioning.timezone
        where = ZoneInfo(zone) if zone else None
        rows = DeskRows(timedelta(seconds=config.refresh.stale_seconds), where, now)
        self.live = Live(database, administrators, rendering, rows)
        self._site = Site(config.web, administrators, rendering, protection)
        self.routes: list[Route] = [
            *LoginPages(administrators, rendering, protection).routes(),
            *DeskPages(database, rendering, rows, self.live).routes(),
            *SeatPages(desks, rendering, now).routes(),
            *DevicePage(desks, rendering, rows, where, now).routes(),
            *UserPages(database, rendering, config.pins, now).routes(),
            *UserPage(desks, rendering, where, now).routes(),
            *PhonePages(database, rendering, config.provisioning, where, now).routes(),
            *HistoryPages(database, rendering, where).routes(),
        ]
        self.api: list[ApiRoute] = with_document(
            [
                *DeskCalls(desks, rows, now).routes(),
                *DeviceCalls(desks, config.provisioning, now).routes(),
                *UserCalls(desks, now).routes(),
                *HistoryCalls(database).routes(),
            ],
            config.web.base_url,
        )

    def app(self) -> web.Application:
        """Return what serves all of it."""
        app = self._site.app(self.routes, self.api, self.files)
        app.on_shutdown.append(self.live.end)
        return app
