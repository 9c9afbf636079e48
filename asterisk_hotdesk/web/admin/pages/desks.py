"""The list of desks, live: who sits where, and whether PBX and phone have followed."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from asterisk_hotdesk.model import Role
from asterisk_hotdesk.store import Database, desk_list, status
from asterisk_hotdesk.store.desk_list import Filter, Wanted
from asterisk_hotdesk.web.admin.desk_rows import DeskRows
from asterisk_hotdesk.web.admin.live import Live
from asterisk_hotdesk.web.admin.pages.listing import PER_PAGE, View, pages
from asterisk_hotdesk.web.admin.rendering import Rendering
from asterisk_hotdesk.web.admin.routes import Route, Visit, page

_PATH = "/desks"
_USUAL = Wanted(per_page=PER_PAGE)


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
            page(_PATH, Role.VIEWER, self._list),
            replace(page("/live/desks", Role.VIEWER, self._live.stream), is_use=False),
        ]

    async def _list(self, visit: Visit) -> web.Response:
        view, heard = View.of(visit, _PATH, _USUAL), self._live.heard
        async with self._database.transaction() as tx:
            listed = await desk_list.listed(tx, view.wanted, self._rows.stale_before)
            pbx_away_since = await status.pbx_away_since(tx)
        view = replace(view, wanted=replace(view.wanted, page=listed.page))
        return self._rendering.page(
            visit,
            "desks.html.j2",
            view=view,
            filters=[(str(only), listed.counts[only]) for only in Filter],
            rows=[self._rows.row(desk, visit.words) for desk in listed.desks],
            pages=pages(listed.counts[view.wanted.only]),
            pbx_away_since=self._rows.moment(pbx_away_since),
            heard=heard,
        )
