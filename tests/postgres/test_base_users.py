"""Who sits at a desk when nobody else does: at its first start, and afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from asterisk_hotdesk.base_users import BaseUsers
from asterisk_hotdesk.errors import NotAHotDesk
from asterisk_hotdesk.store import Database, status
from asterisk_hotdesk.store.status import Seen
from tests.postgres.office import DESKS, Office, opened

BASE, OTHER_DESK, _ = DESKS


@pytest.fixture
async def office(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    async with opened(database, monkeypatch) as office:
        await belongs_to(office, "100", returns=True)
        yield office


async def belongs_to(office: Office, extension: str, *, returns: bool) -> None:
    user = await office.user(extension)
    await office.rows(
        "UPDATE devices SET base_user_id = %s, base_user_due = true,"
        " base_user_returns = %s WHERE name = %s RETURNING id",
        user.id,
        returns,
        BASE,
    )


async def starts(office: Office) -> None:
    """Let the phone of the base desk register."""
    async with office.database.transaction() as tx:
        await status.note_seen(tx, [Seen(device=BASE, registered=True)], office.now)


async def seated(office: Office) -> dict[str, str]:
    """Return who sits where, once whoever is due has been seated."""
    seating = BaseUsers(office.desks, lambda: office.now)
    running = asyncio.create_task(seating.run())
    try:
        deadline = time.monotonic() + 10
        while await office.rows(
            "SELECT 1 FROM devices JOIN device_status ON device_id = devices.id"
            " WHERE base_user_due AND registered AND enabled AND NOT EXISTS"
            " (SELECT FROM logins WHERE until IS NULL AND"
            " (device_id = devices.id OR user_id = base_user_id))"
        ):
            assert time.monotonic() < deadline, "nobody is seated"
            await asyncio.sleep(0.02)
    finally:
        running.cancel()
    return await office.sitting()


async def test_the_first_user_sits_there_after_the_first_start(office: Office) -> None:
    await belongs_to(office, "100", returns=False)

    assert await seated(office) == {}
    await starts(office)
    assert await seated(office) == {BASE: "100"}
    await office.log_out(BASE)
    assert await seated(office) == {}


async def test_the_base_user_comes_back_when_somebody_else_has_left(
    office: Office,
) -> None:
    await starts(office)
    await seated(office)

    await office.log_in("101", BASE)
    assert await seated(office) == {BASE: "101"}
    await office.log_out(BASE)

    assert await seated(office) == {BASE: "100"}


async def test_the_base_user_comes_back_when_somebody_else_moves_on(
    office: Office,
) -> None:
    await starts(office)
    await seated(office)

    await office.log_in("101", BASE)
    await office.log_in("101", OTHER_DESK)

    assert await seated(office) == {BASE: "100", OTHER_DESK: "101"}


async def test_who_logs_out_of_the_own_desk_stays_out(office: Office) -> None:
    await starts(office)
    await seated(office)

    await office.log_out(BASE)

    assert await seated(office) == {}


async def test_who_sits_elsewhere_comes_back_only_after_leaving(office: Office) -> None:
    await starts(office)
    await seated(office)
    await office.log_in("101", BASE)
    await office.log_in("100", OTHER_DESK)

    await office.log_out(BASE)
    assert await seated(office) == {OTHER_DESK: "100"}
    await office.log_out(OTHER_DESK)

    assert await seated(office) == {BASE: "100"}


async def test_a_base_user_who_may_not_is_not_tried_for_ever(office: Office) -> None:
    await office.rows("UPDATE users SET allowed = false RETURNING id")
    await starts(office)

    assert await seated(office) == {}
    assert await office.rows("SELECT 1 FROM devices WHERE base_user_due") == []


async def test_nobody_can_log_in_at_a_disabled_device(office: Office) -> None:
    await starts(office)
    await office.rows("UPDATE devices SET enabled = false RETURNING id")

    with pytest.raises(NotAHotDesk):
        await office.log_in("101", BASE)
    assert await seated(office) == {}
