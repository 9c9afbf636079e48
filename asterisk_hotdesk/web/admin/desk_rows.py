"""A device as a row of the list: in which state it is, in words and colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from asterisk_hotdesk.model import DEFAULT_ACCOUNT
from asterisk_hotdesk.store.overview import DeskStatus
from asterisk_hotdesk.web.admin.words import Words


@dataclass(frozen=True)
class Badge:
    """A state in a word; *kind* is how it looks: good, busy, late, bad or quiet."""

    text: str
    kind: str


@dataclass(frozen=True)
class DeskRow:
    """One device, in one language."""

    desk: DeskStatus
    who: str
    """Empty: nobody."""
    since: str
    pbx: Badge | None
    phone: Badge | None
    contact: Badge
    states: str
    """The filters that it belongs to, with spaces between."""

    @property
    def generation(self) -> int:
        """Return what the forms of this row carry: what has been seen here."""
        return self.desk.generation or 0


class DeskRows:
    """Makes rows of devices."""

    def __init__(
        self, stale_after: timedelta, zone: tzinfo | None, now: Callable[[], datetime]
    ) -> None:
        self._stale_after = stale_after
        self._zone = zone
        self._now = now

    @property
    def stale_before(self) -> datetime:
        """Return until when a switch must have been decided to be late now."""
        return self._now() - self._stale_after

    def row(self, desk: DeskStatus, words: Words) -> DeskRow:
        """Return *desk* as it is now."""
        is_stale = desk.is_stale(self.stale_before)
        return DeskRow(
            desk=desk,
            who=who(desk),
            since=self.moment(desk.since),
            pbx=_pbx(desk, words),
            phone=_phone(desk, words, is_stale=is_stale),
            contact=_contact(desk, words),
            states=_states(desk, is_stale=is_stale),
        )

    def moment(self, time: datetime | None) -> str:
        """Return *time* where the desks are: only the hour, if it is today."""
        if time is None:
            return ""
        local, today = time.astimezone(self._zone), self._now().astimezone(self._zone)
        if local.date() == today.date():
            return f"{local:%H:%M}"
        return f"{local:%Y-%m-%d %H:%M}"


def who(desk: DeskStatus) -> str:
    """Return name and extension of whoever sits at *desk*; empty: nobody."""
    if desk.extension is None:
        return ""
    account = "" if desk.account == DEFAULT_ACCOUNT else f", {desk.account}"
    return f"{desk.name} ({desk.extension}{account})"


def _pbx(desk: DeskStatus, words: Words) -> Badge | None:
    if desk.in_force is None:
        return None
    if desk.in_force:
        return Badge(words.pbx_in_force, "good")
    return Badge(words.pbx_pending, "late")


def _phone(desk: DeskStatus, words: Words, *, is_stale: bool) -> Badge | None:
    if desk.confirmed is None:
        return None
    if is_stale:
        return Badge(words.phone_stale, "bad")
    if not desk.confirmed:
        return Badge(words.phone_waiting, "late")
    if desk.restarted_at is not None:
        return Badge(words.phone_restarts, "late")
    return Badge(words.phone_confirmed, "good")


def _contact(desk: DeskStatus, words: Words) -> Badge:
    if desk.registered is None:
        return Badge(words.contact_unknown, "quiet")
    if not desk.registered:
        return Badge(words.contact_gone, "bad")
    if desk.reachable is False:
        return Badge(words.contact_unreachable, "bad")
    if desk.in_call:
        return Badge(words.contact_in_call, "busy")
    return Badge(words.contact_registered, "good")


def _states(desk: DeskStatus, *, is_stale: bool) -> str:
    """Return what `store.desk_list.Filter` finds *desk* by."""
    states = ["all", "idle" if desk.login is None else "used"]
    if is_stale:
        states.append("stale")
    if desk.registered is False or desk.reachable is False:
        states.append("unreachable")
    return " ".join(states)
