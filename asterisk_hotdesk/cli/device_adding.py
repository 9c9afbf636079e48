"""How devices come in: from the command line, or many at once from a CSV file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from asterisk_hotdesk.administration import values
from asterisk_hotdesk.cli import changes, device_rows, output
from asterisk_hotdesk.cli.bringing_in import Brought, bring_in
from asterisk_hotdesk.cli.csv_files import Complaints, Given
from asterisk_hotdesk.cli.device_rows import DeviceRow
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.store import Database


def from_options(
    names: Sequence[str], mac: str, given: Mapping[str, str | None]
) -> list[Given[DeviceRow]]:
    """Return a device for each of *names*, with MAC addresses that count up."""
    first = int(values.mac_address(mac), 16)
    if first + len(names) > 2**48:
        raise Invalid(f"there are no {len(names)} MAC addresses from {mac} on")
    said = _said(given)
    return [
        Given(device_rows.checked({**said, "name": name, "mac": f"{first + i:012x}"}))
        for i, name in enumerate(names)
    ]


def without_phones(
    names: Sequence[str], given: Mapping[str, str | None]
) -> list[Given[DeviceRow]]:
    """Return a device for each of *names* that waits for a phone."""
    said = _said(given)
    return [Given(device_rows.checked({**said, "name": name})) for name in names]


def from_csv(path: Path) -> list[Given[DeviceRow]]:
    """Return the devices in a CSV file; raise `Invalid` that names every bad line."""
    complaints = Complaints()
    found = device_rows.from_csv(path, complaints)
    complaints.tell()
    return found


async def add(
    config: Config, database: Database, wanted: Sequence[Given[DeviceRow]]
) -> None:
    """Add all of *wanted*, or none and raise `Invalid` that says why.

    Those with a phone may be enrolled from now on.
    """
    await bring_in(config, database, Brought(devices=wanted), Complaints())
    names = [given.what.name for given in wanted]
    output.say(f"{output.counted(names, 'device')} added.")
    await changes.say_if_nobody_follows(config, database)


def _said(given: Mapping[str, str | None]) -> dict[str, str]:
    return {column: text for column, text in given.items() if text is not None}
