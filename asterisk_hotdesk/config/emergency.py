"""Emergency calls: which numbers, and what follows one."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from asterisk_hotdesk.config.values import (
    AccountName,
    Command,
    Digits,
    Positive,
    Sounds,
    Table,
    Word,
)

_CIVIC_ELEMENT = (
    "ADDCODE|A[1-6]|BLD|country|FLR|HN[OS]|LMK|NAM|P(C|CN|LC)|POBOX|PO[DM]|PR[DM]"
    "|RD(BR|SEC|SUBBR)?|ROOM|SEAT|STS|UNIT"
)
"""Of RFC 4119 and RFC 5139, except LOC: that is the device's own location."""


def _civic_address(address: dict[str, str]) -> dict[str, str]:
    unknown = [name for name in address if not re.fullmatch(_CIVIC_ELEMENT, name)]
    if unknown:
        raise ValueError(
            f"should not have {unknown[0]}: expected elements of RFC 4119 and RFC 5139"
            " such as country, A3 (city), RD (road), HNO (house number)"
        )
    # They are written into the dialplan, between double quotes.
    if any(not re.fullmatch(r"[\w ./:#+'&-]+", value) for value in address.values()):
        raise ValueError("should have letters, digits, blanks and . / : # + ' & - only")
    return address


NumberList = Annotated[tuple[Digits, ...], Field(strict=False)]
EmergencyNumbers = Annotated[tuple[Digits, ...], Field(strict=False, min_length=1)]
CivicAddress = Annotated[dict[str, str], AfterValidator(_civic_address)]


class AccountEmergencyConfig(Table):
    """What differs for the desks of one account; None: it is as for all."""

    numbers: EmergencyNumbers | None = None
    context: Word | None = None
    internal_numbers: NumberList | None = None
    internal_context: Word | None = None
    notify_extension: Digits | None = None
    notify_context: Word | None = None
    civic_address: CivicAddress | None = None


class EmergencyConfig(Table):
    """Numbers that every desk can always call, and what follows such a call."""

    numbers: EmergencyNumbers = ("112", "110")
    context: Word = "outside"
    """The PBX's dialplan context that takes these numbers outside."""
    internal_numbers: NumberList = ()
    """What a desk that nobody uses may call, too, such as first aid."""
    internal_context: Word = "internal"
    """The PBX's context that takes the internal numbers."""
    notify_extension: Digits | None = None
    """Rings at each emergency call and hears which desk it is; None: nobody's."""
    notify_context: Word = "internal"
    """The PBX's context that takes `notify_extension`."""
    notify_sounds: Sounds = ("beeperr",)
    """What is heard there before the number that was called and the desk are spelt."""
    notify_command: Command = ()
    """Started at each emergency call, with the facts as JSON on its standard input."""
    notify_command_seconds: Positive = 30
    """After so long it is killed."""
    pin_minutes: Positive = 60
    """How long after a call the desk's emergency number leads to that desk."""
    quiet_seconds: Annotated[int, Field(ge=0)] = 120
    """How long after a call its phone is not made to fetch: its display stays as it
    is while somebody may need it again."""
    callback_digits: Annotated[int, Field(ge=0, le=15)] = 0
    """How many of its last digits the provider sends of a number; 0: all."""
    callback_context: Word | None = None
    """The PBX's context that takes calls to an emergency number that is pinned to no
    desk; None: the desk, where only one has the number."""
    civic_address: CivicAddress = Field(default_factory=dict)
    """Of the site, for a PIDF-LO that Asterisk sends with the call; empty: none."""
    accounts: dict[AccountName, AccountEmergencyConfig] = Field(default_factory=dict)
    """What differs for the desks of an account, by its name."""

    def of(self, account: str) -> EmergencyConfig:
        """Return what holds for the desks of *account*."""
        own = self.accounts.get(account, AccountEmergencyConfig())
        return self.model_copy(
            update={k: v for k, v in vars(own).items() if v is not None}
        )

    @property
    def all_numbers(self) -> frozenset[str]:
        """Return the emergency numbers of all accounts."""
        return frozenset(self.numbers).union(
            *(self.of(a).numbers for a in self.accounts)
        )

    @model_validator(mode="after")
    def _internal_numbers_are_others(self) -> EmergencyConfig:
        for plan in (self, *map(self.of, self.accounts)):
            if both := set(plan.numbers) & set(plan.internal_numbers):
                raise ValueError(
                    f"should not have {min(both)} in both numbers and internal_numbers"
                )
        return self
