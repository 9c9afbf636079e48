"""The list of desks, kept current in every browser that shows it.

All viewers share one question to the database and one rendering for each language,
however many they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from aiohttp import web

from asterisk_hotdesk.administrators import Administrators
from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.store import Database, desk_list, overview
from asterisk_hotdesk.store.overview import DeskStatus
from asterisk_hotdesk.store.watching import changed_desks
from asterisk_hotdesk.web.admin.desk_rows import DeskRow, DeskRows
from asterisk_hotdesk.web.admin.rendering import Rendering
from asterisk_hotdesk.web.admin.routes import Visit
from asterisk_hotdesk.web.admin.words import words_of

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.5
"""How long changes are gathered before they are told together."""

COUNT_SECONDS = 2.0
"""How often all desks are counted at most: it looks at every one of them."""

STALE_LOOK_SECONDS = 5.0
"""How often we look for phones that have become stale, of which nobody tells."""

BEAT_SECONDS = 15.0
"""How often a silent stream says that it is there; browsers wait for twice as long."""

CHECK_SECONDS = 30.0
"""How often we look whether the session of a stream has ended."""

PAUSE_SECONDS = 1.0
"""Before the database is asked again that did not answer."""

MOST_ROWS = 200
"""Changes at once; where there are more, browsers fetch the list anew."""

MOST_WAITING = 20
"""Messages for a browser that does not take them; then it has to fetch the list."""

MOST_VIEWERS = 500

MOST_OF_ONE = 100
"""Of those, how many may be one administrator's: room is left for the others."""


@dataclass(eq=False)
class _Viewer:
    administrator: str
    language: str
    messages: asyncio.Queue[bytes] = field(
        default_factory=lambda: asyncio.Queue(MOST_WAITING)
    )

    def tell(self, message: bytes) -> None:
        try:
            self.messages.put_nowait(message)
        except asyncio.QueueFull:
            while not self.messages.empty():
                self.messages.get_nowait()
            self.messages.put_nowait(_RELOAD)


