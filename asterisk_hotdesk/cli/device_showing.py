"""What is shown of a device."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from asterisk_hotdesk.cli.output import Cell, extension_shown, mac_shown, moment
from asterisk_hotdesk.cli.status_showing import contact, since
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.model import Desk
from asterisk_hotdesk.store import Database, logins, status
from asterisk_hotdesk.store.status import DeviceStatus

COLUMNS = ("Device", "MAC", "Account", "Location", "Emergency", "Language", "User")


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
    """Return what people get of a device, in the order of `COLUMNS`."""
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


@dataclass(frozen=True)
class Details:
    """All that is known of one device."""

    desk: Desk
    seen: DeviceStatus | None

    def for_programs(self, *, with_secrets: bool) -> dict[str, Any]:
        """Return it for JSON; the keys are documented in `hotdesk device show`."""
        seen = asdict(self.seen) if self.seen else None
        if seen:
            del seen["device"]
        return {
            **summary(self.desk),
            "user_name": self.desk.user.name if self.desk.user else None,
            "since": since(self.desk),
            "switch": self._switch(),
            "status": seen,
            **({"sip_secret": self.desk.device.sip_secret} if with_secrets else {}),
        }

    def for_people(self, *, with_secrets: bool) -> list[tuple[str, Cell]]:
        """Return it as names and values."""
        device, user, seen = self.desk.device, self.desk.user, self.seen
        shown: list[tuple[str, Cell]] = [
            ("Device", device.name),
            ("MAC", mac_shown(device.mac)),
            ("Account", device.account),
            ("Location", device.location or "-"),
            ("Emergency number", device.emergency_number or "-"),
            ("Language", device.language or "-"),
            ("User", f"{extension_shown(user)} {user.name}" if user else "-"),
            ("Since", moment(since(self.desk))),
            *self._steps(),
            ("Phone", contact(seen)),
        ]
        if seen:
            shown += [
                ("Seen", moment(seen.seen_at)),
                ("Address", seen.address or "-"),
                ("User agent", seen.user_agent or seen.fetched_user_agent or "-"),
                ("Fetched", moment(seen.fetched_at)),
            ]
        if with_secrets:
            shown.append(("SIP secret", device.sip_secret))
        return shown

    def _switch(self) -> dict[str, int | datetime | None] | None:
        switch = self.desk.switch
        if switch is None:
            return None
        return {
            "generation": switch.id,
            "decided_at": switch.decided_at,
            "routed_at": switch.routed_at,
            "refreshed_at": switch.refreshed_at,
            "confirmed_at": switch.confirmed_at,
        }

    def _steps(self) -> list[tuple[str, Cell]]:
        switch = self.desk.switch
        if switch is None:
            return [("Last switch", "-")]
        return [
            ("Last switch", moment(switch.decided_at)),
            ("  in force", moment(switch.routed_at)),
            ("  phone told", moment(switch.refreshed_at)),
            ("  phone fetched", moment(switch.confirmed_at)),
        ]


async def details(config: Config, database: Database, name: str) -> Details:
    """Return all that is known of the device called *name*, or raise `NotFound`."""
    async with database.transaction() as tx:
        desk = await logins.desk(tx, name)
        seen = await status.known_of(tx, name)
    if desk is None:
        raise NotFound(f"There is no device {name}.")
    return Details(desk, seen)
