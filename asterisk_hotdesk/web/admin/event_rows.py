"""Events of the history as rows, in the language of whoever looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from asterisk_hotdesk.model import DEFAULT_ACCOUNT, user_key
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.feed import Recorded
from asterisk_hotdesk.web.admin.moments import moment
from asterisk_hotdesk.web.admin.words import Words
from asterisk_hotdesk.web.admin.words.events import EVENT_WORDS

_KINDS = {
    "login": "good",
    "refused": "late",
    "web_refused": "late",
    "stale": "late",
    "emergency_call": "bad",
}


@dataclass(frozen=True)
class EventRow:
    """One event, in one language."""

    event: Event
    at: str
    who: str
    """A user or an administrator; empty: nobody in particular."""
    what: str
    kind: str
    """How it looks, as that of a badge; empty: as plain text."""
    by: str

    @property
    def user_path(self) -> str:
        """Return the address of the user's page."""
        account = self.event.account or DEFAULT_ACCOUNT
        return f"/users/{user_key(account, self.event.extension)}"


def event_rows(
    found: Iterable[Recorded], words: Words, zone: tzinfo | None
) -> list[EventRow]:
    """Return the events that were *found*, the newest first."""
    newest_first = sorted(found, key=lambda recorded: -recorded.id)
    return [_row(recorded.event, words, zone) for recorded in newest_first]


def _row(event: Event, words: Words, zone: tzinfo | None) -> EventRow:
    ways = {
        "phone": words.by_phone,
        "menu": words.by_menu,
        "command": words.by_command,
        "web": words.by_web,
        "api": words.by_api,
        "ami": words.by_ami,
        "rule": words.by_rule,
        "base user": words.by_base_user,
        "pnp": words.by_new_phone,
        "http": words.by_new_phone,
        "service": words.by_service,
    }
    way = ways.get(event.by, event.by)
    return EventRow(
        event=event,
        at=moment(event.at, zone),
        who=f"{event.name} ({event.extension})" if event.extension else event.name,
        what=EVENT_WORDS[words.language].say(event.what, event.code),
        kind=_KINDS.get(event.what, ""),
        by=f"{way}: {event.actor}" if event.actor else way,
    )
