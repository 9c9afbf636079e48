"""What an administrator brings becomes ours, all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asterisk_hotdesk.administration import recording
from asterisk_hotdesk.cli import device_loading, key_loading, user_loading
from asterisk_hotdesk.cli.csv_files import Complaints, Given
from asterisk_hotdesk.cli.device_loading import DevicePlan
from asterisk_hotdesk.cli.device_rows import DeviceRow
from asterisk_hotdesk.cli.key_loading import KeyPlan
from asterisk_hotdesk.cli.key_rows import KeyRow
from asterisk_hotdesk.cli.user_loading import HashedPins, UserPlan
from asterisk_hotdesk.cli.user_rows import UserRow
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database, Tx


@dataclass(frozen=True, kw_only=True)
class Brought:
    """Lines about users, devices and keys, of which the last two may name the first."""

    users: Sequence[Given[UserRow]] = ()
    devices: Sequence[Given[DeviceRow]] = ()
    keys: Sequence[Given[KeyRow]] = ()


@dataclass(frozen=True)
class Plans:
    """What becomes of all that was brought."""

    users: UserPlan
    devices: DevicePlan
    keys: KeyPlan

    @property
    def told(self) -> list[UserPlan | DevicePlan | KeyPlan]:
        """Return those that are about anything."""
        return [one for one in (self.users, self.devices, self.keys) if one.steps]

    @property
    def change_anything(self) -> bool:
        """Return whether anything is another afterwards."""
        return any(one.added or one.changed for one in self.told)


async def bring_in(
    config: Config,
    database: Database,
    brought: Brought,
    complaints: Complaints,
    *,
    update: bool | None = None,
    dry_run: bool = False,
) -> Plans:
    """Load all that is *brought* and return what became of it.

    If anything is wrong, nothing is loaded, and `Invalid` tells all of it, together
    with the *complaints* about what could not even be read.  What is there already can
    only be meant with *update*; it is None where nobody was asked.
    """
    pins = HashedPins()
    if dry_run or any(given.what.pin for given in brought.users):
        # Nobody waits until PINs are hashed to hear of a wrong line.
        async with database.transaction() as tx:
            plans = await _plans(tx, brought, complaints, update=update)
        if dry_run:
            return plans
        pins = await user_loading.hashed(config, database, brought.users)
    async with database.transaction() as tx:
        plans = await _plans(tx, brought, complaints, update=update)
        if plans.change_anything:
            change = await user_loading.carry_out(tx, plans.users, pins)
            change |= await device_loading.carry_out(tx, config, plans.devices)
            change |= await key_loading.carry_out(tx, plans.keys)
            await recording.tell_daemon(tx, change)
    return plans


async def _plans(
    tx: Tx, brought: Brought, complaints: Complaints, *, update: bool | None
) -> Plans:
    users = await user_loading.plan(tx, brought.users, complaints, update=update)
    devices = await device_loading.plan(
        tx,
        brought.devices,
        complaints,
        update=update,
        coming=[row.key for row in users.added],
    )
    keys = await key_loading.plan(tx, brought.keys, complaints, update=update)
    complaints.tell()
    return Plans(users, devices, keys)
