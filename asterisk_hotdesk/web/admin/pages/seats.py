"""Logging people in and out from afar: every step says what it will do, and asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from asterisk_hotdesk.errors import NotFound, Refused
from asterisk_hotdesk.login import (
    HotDesks,
    Outcome,
    find_device,
    find_user,
    log_in_by_administrator,
    log_out,
)
from asterisk_hotdesk.model import EndReason, Role, User
from asterisk_hotdesk.store import overview, user_list
from asterisk_hotdesk.store.overview import DeskStatus
from asterisk_hotdesk.web.admin.desk_rows import who
from asterisk_hotdesk.web.admin.pages import asking
from asterisk_hotdesk.web.admin.rendering import Rendering, see
from asterisk_hotdesk.web.admin.routes import Route, Visit, action, page

MOST_PEOPLE = 20


class SeatPages:
    """Asks, and then logs people in and out."""

    def __init__(
        self,
        desks: HotDesks,
        rendering: Rendering,
        now: Callable[[], datetime],
    ) -> None:
        self._desks = desks
        self._rendering = rendering
        self._now = now

    def routes(self) -> list[Route]:
        """Return what is served."""
        choose, confirm = "/desks/{device}/login", "/desks/{device}/login/{extension}"
        return [
            page("/desks/{device}/logout", Role.OPERATOR, self._ask_logout),
            action("/desks/{device}/logout", Role.OPERATOR, self._log_out),
            page(choose, Role.OPERATOR, self._choose_user),
            page(confirm, Role.OPERATOR, self._ask_login),
            action(confirm, Role.OPERATOR, self._log_in),
        ]

    # Out ------------------------------------------------------------------------

    async def _ask_logout(self, visit: Visit) -> web.Response:
        return self._logout_page(visit, await self._desk(visit))

    def _logout_page(
        self, visit: Visit, desk: DeskStatus, problem: str = ""
    ) -> web.Response:
        return self._rendering.page(
            visit,
            "logout.html.j2",
            status=409 if problem else 200,
            desk=desk,
            who=who(desk),
            then=asking.then(visit),
            problem=problem,
        )

    async def _log_out(self, visit: Visit) -> web.Response:
        device = visit.http.match_info["device"]
        try:
            outcome = await log_out(
                self._desks,
                device_name=device,
                now=self._now(),
                reason=EndReason.FORCED,
                source=visit.source,
                generation=_generation(visit),
            )
        except Refused as refusal:
            desk = await self._desk(visit)
            return self._logout_page(visit, desk, _problem(visit, refusal, desk))
        return _done(visit, "said_logged_out", outcome)

    # In -------------------------------------------------------------------------

    async def _choose_user(self, visit: Visit) -> web.Response:
        desk = await self._desk(visit)
        text = asking.text(visit)
        async with self._desks.database.transaction() as tx:
            people = await user_list.like(tx, desk.account, text, MOST_PEOPLE + 1)
        return self._rendering.page(
            visit,
            "choose_user.html.j2",
            desk=desk,
            who=who(desk),
            text=text,
            people=people[:MOST_PEOPLE],
            more=len(people) > MOST_PEOPLE,
            then=asking.then(visit),
        )

    async def _ask_login(self, visit: Visit) -> web.Response:
        return await self._login_page(visit, await self._desk(visit))

    async def _login_page(
        self, visit: Visit, desk: DeskStatus, problem: str = ""
    ) -> web.Response:
        user = await self._user(visit, desk)
        async with self._desks.database.transaction() as tx:
            seats = await overview.desks_of_users(tx, user.extension, user.account)
        return self._rendering.page(
            visit,
            "login_somebody.html.j2",
            status=409 if problem else 200,
            desk=desk,
            sitter=who(desk),
            user=user,
            leaves=next((s.device for s in seats if s.device != desk.device), ""),
            then=asking.then(visit),
            problem=problem,
        )

    async def _log_in(self, visit: Visit) -> web.Response:
        desk = await self._desk(visit)
        user = await self._user(visit, desk)
        try:
            outcome = await log_in_by_administrator(
                self._desks,
                user=user,
                device=await find_device(self._desks, desk.device),
                now=self._now(),
                source=visit.source,
                generation=_generation(visit),
            )
        except Refused as refusal:
            desk = await self._desk(visit)
            problem = _problem(visit, refusal, desk)
            return await self._login_page(visit, desk, problem)
        return _done(visit, "said_logged_in", outcome)

    # What the address names -----------------------------------------------------

    async def _desk(self, visit: Visit) -> DeskStatus:
        async with self._desks.database.transaction() as tx:
            found = await overview.desks_named(tx, [visit.http.match_info["device"]])
        if not found:
            raise web.HTTPNotFound
        return found[0]

    async def _user(self, visit: Visit, desk: DeskStatus) -> User:
        extension = visit.http.match_info["extension"]
        try:
            return await find_user(self._desks, desk.account, extension)
        except NotFound:
            raise web.HTTPNotFound from None


def _generation(visit: Visit) -> int:
    """Return which change of who sits there the form has shown; -1: none."""
    return asking.number(visit.form.get("generation", ""), -1)


def _problem(visit: Visit, refusal: Refused, desk: DeskStatus) -> str:
    """Return why nothing was done, and how it is now."""
    words, sitter = visit.words, who(desk)
    now = words.now_used if sitter else words.now_idle
    said = now.format(device=desk.device, who=sitter)
    return f"{words.refused(refusal)} {said}"


def _done(visit: Visit, said: str, outcome: Outcome) -> web.Response:
    sentences = [said] if outcome.routed else [said, "said_pending"]
    user = outcome.user
    return see(
        asking.then(visit),
        *sentences,
        who=f"{user.name} ({user.extension})",
        device=outcome.device.name,
    )
