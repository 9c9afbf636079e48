"""Users: who has which extension."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from psycopg.rows import DictRow

from asterisk_hotdesk.model import (
    LoggedOutTreatment,
    LoginMethod,
    OwnLogoutRules,
    User,
)
from asterisk_hotdesk.store.database import Tx

COLUMNS = """
    users.id, users.account, users.extension, users.name, users.context,
    users.language, users.allowed, users.pin_hash, users.logged_out_treatment,
    users.logged_out_target, users.ringtone, users.mailbox, users.call_groups,
    users.pickup_groups, users.named_call_groups, users.named_pickup_groups,
    users.account_code, users.fixed_endpoint, users.queue_interface,
    users.login_method, users.pin_set_at, users.never_logout, users.logout_after_idle,
    users.logout_after, users.logout_at, users.may_log_others_out
"""


def user_of(row: DictRow) -> User:
    """Return the user in a row with `COLUMNS`."""
    return User(
        id=row["id"],
        account=row["account"],
        extension=row["extension"],
        name=row["name"],
        context=row["context"],
        language=row["language"],
        allowed=row["allowed"],
        pin_hash=row["pin_hash"],
        logged_out_treatment=LoggedOutTreatment(row["logged_out_treatment"]),
        logged_out_target=row["logged_out_target"],
        ringtone=row["ringtone"],
        mailbox=row["mailbox"],
        call_groups=row["call_groups"],
        pickup_groups=row["pickup_groups"],
        named_call_groups=row["named_call_groups"],
        named_pickup_groups=row["named_pickup_groups"],
        account_code=row["account_code"],
        fixed_endpoint=row["fixed_endpoint"],
        queue_interface=row["queue_interface"],
        login_method=_method(row["login_method"]),
        pin_set_at=_moment(row["pin_set_at"]),
        never_logout=row["never_logout"],
        logout_after_idle=row["logout_after_idle"],
        logout_after=row["logout_after"],
        logout_at=row["logout_at"],
        may_log_others_out=row["may_log_others_out"],
    )


def _method(stored: str | None) -> LoginMethod | None:
    return LoginMethod(stored) if stored else None


def _moment(stored: datetime | str | None) -> datetime | None:
    # In a row that came as JSON, it is a text.
    return datetime.fromisoformat(stored) if isinstance(stored, str) else stored


@dataclass(frozen=True, kw_only=True)
class NewUser(OwnLogoutRules):
    """What an administrator says about a user to be added."""

    extension: str
    name: str
    context: str
    account: str
    language: str | None = None
    logged_out_treatment: LoggedOutTreatment = LoggedOutTreatment.UNAVAILABLE
    logged_out_target: str = ""
    ringtone: int | None = None
    mailbox: str = ""
    call_groups: str = ""
    pickup_groups: str = ""
    named_call_groups: str = ""
    named_pickup_groups: str = ""
    account_code: str = ""
    fixed_endpoint: str = ""
    queue_interface: str = ""
    login_method: LoginMethod | None = None
    may_log_others_out: bool = False
    allowed: bool = True
    pin_hash: str | None = field(default=None, repr=False)
    pin_set_at: datetime | None = None


async def add(tx: Tx, users: Sequence[NewUser]) -> None:
    """Add *users*, all or (by raising the refusal of a constraint) none."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO users (account, extension, name, context, language,
                               logged_out_treatment, logged_out_target, ringtone,
                               mailbox, call_groups, pickup_groups, named_call_groups,
                               named_pickup_groups, account_code, fixed_endpoint,
                               queue_interface, login_method, never_logout,
                               logout_after_idle, logout_after, logout_at,
                               may_log_others_out, allowed, pin_hash, pin_set_at)
            VALUES (%(account)s, %(extension)s, %(name)s, %(context)s, %(language)s,
                    %(logged_out_treatment)s, %(logged_out_target)s, %(ringtone)s,
                    %(mailbox)s, %(call_groups)s, %(pickup_groups)s,
                    %(named_call_groups)s, %(named_pickup_groups)s, %(account_code)s,
                    %(fixed_endpoint)s, %(queue_interface)s, %(login_method)s,
                    %(never_logout)s, %(logout_after_idle)s, %(logout_after)s,
                    %(logout_at)s, %(may_log_others_out)s, %(allowed)s, %(pin_hash)s,
                    %(pin_set_at)s)
            """,
            [vars(user) for user in users],
        )


async def find(tx: Tx, account: str, extension: str) -> User | None:
    """Return the user of *extension*, or None."""
    rows = await tx.execute(
        f"SELECT {COLUMNS} FROM users WHERE account = %s AND extension = %s",  # noqa: S608
        [account, extension],
    )
    row = await rows.fetchone()
    return user_of(row) if row else None


async def hold(tx: Tx, account: str, extensions: Sequence[str]) -> list[User]:
    """Return the users of *extensions*; nobody else changes them meanwhile."""
    rows = await tx.execute(
        f"""
        SELECT {COLUMNS} FROM users WHERE account = %s AND extension = ANY(%s)
        ORDER BY id FOR NO KEY UPDATE
        """,  # noqa: S608
        [account, list(extensions)],
    )
    return [user_of(row) for row in await rows.fetchall()]


async def with_extension(tx: Tx, extension: str, account: str) -> list[User]:
    """Return the users of *extension* in *account*, or in any if that is empty."""
    rows = await tx.execute(
        f"""
        SELECT {COLUMNS} FROM users
        WHERE extension = %s AND (account = %s OR %s = '') ORDER BY account
        """,  # noqa: S608
        [extension, account, account],
    )
    return [user_of(row) for row in await rows.fetchall()]


async def hold_all(
    tx: Tx, extensions: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], User]:
    """Return the users of *extensions*, each with its account, that there are.

    Nobody else changes them until the transaction ends.
    """
    rows = await tx.execute(
        f"""
        SELECT {COLUMNS} FROM users WHERE (account, extension) IN
            (SELECT * FROM unnest(%s::text[], %s::text[]))
        ORDER BY id FOR NO KEY UPDATE
        """,  # noqa: S608
        [[account for account, _ in extensions], [e for _, e in extensions]],
    )
    found = [user_of(row) for row in await rows.fetchall()]
    return {(user.account, user.extension): user for user in found}


async def by_id(tx: Tx, user_id: int | None) -> User | None:
    """Return the user with this id, or None."""
    rows = await tx.execute(
        f"SELECT {COLUMNS} FROM users WHERE id = %s",  # noqa: S608
        [user_id],
    )
    row = await rows.fetchone()
    return user_of(row) if row else None


async def everyone(tx: Tx, account: str | None = None) -> list[User]:
    """Return all users, or those of one account, by account and extension."""
    rows = await tx.execute(
        f"""
        SELECT {COLUMNS} FROM users WHERE account = %s OR %s::text IS NULL
        ORDER BY account, length(extension), extension
        """,  # noqa: S608
        [account, account],
    )
    return [user_of(row) for row in await rows.fetchall()]


async def queue_members_away(tx: Tx) -> list[User]:
    """Return the users with a queue interface who sit nowhere."""
    rows = await tx.execute(
        f"""
        SELECT {COLUMNS} FROM users WHERE queue_interface <> '' AND NOT EXISTS (
            SELECT 1 FROM logins WHERE user_id = users.id AND until IS NULL)
        """  # noqa: S608
    )
    return [user_of(row) for row in await rows.fetchall()]


async def set_pin_hash(tx: Tx, user: User, pin_hash: str, now: datetime) -> None:
    """Make *pin_hash* the user's only PIN, from *now* on."""
    await tx.execute(
        "UPDATE users SET pin_hash = %s, pin_set_at = %s WHERE id = %s",
        [pin_hash, now, user.id],
    )


