"""Who has to wait after too many wrong PINs, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from asterisk_hotdesk import rules
from asterisk_hotdesk.explanations.facts import Finding, House
from asterisk_hotdesk.model import Failures


def of_user(extension: str, failures: Failures, house: House) -> Iterator[Finding]:
    """Yield whether an extension is locked, or how near it is to that."""
    limits = house.limits
    if failures.count >= limits.hard_lock_failures:
        yield Finding(
            f"{extension} is locked after {failures.count} wrong PINs, until an"
            " administrator unlocks it.",
            f"hotdesk unlock {extension}",
            wrong=True,
        )
    elif until := _locked_until(failures, limits.user_failures, house):
        yield Finding(
            f"{extension} is locked until {house.written(until)}, after"
            f" {failures.count} wrong PINs in a row.",
            f"Wait, or: hotdesk unlock {extension}",
            wrong=True,
        )
    elif failures.count:
        yield Finding(f"Wrong PINs for {extension} in a row: {failures.count}.")


def of_device(name: str, failures: Failures, house: House) -> Iterator[Finding]:
    """Yield whether nobody can log in at a device for a while."""
    if until := _locked_until(failures, house.limits.device_failures, house):
        yield Finding(
            f"{name} takes no PIN until {house.written(until)}, after"
            f" {failures.count} wrong ones there.",
            f"Wait, or: hotdesk unlock {name}",
            wrong=True,
        )


def of_all(house: House) -> Iterator[Finding]:
    """Yield whether nobody can log in anywhere for a while."""
    failures = house.wrong_pins
    if until := _locked_until(failures, house.limits.total_failures, house):
        yield Finding(
            f"No PIN is taken anywhere until {house.written(until)}, after"
            f" {failures.count} wrong ones in all: somebody may be guessing.",
            "hotdesk history --what refused; then: hotdesk unlock --all",
            wrong=True,
        )


def _locked_until(failures: Failures, limit: int, house: House) -> datetime | None:
    until = rules.locked_until(
        failures,
        limit=limit,
        first_lock=timedelta(seconds=house.limits.first_lock_seconds),
        longest_lock=timedelta(seconds=house.limits.longest_lock_seconds),
    )
    return until if until is not None and house.now < until else None
