"""Users by the API: who may log in, what follows them to every desk, and their keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from asterisk_hotdesk.administration import key_values, keys, seats, users
from asterisk_hotdesk.administration.keys import Plan
from asterisk_hotdesk.administration.versions import version
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.login import HotDesks, find_user
from asterisk_hotdesk.model import (
    DEFAULT_ACCOUNT,
    KeyKind,
    LoggedOutTreatment,
    LoginMethod,
    Role,
    User,
    UserKey,
)
from asterisk_hotdesk.store import logins, user_keys, user_list
from asterisk_hotdesk.store.user_list import Filter, Order, Wanted
from asterisk_hotdesk.web.admin.api.routes import PREFIX, ApiRoute, Call, Content

MOST_PER_PAGE = 500
MOST_AT_ONCE = 10_000

_Extension = Annotated[str, Field(pattern="^[0-9]{2,10}$")]

_Version = Annotated[
    str | None,
    Field(
        description="As you have seen it: if somebody has changed it since, nothing is"
        " changed. null: whatever it is.",
    ),
]


class UserFound(BaseModel):
    """A user, and where she sits."""

    account: str
    extension: str
    name: str
    context: str
    language: str | None
    ringtone: int | None
    mailbox: str
    logged_out_treatment: LoggedOutTreatment
    logged_out_target: str
    login_method: LoginMethod | None = Field(
        description="null: as pins.method of the settings."
    )
    may_log_others_out: bool = Field(description="By phone, with the own PIN.")
    allowed: bool
    pin_set: bool
    device: str | None = Field(description="null: she sits nowhere.")
    version: str = Field(description="Another one once somebody has changed her.")


class UsersWanted(Content):
    """Which users, and how many."""

    only: Filter = Filter.ALL
    q: str = Field(
        default="", max_length=80, description="Part of extension, name or device."
    )
    by: Order = Order.EXTENSION
    down: bool = Field(default=False, description="Sort the other way round.")
    page: int = Field(default=1, ge=1, le=1_000_000)
    per_page: int = Field(default=50, ge=1, le=MOST_PER_PAGE)


class UsersFound(BaseModel):
    """A page of users."""

    users: list[UserFound]
    counts: dict[Filter, int] = Field(
        description="How many there are by `only`, of those that `q` finds."
    )
    page: int
    pages: int


class UserEdit(Content):
    """What is to be different; what is missing or null stays as it is."""

    name: str | None = None
    language: str | None = Field(
        default=None, description='Such as en or de_CH; "": that of the device.'
    )
    ringtone: int | None = Field(
        default=None, ge=0, le=9, description="0: the phone's own."
    )
    when_logged_out: str | None = Field(
        default=None,
        description="unavailable, busy, voicemail:BOX@CONTEXT, number:DIGITS or"
        " extension:DIGITS.",
    )
    may_log_others_out: bool | None = None
    version: _Version = None


class Permission(Content):
    """Who may log in at hot desks, or no longer."""

    account: str = DEFAULT_ACCOUNT
    extensions: list[_Extension] = Field(min_length=1, max_length=MOST_AT_ONCE)
    allowed: bool


class Sitter(BaseModel):
    """Somebody who sits somewhere."""

    extension: str
    device: str


class Permitted(BaseModel):
    """Whose permission was set; of those named, the others do not exist."""

    extensions: list[str]
    sitting: list[Sitter] = Field(
        description="Who of them is logged in, and stays so until somebody logs them"
        " out."
    )


class Unlocked(BaseModel):
    """How many wrong PINs are forgotten."""

    forgotten: int


class Key(Content):
    """A function key."""

    position: int = Field(
        ge=1,
        le=key_values.LARGEST_POSITION,
        description="Before the hot-desk key is put in.",
    )
    kind: KeyKind
    value: str = Field(
        default="", description="A number, a URL or digits, by kind; else empty."
    )
    label: str = ""
    priority: int = Field(
        default=UserKey.priority,
        ge=1,
        le=9,
        description="Where a phone has too few keys, those with the lowest stay.",
    )


class KeyPlan(BaseModel):
    """All function keys of a user, by position."""

    keys: list[Key]
    version: str = Field(description="Another one once somebody has changed them.")


class KeyPlanWanted(Content):
    """All function keys that a user shall have."""

    keys: list[Key] = Field(max_length=key_values.LARGEST_POSITION)
    version: _Version = None


class UserCalls:
    """Answers programs that ask for users."""

    def __init__(self, desks: HotDesks, now: Callable[[], datetime]) -> None:
        self._desks = desks
        self._now = now

    def routes(self) -> list[ApiRoute]:
        """Return what is served."""
        one = f"{PREFIX}/users/{{account}}/{{extension}}"
        return [
            ApiRoute(
                method="GET",
                path=f"{PREFIX}/users",
                needs=Role.VIEWER,
                says="List users, page by page.",
                query=UsersWanted,
                gives=UsersFound,
                answer=self._list,
            ),
            ApiRoute(
                method="POST",
                path=f"{PREFIX}/users/permission",
                needs=Role.ADMIN,
                says="Let many users log in at hot desks, or no longer.",
                body=Permission,
                gives=Permitted,
                answer=self._permit,
                refusals=(404,),
            ),
            ApiRoute(
                method="GET",
                path=one,
                needs=Role.VIEWER,
                says="Show one user.",
                gives=UserFound,
                answer=self._show,
                refusals=(404,),
            ),
            ApiRoute(
                method="PATCH",
                path=one,
                needs=Role.ADMIN,
                says="Change a user.",
                body=UserEdit,
                gives=UserFound,
                answer=self._edit,
                refusals=(404, 409),
            ),
            ApiRoute(
                method="POST",
                path=f"{one}/unlock",
                needs=Role.OPERATOR,
                says="Forget a user's wrong PINs.",
                gives=Unlocked,
                answer=self._unlock,
                refusals=(404,),
            ),
            ApiRoute(
                method="GET",
                path=f"{one}/keys",
                needs=Role.VIEWER,
                says="Show a user's function keys.",
                gives=KeyPlan,
                answer=self._show_keys,
                refusals=(404,),
            ),
            ApiRoute(
                method="PUT",
                path=f"{one}/keys",
                needs=Role.ADMIN,
                says="Say all function keys of a user.",
                body=KeyPlanWanted,
                gives=KeyPlan,
                answer=self._set_keys,
                refusals=(404, 409),
            ),
        ]

    async def _list(self, call: Call) -> UsersFound:
        asked: UsersWanted = call.query
        wanted = Wanted(
            only=asked.only,
            text=asked.q,
            order=asked.by,
            descending=asked.down,
            page=asked.page,
            per_page=asked.per_page,
        )
        async with self._desks.database.transaction() as tx:
            found = await user_list.listed(tx, wanted)
        return UsersFound(
            users=[_shown(*one) for one in found.people],
            counts=found.counts,
            page=found.page,
            pages=max(1, -(-found.counts[asked.only] // asked.per_page)),
        )

    async def _permit(self, call: Call) -> Permitted:
        body: Permission = call.body
        done = await users.set_allowed(
            self._desks.database,
            body.account,
            body.extensions,
            allowed=body.allowed,
            source=call.source,
            now=self._now(),
        )
        return Permitted(
            extensions=[user.extension for user in done.people],
            sitting=[
                Sitter(extension=user.extension, device=device.name)
                for user, device in done.sitting
            ],
        )

    async def _show(self, call: Call) -> UserFound:
        user = await self._user(call)
        async with self._desks.database.transaction() as tx:
            desk = await logins.user_desk(tx, user.account, user.extension)
        return _shown(user, desk.device.name if desk else None)

    async def _edit(self, call: Call) -> UserFound:
        body: UserEdit = call.body
        given = _given(body)
        if not given:
            raise Invalid("Say what should change.")
        named = call.http.match_info
        await users.edit(
            self._desks.database,
            named["account"],
            named["extension"],
            given,
            source=call.source,
            now=self._now(),
            version=body.version,
        )
        return await self._show(call)

    async def _unlock(self, call: Call) -> Unlocked:
        forgotten = await seats.unlock(
            self._desks, await self._user(call), source=call.source, now=self._now()
        )
        return Unlocked(forgotten=forgotten)

    async def _show_keys(self, call: Call) -> KeyPlan:
        user = await self._user(call)
        async with self._desks.database.transaction() as tx:
            plan = Plan(user.extension, tuple(await user_keys.of(tx, user)))
        return KeyPlan(
            keys=[Key(**vars(key)) for key in plan.keys], version=version(plan)
        )

    async def _set_keys(self, call: Call) -> KeyPlan:
        body: KeyPlanWanted = call.body
        user = await self._user(call)
        plan = Plan(user.extension, tuple(_checked(body.keys)))
        await keys.change(
            self._desks.database,
            user.account,
            user.extension,
            lambda _: plan,
            source=call.source,
            now=self._now(),
            version=body.version,
        )
        return await self._show_keys(call)

    async def _user(self, call: Call) -> User:
        named = call.http.match_info
        return await find_user(self._desks, named["account"], named["extension"])


def _given(edit: UserEdit) -> dict[str, str]:
    """Return what is to be different, in the words of `hotdesk user edit`."""
    words: dict[object, str] = {True: "yes", False: "no"}
    given = {
        name: words[value] if isinstance(value, bool) else str(value)
        for name, value in edit.model_dump(exclude={"version"}).items()
        if value is not None
    }
    return given | ({"ringtone": ""} if given.get("ringtone") == "0" else {})


def _shown(user: User, device: str | None) -> UserFound:
    known = vars(user) | {
        "pin_set": user.pin_hash is not None,
        "device": device,
        "version": version(user),
    }
    return UserFound(**{name: known[name] for name in UserFound.model_fields})


def _checked(wanted: list[Key]) -> list[UserKey]:
    """Return the keys that are *wanted*; raise `Invalid` that names what is wrong."""
    found: dict[int, UserKey] = {}
    for key in wanted:
        if key.position in found:
            raise Invalid(f"position {key.position} is given twice")
        texts = {name: str(value) for name, value in key.model_dump().items()}
        found[key.position] = key_values.key(texts)
    return list(found.values())