async def set_allowed(
    tx: Tx, account: str, extensions: Sequence[str], allowed: bool
) -> set[str]:
    """Allow or deny hot desking; return the extensions that there were."""
    rows = await tx.execute(
        """
        UPDATE users SET allowed = %s WHERE account = %s AND extension = ANY(%s)
        RETURNING extension
        """,
        [allowed, account, list(extensions)],
    )
    return {row["extension"] for row in await rows.fetchall()}


async def remove(tx: Tx, user: User) -> None:
    """Remove *user* with all logins; end the open one first."""
    await tx.execute("DELETE FROM users WHERE id = %s", [user.id])


async def ids(
    tx: Tx, extensions: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Return the ids of *extensions*, each with its account, that users have."""
    rows = await tx.execute(
        "SELECT id, account, extension FROM users WHERE (account, extension) IN"
        " (SELECT * FROM unnest(%s::text[], %s::text[]))",
        [[account for account, _ in extensions], [e for _, e in extensions]],
    )
    found = await rows.fetchall()
    return {(row["account"], row["extension"]): row["id"] for row in found}


async def extensions(tx: Tx, user_ids: Collection[int]) -> dict[int, str]:
    """Return the extensions of the users with these ids."""
    rows = await tx.execute(
        "SELECT id, extension FROM users WHERE id = ANY(%s)", [list(user_ids)]
    )
    return {row["id"]: row["extension"] for row in await rows.fetchall()}


async def update(tx: Tx, *users: User) -> None:
    """Make the users with these ids what *users* say, except extension and PIN."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            """
            UPDATE users SET name = %(name)s, context = %(context)s,
                language = %(language)s,
                logged_out_treatment = %(logged_out_treatment)s,
                logged_out_target = %(logged_out_target)s, ringtone = %(ringtone)s,
                mailbox = %(mailbox)s, call_groups = %(call_groups)s,
                pickup_groups = %(pickup_groups)s,
                named_call_groups = %(named_call_groups)s,
                named_pickup_groups = %(named_pickup_groups)s,
                account_code = %(account_code)s, fixed_endpoint = %(fixed_endpoint)s,
                queue_interface = %(queue_interface)s, login_method = %(login_method)s,
                never_logout = %(never_logout)s,
                logout_after_idle = %(logout_after_idle)s,
                logout_after = %(logout_after)s, logout_at = %(logout_at)s,
                may_log_others_out = %(may_log_others_out)s, allowed = %(allowed)s
            WHERE id = %(id)s
            """,
            [vars(user) for user in users],
        )
