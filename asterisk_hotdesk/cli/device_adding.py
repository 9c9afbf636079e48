"""How devices come in: from the command line, or many at once from a CSV file."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from asterisk_hotdesk.cli import changes, csv_files, output, values
from asterisk_hotdesk.cli.csv_files import Complaints, Given
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, Change
from asterisk_hotdesk.store import Database, Tx, devices
from asterisk_hotdesk.store.devices import NewDevice

_BATCH = 500

_OPTIONAL = ("account", "location", "emergency_number", "language")


def from_options(
    names: Sequence[str],
    mac: str,
    *,
    account: str,
    location: str,
    emergency_number: str,
    language: str | None,
) -> list[Given[NewDevice]]:
    """Return a device for each of *names*, with MAC addresses that count up."""
    first = int(values.mac_address(mac), 16)
    if first + len(names) > 2**48:
        raise Invalid(f"there are no {len(names)} MAC addresses from {mac} on")
    return [
        Given(
            _checked(
                {
                    "name": name,
                    "mac": f"{first + i:012x}",
                    "account": account,
                    "location": location,
                    "emergency_number": emergency_number,
                    "language": language or "",
                }
            )
        )
        for i, name in enumerate(names)
    ]


def from_csv(path: Path) -> list[Given[NewDevice]]:
    """Return the devices in a CSV file; raise `Invalid` that names every bad line."""
    complaints = Complaints()
    rows = csv_files.rows(path, ("name", "mac"), _OPTIONAL)
    found = csv_files.checked(rows, _checked, complaints)
    csv_files.complain_of_doubles(
        found, lambda d: d.name, lambda d: f"device {d.name}", complaints
    )
    csv_files.complain_of_doubles(
        found,
        lambda d: d.mac,
        lambda d: f"MAC address {output.mac_shown(d.mac)}",
        complaints,
    )
    complaints.tell()
    return found


async def add(
    config: Config, database: Database, wanted: Sequence[Given[NewDevice]]
) -> None:
    """Add all of *wanted*, or none and raise `Invalid` that says why."""
    new = [given.what for given in wanted]
    async with database.transaction() as tx:
        await _complain_of_taken(tx, wanted)
        for account in sorted({one.account for one in new}):
            await devices.ensure_account(tx, account)
        await _add_with_progress(tx, new)
        await changes.record_of_devices(
            tx, "device_added", [(one.account, one.name) for one in new]
        )
        names = frozenset(one.name for one in new)
        await changes.tell_daemon(tx, Change(devices=names, directory=True))
    output.say(f"{output.counted(names, 'device')} added.")
    await changes.say_if_nobody_follows(config, database)


def _checked(row: dict[str, str]) -> NewDevice:
    return NewDevice(
        name=values.device_name(row["name"]),
        mac=values.mac_address(row["mac"]),
        account=values.account_name(row.get("account") or DEFAULT_ACCOUNT),
        sip_secret=secrets.token_urlsafe(18),
        web_password=secrets.token_urlsafe(12),
        location=values.location(row.get("location", "")),
        emergency_number=values.emergency_number(row.get("emergency_number", "")),
        language=values.language(row.get("language")),
    )


async def _complain_of_taken(tx: Tx, wanted: Sequence[Given[NewDevice]]) -> None:
    complaints = Complaints()
    names, macs = await devices.taken(
        tx,
        [given.what.name for given in wanted],
        [given.what.mac for given in wanted if given.what.mac],
    )
    for given in wanted:
        if given.what.name in names:
            complaints.note(given, f"device {given.what.name} exists already")
        elif given.what.mac in macs:
            shown = output.mac_shown(given.what.mac)
            complaints.note(given, f"another device has the MAC address {shown}")
    complaints.tell()


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
