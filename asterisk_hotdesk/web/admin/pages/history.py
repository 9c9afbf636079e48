"""The history: who did what, where, from where and why, and all of it as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo

from aiohttp import web

from asterisk_hotdesk.event_words import ENGLISH
from asterisk_hotdesk.model import Role
from asterisk_hotdesk.spreadsheets import harmless
from asterisk_hotdesk.store import Database, history
from asterisk_hotdesk.store.feed import Recorded
from asterisk_hotdesk.store.history import Wanted
from asterisk_hotdesk.web.admin.event_rows import event_rows
from asterisk_hotdesk.web.admin.pages import asking
from asterisk_hotdesk.web.admin.rendering import Rendering
from asterisk_hotdesk.web.admin.routes import Route, Visit, page
from asterisk_hotdesk.web.admin.words import Words
from asterisk_hotdesk.web.admin.words.events import EVENT_WORDS

PER_PAGE = 100

_COLUMNS = (
    *("id", "at", "what", "code", "text", "account", "extension", "name"),
    *("device", "by", "actor", "address"),
)
"""Those of `hotdesk history --csv`."""


@dataclass(frozen=True)
class Asked:
    """What the address of the history says."""

    who: str
    account: str
    what: str
    """One kind of events; empty: all."""
    since: date | None
    until: date | None
    """This day still counts."""
    before: int | None
    """Only what was recorded before the event of this number."""

    @classmethod
    def of(cls, visit: Visit) -> Asked:
        """Return what *visit* asks for; what makes no sense is passed over."""
        what = asking.text(visit, "what")
        return cls(
            who=asking.text(visit, "who"),
            account=asking.text(visit, "account"),
            what=what if what in ENGLISH.events else "",
            since=_date(asking.text(visit, "since")),
            until=_date(asking.text(visit, "until")),
            before=asking.number(asking.text(visit, "before"), 0) or None,
        )

    def address(self, path: str = "/history") -> str:
        """Return the address that says this."""
        return asking.address(
            path,
            who=self.who,
            account=self.account,
            what=self.what,
            since=str(self.since or ""),
            until=str(self.until or ""),
            before=str(self.before or ""),
        )

    def wanted(self, zone: tzinfo | None) -> Wanted:
        """Return which part of the history that is, by days in *zone*."""
        return Wanted(
            who=self.who,
            account=self.account,
            what=(self.what,) if self.what else (),
            since=_midnight(self.since, zone),
            until=_midnight(self.until and self.until + timedelta(days=1), zone),
            before=self.before,
        )


class HistoryPages:
    """Shows the history."""

    def __init__(
        self, database: Database, rendering: Rendering, zone: tzinfo | None
    ) -> None:
        self._database = database
        self._rendering = rendering
        self._zone = zone

    def routes(self) -> list[Route]:
        """Return what is served."""
        return [
            page("/history", Role.VIEWER, self._show),
            page("/history.csv", Role.VIEWER, self._download),
        ]

    async def _show(self, visit: Visit) -> web.Response:
        asked = Asked.of(visit)
        async with self._database.transaction() as tx:
            found = await history.latest(tx, asked.wanted(self._zone), PER_PAGE + 1)
        shown = found[-PER_PAGE:]
        older = replace(asked, before=shown[0].id) if len(found) > PER_PAGE else None
        return self._rendering.page(
            visit,
            "history.html.j2",
            asked=asked,
            newest=replace(asked, before=None),
            older=older,
            kinds=_kinds(visit.words),
            events=event_rows(shown, visit.words, self._zone),
        )

    async def _download(self, visit: Visit) -> web.StreamResponse:
        wanted = replace(Asked.of(visit).wanted(self._zone), before=None)
        answer = web.StreamResponse(
            headers={
                "Content-Type": "text/csv; charset=utf-8",
                "Content-Disposition": 'attachment; filename="history.csv"',
            }
        )
        await answer.prepare(visit.http)
        await answer.write(_lines([_COLUMNS]))
        say = EVENT_WORDS[visit.words.language].say
        async for found in history.pages(self._database, wanted):
            await answer.write(_lines(_cells(recorded, say) for recorded in found))
        return answer


def _kinds(words: Words) -> list[tuple[str, str]]:
    """Return the kinds of events with what they are called, by that."""
    known = EVENT_WORDS[words.language].events
    return sorted(known.items(), key=lambda kind: kind[1].lower())


def _cells(recorded: Recorded, say: Callable[[str, str], str]) -> list[str]:
    event = recorded.event
    known = vars(event) | {
        "id": recorded.id,
        "at": event.at.isoformat(),
        "text": say(event.what, event.code),
    }
    return [harmless(str(known[column])) for column in _COLUMNS]


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # Further away, the days of other time zones have no name in Python.
    return found if 2000 <= found.year < 3000 else None


def _midnight(day: date | None, zone: tzinfo | None) -> datetime | None:
    """Return when *day* begins in *zone* (None: where we are)."""
    if day is None:
        return None
    begins = datetime.combine(day, time())
    return begins.replace(tzinfo=zone) if zone else begins.astimezone()
