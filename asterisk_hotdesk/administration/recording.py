"""What a change leaves behind: lines of the history, and the bell for the daemon."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from asterisk_hotdesk.model import Change, Device, Source, User
from asterisk_hotdesk.store import Tx, events
from asterisk_hotdesk.store.devices import NewDevice
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.users import NewUser

_ORIGIN = "administration"
"""No process has it: a daemon also follows what its own web page has changed."""


async def tell_daemon(tx: Tx, change: Change) -> None:
    """Announce *change* to every daemon, once the transaction commits."""
    await events.announce(tx, change, _ORIGIN)


async def record_of_users(
    tx: Tx,
    what: str,
    people: Iterable[User | NewUser],
    *,
    source: Source,
    now: datetime,
) -> None:
    """Keep that *what* happened to *people*."""
    await events.record(
        tx,
        *(
            Event(
                at=now,
                what=what,
                account=user.account,
                extension=user.extension,
                name=user.name,
                **vars(source),
            )
            for user in people
        ),
    )


async def record_of_devices(
    tx: Tx,
    what: str,
    devices: Iterable[Device | NewDevice],
    *,
    source: Source,
    now: datetime,
) -> None:
    """Keep that *what* happened to *devices*."""
    await events.record(
        tx,
        *(
            Event(
                at=now,
                what=what,
                account=device.account,
                device=device.name,
                **vars(source),
            )
            for device in devices
        ),
    )


async def record_of_account(
    tx: Tx, what: str, account: str, *, source: Source, now: datetime
) -> None:
    """Keep that *what* happened in *account*."""
    await events.record(tx, Event(at=now, what=what, account=account, **vars(source)))
