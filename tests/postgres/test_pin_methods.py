"""What a user logs in with, and how she changes it."""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from asterisk_hotdesk import by_pin, login
from asterisk_hotdesk.authentication import TOTAL, device_subject
from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.errors import Invalid, Refused, Unavailable
from asterisk_hotdesk.model import LoginMethod
from asterisk_hotdesk.store import Database, users
from tests.postgres.office import DESKS, PEOPLE, PIN, WRONG, Office, opened

A, B, _ = DESKS
ALICE, BOB, CAROL, _ = PEOPLE
NEW = "739251"
MAILBOX, MAILBOX_PIN = "100@default", "4827"


@dataclass
class Voicemail:
    """Asterisk's mailboxes, as far as they are asked for."""

    pins: dict[str, str] = field(default_factory=lambda: {MAILBOX: MAILBOX_PIN})
    away: bool = False

    async def pin(self, mailbox: str) -> str:
        if self.away:
            raise Unavailable("Asterisk is away")
        return self.pins.get(mailbox, "")


@pytest.fixture
def voicemail() -> Voicemail:
    return Voicemail()


@pytest.fixture
async def office(
    database: Database, monkeypatch: pytest.MonkeyPatch, voicemail: Voicemail
) -> AsyncIterator[Office]:
    async with opened(database, monkeypatch) as office:
        office.desks = replace(office.desks, ask_mailbox_pin=voicemail.pin)
        yield office


async def logs_in_by(
    office: Office, extension: str, method: LoginMethod | None, mailbox: str = MAILBOX
) -> None:
    """Let a user log in by *method*."""
    user = await office.user(extension)
    async with office.database.transaction() as tx:
        changed = replace(user, login_method=method, mailbox=mailbox)
        await users.update(tx, changed)


def settings(office: Office, **pins: object) -> None:
    """Let other settings be in force from now on."""
    limits = PinsConfig.model_validate(office.desks.limits.model_dump() | pins)
    office.desks = replace(office.desks, limits=limits)


async def tried(office: Office, pin: str, extension: str = ALICE) -> str:
    """Return the code of the refusal, or `in`."""
    try:
        await office.log_in(extension, A, pin)
    except Refused as refusal:
        return refusal.code
    return "in"


async def changed(
    office: Office, old: str = PIN, new: str = NEW, extension: str = ALICE
) -> str:
    """Return the code of the refusal, or `changed`."""
    try:
        await by_pin.check_pin_to_change(
            office.desks, extension=extension, pin=old, device_name=A, now=office.now
        )
        await by_pin.change_pin(
            office.desks,
            extension=extension,
            old=old,
            new=new,
            device_name=A,
            now=office.now,
        )
    except Refused as refusal:
        return refusal.code
    return "changed"


# The PIN of a mailbox --------------------------------------------------------


async def test_the_pin_of_the_mailbox_lets_its_user_in_and_no_other_does(
    office: Office,
) -> None:
    await logs_in_by(office, ALICE, LoginMethod.VOICEMAIL)

    assert await tried(office, PIN) == "bad_credentials"
    assert await tried(office, "") == "bad_credentials"
    assert await tried(office, MAILBOX_PIN) == "in"
    assert await tried(office, MAILBOX_PIN, BOB) == "bad_credentials"


async def test_the_settings_say_what_users_give_of_whom_nothing_is_said(
    office: Office,
) -> None:
    await logs_in_by(office, ALICE, None)
    await logs_in_by(office, BOB, LoginMethod.PIN)
    settings(office, method="voicemail")

    assert await tried(office, PIN) == "bad_credentials"
    assert await tried(office, MAILBOX_PIN) == "in"
    assert await tried(office, PIN, BOB) == "in"


async def test_a_pin_that_its_owner_may_not_change_in_voicemail_counts(
    office: Office, voicemail: Voicemail
) -> None:
    voicemail.pins[MAILBOX] = f"-{MAILBOX_PIN}"
    await logs_in_by(office, ALICE, LoginMethod.VOICEMAIL)

    assert await tried(office, MAILBOX_PIN) == "in"


