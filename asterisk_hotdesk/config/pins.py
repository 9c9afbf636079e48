"""What a PIN is, how it is asked for, and what the rules leave open."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from asterisk_hotdesk.config.values import Positive, Secret, Table
from asterisk_hotdesk.model import LoginMethod


class PinsConfig(Table):
    """What a PIN is, how it is asked for, and what a wrong one costs."""

    method: Annotated[LoginMethod, Field(strict=False)] = LoginMethod.PIN
    """What users give of whom nothing else is said; see `hotdesk user add --help`."""
    length: Annotated[int, Field(ge=4, le=12)] = 6
    longest_voicemail: Annotated[int, Field(ge=1, le=20)] | None = None
    """Digits of the longest PIN of a mailbox; None: as many as `length` at most.

    Where mailboxes have more, everybody ends a shorter PIN with `#`, or by waiting.
    """
    expire_days: Annotated[int, Field(ge=0)] = 0
    """A PIN of ours that is older must be changed at the next login; 0: none must."""
    tries_per_call: Positive = 3
    silence_seconds: Positive = 8
    """How long we wait for the first digit and between two digits."""
    call_seconds: Positive = 120
    """How long a call to us may last at all."""
    pepper: Secret | None = None
    """None: made at the first start, in `state_dir`."""
    user_failures: Positive = 5
    device_failures: Positive = 10
    total_failures: Positive = 100
    first_lock_seconds: Positive = 30
    """Doubles with each further wrong PIN, up to `longest_lock_seconds`."""
    longest_lock_seconds: Positive = 3600
    hard_lock_failures: Positive = 20
    """A user with so many wrong PINs stays locked until an administrator unlocks."""
    forget_seconds: Positive = 3600

    @property
    def most_digits(self) -> int:
        """Return how many digits anybody's PIN has at most, of whatever kind."""
        return max(self.length, self.longest_voicemail or 0)


class PolicyConfig(Table):
    """What the rules leave to the administrator."""

    second_login: Literal["move", "refuse"] = "move"
    """What happens to a user who logs in while logged in at another desk."""
    refuse_login_without_location: bool = False
    """Whether nobody can log in at a device of which we know no location."""
