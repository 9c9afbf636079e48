"""What the history keeps of logins: those that happened and those that were refused."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from asterisk_hotdesk.errors import Refused
from asterisk_hotdesk.model import BY_PHONE, Device, Source, User
from asterisk_hotdesk.store import Database, devices, events, users
from asterisk_hotdesk.store.events import Event

log = logging.getLogger(__name__)


def login_event(
    what: str, code: str, user: User, device: Device, now: datetime, source: Source
) -> Event:
    """Return that *what* happened to *user* at *device*."""
    return Event(
        at=now,
        what=what,
        code=code,
        account=device.account,
        extension=user.extension,
        name=user.name,
        device=device.name,
        **vars(source),
    )


@asynccontextmanager
async def refusals_kept(
    database: Database,
    extension: str,
    device_name: str,
    now: datetime,
    source: Source = BY_PHONE,
) -> AsyncIterator[None]:
    """Keep in the history what is refused inside, where any `Refused` goes on its way.

    It is kept in a transaction of its own: that of whoever refused has ended.
    """
    try:
        yield
    except Refused as refusal:
        await _keep(database, refusal, extension, device_name, now, source)
        raise


async def _keep(
    database: Database,
    refusal: Refused,
    extension: str,
    device_name: str,
    now: datetime,
    source: Source,
) -> None:
    async with database.transaction() as tx:
        device = await devices.find(tx, device_name)
        account = device.account if device else ""
        known = await users.with_extension(tx, extension, "")
        if not known:
            # It may be a PIN, typed at the wrong prompt.
            extension = ""
        meant = next((user for user in known if user.account == account), None)
        await events.record(
            tx,
            Event(
                at=now,
                what="refused",
                code=refusal.code,
                account=account,
                extension=extension,
                name=meant.name if meant else "",
                device=device_name,
                **vars(source),
            ),
        )
    log.info("refused %s at %s: %s", extension, device_name, refusal.code)