@pytest.mark.parametrize("kept", ["", "-"])
@pytest.mark.parametrize("pressed", ["", "-", PIN])
async def test_a_mailbox_without_a_pin_lets_nobody_in(
    office: Office, voicemail: Voicemail, kept: str, pressed: str
) -> None:
    voicemail.pins[MAILBOX] = kept
    await logs_in_by(office, ALICE, LoginMethod.VOICEMAIL)

    assert await tried(office, pressed) == "bad_credentials"


async def test_who_has_no_mailbox_does_not_get_in_with_its_pin(office: Office) -> None:
    await logs_in_by(office, ALICE, None, mailbox="")
    settings(office, method="voicemail")

    for pin in ("", PIN, MAILBOX_PIN):
        assert await tried(office, pin) == "bad_credentials"


async def test_a_wrong_pin_of_a_mailbox_counts_and_locks_like_any(
    office: Office,
) -> None:
    await logs_in_by(office, ALICE, LoginMethod.VOICEMAIL)

    assert [await tried(office, WRONG) for _ in range(6)] == [
        *["bad_credentials"] * 5,
        "locked_out",
    ]
    assert await tried(office, MAILBOX_PIN) == "locked_out"
    counted = await office.failures(office.of_user(ALICE), device_subject(A), TOTAL)
    assert counted == [5, 5, 5]


async def test_while_voicemail_cannot_be_asked_nobody_is_blamed(
    office: Office, voicemail: Voicemail
) -> None:
    voicemail.away = True
    await logs_in_by(office, ALICE, LoginMethod.VOICEMAIL)

    with pytest.raises(Unavailable):
        await tried(office, MAILBOX_PIN)

    assert await office.failures(office.of_user(ALICE)) == [0]
    assert await tried(office, PIN, BOB) == "in"


async def test_a_wrong_pin_takes_as_long_whatever_it_is_compared_with(
    database: Database, monkeypatch: pytest.MonkeyPatch, voicemail: Voicemail
) -> None:
    limits = PinsConfig.model_validate(
        {
            f"{whose}_failures": 10**6
            for whose in ("user", "device", "total", "hard_lock")
        }
    )
    async with opened(database, monkeypatch, limits=limits, quick=False) as office:
        office.desks = replace(office.desks, ask_mailbox_pin=voicemail.pin)
        await logs_in_by(office, BOB, LoginMethod.VOICEMAIL)
        await logs_in_by(office, CAROL, LoginMethod.NONE)
        took: dict[str, list[float]] = {who: [] for who in (ALICE, BOB, CAROL, "471")}
        for _ in range(12):
            for who, times in took.items():
                began = time.perf_counter()
                assert await tried(office, WRONG, who) != "in"
                times.append(time.perf_counter() - began)
    median = {who: statistics.median(times) for who, times in took.items()}
    assert max(median.values()) < 1.4 * min(median.values()), median


async def test_the_database_takes_no_voicemail_login_without_a_mailbox(
    office: Office,
) -> None:
    with pytest.raises(Invalid, match="needs a mailbox"):
        await logs_in_by(office, ALICE, LoginMethod.VOICEMAIL, mailbox="")


# No login by phone -----------------------------------------------------------


async def test_who_may_not_log_in_by_phone_hears_what_everybody_hears(
    office: Office,
) -> None:
    await logs_in_by(office, ALICE, LoginMethod.NONE)

    assert await tried(office, PIN) == "no_phone_login"
    assert await office.failures(office.of_user(ALICE)) == [1]
    assert [await tried(office, PIN) for _ in range(5)][-1] == "locked_out"


async def test_an_administrator_logs_in_whoever_may_not_do_it_by_phone(
    office: Office,
) -> None:
    await logs_in_by(office, ALICE, LoginMethod.NONE)

    await login.log_in_by_administrator(
        office.desks,
        user=await office.user(ALICE),
        device=await office.device(A),
        now=office.now,
    )

    assert await office.sitting() == {A: ALICE}


# Another PIN -----------------------------------------------------------------


async def test_a_changed_pin_is_the_only_one(office: Office) -> None:
    assert await changed(office) == "changed"

    assert await tried(office, PIN) == "bad_credentials"
    assert await tried(office, NEW) == "in"
    assert await tried(office, PIN, BOB) == "in"
    assert ("pin_changed", "", ALICE, A) in await office.events()


