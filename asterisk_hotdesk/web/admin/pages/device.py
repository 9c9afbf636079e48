"""One device: how it is now, its last switches step by step, and what happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from aiohttp import web

from asterisk_hotdesk.administration import devices
from asterisk_hotdesk.administration.values import mac_shown
from asterisk_hotdesk.errors import Refused
from asterisk_hotdesk.login import HotDesks
from asterisk_hotdesk.model import Device, Role
from asterisk_hotdesk.store import Tx, history, overview, switches
from asterisk_hotdesk.store import devices as stored_devices
from asterisk_hotdesk.store.history import Wanted
from asterisk_hotdesk.store.overview import DeskStatus
from asterisk_hotdesk.web.admin.desk_rows import DeskRows, who
from asterisk_hotdesk.web.admin.event_rows import event_rows
from asterisk_hotdesk.web.admin.moments import moment
from asterisk_hotdesk.web.admin.pages import asking
from asterisk_hotdesk.web.admin.rendering import Rendering, see
from asterisk_hotdesk.web.admin.routes import Route, Visit, action, page
from asterisk_hotdesk.web.admin.switch_steps import picture
from asterisk_hotdesk.web.admin.words import Words

MOST_SWITCHES = 10
MOST_EVENTS = 10
_PATH = "/desks/{device}"


class DevicePage:
    """Shows one device, and lets it be used or not."""

    def __init__(
        self,
        desks: HotDesks,
        rendering: Rendering,
        rows: DeskRows,
        zone: tzinfo | None,
        now: Callable[[], datetime],
    ) -> None:
        self._desks = desks
        self._rendering = rendering
        self._rows = rows
        self._zone = zone
        self._now = now

    def routes(self) -> list[Route]:
        """Return what is served."""
        return [
            page(_PATH, Role.VIEWER, self._show),
            action(f"{_PATH}/enable", Role.ADMIN, self._enable),
            page(f"{_PATH}/disable", Role.ADMIN, self._ask),
            action(f"{_PATH}/disable", Role.ADMIN, self._disable),
        ]

    async def _show(self, visit: Visit) -> web.Response:
        async with self._desks.database.transaction() as tx:
            desk, device = await _found(tx, visit)
            past = await switches.latest(tx, desk.device, MOST_SWITCHES)
            of_device = Wanted(who=desk.device)
            happened = await history.latest(tx, of_device, MOST_EVENTS)
        return self._rendering.page(
            visit,
            "device.html.j2",
            row=self._rows.row(desk, visit.words),
            facts=self._facts(desk, device, visit.words),
            picture=picture(past, visit.words, self._zone),
            events=event_rows(happened, visit.words, self._zone),
            events_path=asking.address("/history", who=desk.device),
        )

    def _facts(
        self, desk: DeskStatus, device: Device, words: Words
    ) -> list[tuple[str, str]]:
        """Return what is known, each with its name; what is not is left out."""
        phone = f"{desk.vendor} {desk.model} {desk.firmware}".strip()
        round_trip = desk.round_trip_ms
        known = [
            (words.device_phone, phone),
            (words.device_mac, mac_shown(desk.mac)),
            (words.device_location, desk.location),
            (words.device_account, desk.account),
            (words.device_emergency_number, device.emergency_number),
            (words.device_registered, self._moment(desk.registered_since)),
            (words.device_address, desk.address),
            (words.device_user_agent, desk.user_agent),
            (
                words.device_round_trip,
                "" if round_trip is None else f"{round_trip:.0f} ms",
            ),
            (words.device_fetched, self._moment(desk.fetched_at)),
            (words.device_booted, self._moment(desk.booted_at)),
            (words.device_last_call, self._moment(desk.last_call_at)),
        ]
        return [(name, value) for name, value in known if value]

    def _moment(self, time: datetime | None) -> str:
        return moment(time, self._zone)

    async def _enable(self, visit: Visit) -> web.Response:
        name = visit.http.match_info["device"]
        async with self._desks.database.transaction() as tx:
            await _found(tx, visit)
        await devices.set_enabled(
            self._desks, [name], enabled=True, source=visit.source, now=self._now()
        )
        return see(f"/desks/{name}", "said_enabled", device=name)

    async def _ask(self, visit: Visit) -> web.Response:
        return await self._disable_page(visit)

    async def _disable_page(self, visit: Visit, problem: str = "") -> web.Response:
        async with self._desks.database.transaction() as tx:
            desk, _ = await _found(tx, visit)
        return self._rendering.page(
            visit,
            "disable.html.j2",
            status=409 if problem else 200,
            desk=desk,
            who=who(desk),
            then=asking.then(visit),
            problem=problem,
        )

    async def _disable(self, visit: Visit) -> web.Response:
        name = visit.http.match_info["device"]
        async with self._desks.database.transaction() as tx:
            await _found(tx, visit)
        seen = asking.number(visit.form.get("generation", ""), -1)
        try:
            await devices.set_enabled(
                self._desks,
                [name],
                enabled=False,
                source=visit.source,
                now=self._now(),
                seen={name: seen},
            )
        except Refused as refusal:
            return await self._disable_page(visit, visit.words.refused(refusal))
        return see(f"/desks/{name}", "said_disabled", device=name)


async def _found(tx: Tx, visit: Visit) -> tuple[DeskStatus, Device]:
    name = visit.http.match_info["device"]
    found = await overview.desks_named(tx, [name])
    device = await stored_devices.find(tx, name)
    if not found or device is None:
        raise web.HTTPNotFound
    return found[0], device
