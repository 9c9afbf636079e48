"""Devices of a file, or of the command line, become devices of ours."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from asterisk_hotdesk.administration import phones, recording
from asterisk_hotdesk.administration.values import mac_shown
from asterisk_hotdesk.cli import device_rows
from asterisk_hotdesk.cli.csv_files import Complaints, Given
from asterisk_hotdesk.cli.device_rows import DeviceRow
from asterisk_hotdesk.cli.loading import UPDATE_HELPS, Plan, unusual
from asterisk_hotdesk.cli.opening import now, source
from asterisk_hotdesk.cli.progress import in_batches
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.model import Change, Device
from asterisk_hotdesk.store import Tx, devices, discovered, logins, users
from asterisk_hotdesk.store.devices import NewDevice

DevicePlan = Plan[DeviceRow, Device]


@dataclass(frozen=True)
class _Known:
    """What there is already, as far as the lines are about it."""

    devices: dict[str, Device]
    macs: dict[str, str]
    """MAC addresses, and the names of the devices that have them."""
    people: Collection[tuple[str, str]]
    """Users who may sit down, by account and extension."""
    sitters: dict[int, str]
    """The extensions of first and base users."""

    def sitter(self, device: Device) -> str:
        """Return the extension of the first or base user of *device*, or nothing."""
        return self.sitters.get(device.base_user_id or 0, "")


async def plan(
    tx: Tx,
    wanted: Sequence[Given[DeviceRow]],
    complaints: Complaints,
    *,
    update: bool | None = None,
    coming: Collection[tuple[str, str]] = (),
) -> DevicePlan:
    """Return what becomes of each line of *wanted*; note what cannot be.

    A device that is there already can only be meant with *update*; it is None where
    nobody was asked.  *coming* are users who are there by the time the plan is carried
    out.
    """
    known = await _known(tx, [given.what for given in wanted], coming)
    found = DevicePlan("device")
    for given in wanted:
        row = given.what
        before = known.devices.get(row.name)
        if before and not update:
            hint = UPDATE_HELPS if update is False else ""
            complaints.note(given, f"device {row.name} exists already{hint}")
        elif problem := _problem(row, before, known):
            complaints.note(given, problem)
        elif before:
            after = row.changed(before)
            texts = (
                device_rows.of(before, known.sitter(before)),
                _seated(row, replace(after, mac=row.mac or after.mac), known),
            )
            found.change(given, after, row.name, texts)
        else:
            found.add(given, row.name, _described)
    return found


async def carry_out(tx: Tx, config: Config, plan: DevicePlan) -> Change:
    """Do what *plan* says, all or (by raising the refusal of a constraint) nothing.

    New phones may be enrolled from now on.  Returns what has to be followed.
    """
    at, enrolling = now(), config.provisioning
    sitting = [
        *((row.account_if_new, row.sits) for row in plan.added),
        *((device.account, row.sits) for row, device in plan.changed),
    ]
    ids = await users.ids(tx, sitting)
    new = [row.new(ids.get((row.account_if_new, row.sits))) for row in plan.added]
    edited = [_with_sitter(row, device, ids) for row, device in plan.changed]
    for account in sorted({device.account for device in new}):
        await devices.ensure_account(tx, account)
    opened = [phones.opened(enrolling, device, at) for device in new]
    for batch in in_batches(opened, "Adding devices"):
        await devices.add(tx, batch)
    await discovered.forget(tx, *(device.mac for device in new if device.mac))
    for changed in in_batches(edited, "Changing devices"):
        await devices.update(tx, *changed)
    for (row, _), device in zip(plan.changed, edited, strict=True):
        if row.mac and row.mac != device.mac:
            await phones.give(tx, enrolling, device, row.mac, at)
    await logins.want_fetch(tx, *(device.name for device in edited))
    by = source()
    await recording.record_of_devices(tx, "device_added", new, source=by, now=at)
    await recording.record_of_devices(tx, "device_edited", edited, source=by, now=at)
    return Change(
        devices=frozenset([*(d.name for d in new), *(d.name for d in edited)]),
        directory=bool(new or edited),
    )


async def _known(
    tx: Tx, rows: Sequence[DeviceRow], coming: Collection[tuple[str, str]]
) -> _Known:
    held = {d.name: d for d in await devices.hold(tx, [row.name for row in rows])}
    accounts = {
        row.name: held[row.name].account if row.name in held else row.account_if_new
        for row in rows
    }
    people = await users.ids(tx, [(accounts[r.name], r.sits) for r in rows if r.sits])
    sitters = {d.base_user_id for d in held.values() if d.base_user_id is not None}
    return _Known(
        devices=held,
        macs=await devices.with_macs(tx, [row.mac for row in rows if row.mac]),
        people={*people, *coming},
        sitters=await users.extensions(tx, sitters),
    )


def _problem(row: DeviceRow, before: Device | None, known: _Known) -> str | None:
    """Return what forbids what *row* says, or None."""
    if row.mac and known.macs.get(row.mac, row.name) != row.name:
        return f"another device has the MAC address {mac_shown(row.mac)}"
    account = before.account if before else row.account_if_new
    if row.sits and (account, row.sits) not in known.people:
        return f"there is no user {row.sits} in account {account}"
    if before and row.account not in (None, account):
        return (
            f"device {row.name} is in account {account}; to move it, see: hotdesk"
            " device edit --account"
        )
    if before and row.fields.get("enabled", before.enabled) != before.enabled:
        command = "disable" if before.enabled else "enable"
        return f"device {row.name}: to {command} it, see: hotdesk device {command}"
    return None


def _seated(row: DeviceRow, after: Device, known: _Known) -> dict[str, str]:
    """Return the line of *after* with whom *row* seats there."""
    if row.sitter is None:
        return device_rows.of(after, known.sitter(after))
    sitter, returns = row.sitter
    return device_rows.of(replace(after, base_user_returns=returns), sitter)


def _with_sitter(
    row: DeviceRow, device: Device, ids: dict[tuple[str, str], int]
) -> Device:
    if row.sitter is None:
        return device
    sitter, returns = row.sitter
    base_user_id = ids.get((device.account, sitter))
    return replace(device, base_user_id=base_user_id, base_user_returns=returns)


def _described(row: DeviceRow) -> str:
    """Return what is not usual of a new device."""
    usual = NewDevice(
        name=row.name,
        mac=None,
        account=row.account_if_new,
        sip_secret="",
        web_password="",
    )
    text = device_rows.of(row.new(None), row.sits)
    return unusual(text, device_rows.of(usual, ""))
