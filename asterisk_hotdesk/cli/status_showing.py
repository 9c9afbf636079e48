"""What `hotdesk status` shows of each device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asterisk_hotdesk.cli import changes
from asterisk_hotdesk.cli.opening import now
from asterisk_hotdesk.cli.output import Cell, key_shown, moment
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.model import Desk, PhoneKind
from asterisk_hotdesk.store import Database, overview
from asterisk_hotdesk.store.overview import DeskStatus
from asterisk_hotdesk.store.status import DeviceStatus

_MOST_NAMED = 5

COLUMNS = ("Device", "User", "Name", "Since", "PBX", "Phone", "Seen", "Location")

OF_PROGRAMS = (
    *("device", "account", "extension", "name", "since"),
    *("in_force", "confirmed", "stale", "registered", "reachable", "in_call"),
    *("address", "user_agent", "restarted_at", "mac", "location", "enabled"),
    *("vendor", "model", "firmware", "generation", "decided_at", "routed_at"),
    *("refreshed_at", "confirmed_at", "registered_since", "round_trip_ms"),
    *("in_emergency_call", "last_call_at", "seen_at", "booted_at", "fetched_at"),
    *("fetched_generation", "routed_extension", "routed_since"),
    *("provisioned_extension", "pbx_answers"),
)
"""The keys of the JSON and the columns of the CSV, in their order."""


@dataclass(frozen=True)
class Picture:
    """All desks at one moment, used ones first, and whether somebody serves them."""

    desks: Sequence[DeskStatus]
    stale_before: datetime
    """A switch that was decided before then and is not confirmed is a stale phone."""
    daemon_running: bool

    def for_programs(self) -> list[dict[str, Any]]:
        """Return what programs get of each desk, with the keys `OF_PROGRAMS`."""
        return [
            {
                name: self.is_stale(desk) if name == "stale" else getattr(desk, name)
                for name in OF_PROGRAMS
            }
            for desk in self.desks
        ]

    def rows(
        self, written: Callable[[datetime | None], str] = moment
    ) -> list[list[Cell]]:
        """Return what people get of each desk, in the order of `COLUMNS`.

        *written* is how times are.
        """
        return [self._row(desk, written) for desk in self.desks]

    def counted(self) -> str:
        """Return how many desks there are of which kind."""
        used = sum(desk.extension is not None for desk in self.desks)
        stale = sum(map(self.is_stale, self.desks))
        pending = sum(desk.in_force is False for desk in self.desks)
        return (
            f"devices: {len(self.desks)} (used: {used},"
            f" idle: {len(self.desks) - used});"
            f" stale phones: {stale}; pending switches: {pending};"
            f" the daemon is {'running' if self.daemon_running else 'not running'}"
            f"{self._pbx_away()}"
        )

    def _pbx_away(self) -> str:
        """Return since when nobody knows what the phones do, or nothing."""
        away = [desk.pbx_since for desk in self.desks if desk.pbx_answers is False]
        return f"; Asterisk does not answer since {moment(away[0])}" if away else ""

    def is_stale(self, desk: DeskStatus) -> bool:
        """Return whether the phone had its time to fetch, and did not."""
        return desk.is_stale(self.stale_before)

    def _row(
        self, desk: DeskStatus, written: Callable[[datetime | None], str]
    ) -> list[Cell]:
        who = key_shown(desk.account, desk.extension) if desk.extension else None
        return [
            desk.device,
            (who, "green") if who else "-",
            desk.name or "-",
            written(desk.since),
            _pbx(desk),
            self._phone(desk),
            contact(desk),
            desk.location or "-",
        ]

    def _phone(self, desk: DeskStatus) -> Cell:
        if desk.confirmed is None:
            return "-"
        if self.is_stale(desk):
            return ("stale", "red")
        if not desk.confirmed:
            return ("waiting", "yellow")
        return ("restarts", "yellow") if desk.restarted_at else "confirmed"


async def look(config: Config, database: Database) -> Picture:
    """Return how all desks are now."""
    async with database.transaction() as tx:
        desks = await overview.all_desks(tx)
    return Picture(
        sorted(desks, key=lambda desk: desk.extension is None),
        now() - timedelta(seconds=config.refresh.stale_seconds),
        await changes.daemon_is_running(config, database),
    )


def contact(seen: DeskStatus | DeviceStatus | None) -> Cell:
    """Return how Asterisk sees the phone."""
    if seen is None or seen.registered is None:
        return "unknown"
    if not seen.registered:
        return ("not registered", "red")
    if seen.reachable is False:
        return ("unreachable", "red")
    return ("in call", "cyan") if seen.in_call else "registered"


def since(desk: Desk) -> datetime | None:
    """Return since when the user sits there; the switch that began it tells."""
    return desk.switch.decided_at if desk.user and desk.switch else None


def advice(desks: Sequence[DeskStatus]) -> list[str]:
    """Return what to do about phones that restart, a sentence for each kind."""
    names: dict[str, list[str]] = {}
    for desk in desks:
        if desk.restarted_at:
            names.setdefault(kind_shown(desk), []).append(desk.device)
    return [
        f"Restarts where it should only fetch: {', '.join(devices)}. Update the"
        f" firmware of {kind}."
        for kind, devices in names.items()
    ]


def location_advice(lost: Sequence[str]) -> list[str]:
    """Return what to do about the devices *lost*, which have no location, if any."""
    if not lost:
        return []
    first = sorted(lost)[:_MOST_NAMED]
    named = ", ".join(first) + (", …" if len(lost) > _MOST_NAMED else "")
    return [
        f"{len(lost)} without a location ({named}): nobody can tell where an emergency"
        " call comes from; see: hotdesk device edit --location"
    ]


def kind_shown(phone: PhoneKind | DeskStatus) -> str:
    """Return the vendor, model and firmware of a phone."""
    shown = " ".join(filter(None, (phone.vendor, phone.model, phone.firmware)))
    return shown or "the phone"


def _pbx(desk: DeskStatus) -> Cell:
    if desk.in_force is None:
        return "-"
    return "in force" if desk.in_force else ("pending", "yellow")
