"""Phones that asked and are no device: which device shall each be?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from aiohttp import web

from asterisk_hotdesk.administration import phones, values
from asterisk_hotdesk.administration.values import mac_shown
from asterisk_hotdesk.administration.versions import version
from asterisk_hotdesk.config import ProvisioningConfig
from asterisk_hotdesk.errors import AlreadyExists, Invalid, Refused
from asterisk_hotdesk.model import Device, Role
from asterisk_hotdesk.store import Database, discovered, places
from asterisk_hotdesk.store import devices as stored_devices
from asterisk_hotdesk.store.discovered import Discovered
from asterisk_hotdesk.web.admin.moments import moment
from asterisk_hotdesk.web.admin.pages import asking
from asterisk_hotdesk.web.admin.rendering import Rendering, see
from asterisk_hotdesk.web.admin.routes import Route, Visit, action, page

MOST_PLACES = 20
_PATH = "/phones"


class PhonePages:
    """Lists discovered phones, and assigns them."""

    def __init__(
        self,
        database: Database,
        rendering: Rendering,
        config: ProvisioningConfig,
        zone: tzinfo | None,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._rendering = rendering
        self._config = config
        self._zone = zone
        self._now = now

    def routes(self) -> list[Route]:
        """Return what is served."""
        choose, confirm = (
            f"{_PATH}/{{mac}}/assign",
            f"{_PATH}/{{mac}}/assign/{{device}}",
        )
        return [
            page(_PATH, Role.VIEWER, self._list),
            page(choose, Role.OPERATOR, self._choose),
            page(confirm, Role.OPERATOR, self._ask),
            action(confirm, Role.OPERATOR, self._assign),
        ]

    async def _list(self, visit: Visit) -> web.Response:
        async with self._database.transaction() as tx:
            found = await discovered.everything(tx)
        return self._rendering.page(
            visit,
            "phones.html.j2",
            phones=found,
            mac_shown=mac_shown,
            moment=lambda time: moment(time, self._zone),
        )

    async def _choose(self, visit: Visit) -> web.Response:
        phone = await self._phone(visit)
        text = asking.text(visit)
        async with self._database.transaction() as tx:
            found = await places.like(tx, text, MOST_PLACES + 1)
        return self._rendering.page(
            visit,
            "choose_device.html.j2",
            phone=phone,
            text=text,
            places=found[:MOST_PLACES],
            more=len(found) > MOST_PLACES,
            mac_shown=mac_shown,
        )

    async def _ask(self, visit: Visit) -> web.Response:
        return self._ask_page(
            visit, await self._phone(visit), await self._device(visit)
        )

    def _ask_page(
        self, visit: Visit, phone: Discovered, device: Device, problem: str = ""
    ) -> web.Response:
        return self._rendering.page(
            visit,
            "assign.html.j2",
            status=409 if problem else 200,
            phone=phone,
            device=device,
            version=version(device),
            minutes=self._config.enrolment_minutes,
            mac_shown=mac_shown,
            problem=problem,
        )

    async def _assign(self, visit: Visit) -> web.Response:
        mac = _mac(visit)
        device = await self._device(visit)
        try:
            await phones.assign(
                self._database,
                self._config,
                mac,
                device.name,
                # What the form has said, and whoever sent it has seen.
                replace=True,
                source=visit.source,
                now=self._now(),
                version=visit.form.get("version", ""),
            )
        except AlreadyExists:
            return see(_PATH, "said_taken")
        except Refused as refusal:
            return self._ask_page(
                visit,
                await self._phone(visit),
                await self._device(visit),
                visit.words.refused(refusal),
            )
        return see(_PATH, "said_assigned", mac=mac_shown(mac), device=device.name)

    async def _phone(self, visit: Visit) -> Discovered:
        async with self._database.transaction() as tx:
            found = await discovered.find(tx, _mac(visit))
        if found is None:
            raise web.HTTPNotFound
        return found

    async def _device(self, visit: Visit) -> Device:
        async with self._database.transaction() as tx:
            found = await stored_devices.find(tx, visit.http.match_info["device"])
        if found is None:
            raise web.HTTPNotFound
        return found


def _mac(visit: Visit) -> str:
    try:
        return values.mac_address(visit.http.match_info["mac"])
    except Invalid:
        raise web.HTTPNotFound from None
