"""How each vendor calls a time zone.

The names are those of Tancredi's tables (snom.macros, yealink.macros); only zones whose
summer time follows the same rule as the vendor's name for it are here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Change(NamedTuple):
    """When clocks change, on a Sunday."""

    month: int
    week: int
    """1 to 4; 5: the last one of the month."""
    hour: int
    """By the clock before the change."""


class SummerTime(NamedTuple):
    """When an hour is added, and when it is taken away."""

    start: Change
    end: Change


@dataclass(frozen=True)
class Zone:
    """A time zone as phones want to be told; None where a vendor has no word for it."""

    hours: float
    """Ahead of UTC, in winter."""
    summer: SummerTime | None
    snom: str | None = None
    yealink: str | None = None

    @property
    def clock(self) -> str:
        """Return the hours as Yealink writes them: `+1`, `-3:30`, `0`."""
        hours, minutes = divmod(round(abs(self.hours) * 60), 60)
        sign = "-" if self.hours < 0 else "+" if self.hours else ""
        return f"{sign}{hours}" + (f":{minutes:02}" if minutes else "")

    @property
    def seconds(self) -> int:
        """Return the seconds ahead of UTC, for Poly."""
        return round(self.hours * 3600)

    @property
    def fanvil(self) -> tuple[int, str] | None:
        """Return Fanvil's number (quarters of an hour) and its name."""
        if self.hours != int(self.hours):
            return None
        hours = int(self.hours)
        name = "UTC" if not hours else f"UTC+{hours}" if hours > 0 else f"UTC{hours:03}"
        return hours * 4, name

    @property
    def grandstream(self) -> str | None:
        """Return the one entry of Grandstream's list that we have seen in use."""
        if self.hours == 1 and self.summer == _europe(1):
            return "CET-1CEST-2,M3.5.0/02:00:00,M10.5.0/03:00:00"
        return None


def _europe(hours: int) -> SummerTime:
    """Return the rule of the European Union: everywhere at 01:00 UTC."""
    return SummerTime(Change(3, 5, 1 + hours), Change(10, 5, 2 + hours))


_AMERICA = SummerTime(Change(3, 2, 2), Change(11, 1, 2))
_AUSTRALIA = SummerTime(Change(10, 1, 2), Change(4, 1, 3))
_NEW_ZEALAND = SummerTime(Change(9, 5, 2), Change(4, 1, 3))

_LONDON = Zone(0, _europe(0), "GBR-0", "United Kingdom(London)")
_BERLIN = Zone(1, _europe(1), "GER+1", "Germany(Berlin)")
_SYDNEY = Zone(10, _AUSTRALIA, "AUS+10", "Australia(Sydney,Melboume,Canberra)")

