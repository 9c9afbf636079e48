"""Which users may log in at hot desks at all."""

from __future__ import annotations

from collections.abc import Sequence

from asterisk_hotdesk.cli import changes, output
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.model import Change, user_key
from asterisk_hotdesk.store import Database, logins, users


async def allow(
    config: Config, database: Database, account: str, extensions: Sequence[str]
) -> None:
    """Let those of *extensions* that there are log in."""
    found = await _set(database, account, extensions, allowed=True)
    output.say(f"{output.counted(found, 'user')} may log in at hot desks.")


async def deny(
    config: Config, database: Database, account: str, extensions: Sequence[str]
) -> None:
    """Let those of *extensions* that there are no longer log in."""
    found = await _set(database, account, extensions, allowed=False)
    output.say(f"{output.counted(found, 'user')} may not log in at hot desks.")
    async with database.transaction() as tx:
        sitting = await logins.everyone_logged_in(tx)
    for user, device in sitting:
        if user.account == account and user.extension in found:
            output.note(
                f"{user.extension} is still logged in at {device.name}; see: hotdesk"
                f" logout {device.name}"
            )


def note_missing(asked: Sequence[str], found: Sequence[str], account: str) -> None:
    """Say how many of those *asked* for there are not; raise `NotFound` if all."""
    missing = len(asked) - len(found)
    if not found:
        raise NotFound(
            f"There is no user {output.counted(asked, 'such')} in account {account}."
        )
    if missing:
        output.note(f"{missing} of {len(asked)} extensions do not exist.")


async def _set(
    database: Database, account: str, extensions: Sequence[str], *, allowed: bool
) -> list[str]:
    async with database.transaction() as tx:
        known = await users.set_allowed(tx, account, extensions, allowed)
        found = [extension for extension in extensions if extension in known]
        note_missing(extensions, found, account)
        await changes.record_of_users(
            tx,
            "user_allowed" if allowed else "user_denied",
            [(account, extension) for extension in found],
        )
        keys = frozenset(user_key(account, extension) for extension in found)
        await changes.tell_daemon(tx, Change(users=keys, directory=True))
    return found
