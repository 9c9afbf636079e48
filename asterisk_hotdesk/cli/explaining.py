"""`hotdesk explain`: why a login fails or a phone lags behind, and what helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta

import click

from asterisk_hotdesk.authentication import TOTAL, device_subject
from asterisk_hotdesk.cli import changes, output
from asterisk_hotdesk.cli.opening import hot_desks, now, with_database
from asterisk_hotdesk.cli.options import json_option
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.event_words import in_words
from asterisk_hotdesk.explanations import (
    DeviceFacts,
    Finding,
    House,
    UserFacts,
    about_device,
    about_user,
)
from asterisk_hotdesk.login import HotDesks, user_subject
from asterisk_hotdesk.model import Device, User
from asterisk_hotdesk.store import Database, Tx, attempts, devices, overview, users
from asterisk_hotdesk.store import history as stored
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.history import Wanted

_LATELY = 20
"""Among so many refusals the last one of the right account is looked for."""


@click.command()
@click.argument("who", metavar="EXT|DEVICE")
@click.option("--account", default="", help="Only users of this account (tenant).")
@json_option
@with_database
async def explain(
    config: Config, database: Database, who: str, account: str, as_json: bool
) -> None:
    """Say why a login fails or a phone lags behind.

    Of a user: where she sits, what was refused last and why, and what speaks against a
    login now. Of a device: who sits there, whether anybody can log in, and whether the
    PBX and the phone have followed. Each with what helps.

    --json prints a list of objects with the keys text, remedy (or an empty text) and
    wrong (whether it keeps somebody from logging in, or a phone from being right).
    """
    desks = hot_desks(config, database)
    running = await changes.daemon_is_running(config, database)
    async with database.transaction() as tx:
        house = await _house(tx, config, daemon_running=running)
        people = await users.with_extension(tx, who, account)
        device = await devices.find(tx, who)
        found: list[Finding] = []
        for user in people:
            found += about_user(await _of_user(tx, desks, user), house)
        if device:
            found += about_device(await _of_device(tx, device), house)
        if not found:
            found = await _of_the_past(tx, who, account)
    if as_json:
        output.as_json([asdict(finding) for finding in found])
    else:
        _say(found)


async def _house(tx: Tx, config: Config, *, daemon_running: bool) -> House:
    return House(
        now=now(),
        written=output.moment,
        limits=config.pins,
        location_required=config.policy.refuse_login_without_location,
        stale_after=timedelta(seconds=config.refresh.stale_seconds),
        base_url=config.provisioning.base_url,
        daemon_running=daemon_running,
        wrong_pins=(await attempts.failures(tx, TOTAL))[TOTAL],
    )


async def _of_user(tx: Tx, desks: HotDesks, user: User) -> UserFacts:
    sits_at = await overview.desks_of_users(tx, user.extension, user.account)
    refused = await _last_refusal(tx, user)
    tried = await overview.desks_named(tx, [refused.device] if refused else [])
    subject = user_subject(desks, user.account, user.extension)
    there = device_subject(refused.device if refused else "")
    failures = await attempts.failures(tx, subject, there)
    return UserFacts(
        user=user,
        desk=sits_at[0] if sits_at else None,
        last=await _last(tx, user.extension, user.account, "login", "logout"),
        refused=refused,
        tried_at=tried[0] if tried else None,
        wrong_pins=failures[subject],
        wrong_pins_there=failures[there],
    )


async def _of_device(tx: Tx, device: Device) -> DeviceFacts:
    (desk,) = await overview.desks_named(tx, [device.name])
    subject = device_subject(device.name)
    return DeviceFacts(
        device=device,
        desk=desk,
        last=await _last(tx, device.name, "", "login", "logout", "refused"),
        wrong_pins=(await attempts.failures(tx, subject))[subject],
    )


async def _of_the_past(tx: Tx, who: str, account: str) -> list[Finding]:
    """Return what the history knows of what is gone; raise `NotFound` if nothing."""
    last = await _last(tx, who, account)
    if last is None:
        raise NotFound(f"There is no device or user {who}, nor was there any.")
    told = f"{in_words(last.what, last.code)}, {output.moment(last.at)}"
    return [Finding(f"There is no device or user {who} now. Last: {told}.", wrong=True)]


async def _last(tx: Tx, who: str, account: str, *what: str) -> Event | None:
    wanted = Wanted(who=who, account=account, what=what)
    found = await stored.latest(tx, wanted, 1)
    return found[0].event if found else None


async def _last_refusal(tx: Tx, user: User) -> Event | None:
    """Return what *user* was last refused, also at a device of another account."""
    wanted = Wanted(who=user.extension, what=("refused",))
    for recorded in reversed(await stored.latest(tx, wanted, _LATELY)):
        event = recorded.event
        # Of an actor it is the refusal, who wanted to log her out.
        if event.actor:
            continue
        if event.account == user.account or event.code == "other_account":
            return event
    return None


def _say(found: Sequence[Finding]) -> None:
    for finding in found:
        style = "red" if finding.wrong else ""
        output.sentence(finding.text, style)
        if finding.remedy:
            output.sentence(f"  What helps: {finding.remedy}")
