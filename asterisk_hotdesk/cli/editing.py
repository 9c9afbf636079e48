"""How a device or a user becomes different, and stays the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from asterisk_hotdesk.cli import changes, output, values
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.model import Change
from asterisk_hotdesk.store import Database, devices, logins, users


async def edit_device(
    config: Config, database: Database, name: str, **wanted: str | None
) -> None:
    """Change what *wanted* names of a device, or raise a `Refused`."""
    checks = {
        "mac": values.mac_address,
        "location": values.location,
        "emergency_number": values.emergency_number,
        "language": values.language,
    }
    different: dict[str, Any] = {
        key: checks[key](text) for key, text in _given(wanted).items()
    }
    async with database.transaction() as tx:
        desk = await logins.desk(tx, name)
        if desk is None:
            raise NotFound(f"There is no device {name}.")
        await devices.update(tx, replace(desk.device, **different))
        await logins.want_fetch(tx, name)
        await changes.record_of_devices(
            tx, "device_edited", [(desk.device.account, name)]
        )
        change = Change(devices=frozenset({name}), directory=True)
        await changes.tell_daemon(tx, change)
    output.say(f"Device {name} changed.")
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
    different: dict[str, Any] = {}
    if "when_logged_out" in given:
        treatment, target = values.treatment(given.pop("when_logged_out"), extension)
        different |= {
            "logged_out_treatment": treatment,
            "logged_out_target": target,
        }
    checks = {
        "name": values.person_name,
        "context": values.context_name,
        "language": values.language,
    }
    different |= {key: checks[key](text) for key, text in given.items()}
    async with database.transaction() as tx:
        user = await users.find(tx, account, extension)
        if user is None:
            raise NotFound(f"There is no user {extension} in account {account}.")
        await users.update(tx, replace(user, **different))
        desk = await logins.user_desk(tx, account, extension)
        if desk:
            await logins.want_fetch(tx, desk.device.name)
        await changes.record_of_users(tx, "user_edited", [(account, extension)])
        seat = frozenset({desk.device.name} if desk else set())
        change = Change(devices=seat, users=frozenset({user.key}), directory=True)
        await changes.tell_daemon(tx, change)
    output.say(f"User {extension} changed.")
    await changes.say_if_nobody_follows(config, database)


def _given(wanted: dict[str, str | None]) -> dict[str, str]:
    given = {key: text for key, text in wanted.items() if text is not None}
    if not given:
        raise click.UsageError("Say what should change; see --help.")
    return given
