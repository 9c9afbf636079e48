"""Which users may log in at hot desks at all."""

from __future__ import annotations

from collections.abc import Sequence

from asterisk_hotdesk.administration import users
from asterisk_hotdesk.cli import output
from asterisk_hotdesk.cli.opening import now, source
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database


async def allow(
    config: Config, database: Database, account: str, extensions: Sequence[str]
) -> None:
    """Let those of *extensions* that there are log in."""
    found = await _set(database, account, extensions, allowed=True)
    named = [user.extension for user in found.people]
    output.say(f"{output.counted(named, 'user')} may log in at hot desks.")


async def deny(
    config: Config, database: Database, account: str, extensions: Sequence[str]
) -> None:
    """Let those of *extensions* that there are no longer log in."""
    found = await _set(database, account, extensions, allowed=False)
    named = [user.extension for user in found.people]
    output.say(f"{output.counted(named, 'user')} may not log in at hot desks.")
    for user, device in found.sitting:
        output.note(
            f"{user.extension} is still logged in at {device.name}; see: hotdesk"
            f" logout {device.name}"
        )


def note_missing(asked: Sequence[str], found: Sequence[str]) -> None:
    """Say how many of those *asked* for there are not."""
    missing = len(asked) - len(found)
    if missing:
        output.note(f"{missing} of {len(asked)} extensions do not exist.")


async def _set(
    database: Database, account: str, extensions: Sequence[str], *, allowed: bool
) -> users.Permitted:
    found = await users.set_allowed(
        database, account, extensions, allowed=allowed, source=source(), now=now()
    )
    note_missing(extensions, [user.extension for user in found.people])
    return found
