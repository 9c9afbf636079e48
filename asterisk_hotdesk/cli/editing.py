"""How a device or a user becomes different, and stays the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from asterisk_hotdesk.cli import (
    changes,
    device_options,
    enrolment,
    output,
    user_options,
    values,
)
from asterisk_hotdesk.cli.finding import devices_named, logins_of, refuse_hot_desks
from asterisk_hotdesk.cli.opening import hot_desks
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Conflict, NotFound
from asterisk_hotdesk.model import Change, Device, EndReason
from asterisk_hotdesk.store import Database, Tx, devices, logins, users


async def edit_device(
    config: Config, database: Database, name: str, **wanted: str | None
) -> None:
    """Change what *wanted* names of a device, or raise a `Refused`."""
    given = _given(wanted)
    checks = {
        "location": values.location,
        "emergency_number": values.emergency_number,
        "language": values.language,
    }
    different: dict[str, Any] = {
        key: check(given[key]) for key, check in checks.items() if key in given
    }
    options = device_options.checked(given)
    sitter = device_options.sitter(given)
    mac = values.mac_address(given["mac"]) if "mac" in given else None
    if "account" in given:
        await _leave_account(config, database, name, given["account"])
    async with database.transaction() as tx:
        (before,) = await devices_named(tx, [name])
        device = replace(
            before, options=replace(before.options, **options), **different
        )
        if "account" in given:
            device = await _in_account(
                tx, device, values.account_name(given["account"])
            )
        if sitter:
            device = await _seated(tx, device, *sitter)
        exchanged = mac is not None and mac != device.mac
        if mac and exchanged:
            await enrolment.give_phone(tx, config, device, mac)
        else:
            await devices.update(tx, device)
        await logins.want_fetch(tx, name)
        await changes.record_of_devices(tx, "device_edited", [(device.account, name)])
        change = Change(devices=frozenset({name}), directory=True)
        await changes.tell_daemon(tx, change)
    output.say(f"Device {name} changed.")
    if exchanged:
        output.say(enrolment.what_to_do(name))
    await changes.say_if_nobody_follows(config, database)


async def _leave_account(
    config: Config, database: Database, name: str, account: str
) -> None:
    """Log out who sits at a device that is to belong to another *account*."""
    async with database.transaction() as tx:
        (device,) = await devices_named(tx, [name])
    if device.account == values.account_name(account):
        return
    sitting = await logins_of(database, [device], [])
    await changes.end_logins(hot_desks(config, database), sitting, EndReason.FORCED)
    for user, _ in sitting:
        output.say(f"{user.extension} is logged out at {name}.")


async def _in_account(tx: Tx, device: Device, account: str) -> Device:
    """Return *device*, where nobody may sit, as one of *account*.

    Raises `Conflict` if somebody has just sat down.
    """
    if account == device.account:
        return device
    if await logins.open_logins(tx, device=device):
        raise Conflict
    await devices.ensure_account(tx, account)
    return replace(device, account=account, base_user_id=None, base_user_returns=False)


async def _seated(tx: Tx, device: Device, extension: str, returns: bool) -> Device:
    """Return *device* with the first or base user of *extension*, empty for nobody."""
    user = await users.find(tx, device.account, extension)
    if user is None and extension:
        raise NotFound(f"There is no user {extension} in account {device.account}.")
    return replace(
        device, base_user_id=user.id if user else None, base_user_returns=returns
    )


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
        treatment, target = values.treatment(given["when_logged_out"], extension)
        different |= {
            "logged_out_treatment": treatment,
            "logged_out_target": target,
        }
    checks = {
        "name": values.person_name,
        "context": values.context_name,
        "language": values.language,
        "ringtone": values.ringtone,
    }
    different |= {
        key: check(given[key]) for key, check in checks.items() if key in given
    }
    different |= user_options.checked(given, extension)
    async with database.transaction() as tx:
        user = await users.find(tx, account, extension)
        if user is None:
            raise NotFound(f"There is no user {extension} in account {account}.")
        changed = replace(user, **different)
        await refuse_hot_desks(tx, [changed.fixed_endpoint])
        await users.update(tx, changed)
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