_ZONES = {
    "America/Anchorage": Zone(-9, _AMERICA, "USA-9", "United States-Alaska Time"),
    "America/Chicago": Zone(-6, _AMERICA, "USA-6", "United States-Central Time"),
    "America/Denver": Zone(-7, _AMERICA, "USA-7", "United States-Mountain Time"),
    # Summer time all year since 2026; the vendors' words for these still change clocks.
    "America/Edmonton": Zone(-6, None),
    "America/Halifax": Zone(-4, _AMERICA, "CAN-4", "Canada(Halifax,Saint John)"),
    "America/Los_Angeles": Zone(-8, _AMERICA, "USA-8", "United States-Pacific Time"),
    "America/New_York": Zone(-5, _AMERICA, "USA-5", "United States-Eastern Time"),
    "America/Toronto": Zone(-5, _AMERICA, "CAN-5", "Canada(Montreal,Ottawa,Quebec)"),
    "America/Vancouver": Zone(-7, None),
    "America/Winnipeg": Zone(-5, None),
    "Asia/Hong_Kong": Zone(8, None, None, "China(Beijing)"),
    "Asia/Kolkata": Zone(5.5, None, "IND+5.5", "India(Calcutta)"),
    "Asia/Seoul": Zone(9, None, None, "Korea(Seoul)"),
    "Asia/Shanghai": Zone(8, None, None, "China(Beijing)"),
    "Asia/Singapore": Zone(8, None, "SGP+8", "Singapore(Singapore)"),
    "Asia/Tokyo": Zone(9, None, None, "Japan(Tokyo)"),
    "Australia/Adelaide": Zone(9.5, _AUSTRALIA, "AUS+9.5", "Australia(Adelaide)"),
    "Australia/Brisbane": Zone(10, None, None, "Australia(Brisbane)"),
    "Australia/Darwin": Zone(9.5, None, None, "Australia(Darwin)"),
    "Australia/Hobart": Zone(10, _AUSTRALIA, "AUS+10", "Australia(Hobart)"),
    "Australia/Melbourne": _SYDNEY,
    "Australia/Perth": Zone(8, None, "AUS+8", "Australia(Perth)"),
    "Australia/Sydney": _SYDNEY,
    "Europe/Amsterdam": Zone(1, _europe(1), "NLD+1", "Netherlands(Amsterdam)"),
    "Europe/Athens": Zone(2, _europe(2), "GRC+2", "Greece(Athens)"),
    "Europe/Belgrade": _BERLIN,
    "Europe/Berlin": _BERLIN,
    "Europe/Bratislava": Zone(1, _europe(1), "SVK+1", "Germany(Berlin)"),
    "Europe/Brussels": Zone(1, _europe(1), "BEL+1", "France(Paris)"),
    "Europe/Bucharest": Zone(2, _europe(2), "ROU+2", "Romania(Bucharest)"),
    "Europe/Budapest": Zone(1, _europe(1), "HUN+1", "Hungary(Budapest)"),
    "Europe/Copenhagen": Zone(1, _europe(1), "DNK+1", "Denmark(Kopenhagen)"),
    "Europe/Dublin": _LONDON,
    "Europe/Helsinki": Zone(2, _europe(2), "FIN+2", "Finland(Helsinki)"),
    "Europe/Kyiv": Zone(2, _europe(2), "UKR+2", "Ukraine(Kyiv, Odessa)"),
    "Europe/Lisbon": Zone(0, _europe(0), "PRT-0", "Portugal(Lisboa,Porto,Funchal)"),
    "Europe/Ljubljana": _BERLIN,
    "Europe/London": _LONDON,
    "Europe/Luxembourg": Zone(1, _europe(1), "LUX+1", "Luxembourg(Luxembourg)"),
    "Europe/Madrid": Zone(1, _europe(1), "ESP+1", "Spain(Madrid)"),
    "Europe/Oslo": Zone(1, _europe(1), "NOR+1", "Germany(Berlin)"),
    "Europe/Paris": Zone(1, _europe(1), "FRA+1", "France(Paris)"),
    "Europe/Prague": Zone(1, _europe(1), "CZE+1", "Czech Republic(Prague)"),
    "Europe/Riga": Zone(2, _europe(2), None, "Latvia(Riga)"),
    "Europe/Rome": Zone(1, _europe(1), "ITA+1", "Italy(Rome)"),
    "Europe/Sofia": Zone(2, _europe(2), "GRC+2", "Greece(Athens)"),
    "Europe/Stockholm": Zone(1, _europe(1), "SWE+1", "Denmark(Kopenhagen)"),
    "Europe/Tallinn": Zone(2, _europe(2), "EST+2", "Estonia(Tallinn)"),
    "Europe/Vaduz": _BERLIN,
    "Europe/Vienna": _BERLIN,
    "Europe/Vilnius": Zone(2, _europe(2), "EST+2", "Estonia(Tallinn)"),
    "Europe/Warsaw": Zone(1, _europe(1), "POL+1", "Germany(Berlin)"),
    "Europe/Zagreb": Zone(1, _europe(1), "HRV+1", "Croatia(Zagreb)"),
    "Europe/Zurich": _BERLIN,
    "Pacific/Auckland": Zone(
        12, _NEW_ZEALAND, "NZL+12", "New Zealand(Wellington,Auckland)"
    ),
}


def zone(name: str) -> Zone | None:
    """Return the zone that IANA calls *name*, or None if it is none of the common."""
    return _ZONES.get(name)
