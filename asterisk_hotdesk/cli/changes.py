"""What a command has decided: recorded, announced, and in force or not yet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable
from contextlib import suppress

from asterisk_hotdesk.cli import output
from asterisk_hotdesk.cli.opening import now
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import NobodyLoggedIn
from asterisk_hotdesk.login import ORIGIN, HotDesks, log_out
from asterisk_hotdesk.model import BY_COMMAND, Change, Device, EndReason, User
from asterisk_hotdesk.store import Database, Tx, events, installation, logins
from asterisk_hotdesk.store.events import Event

PATIENCE_SECONDS = 5.0
"""How long to wait until the PBX has followed."""

_LOOK_SECONDS = 0.1


async def tell_daemon(tx: Tx, change: Change) -> None:
    """Announce *change* to every daemon, once the transaction commits."""
    await events.announce(tx, change, ORIGIN)


async def record_of_devices(
    tx: Tx, what: str, devices: Iterable[tuple[str, str]]
) -> None:
    """Keep that *what* happened to *devices*, each an account and a name."""
    at = now()
    await events.record(
        tx,
        *(
            Event(at=at, what=what, account=account, device=name, by="command")
            for account, name in devices
        ),
    )


async def record_of_users(tx: Tx, what: str, users: Iterable[tuple[str, str]]) -> None:
    """Keep that *what* happened to *users*, each an account and an extension."""
    at = now()
    await events.record(
        tx,
        *(
            Event(at=at, what=what, account=account, extension=extension, by="command")
            for account, extension in users
        ),
    )


async def record_of_account(tx: Tx, what: str, account: str) -> None:
    """Keep that *what* happened in *account*."""
    await events.record(tx, Event(at=now(), what=what, account=account, by="command"))


async def end_logins(
    desks: HotDesks, sitting: Iterable[tuple[User, Device]], reason: EndReason
) -> None:
    """Log everybody of *sitting* out."""
    for user, device in sitting:
        # Somebody may just have gone.
        with suppress(NobodyLoggedIn):
            await log_out(
                desks,
                device_name=device.name,
                now=now(),
                reason=reason,
                source=BY_COMMAND,
                only=user,
            )


async def daemon_is_running(config: Config, database: Database) -> bool:
    """Return whether a daemon serves this database."""
    async with database.transaction() as tx:
        return await installation.daemon_is_running(
            tx, database.schema, config.asterisk.application
        )


async def say_if_nobody_follows(config: Config, database: Database) -> None:
    """Say so if no daemon is there to bring the PBX in line."""
    if not await daemon_is_running(config, database):
        output.note("the daemon is not running: the PBX follows when it is back.")


async def say_when_in_force(
    config: Config, database: Database, devices: Collection[str]
) -> None:
    """Wait until the PBX has followed the last switch of *devices*; say if it has."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while await _unrouted(database, devices):
        if not await daemon_is_running(config, database):
            output.note("the daemon is not running: in force when it is back.")
            return
        if time.monotonic() > deadline:
            output.note("the PBX has not followed yet: in force when Asterisk is back.")
            return
        await asyncio.sleep(_LOOK_SECONDS)
    output.say("In force.")


async def _unrouted(database: Database, devices: Collection[str]) -> set[str]:
    async with database.transaction() as tx:
        return await logins.unrouted(tx, devices)
