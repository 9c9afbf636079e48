"""What is known, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.model import Device, Failures, User
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.overview import DeskStatus


@dataclass(frozen=True)
class Finding:
    """One sentence about how things are, and one about what helps."""

    text: str
    remedy: str = ""
    wrong: bool = False
    """Whether it keeps somebody from logging in, or a phone from being right."""


@dataclass(frozen=True, kw_only=True)
class House:
    """What holds for everybody."""

    now: datetime
    written: Callable[[datetime], str]
    """How a time is written for whoever reads this."""
    limits: PinsConfig
    location_required: bool
    stale_after: timedelta
    base_url: str
    """Where phones fetch."""
    daemon_running: bool
    wrong_pins: Failures
    """Of all together."""


@dataclass(frozen=True, kw_only=True)
class UserFacts:
    """What is known of one user."""

    user: User
    desk: DeskStatus | None
    """Where she sits."""
    last: Event | None
    """The last login or logout."""
    refused: Event | None
    """The last refusal."""
    tried_at: DeskStatus | None
    """The device of that; None also if there is none of that name."""
    wrong_pins: Failures
    wrong_pins_there: Failures
    """At the device of the last refusal."""


@dataclass(frozen=True, kw_only=True)
class DeviceFacts:
    """What is known of one device."""

    device: Device
    desk: DeskStatus
    last: Event | None
    """The last login, logout or refusal."""
    wrong_pins: Failures
