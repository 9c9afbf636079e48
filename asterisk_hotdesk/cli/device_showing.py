"""What is shown of a device."""

from __future__ import annotations

from typing import Any

from asterisk_hotdesk.cli.output import Cell, mac_shown
from asterisk_hotdesk.cli.user_showing import extension_shown
from asterisk_hotdesk.model import Desk


def summary(desk: Desk) -> dict[str, Any]:
    """Return what programs get of a device."""
    device = desk.device
    return {
        "name": device.name,
        "mac": device.mac,
        "account": device.account,
        "location": device.location,
        "emergency_number": device.emergency_number,
        "language": device.language,
        "user": desk.user.extension if desk.user else None,
    }


def row(desk: Desk) -> list[Cell]:
    """Return what people get of a device."""
    device = desk.device
    return [
        device.name,
        mac_shown(device.mac),
        device.account,
        device.location or "-",
        device.emergency_number or "-",
        device.language or "-",
        (extension_shown(desk.user), "green") if desk.user else "-",
    ]
