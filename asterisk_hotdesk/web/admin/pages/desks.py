"""The list of desks, live: who sits where, and whether PBX and phone have followed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from aiohttp import web

from asterisk_hotdesk.model import Role
from asterisk_hotdesk.store import Database, desk_list, status
from asterisk_hotdesk.store.desk_list import Filter, Listed, Order, Wanted
from asterisk_hotdesk.web.admin.desk_rows import DeskRows
from asterisk_hotdesk.web.admin.live import Live
from asterisk_hotdesk.web.admin.rendering import Rendering
from asterisk_hotdesk.web.admin.routes import Route, Visit, page

PER_PAGE = 50
LONGEST_TEXT = 80
_HIGHEST_PAGE = 100_000


@dataclass(frozen=True)
class View:
    """What the address of the list says, and the addresses of lists like it."""

    wanted: Wanted

    @classmethod
    def of(cls, visit: Visit) -> View:
        """Return what *visit* asks for; what makes no sense is passed over."""
        query = visit.http.query
        only, order = query.get("only", ""), query.get("by", "")
        number = query.get("page", "")
        return cls(
            Wanted(
                only=Filter(only) if only in list(Filter) else Filter.ALL,
                text=query.get("q", "").strip()[:LONGEST_TEXT],
                order=Order(order) if order in list(Order) else Order.DEVICE,
                descending=query.get("down") == "1",
                page=min(int(number), _HIGHEST_PAGE)
                if number.isascii() and number.isdigit() and int(number[:9])
                else 1,
                per_page=PER_PAGE,
            )
        )

    @property
    def here(self) -> str:
        """Return the address of this list."""
        return _address(self.wanted)

    def filtered(self, only: str) -> str:
        """Return the address of the first page with another filter."""
        return _address(replace(self.wanted, only=Filter(only), page=1))

    def on_page(self, number: int) -> str:
        """Return the address of another page."""
        return _address(replace(self.wanted, page=number))

    def sorted(self, order: str) -> str:
        """Return the address sorted by *order*, or the other way round if it is."""
        by = Order(order)
        descending = by is self.wanted.order and not self.wanted.descending
        return _address(replace(self.wanted, order=by, descending=descending, page=1))

    def sorting(self, order: str) -> str:
        """Return what `aria-sort` of a column is."""
        if order != self.wanted.order:
            return "none"
        return "descending" if self.wanted.descending else "ascending"


def _address(wanted: Wanted) -> str:
    named = {
        "only": wanted.only if wanted.only is not Filter.ALL else "",
        "q": wanted.text,
        "by": wanted.order if wanted.order is not Order.DEVICE else "",
        "down": "1" if wanted.descending else "",
        "page": str(wanted.page) if wanted.page > 1 else "",
    }
    query = urlencode({name: value for name, value in named.items() if value})
    return f"/desks?{query}" if query else "/desks"


class DeskPages:
    """Shows the list, and keeps it current."""

    def __init__(
        self, database: Database, rendering: Rendering, rows: DeskRows, live: Live
    ) -> None:
        self._database = database
        self._rendering = rendering
        self._rows = rows
        self._live = live

    def routes(self) -> list[Route]:
        """Return what is served."""
        return [
            page("/desks", Role.VIEWER, self._list),
            replace(page("/live/desks", Role.VIEWER, self._live.stream), is_use=False),
        ]

    async def _list(self, visit: Visit) -> web.Response:
        view, heard = View.of(visit), self._live.heard
        async with self._database.transaction() as tx:
            listed = await desk_list.listed(tx, view.wanted, self._rows.stale_before)
            pbx_away_since = await status.pbx_away_since(tx)
        view = View(replace(view.wanted, page=listed.page))
        return self._rendering.page(
            visit,
            "desks.html.j2",
            view=view,
            filters=[(str(only), listed.counts[only]) for only in Filter],
            rows=[self._rows.row(desk, visit.words) for desk in listed.desks],
            pages=_pages(listed, view.wanted),
            pbx_away_since=self._rows.moment(pbx_away_since),
            heard=heard,
        )


def _pages(listed: Listed, wanted: Wanted) -> int:
    return max(1, -(-listed.counts[wanted.only] // wanted.per_page))
