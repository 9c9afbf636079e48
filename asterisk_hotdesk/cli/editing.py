"""How a device or a user becomes different, and stays the same."""

from __future__ import annotations

import click

from asterisk_hotdesk.administration import devices, users
from asterisk_hotdesk.cli import changes, output
from asterisk_hotdesk.cli.opening import hot_desks, now, source
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database


async def edit_device(
    config: Config, database: Database, name: str, **wanted: str | None
) -> None:
    """Change what *wanted* names of a device, or raise a `Refused`."""
    edited = await devices.edit(
        hot_desks(config, database),
        config.provisioning,
        name,
        _given(wanted),
        source=source(),
        now=now(),
    )
    for user, _ in edited.logged_out:
        output.say(f"{user.extension} is logged out at {name}.")
    output.say(f"Device {name} changed.")
    if edited.has_other_phone:
        output.say(output.how_a_phone_comes_in(name))
    await changes.say_if_nobody_follows(config, database)


async def edit_user(
    config: Config,
    database: Database,
    account: str,
    extension: str,
    **wanted: str | None,
) -> None:
    """Change what *wanted* names of a user, or raise a `Refused`."""
    given = _given(wanted)
    await users.edit(database, account, extension, given, source=source(), now=now())
    output.say(f"User {extension} changed.")
    await changes.say_if_nobody_follows(config, database)


def _given(wanted: dict[str, str | None]) -> dict[str, str]:
    given = {key: text for key, text in wanted.items() if text is not None}
    if not given:
        raise click.UsageError("Say what should change; see --help.")
    return given
