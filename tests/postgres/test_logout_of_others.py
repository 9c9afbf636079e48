"""Who may logs others out, with the own PIN, and the history says who it was."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from asterisk_hotdesk import by_pin
from asterisk_hotdesk.errors import (
    BadCredentials,
    InEmergency,
    MayNotLogOthersOut,
    NobodyLoggedIn,
)
from asterisk_hotdesk.login import Outcome
from asterisk_hotdesk.store import Database, emergencies
from asterisk_hotdesk.store.emergencies import EmergencyCall
from tests.postgres.office import (
    ACME_DESK,
    ACME_EXTENSION,
    DESKS,
    PEOPLE,
    PIN,
    WRONG,
    Office,
    opened,
)

A, B, C = DESKS
ALICE, BOSS, CAROL, _ = PEOPLE


@pytest.fixture
async def office(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """Yield an office where somebody sits at B who may log others out."""
    async with opened(database, monkeypatch) as office:
        await office.rows(
            "UPDATE users SET may_log_others_out = true WHERE extension = %s"
            " RETURNING id",
            BOSS,
        )
        await office.log_in(BOSS, B)
        yield office


async def logged_out(office: Office, extension: str, pin: str = PIN) -> Outcome:
    return await by_pin.log_other_out(
        office.desks,
        extension=extension,
        by=BOSS,
        pin=pin,
        device_name=B,
        now=office.now,
    )


async def last_event(office: Office) -> tuple[object, ...]:
    """Return what, code, extension, device, by and actor."""
    (event,) = await office.rows(
        "SELECT what, code, extension, device, by, actor FROM history"
        " ORDER BY id DESC LIMIT 1"
    )
    return event


async def test_another_is_logged_out_and_the_history_says_by_whom(
    office: Office,
) -> None:
    await office.log_in(ALICE, A)

    outcome = await logged_out(office, ALICE)

    assert (outcome.user.extension, outcome.device.name) == (ALICE, A)
    assert await office.sitting() == {B: BOSS}
    assert await office.history() == [(ALICE, A, "forced")]
    assert await last_event(office) == ("logout", "forced", ALICE, A, "phone", BOSS)


async def test_a_wrong_pin_logs_nobody_out_and_is_counted(office: Office) -> None:
    await office.log_in(ALICE, A)

    with pytest.raises(BadCredentials):
        await logged_out(office, ALICE, WRONG)

    assert await office.sitting() == {A: ALICE, B: BOSS}
    assert await office.failures(office.of_user(BOSS)) == [1]
    refused = ("refused", "bad_credentials", BOSS, B, "phone", BOSS)
    assert await last_event(office) == refused


async def test_who_has_lost_the_right_meanwhile_logs_nobody_out(
    office: Office,
) -> None:
    await office.log_in(ALICE, A)
    await office.rows("UPDATE users SET may_log_others_out = false RETURNING id")

    with pytest.raises(MayNotLogOthersOut):
        await logged_out(office, ALICE)
    assert await office.sitting() == {A: ALICE, B: BOSS}


async def test_who_has_left_meanwhile_logs_nobody_out(office: Office) -> None:
    await office.log_in(ALICE, A)
    await office.log_in(BOSS, C)

    with pytest.raises(MayNotLogOthersOut):
        await logged_out(office, ALICE)
    assert await office.sitting() == {A: ALICE, C: BOSS}


@pytest.mark.parametrize("nobody", [ALICE, "999", ACME_EXTENSION])
async def test_who_is_logged_in_nowhere_here_cannot_be_logged_out(
    office: Office, nobody: str
) -> None:
    await office.log_in(ACME_EXTENSION, ACME_DESK)

    with pytest.raises(NobodyLoggedIn):
        await logged_out(office, nobody)
    assert await office.sitting() == {ACME_DESK: ACME_EXTENSION, B: BOSS}


async def test_nobody_is_logged_out_of_an_emergency_call(office: Office) -> None:
    await office.log_in(ALICE, A)
    call = EmergencyCall(channel="1.1", device=A, number="112", began_at=office.now)
    async with office.database.transaction() as tx:
        await emergencies.begin(tx, call)

    with pytest.raises(InEmergency):
        await logged_out(office, ALICE)
    assert await office.sitting() == {A: ALICE, B: BOSS}


@pytest.mark.parametrize("device", [A, C, "HD9999"])
async def test_only_who_sits_there_and_may_is_asked_for_a_pin(
    office: Office, device: str
) -> None:
    await office.log_in(ALICE, A)

    with pytest.raises(MayNotLogOthersOut):
        await by_pin.require_may_log_others_out(
            office.desks, device_name=device, now=office.now
        )
    assert (await last_event(office))[:2] == ("refused", "may_not_log_others_out")


async def test_the_pin_is_that_of_who_sits_there(office: Office) -> None:
    by = await by_pin.require_may_log_others_out(
        office.desks, device_name=B, now=office.now
    )

    assert by == BOSS
