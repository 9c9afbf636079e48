"""How devices come in: from the command line, or many at once from a CSV file."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from asterisk_hotdesk.administration import (
    device_values,
    made_up,
    phones,
    recording,
    values,
)
from asterisk_hotdesk.administration.values import mac_shown
from asterisk_hotdesk.cli import changes, csv_files, output
from asterisk_hotdesk.cli.csv_files import Complaints, Given
from asterisk_hotdesk.cli.opening import now, source
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, Change, DeviceOptions
from asterisk_hotdesk.store import Database, Tx, devices, discovered, users
from asterisk_hotdesk.store.devices import NewDevice

_BATCH = 500

_OPTIONAL = (
    "account",
    "location",
    "emergency_number",
    "language",
    *device_values.OF_PHONES,
    *device_values.OF_SITTERS,
)


@dataclass(frozen=True)
class Wanted:
    """A device to be added, and who is to sit there."""

    device: NewDevice
    sitter: str = ""
    """The extension of its first or base user; empty: nobody."""


def from_options(
    names: Sequence[str], mac: str, given: Mapping[str, str | None]
) -> list[Given[Wanted]]:
    """Return a device for each of *names*, with MAC addresses that count up."""
    first = int(values.mac_address(mac), 16)
    if first + len(names) > 2**48:
        raise Invalid(f"there are no {len(names)} MAC addresses from {mac} on")
    said = _said(given)
    return [
        Given(_checked({**said, "name": name, "mac": f"{first + i:012x}"}))
        for i, name in enumerate(names)
    ]


def without_phones(
    names: Sequence[str], given: Mapping[str, str | None]
) -> list[Given[Wanted]]:
    """Return a device for each of *names* that waits for a phone."""
    said = _said(given)
    return [Given(_checked({**said, "name": name})) for name in names]


def from_csv(path: Path) -> list[Given[Wanted]]:
    """Return the devices in a CSV file; raise `Invalid` that names every bad line."""
    complaints = Complaints()
    rows = csv_files.rows(path, ("name", "mac"), _OPTIONAL)
    found = csv_files.checked(rows, _checked, complaints)
    csv_files.complain_of_doubles(
        found, lambda w: w.device.name, lambda w: f"device {w.device.name}", complaints
    )
    csv_files.complain_of_doubles(
        found,
        lambda w: w.device.mac,
        lambda w: f"MAC address {mac_shown(w.device.mac)}",
        complaints,
    )
    complaints.tell()
    return found


async def add(
    config: Config, database: Database, wanted: Sequence[Given[Wanted]]
) -> None:
    """Add all of *wanted*, or none and raise `Invalid` that says why.

    Those with a phone may be enrolled from now on.
    """
    async with database.transaction() as tx:
        new = await _seated(tx, wanted)
        for account in sorted({one.account for one in new}):
            await devices.ensure_account(tx, account)
        at = now()
        enrolling = [phones.opened(config.provisioning, one, at) for one in new]
        await _add_with_progress(tx, enrolling)
        await discovered.forget(tx, *(one.mac for one in new if one.mac))
        await recording.record_of_devices(
            tx, "device_added", new, source=source(), now=at
        )
        names = frozenset(one.name for one in new)
        await recording.tell_daemon(tx, Change(devices=names, directory=True))
    output.say(f"{output.counted(names, 'device')} added.")
    await changes.say_if_nobody_follows(config, database)


def _said(given: Mapping[str, str | None]) -> dict[str, str]:
    return {column: text for column, text in given.items() if text is not None}


def _checked(row: dict[str, str]) -> Wanted:
    sitter, returns = device_values.sitter(row) or ("", False)
    return Wanted(
        NewDevice(
            name=values.device_name(row["name"]),
            mac=values.mac_address(row["mac"]) if "mac" in row else None,
            account=values.account_name(row.get("account") or DEFAULT_ACCOUNT),
            sip_secret=made_up.sip_secret(),
            web_password=made_up.web_password(),
            location=values.location(row.get("location", "")),
            emergency_number=values.emergency_number(row.get("emergency_number", "")),
            language=values.language(row.get("language")),
            options=DeviceOptions(**device_values.options(row)),
            base_user_returns=returns,
        ),
        sitter,
    )


async def _seated(tx: Tx, wanted: Sequence[Given[Wanted]]) -> list[NewDevice]:
    """Return the devices with who is to sit there; raise `Invalid` if any cannot be."""
    complaints = Complaints()
    names, macs = await devices.taken(
        tx,
        [given.what.device.name for given in wanted],
        [given.what.device.mac for given in wanted if given.what.device.mac],
    )
    known = await users.ids(
        tx,
        [
            (given.what.device.account, given.what.sitter)
            for given in wanted
            if given.what.sitter
        ],
    )
    found = []
    for given in wanted:
        device, sitter = given.what.device, given.what.sitter
        if device.name in names:
            complaints.note(given, f"device {device.name} exists already")
        elif device.mac and device.mac in macs:
            shown = mac_shown(device.mac)
            complaints.note(given, f"another device has the MAC address {shown}")
        elif sitter and (device.account, sitter) not in known:
            complaints.note(
                given, f"there is no user {sitter} in account {device.account}"
            )
        base_user_id = known.get((device.account, sitter))
        found.append(replace(device, base_user_id=base_user_id))
    complaints.tell()
    return found


async def _add_with_progress(tx: Tx, new: Sequence[NewDevice]) -> None:
    hidden = len(new) <= _BATCH or not sys.stderr.isatty()
    with Progress(
        TextColumn("Adding devices"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        disable=hidden,
    ) as progress:
        task = progress.add_task("", total=len(new))
        for i in range(0, len(new), _BATCH):
            batch = new[i : i + _BATCH]
            await devices.add(tx, batch)
            progress.advance(task, len(batch))