def _message(event: str, content: object) -> bytes:
    """Return an event for an EventSource.  Source: HTML Standard, 9.2."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event}\ndata: {text}\n\n".encode()


_BEAT = _message("beat", {})
_RELOAD = _message("reload", {})
_AWAY = _message("away", {})
_ENDED = _message("ended", {})
_BYE = _message("away", {"bye": True})


class Live:
    """Tells browsers which rows of the list look different now."""

    def __init__(
        self,
        database: Database,
        administrators: Administrators,
        rendering: Rendering,
        rows: DeskRows,
    ) -> None:
        self._database = database
        self._administrators = administrators
        self._rendering = rendering
        self._rows = rows
        self._viewers: set[_Viewer] = set()
        self._changed: set[str] = set()
        self._all_changed = False
        self._something = asyncio.Event()
        self._other_counts = asyncio.Event()
        self.heard = 0
        """How often something has changed; a page says what it was before it was made.

        So that what changes before its browser watches is not missed.
        """
        self._outage = Outage(log, "what the live list of desks needs")

    # What changes ---------------------------------------------------------------

    async def run(self) -> None:
        """Hear of changes and tell them, for ever."""
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._keep_hearing())
            parts.create_task(self._keep_telling())
            parts.create_task(self._keep_counting())
            parts.create_task(self._keep_looking_for_stale())

    async def _keep_hearing(self) -> None:
        while True:
            try:
                async with changed_desks(self._database) as changes:
                    self._outage.over()
                    # What changed before this moment was not for our ears.
                    self._note(None)
                    async for names in changes:
                        self._note(names)
            except HotdeskError as error:
                self._outage.note(error)
                self._tell_all(_AWAY)
                await asyncio.sleep(PAUSE_SECONDS)

    def _note(self, names: frozenset[str] | None) -> None:
        if names is None:
            self._all_changed = True
        else:
            self._changed |= names
        self.heard += 1
        self._something.set()

    async def _keep_looking_for_stale(self) -> None:
        looked_until = self._rows.stale_before
        while True:
            await asyncio.sleep(STALE_LOOK_SECONDS)
            until = self._rows.stale_before
            if self._viewers:
                with contextlib.suppress(HotdeskError):
                    async with self._database.question() as tx:
                        names = await desk_list.turned_stale(tx, looked_until, until)
                    if names:
                        self._note(frozenset(names))
            looked_until = until

    async def _keep_telling(self) -> None:
        while True:
            await self._something.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._something.clear()
            changed, self._changed = self._changed, set()
            all_changed, self._all_changed = self._all_changed, False
            if not self._viewers:
                continue
            if all_changed or len(changed) > MOST_ROWS:
                self._tell_all(_RELOAD)
                continue
            try:
                await self._tell_changes(changed)
            except HotdeskError:
                # Whoever hears of changes has lost the connection too, and says so.
                self._note(None)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _tell_changes(self, changed: set[str]) -> None:
        async with self._database.transaction() as tx:
            desks = await overview.desks_named(tx, changed)
        if len(desks) < len(changed):
            self._tell_all(_RELOAD)
            return
        for language in {viewer.language for viewer in self._viewers}:
            message = self._changes(desks, language)
            for viewer in self._viewers:
                if viewer.language == language:
                    viewer.tell(message)
        self._other_counts.set()

    async def _keep_counting(self) -> None:
        while True:
            await self._other_counts.wait()
            self._other_counts.clear()
            with contextlib.suppress(HotdeskError):
                async with self._database.question() as tx:
                    counts = await desk_list.counted(tx, self._rows.stale_before)
                self._tell_all(_message("counts", counts))
            await asyncio.sleep(COUNT_SECONDS)

    def _changes(self, desks: list[DeskStatus], language: str) -> bytes:
        words = words_of(language)
        rows = [self._rows.row(desk, words) for desk in desks]
        if len(rows) == 1:
            (row,) = rows
            said = words.live_one.format(
                device=row.desk.device, who=row.who or words.nobody
            )
        else:
            said = words.live_many.format(count=len(rows))
        return _message(
            "rows",
            {
                "rows": [self._shown(row, language) for row in rows],
                "said": said,
            },
        )

    def _shown(self, row: DeskRow, language: str) -> dict[str, str]:
        return {
            "device": row.desk.device,
            "states": row.states,
            "html": self._rendering.part(
                "desk_row.html.j2", words_of(language), row=row
            ),
        }

    def _tell_all(self, message: bytes) -> None:
        for viewer in self._viewers:
            viewer.tell(message)

    # Who hears of it ------------------------------------------------------------

    async def stream(self, visit: Visit) -> web.StreamResponse:
        """Answer an EventSource until the browser goes, or the session ends."""
        name = visit.logged_in.administrator.name
        own = sum(viewer.administrator == name for viewer in self._viewers)
        if len(self._viewers) >= MOST_VIEWERS or own >= MOST_OF_ONE:
            raise web.HTTPServiceUnavailable
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream; charset=utf-8",
                # A proxy that gathers answers would gather for ever.
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(visit.http)
        with self._watching(_Viewer(name, visit.words.language)) as viewer:
            viewer.tell(_BEAT)
            if visit.http.query.get("after") != str(self.heard):
                viewer.tell(_RELOAD)
            # The browser may leave at any moment; it is gone then, not a mistake.
            with contextlib.suppress(ConnectionError):
                async for message in self._messages(visit, viewer):
                    await response.write(message)
        return response

    async def end(self, app: web.Application) -> None:
        """Let all browsers go: the service stops."""
        self._tell_all(_BYE)

    @contextlib.contextmanager
    def _watching(self, viewer: _Viewer) -> Iterator[_Viewer]:
        self._viewers.add(viewer)
        try:
            yield viewer
        finally:
            self._viewers.discard(viewer)

    async def _messages(self, visit: Visit, viewer: _Viewer) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        check_at = loop.time() + CHECK_SECONDS
        while True:
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    message = await viewer.messages.get()
            except TimeoutError:
                message = _BEAT
            yield message
            if message is _BYE:
                return
            if loop.time() >= check_at:
                check_at = loop.time() + CHECK_SECONDS
                if await self._is_over(visit):
                    yield _ENDED
                    return

    async def _is_over(self, visit: Visit) -> bool:
        cookie = visit.logged_in.cookie
        try:
            return await self._administrators.session(cookie, is_use=False) is None
        except HotdeskError:
            return False
