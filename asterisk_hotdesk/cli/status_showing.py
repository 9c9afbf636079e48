"""What `hotdesk status` shows of each device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asterisk_hotdesk.cli.output import Cell, extension_shown, moment
from asterisk_hotdesk.model import Desk, Device
from asterisk_hotdesk.store.status import DeviceStatus

_MOST_NAMED = 5

COLUMNS = ("Device", "User", "Name", "Since", "PBX", "Phone", "Seen", "Location")


@dataclass(frozen=True)
class Seat:
    """A desk, and what is known of its phone."""

    desk: Desk
    seen: DeviceStatus | None
    stale_before: datetime

    @property
    def in_force(self) -> bool | None:
        """Return whether the PBX has followed the last switch; None: there is none."""
        switch = self.desk.switch
        return None if switch is None else switch.routed_at is not None

    @property
    def confirmed(self) -> bool | None:
        """Return whether the phone has fetched since the last switch, if any."""
        switch = self.desk.switch
        return None if switch is None else switch.confirmed_at is not None

    @property
    def stale(self) -> bool:
        """Return whether the phone had its time to fetch, and did not."""
        switch = self.desk.switch
        return (
            switch is not None
            and switch.confirmed_at is None
            and switch.decided_at < self.stale_before
        )

    @property
    def restarts(self) -> bool:
        """Return whether the phone restarted lately instead of only fetching."""
        return self.seen is not None and self.seen.restarted_at is not None


def summary(seat: Seat) -> dict[str, Any]:
    """Return what programs get."""
    user, seen = seat.desk.user, seat.seen
    return {
        "device": seat.desk.device.name,
        "account": seat.desk.device.account,
        "extension": user.extension if user else None,
        "name": user.name if user else None,
        "since": since(seat.desk),
        "in_force": seat.in_force,
        "confirmed": seat.confirmed,
        "stale": seat.stale,
        "registered": seen.registered if seen else None,
        "reachable": seen.reachable if seen else None,
        "in_call": seen.in_call if seen else None,
        "address": seen.address if seen else "",
        "user_agent": seen.user_agent if seen else "",
        "restarted_at": seen.restarted_at if seen else None,
    }


def row(seat: Seat) -> list[Cell]:
    """Return what people get, in the order of `COLUMNS`."""
    user = seat.desk.user
    return [
        seat.desk.device.name,
        (extension_shown(user), "green") if user else "-",
        user.name if user else "-",
        moment(since(seat.desk)),
        _pbx(seat),
        _phone(seat),
        contact(seat.seen),
        seat.desk.device.location or "-",
    ]


def since(desk: Desk) -> datetime | None:
    """Return since when the user sits there; the switch that began it tells."""
    return desk.switch.decided_at if desk.user and desk.switch else None


def contact(seen: DeviceStatus | None) -> Cell:
    """Return how Asterisk sees the phone."""
    if seen is None or seen.registered is None:
        return "unknown"
    if not seen.registered:
        return ("not registered", "red")
    if seen.reachable is False:
        return ("unreachable", "red")
    return ("in call", "cyan") if seen.in_call else "registered"


def counted(seats: Sequence[Seat], *, daemon_running: bool) -> str:
    """Return the line below the table."""
    used = sum(seat.desk.user is not None for seat in seats)
    stale = sum(seat.stale for seat in seats)
    pending = sum(seat.in_force is False for seat in seats)
    return (
        f"devices: {len(seats)} (used: {used}, idle: {len(seats) - used});"
        f" stale phones: {stale}; pending switches: {pending};"
        f" the daemon is {'running' if daemon_running else 'not running'}"
    )


def advice(seats: Sequence[Seat]) -> list[str]:
    """Return what to do about phones that restart, a sentence for each kind."""
    names: dict[str, list[str]] = {}
    for seat in seats:
        if seat.restarts:
            names.setdefault(kind_shown(seat.desk.device), []).append(
                seat.desk.device.name
            )
    return [
        f"Restarts where it should only fetch: {', '.join(devices)}. Update the"
        f" firmware of {kind}."
        for kind, devices in names.items()
    ]


def location_advice(desks: Sequence[Desk]) -> list[str]:
    """Return what to do about devices without a location: a sentence, or none."""
    lost = sorted(desk.device.name for desk in desks if not desk.device.location)
    if not lost:
        return []
    named = ", ".join(lost[:_MOST_NAMED]) + (", …" if len(lost) > _MOST_NAMED else "")
    return [
        f"{len(lost)} without a location ({named}): nobody can tell where an emergency"
        " call comes from; see: hotdesk device edit --location"
    ]


def restarted(device: Device, seen: DeviceStatus) -> Cell:
    """Return when the phone restarted instead of only fetching, and what to do."""
    if seen.restarted_at is None:
        return "-"
    kind = kind_shown(device)
    return (f"{moment(seen.restarted_at)}; update the firmware of {kind}", "yellow")


def kind_shown(device: Device) -> str:
    """Return the vendor, model and firmware of a device's phone."""
    phone = device.phone
    shown = " ".join(filter(None, (phone.vendor, phone.model, phone.firmware)))
    return shown or "the phone"


def _pbx(seat: Seat) -> Cell:
    if seat.in_force is None:
        return "-"
    return "in force" if seat.in_force else ("pending", "yellow")


def _phone(seat: Seat) -> Cell:
    if seat.confirmed is None:
        return "-"
    if seat.stale:
        return ("stale", "red")
    if not seat.confirmed:
        return ("waiting", "yellow")
    return ("restarts", "yellow") if seat.restarts else "confirmed"
