"""Devices as lines of a CSV file: what a line says, and the line that says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from asterisk_hotdesk.administration import device_values, made_up, values
from asterisk_hotdesk.administration.values import mac_shown
from asterisk_hotdesk.cli import csv_files
from asterisk_hotdesk.cli.csv_files import Complaints, Given, Row
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, Device, DeviceOptions
from asterisk_hotdesk.store.devices import NewDevice

COLUMNS = (
    "name",
    "mac",
    "account",
    "location",
    "emergency_number",
    "language",
    "enabled",
    *device_values.OF_PHONES,
    *device_values.OF_SITTERS,
)
"""All that is exported: everything that an administrator says, and no secret."""

_REQUIRED = ("name", "mac")
_OPTIONAL = tuple(column for column in COLUMNS if column not in _REQUIRED)


@dataclass(frozen=True, kw_only=True)
class DeviceRow:
    """What an administrator says about a device that may be there already."""

    name: str
    mac: str | None
    """None: a new device waits for a phone, and one that is there keeps its own."""
    account: str | None
    """None: nothing is said of it."""
    fields: Mapping[str, Any]
    """Of `Device`, as far as anything is said of them."""
    options: Mapping[str, Any]
    """Of `DeviceOptions`, likewise."""
    sitter: tuple[str, bool] | None
    """The extension of the first or base user, empty for nobody, and whether that one
    comes back; None: nothing is said of it."""

    @property
    def account_if_new(self) -> str:
        """Return the account of a new device."""
        return self.account or DEFAULT_ACCOUNT

    @property
    def sits(self) -> str:
        """Return the extension of who is to sit there; empty: nobody that is named."""
        return self.sitter[0] if self.sitter else ""

    def new(self, base_user_id: int | None) -> NewDevice:
        """Return the device to be added, with secrets of its own."""
        return NewDevice(
            name=self.name,
            mac=self.mac,
            account=self.account_if_new,
            sip_secret=made_up.sip_secret(),
            web_password=made_up.web_password(),
            options=DeviceOptions(**self.options),
            base_user_id=base_user_id,
            base_user_returns=bool(self.sitter and self.sitter[1]),
            **self.fields,
        )

    def changed(self, device: Device) -> Device:
        """Return what becomes of *device*, except its phone and who is to sit there."""
        options = replace(device.options, **self.options)
        return replace(device, options=options, **self.fields)


def from_csv(
    path: Path,
    complaints: Complaints,
    encoding: str | None = None,
    *,
    account: str | None = None,
) -> list[Given[DeviceRow]]:
    """Return the devices in a CSV file with `COLUMNS`.

    *account* is that of lines that name none.
    """
    rows = csv_files.rows(path, _REQUIRED, _OPTIONAL, complaints, encoding)
    return checked_all(csv_files.filled_in(rows, account=account), complaints)


def checked_all(rows: Iterable[Row], complaints: Complaints) -> list[Given[DeviceRow]]:
    """Return the devices of *rows*, each of which may be there once.

    What is wrong is noted.
    """
    found = csv_files.checked(rows, checked, complaints)
    csv_files.complain_of_doubles(
        found, lambda row: row.name, lambda row: f"device {row.name}", complaints
    )
    csv_files.complain_of_doubles(
        (given for given in found if given.what.mac),
        lambda row: row.mac,
        lambda row: f"MAC address {mac_shown(row.mac)}",
        complaints,
    )
    return found


def checked(row: Mapping[str, str]) -> DeviceRow:
    """Return what a line says; raise `Invalid` that names what is wrong."""
    fields = device_values.of_desk(row)
    if row.get("enabled"):
        fields["enabled"] = values.yes(row["enabled"], "enabled")
    account = row.get("account")
    return DeviceRow(
        name=values.device_name(row["name"]),
        mac=values.mac_address(row["mac"]) if row.get("mac") else None,
        account=values.account_name(account) if account else None,
        fields=fields,
        options=device_values.options(row),
        sitter=device_values.sitter(row),
    )


def of(device: Device | NewDevice, sitter: str) -> dict[str, str]:
    """Return the line that says what *device* is.

    *sitter* is the extension of its first or base user; empty: there is none.
    """
    options = vars(device.options) | {
        "hot_desk_key": device.options.hot_desk_key or "off"
    }
    return {
        "name": device.name,
        "mac": mac_shown(device.mac) if device.mac else "",
        "account": device.account,
        "location": device.location,
        "emergency_number": device.emergency_number,
        "language": csv_files.cell(device.language),
        "enabled": csv_files.cell(device.enabled),
        **{name: csv_files.cell(options[name]) for name in device_values.OF_PHONES},
        "first_user": "" if device.base_user_returns else sitter,
        "base_user": sitter if device.base_user_returns else "",
    }