@pytest.mark.parametrize("weak", ["123456", "100739", "311299", "73925", PIN])
async def test_a_weak_pin_is_not_taken(office: Office, weak: str) -> None:
    assert await changed(office, new=weak) == "weak_pin"

    assert await tried(office, PIN) == "in"


async def test_who_does_not_know_the_old_pin_changes_nothing_and_is_counted(
    office: Office,
) -> None:
    assert [await changed(office, old=WRONG) for _ in range(5)] == [
        "bad_credentials"
    ] * 5

    assert await changed(office) == "locked_out"
    office.later(30)
    assert await tried(office, PIN) == "in"


async def test_a_guess_at_the_very_change_is_counted_as_well(office: Office) -> None:
    with pytest.raises(Refused):
        await by_pin.change_pin(
            office.desks,
            extension=ALICE,
            old=WRONG,
            new=NEW,
            device_name=A,
            now=office.now,
        )

    assert await office.failures(office.of_user(ALICE)) == [1]


async def test_the_pin_of_a_mailbox_is_changed_in_voicemail(office: Office) -> None:
    await logs_in_by(office, ALICE, LoginMethod.VOICEMAIL)

    assert await changed(office, old=MAILBOX_PIN) == "pin_of_mailbox"
    assert await changed(office, old=WRONG) == "bad_credentials"


async def test_two_changes_at_once_leave_one_of_both_pins(office: Office) -> None:
    both = await asyncio.gather(changed(office, new=NEW), changed(office, new="582046"))

    good = [pin for pin in (NEW, "582046") if await tried(office, pin) == "in"]
    assert len(good) == 1
    assert "changed" in both


# Old PINs --------------------------------------------------------------------


async def test_too_old_a_pin_must_be_changed_first(office: Office) -> None:
    settings(office, expire_days=90)
    assert await changed(office) == "changed"
    office.later(90 * 86400)
    assert await tried(office, NEW) == "in"
    await office.log_out()

    office.later(1)
    assert await tried(office, NEW) == "pin_expired"
    assert await tried(office, WRONG) == "bad_credentials"
    assert await office.sitting() == {}

    assert await changed(office, old=NEW, new=NEW) == "weak_pin"
    assert await changed(office, old=NEW, new="582046") == "changed"
    assert await tried(office, "582046") == "in"


async def test_pins_of_mailboxes_never_get_too_old(office: Office) -> None:
    settings(office, expire_days=1)
    await logs_in_by(office, ALICE, LoginMethod.VOICEMAIL)
    office.later(10 * 86400)

    assert await tried(office, MAILBOX_PIN) == "in"


# Away from everywhere --------------------------------------------------------


async def left(office: Office, pin: str = PIN, device: str = B) -> str:
    """Return where Alice was logged out from desk *device*, or why not."""
    try:
        outcome = await by_pin.log_out_everywhere(
            office.desks, extension=ALICE, pin=pin, device_name=device, now=office.now
        )
    except Refused as refusal:
        return refusal.code
    return outcome.device.name


async def test_whoever_forgot_to_log_out_does_it_at_any_desk(office: Office) -> None:
    await office.log_in(ALICE, A)
    await office.log_in(BOB, B)

    assert await left(office) == A
    assert await office.sitting() == {B: BOB}
    assert await left(office) == "nobody_logged_in"


async def test_nobody_logs_others_out_without_their_pin(office: Office) -> None:
    await office.log_in(ALICE, A)

    assert await left(office, pin=WRONG) == "bad_credentials"
    assert await left(office, device="HD9999") == "not_a_hot_desk"
    assert await office.sitting() == {A: ALICE}
    assert await office.failures(office.of_user(ALICE)) == [1]


# Nothing gets out ------------------------------------------------------------


async def test_no_pin_of_a_mailbox_and_no_new_one_is_kept_or_logged(
    office: Office, caplog: pytest.LogCaptureFixture, voicemail: Voicemail
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = voicemail.pins[MAILBOX] = "920475618"
    await logs_in_by(office, BOB, LoginMethod.VOICEMAIL)

    assert await tried(office, canary, BOB) == "in"
    assert await tried(office, WRONG, BOB) == "bad_credentials"
    assert await changed(office, new="123456") == "weak_pin"
    assert await changed(office) == "changed"

    everything = caplog.text + await office.everything_stored()
    assert not [pin for pin in (canary, PIN, NEW, "123456") if pin in everything]
