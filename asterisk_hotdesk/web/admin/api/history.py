"""The history by the API."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, Field

from asterisk_hotdesk.event_words import in_words
from asterisk_hotdesk.model import Role
from asterisk_hotdesk.store import Database, history
from asterisk_hotdesk.store.feed import Recorded
from asterisk_hotdesk.store.history import Wanted
from asterisk_hotdesk.web.admin.api.routes import PREFIX, ApiRoute, Call, Content

MOST_AT_ONCE = 1000


class HistoryWanted(Content):
    """Which part of the history, and how much of it."""

    who: str = Field(default="", max_length=80, description="An extension or a device.")
    account: str = Field(default="", max_length=80)
    what: str = Field(
        default="",
        max_length=80,
        description="One kind of events, such as login, logout or refused.",
    )
    since: AwareDatetime | None = None
    until: AwareDatetime | None = Field(
        default=None, description="This moment itself is too late."
    )
    before: int | None = Field(
        default=None,
        ge=0,
        le=2**63 - 1,
        description="Only what was recorded before the event of this number.",
    )
    most: int = Field(default=100, ge=1, le=MOST_AT_ONCE)


class Happened(BaseModel):
    """One event; what does not apply is empty."""

    id: int
    at: datetime
    what: str
    code: str
    text: str = Field(description="What and code in words.")
    account: str
    extension: str
    name: str = Field(description="Of the user, as it was then.")
    device: str
    by: str = Field(description="phone, menu, command, web, api, ami, rule ...")
    actor: str = Field(
        description="Who did it, where that is not whoever was at the phone."
    )
    address: str


class Events(BaseModel):
    """The last of those that are wanted, the newest first."""

    events: list[Happened]
    next_before: int | None = Field(
        description="`before` of those that come next; null: there are no more."
    )


class HistoryCalls:
    """Answers programs that ask what happened."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def routes(self) -> list[ApiRoute]:
        """Return what is served."""
        return [
            ApiRoute(
                method="GET",
                path=f"{PREFIX}/history",
                needs=Role.VIEWER,
                says="Show what happened, the newest first.",
                query=HistoryWanted,
                gives=Events,
                answer=self._show,
            )
        ]

    async def _show(self, call: Call) -> Events:
        asked: HistoryWanted = call.query
        wanted = Wanted(
            who=asked.who,
            account=asked.account,
            what=(asked.what,) if asked.what else (),
            since=asked.since,
            until=asked.until,
            before=asked.before,
        )
        async with self._database.transaction() as tx:
            found = await history.latest(tx, wanted, asked.most + 1)
        shown = found[-asked.most :]
        return Events(
            events=[_shown(recorded) for recorded in reversed(shown)],
            next_before=shown[0].id if len(found) > asked.most else None,
        )


def _shown(recorded: Recorded) -> Happened:
    event = recorded.event
    known = vars(event) | {
        "id": recorded.id,
        "at": event.at.astimezone(UTC),
        "text": in_words(event.what, event.code),
    }
    return Happened(**{name: known[name] for name in Happened.model_fields})
