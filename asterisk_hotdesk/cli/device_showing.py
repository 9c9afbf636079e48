"""What is shown of a device."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from asterisk_hotdesk.administration.values import mac_shown
from asterisk_hotdesk.cli.logout_showing import Outlook, outlook_at
from asterisk_hotdesk.cli.opening import now
from asterisk_hotdesk.cli.output import Cell, extension_shown, moment
from asterisk_hotdesk.cli.status_showing import contact, kind_shown, since
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.model import Desk, Device, User
from asterisk_hotdesk.phones import traits
from asterisk_hotdesk.store import Database, logins, phones, status, users
from asterisk_hotdesk.store.phones import Enrolment
from asterisk_hotdesk.store.status import DeviceStatus

COLUMNS = (
    "Device",
    "MAC",
    "Phone",
    "Account",
    "Location",
    "Emergency",
    "Language",
    "User",
)


def summary(desk: Desk) -> dict[str, Any]:
    """Return what programs get of a device."""
    device = desk.device
    return {
        "name": device.name,
        "mac": device.mac,
        "enabled": device.enabled,
        "vendor": device.phone.vendor,
        "model": device.phone.model,
        "firmware": device.phone.firmware,
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
        phone(device),
        device.account,
        device.location or "-",
        device.emergency_number or "-",
        device.language or "-",
        (extension_shown(desk.user), "green") if desk.user else "-",
    ]


def phone(device: Device) -> Cell:
    """Return what stands on the desk, or why nothing works there."""
    if not device.enabled:
        return ("disabled", "red")
    if device.mac is None:
        return ("waiting for a phone", "yellow")
    return f"{device.phone.vendor} {device.phone.model}".strip() or "-"


@dataclass(frozen=True)
class Details:
    """All that is known of one device."""

    desk: Desk
    base_user: User | None
    enrolment: Enrolment
    seen: DeviceStatus | None
    at: datetime
    outlook: Outlook

    def for_programs(self, *, with_secrets: bool) -> dict[str, Any]:
        """Return it for JSON; the keys are documented in `hotdesk device show`."""
        device = self.desk.device
        seen = asdict(self.seen) if self.seen else None
        if seen:
            del seen["device"]
        sitter = self.base_user.extension if self.base_user else None
        return {
            **summary(self.desk),
            "user_name": self.desk.user.name if self.desk.user else None,
            "since": since(self.desk),
            "first_user": None if device.base_user_returns else sitter,
            "base_user": sitter if device.base_user_returns else None,
            "options": asdict(device.options),
            "enrolment": {"state": self._state(), **asdict(self.enrolment)},
            "warnings": self._warnings(),
            "switch": self._switch(),
            "status": seen,
            **self.outlook.for_programs(),
            **(_secrets(device) if with_secrets else {}),
        }

    def for_people(self, *, with_secrets: bool) -> list[tuple[str, Cell]]:
        """Return it as names and values."""
        device, user, seen = self.desk.device, self.desk.user, self.seen
        shown: list[tuple[str, Cell]] = [
            ("Device", device.name),
            ("Enabled", "yes" if device.enabled else ("no", "red")),
            ("MAC", mac_shown(device.mac)),
            ("Vendor", device.phone.vendor or "-"),
            ("Model", device.phone.model or "-"),
            ("Firmware", device.phone.firmware or "-"),
            *(("Note", (warning, "yellow")) for warning in self._warnings()),
            ("Account", device.account),
            ("Location", device.location or "-"),
            ("Emergency number", device.emergency_number or "-"),
            ("Language", device.language or "-"),
            *self._options(),
            ("User", _named(user)),
            ("Since", moment(since(self.desk))),
            *self.outlook.for_people(),
            (
                "Base user" if device.base_user_returns else "First user",
                _named(self.base_user),
            ),
            ("Enrolment", self._enrolment()),
            *self._steps(),
            ("Phone", contact(seen)),
        ]
        if seen:
            shown += [
                ("Seen", moment(seen.seen_at)),
                ("Address", seen.address or "-"),
                ("User agent", seen.user_agent or seen.fetched_user_agent or "-"),
                ("Fetched", moment(seen.fetched_at)),
                ("Started", moment(seen.booted_at)),
                ("Restarted", _restarted(device, seen)),
            ]
        if with_secrets:
            shown += [
                ("SIP secret", device.sip_secret),
                ("Web password", device.web_password),
            ]
        return shown

    def _options(self) -> list[tuple[str, Cell]]:
        options = self.desk.device.options
        return [
            ("Transport", options.transport or "-"),
            ("SRTP", "yes" if options.srtp else "no"),
            ("Codecs", ",".join(options.codecs) or "-"),
            ("Time zone", options.timezone or "-"),
            ("Outbound proxy", options.outbound_proxy or "-"),
            ("Hot-desk key", str(options.hot_desk_key or "off")),
            ("Users' keys", "stay" if options.keep_key_positions else "make room"),
        ]

    def _warnings(self) -> list[str]:
        kind = self.desk.device.phone
        return list(traits(kind).warnings) if kind.vendor else []

    def _state(self) -> str:
        if self.desk.device.mac is None:
            return "waiting"
        if self.enrolment.is_open(self.at):
            return "open"
        return "done" if self.enrolment.done_at else "closed"

    def _enrolment(self) -> Cell:
        known = self.enrolment
        match self._state():
            case "waiting":
                return ("waiting for a phone", "yellow")
            case "open":
                left = f"{known.deliveries_left} deliveries left"
                return (f"open until {moment(known.open_until)} ({left})", "yellow")
            case "done":
                return f"done {moment(known.done_at)}"
        return (f"closed; see: hotdesk device enrol {self.desk.device.name}", "red")

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
        if desk is None:
            raise NotFound(f"There is no device {name}.")
        return Details(
            desk=desk,
            base_user=await users.by_id(tx, desk.device.base_user_id),
            enrolment=await phones.enrolment(tx, desk.device),
            seen=await status.known_of(tx, name),
            at=now(),
            outlook=await outlook_at(config, tx, desk),
        )


def _restarted(device: Device, seen: DeviceStatus) -> Cell:
    """Return when the phone restarted instead of only fetching, and what to do."""
    if seen.restarted_at is None:
        return "-"
    kind = kind_shown(device.phone)
    return (f"{moment(seen.restarted_at)}; update the firmware of {kind}", "yellow")


def _named(user: User | None) -> str:
    return f"{extension_shown(user)} {user.name}" if user else "-"


def _secrets(device: Device) -> dict[str, str]:
    return {"sip_secret": device.sip_secret, "web_password": device.web_password}
