"""Desks by the API: who sits where, and logging people in and out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.login import (
    HotDesks,
    Outcome,
    find_device,
    find_user,
    log_in_by_administrator,
    log_out,
)
from asterisk_hotdesk.model import EndReason, Role
from asterisk_hotdesk.store import desk_list, overview
from asterisk_hotdesk.store.desk_list import Filter, Order, Wanted
from asterisk_hotdesk.store.overview import DeskStatus
from asterisk_hotdesk.web.admin.api.routes import PREFIX, ApiRoute, Call, Content
from asterisk_hotdesk.web.admin.desk_rows import DeskRows

MOST_PER_PAGE = 500

_Generation = Annotated[
    int | None,
    Field(
        ge=0,
        description="Of the desk as you have seen it (0: nobody ever sat there): if"
        " somebody has come or gone since, nothing is done. null: whatever it is.",
    ),
]


class Desk(BaseModel):
    """A device, who sits there, and whether PBX and phone have followed.

    null: nobody knows, nobody sits there, or nobody ever sat there.
    """

    account: str
    device: str
    mac: str | None
    location: str
    enabled: bool
    vendor: str
    model: str
    firmware: str
    extension: str | None
    name: str | None
    login: int | None
    since: datetime | None
    generation: int = Field(description="Of the last change of who sits there.")
    decided_at: datetime | None
    routed_at: datetime | None
    refreshed_at: datetime | None
    confirmed_at: datetime | None
    restarted_at: datetime | None
    in_force: bool | None
    confirmed: bool | None
    stale: bool
    registered: bool | None
    registered_since: datetime | None
    reachable: bool | None
    round_trip_ms: float | None
    address: str
    user_agent: str
    in_call: bool | None
    in_emergency_call: bool
    last_call_at: datetime | None
    seen_at: datetime | None
    booted_at: datetime | None
    fetched_at: datetime | None
    fetched_generation: int | None


class DesksWanted(Content):
    """Which desks, and how many."""

    only: Filter = Filter.ALL
    q: str = Field(
        default="",
        max_length=80,
        description="Part of device, extension, name, location, MAC or IP address.",
    )
    by: Order = Order.DEVICE
    down: bool = Field(default=False, description="Sort the other way round.")
    page: int = Field(default=1, ge=1, le=1_000_000)
    per_page: int = Field(default=50, ge=1, le=MOST_PER_PAGE)


class Desks(BaseModel):
    """A page of desks."""

    desks: list[Desk]
    counts: dict[Filter, int] = Field(
        description="How many there are by `only`, of those that `q` finds."
    )
    page: int
    pages: int


class LogIn(Content):
    """Who is to sit there."""

    extension: str = Field(pattern="^[0-9]{2,10}$")
    generation: _Generation = None


class LogOut(Content):
    """Of what the program has seen."""

    generation: _Generation = None


class Done(BaseModel):
    """What was decided."""

    device: str
    extension: str
    name: str
    in_force: bool = Field(
        description="Whether the PBX has followed already; else it will when it is"
        " back."
    )


class DeskCalls:
    """Answers programs that ask for desks."""

    def __init__(
        self, desks: HotDesks, rows: DeskRows, now: Callable[[], datetime]
    ) -> None:
        self._desks = desks
        self._rows = rows
        self._now = now

    def routes(self) -> list[ApiRoute]:
        """Return what is served."""
        one = f"{PREFIX}/desks/{{device}}"
        return [
            ApiRoute(
                method="GET",
                path=f"{PREFIX}/desks",
                needs=Role.VIEWER,
                says="List desks: who sits where, page by page.",
                query=DesksWanted,
                gives=Desks,
                answer=self._list,
            ),
            ApiRoute(
                method="GET",
                path=one,
                needs=Role.VIEWER,
                says="Show one desk.",
                gives=Desk,
                answer=self._show,
                refusals=(404,),
            ),
            ApiRoute(
                method="POST",
                path=f"{one}/login",
                needs=Role.OPERATOR,
                says="Log a user in, without a PIN; whoever sits there is logged out.",
                body=LogIn,
                gives=Done,
                answer=self._log_in,
                refusals=(404, 409),
            ),
            ApiRoute(
                method="POST",
                path=f"{one}/logout",
                needs=Role.OPERATOR,
                says="Log out whoever sits there.",
                body=LogOut,
                gives=Done,
                answer=self._log_out,
                refusals=(404, 409),
            ),
        ]

    async def _list(self, call: Call) -> Desks:
        asked: DesksWanted = call.query
        wanted = Wanted(
            only=asked.only,
            text=asked.q,
            order=asked.by,
            descending=asked.down,
            page=asked.page,
            per_page=asked.per_page,
        )
        async with self._desks.database.transaction() as tx:
            found = await desk_list.listed(tx, wanted, self._rows.stale_before)
        return Desks(
            desks=[self._desk(desk) for desk in found.desks],
            counts=found.counts,
            page=found.page,
            pages=max(1, -(-found.counts[asked.only] // asked.per_page)),
        )

    async def _show(self, call: Call) -> Desk:
        name = call.http.match_info["device"]
        async with self._desks.database.transaction() as tx:
            found = await overview.desks_named(tx, [name])
        if not found:
            raise NotFound(f"There is no device {name}.")
        return self._desk(found[0])

    async def _log_in(self, call: Call) -> Done:
        body: LogIn = call.body
        device = await find_device(self._desks, call.http.match_info["device"])
        outcome = await log_in_by_administrator(
            self._desks,
            user=await find_user(self._desks, device.account, body.extension),
            device=device,
            now=self._now(),
            source=call.source,
            generation=body.generation,
        )
        return _done(outcome)

    async def _log_out(self, call: Call) -> Done:
        body: LogOut = call.body
        device = await find_device(self._desks, call.http.match_info["device"])
        outcome = await log_out(
            self._desks,
            device_name=device.name,
            now=self._now(),
            reason=EndReason.FORCED,
            source=call.source,
            generation=body.generation,
        )
        return _done(outcome)

    def _desk(self, desk: DeskStatus) -> Desk:
        known = {field.name: getattr(desk, field.name) for field in fields(desk)}
        known |= {
            "generation": desk.generation or 0,
            "in_force": desk.in_force,
            "confirmed": desk.confirmed,
            "stale": desk.is_stale(self._rows.stale_before),
        }
        # Columns that come later are no part of this version of the API.
        return Desk(**{name: known[name] for name in Desk.model_fields})


def _done(outcome: Outcome) -> Done:
    return Done(
        device=outcome.device.name,
        extension=outcome.user.extension,
        name=outcome.user.name,
        in_force=outcome.routed,
    )
