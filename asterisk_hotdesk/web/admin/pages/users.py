"""The list of users: who may log in, where they sit, and many changed at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from aiohttp import web

from asterisk_hotdesk.administration import users
from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.model import Device, LoginMethod, Role, User, user_key
from asterisk_hotdesk.store import Database, user_list
from asterisk_hotdesk.store.user_list import Filter, Wanted
from asterisk_hotdesk.web.admin.desk_rows import Badge
from asterisk_hotdesk.web.admin.pages.listing import PER_PAGE, View, pages
from asterisk_hotdesk.web.admin.rendering import Rendering, see
from asterisk_hotdesk.web.admin.routes import Route, Visit, action, page
from asterisk_hotdesk.web.admin.words import Words

_PATH = "/users"
_USUAL = Wanted(per_page=PER_PAGE)

_MOST_NAMED = 5

_CHOSEN = "user:"
"""Before account and extension, the name of a field of somebody who is chosen."""


@dataclass(frozen=True)
class UserRow:
    """One user, in one language."""

    user: User
    method: Badge
    """With what she logs in by phone."""
    device: str | None
    """Where she sits."""

    @property
    def who(self) -> str:
        """Return name and extension."""
        return f"{self.user.name} ({self.user.extension})"

    @property
    def path(self) -> str:
        """Return the address of her page."""
        return f"/users/{self.user.key}"


def row(user: User, device: str | None, pins: PinsConfig, words: Words) -> UserRow:
    """Return *user*, who sits at *device*."""
    return UserRow(user, _method(user, pins, words), device)


def _method(user: User, pins: PinsConfig, words: Words) -> Badge:
    match user.login_method or pins.method:
        case LoginMethod.NONE:
            return Badge(words.method_none, "quiet")
        case LoginMethod.VOICEMAIL if user.mailbox:
            return Badge(words.method_voicemail, "quiet")
        case LoginMethod.VOICEMAIL:
            return Badge(words.method_no_mailbox, "late")
        case _ if user.pin_hash:
            return Badge(words.method_pin, "quiet")
    return Badge(words.method_no_pin, "late")


class UserPages:
    """Shows the list, and changes what many of its users may do."""

    def __init__(
        self,
        database: Database,
        rendering: Rendering,
        pins: PinsConfig,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._rendering = rendering
        self._pins = pins
        self._now = now

    def routes(self) -> list[Route]:
        """Return what is served."""
        return [
            page(_PATH, Role.VIEWER, self._list),
            action(_PATH, Role.ADMIN, self._permit),
        ]

    async def _list(self, visit: Visit) -> web.Response:
        view = View.of(visit, _PATH, _USUAL)
        async with self._database.transaction() as tx:
            listed = await user_list.listed(tx, view.wanted)
        view = replace(view, wanted=replace(view.wanted, page=listed.page))
        found = listed.counts[view.wanted.only]
        rows = [row(*one, self._pins, visit.words) for one in listed.people]
        return self._rendering.page(
            visit,
            "users.html.j2",
            view=view,
            filters=[(str(only), listed.counts[only]) for only in Filter],
            rows=rows,
            found=found,
            accounts=len({one.user.account for one in rows}) > 1,
            pages=pages(found),
        )

    async def _permit(self, visit: Visit) -> web.Response:
        """Let those whom the form names log in, or no longer."""
        here = View.of(visit, _PATH, _USUAL).here
        verb, _, one = visit.form.get("allowed", "").partition(" ")
        if verb not in ("yes", "no"):
            raise web.HTTPBadRequest
        chosen = [one] if one else await self._chosen(visit)
        if chosen is None:
            return see(here, "said_others_found")
        if not chosen:
            return see(here, "said_nobody_chosen")
        people, sitting = await self._set(visit, chosen, allowed=verb == "yes")
        said = ["said_allowed" if verb == "yes" else "said_denied"]
        if sitting and verb == "no":
            said.append("said_still_sitting")
        return see(
            here,
            *said,
            who=_named(people, visit.words),
            sitting=_named([user for user, _ in sitting], visit.words),
        )

    async def _chosen(self, visit: Visit) -> list[str] | None:
        """Return the keys of all who are chosen; None: the search finds others now."""
        if "found" not in visit.form:
            return [
                name.removeprefix(_CHOSEN)
                for name in visit.form
                if name.startswith(_CHOSEN)
            ]
        async with self._database.transaction() as tx:
            keys = await user_list.found(tx, View.of(visit, _PATH, _USUAL).wanted)
        if str(len(keys)) != visit.form["found"]:
            return None
        return [user_key(account, extension) for account, extension in keys]

    async def _set(
        self, visit: Visit, keys: Iterable[str], *, allowed: bool
    ) -> tuple[list[User], list[tuple[User, Device]]]:
        """Return whose permission is set, and who of them sits where."""
        by_account: dict[str, list[str]] = defaultdict(list)
        for key in keys:
            account, _, extension = key.partition("/")
            by_account[account].append(extension)
        people, sitting = [], []
        for account, extensions in by_account.items():
            # Perhaps all of them were removed since the page was made.
            with suppress(NotFound):
                done = await users.set_allowed(
                    self._database,
                    account,
                    extensions,
                    allowed=allowed,
                    source=visit.source,
                    now=self._now(),
                )
                people += done.people
                sitting += done.sitting
        return people, sitting


def _named(people: list[User], words: Words) -> str:
    if len(people) > _MOST_NAMED:
        return words.counted_users.format(count=len(people))
    return ", ".join(f"{user.name} ({user.extension})" for user in people)
