"""Rules that log people out."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from asterisk_hotdesk.config.regions import public_holidays
from asterisk_hotdesk.config.values import AccountName, Table, like

_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_MOST_HOURS = 9999


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("should be a time zone such as Europe/Berlin") from None
    return name


def _region(region: str) -> str:
    public_holidays(region)
    return region


Clock = Annotated[str, like(f"({_CLOCK})?", "a time such as 18:00")]
Opening = Annotated[str, like(f"{_CLOCK}-({_CLOCK}|24:00)", "such as 08:00-18:00")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Hours = Annotated[float, Field(ge=0, le=_MOST_HOURS, allow_inf_nan=False)]
Minutes = Annotated[int, Field(ge=0, le=24 * 60)]
Zone = Annotated[str, AfterValidator(_zone)]
Region = Annotated[str, AfterValidator(_region)]


class AccountLogoutConfig(Table):
    """What differs for the desks of one account; None: it is as for all."""

    idle_hours: Hours | None = None
    total_hours: Hours | None = None
    daily_at: Clock | None = None
    timezone: Zone | None = None
    region: Region | None = None
    hours: dict[Weekday, Opening] | None = None
    warn_minutes: Minutes | None = None


class LogoutConfig(Table):
    """When people are logged out by themselves."""

    idle_hours: Hours = 0
    """So long after the last call, or after the login; 0: never."""
    total_hours: Hours = 0
    """So long after the login; 0: never."""
    daily_at: Clock = ""
    """Every day at this time; empty: never."""
    timezone: Zone | None = None
    """Of `daily_at` and `hours` at desks that have none of their own."""
    region: Region | None = None
    """Whose public holidays have no opening hours, such as DE or DE-BY."""
    hours: dict[Weekday, Opening] = Field(default_factory=dict)
    """When the office is open, by day; everybody is logged out when it closes."""
    warn_minutes: Minutes = 5
    """How long before a display says so, where it can; 0: not at all."""
    per_second: Annotated[int, Field(ge=1, le=10)] = 10
    """How many phones a second: Asterisk ignores SIP when its queues are long."""
    accounts: dict[AccountName, AccountLogoutConfig] = Field(default_factory=dict)
    """What differs for the desks of an account, by its name."""

    def of(self, account: str) -> LogoutConfig:
        """Return what holds for the desks of *account*."""
        own = self.accounts.get(account, AccountLogoutConfig())
        return self.model_copy(
            update={k: v for k, v in vars(own).items() if v is not None}
        )

    @property
    def has_rules(self) -> bool:
        """Return whether a rule holds for the desks of any account."""
        return any(
            plan.idle_hours or plan.total_hours or plan.daily_at or plan.hours
            for plan in (self, *map(self.of, self.accounts))
        )

    @model_validator(mode="after")
    def _clocks_have_a_zone(self) -> LogoutConfig:
        for plan in (self, *map(self.of, self.accounts)):
            if (plan.daily_at or plan.hours) and plan.timezone is None:
                raise ValueError(
                    "should have timezone, such as Europe/Berlin, where it has daily_at"
                    " or hours"
                )
        return self
