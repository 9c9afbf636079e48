"""One user: where she sits, what follows her to every desk, and her function keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from http import HTTPStatus

from aiohttp import web

from asterisk_hotdesk import rules
from asterisk_hotdesk.administration import keys, seats, users
from asterisk_hotdesk.administration.key_values import LARGEST_POSITION
from asterisk_hotdesk.administration.keys import Plan
from asterisk_hotdesk.administration.versions import version
from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.errors import NotFound, Refused
from asterisk_hotdesk.login import HotDesks, find_user, user_subject
from asterisk_hotdesk.model import Failures, KeyKind, Role, User
from asterisk_hotdesk.store import attempts, history, logins, user_keys
from asterisk_hotdesk.store.feed import Recorded
from asterisk_hotdesk.store.history import Wanted
from asterisk_hotdesk.web.admin.event_rows import event_rows
from asterisk_hotdesk.web.admin.moments import moment
from asterisk_hotdesk.web.admin.pages import asking
from asterisk_hotdesk.web.admin.pages.key_form import KeyForm, read
from asterisk_hotdesk.web.admin.pages.users import row
from asterisk_hotdesk.web.admin.rendering import Rendering, see
from asterisk_hotdesk.web.admin.routes import Route, Visit, action, page
from asterisk_hotdesk.web.admin.words import Words

MOST_EVENTS = 10

_EDITABLE = ("name", "language", "ringtone", "when_logged_out", "may_log_others_out")
"""Nothing that says what somebody may dial: that is for the command line."""


@dataclass(frozen=True)
class _Person:
    """What is known of one user."""

    user: User
    plan: Plan
    device: str | None
    since: datetime | None
    wrong_pins: Failures
    happened: list[Recorded]


class UserPage:
    """Shows one user, and changes what is safe to change from afar."""

    def __init__(
        self,
        desks: HotDesks,
        rendering: Rendering,
        zone: tzinfo | None,
        now: Callable[[], datetime],
    ) -> None:
        self._desks = desks
        self._rendering = rendering
        self._zone = zone
        self._now = now

    def routes(self) -> list[Route]:
        """Return what is served."""
        path = "/users/{account}/{extension}"
        return [
            page(path, Role.VIEWER, self._show),
            action(path, Role.ADMIN, self._edit),
            action(f"{path}/keys", Role.ADMIN, self._change_keys),
            action(f"{path}/permission", Role.ADMIN, self._permit),
            action(f"{path}/unlock", Role.OPERATOR, self._unlock),
        ]

    async def _show(self, visit: Visit) -> web.Response:
        return self._page(visit, await self._person(visit))

    def _page(
        self,
        visit: Visit,
        person: _Person,
        *,
        problem: str = "",
        key_problem: str = "",
        given: Mapping[str, str] | None = None,
        keys_given: KeyForm | None = None,
    ) -> web.Response:
        user = person.user
        return self._rendering.page(
            visit,
            "user.html.j2",
            status=HTTPStatus.CONFLICT if problem or key_problem else HTTPStatus.OK,
            row=row(user, person.device, self._desks.limits, visit.words),
            since=moment(person.since, self._zone),
            pin_set_at=moment(user.pin_set_at, self._zone),
            wrong_pins=person.wrong_pins.count,
            locked=_locked(person.wrong_pins, self._desks.limits, self._zone, visit),
            version=version(user),
            given=given or _shown(user),
            problem=problem,
            keys=keys_given or KeyForm.of(person.plan),
            key_problem=key_problem,
            kinds=list(KeyKind),
            events=event_rows(person.happened, visit.words, self._zone),
            events_path=asking.address(
                "/history", who=user.extension, account=user.account
            ),
            last_position=LARGEST_POSITION,
        )

    async def _edit(self, visit: Visit) -> web.Response:
        person = await self._person(visit)
        given = {name: visit.form.get(name, "").strip() for name in _EDITABLE}
        try:
            changed = await users.edit(
                self._desks.database,
                person.user.account,
                person.user.extension,
                given,
                source=visit.source,
                now=self._now(),
                version=visit.form.get("version", ""),
            )
        except Refused as refusal:
            problem = visit.words.refused(refusal)
            # As somebody else has left it, unless only a value was wrong.
            now = await self._person(visit)
            same = version(now.user) == visit.form.get("version")
            return self._page(
                visit, now, problem=problem, given=given if same else None
            )
        return self._seen(visit, "said_user_changed", changed)

    async def _change_keys(self, visit: Visit) -> web.Response:
        person = await self._person(visit)
        form = KeyForm.sent(visit.form)
        try:
            plan = read(form, person.user.extension, visit.words)
            await keys.change(
                self._desks.database,
                person.user.account,
                person.user.extension,
                lambda _: plan,
                source=visit.source,
                now=self._now(),
                version=form.version,
            )
        except Refused as refusal:
            problem = visit.words.refused(refusal)
            now = await self._person(visit)
            same = version(now.plan) == form.version
            return self._page(
                visit, now, key_problem=problem, keys_given=form if same else None
            )
        return self._seen(visit, "said_keys_saved", person.user)

    async def _permit(self, visit: Visit) -> web.Response:
        person = await self._person(visit)
        allowed = visit.form.get("allowed") == "yes"
        done = await users.set_allowed(
            self._desks.database,
            person.user.account,
            [person.user.extension],
            allowed=allowed,
            source=visit.source,
            now=self._now(),
        )
        said = ["said_allowed" if allowed else "said_denied"]
        if done.sitting and not allowed:
            said.append("said_still_sitting")
        who = _who(person.user)
        return see(f"/users/{person.user.key}", *said, who=who, sitting=who)

    async def _unlock(self, visit: Visit) -> web.Response:
        person = await self._person(visit)
        forgotten = await seats.unlock(
            self._desks, person.user, source=visit.source, now=self._now()
        )
        return self._seen(visit, "said_unlocked", person.user, count=str(forgotten))

    def _seen(self, visit: Visit, said: str, user: User, **values: str) -> web.Response:
        return see(f"/users/{user.key}", said, who=_who(user), **values)

    async def _person(self, visit: Visit) -> _Person:
        named = visit.http.match_info
        try:
            user = await find_user(self._desks, named["account"], named["extension"])
        except NotFound:
            raise web.HTTPNotFound from None
        subject = user_subject(self._desks, user.account, user.extension)
        async with self._desks.database.transaction() as tx:
            plan = await user_keys.of(tx, user)
            desk = await logins.user_desk(tx, user.account, user.extension)
            failures = await attempts.failures(tx, subject)
            happened = await history.latest(
                tx, Wanted(who=user.extension, account=user.account), MOST_EVENTS
            )
        return _Person(
            user=user,
            plan=Plan(user.extension, tuple(plan)),
            device=desk.device.name if desk else None,
            since=desk.switch.decided_at if desk and desk.switch else None,
            wrong_pins=failures[subject],
            happened=happened,
        )


def _who(user: User) -> str:
    return f"{user.name} ({user.extension})"


def _shown(user: User) -> dict[str, str]:
    """Return what the form shows of *user*, in the words of `hotdesk user edit`."""
    target = f":{user.logged_out_target}" if user.logged_out_target else ""
    return {
        "name": user.name,
        "language": user.language or "",
        "ringtone": str(user.ringtone or ""),
        "when_logged_out": f"{user.logged_out_treatment}{target}",
        "may_log_others_out": "yes" if user.may_log_others_out else "no",
    }


def _locked(
    failures: Failures, limits: PinsConfig, zone: tzinfo | None, visit: Visit
) -> str:
    """Return until when the user's PIN is refused, even the right one."""
    words: Words = visit.words
    if failures.count >= limits.hard_lock_failures:
        return words.user_locked_hard
    until = rules.locked_until(
        failures,
        limit=limits.user_failures,
        first_lock=timedelta(seconds=limits.first_lock_seconds),
        longest_lock=timedelta(seconds=limits.longest_lock_seconds),
    )
    if until is None:
        return ""
    return words.user_locked_until.format(time=moment(until, zone))
