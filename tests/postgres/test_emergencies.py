"""While a desk calls for help nobody is logged in or out there; what is kept of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from asterisk_hotdesk.errors import InEmergency, Invalid, NoLocation
from asterisk_hotdesk.login import require_hot_desk
from asterisk_hotdesk.store import Database, emergencies, users
from asterisk_hotdesk.store.emergencies import EmergencyCall
from tests.postgres.office import Office, opened

ONE, TWO, THREE = "HD0001", "HD0002", "HD0003"


async def begins(office: Office, device: str, channel: str = "1.1") -> bool:
    call = EmergencyCall(
        channel=channel, device=device, number="112", began_at=office.now
    )
    async with office.database.transaction() as tx:
        return await emergencies.begin(tx, call)


async def ends(office: Office, channel: str = "1.1") -> bool:
    async with office.database.transaction() as tx:
        return await emergencies.end(tx, channel, office.now)


async def test_nobody_leaves_or_takes_a_desk_that_calls_for_help(
    office: Office,
) -> None:
    await office.log_in("100", ONE)
    await begins(office, ONE)

    with pytest.raises(InEmergency):
        await office.log_out(ONE)
    with pytest.raises(InEmergency):
        await office.log_in("101", ONE)
    # She would leave it.
    with pytest.raises(InEmergency):
        await office.log_in("100", TWO)
    with pytest.raises(InEmergency):
        await require_hot_desk(office.desks, device_name=ONE, now=office.now)
    assert await office.sitting() == {ONE: "100"}
    assert ("refused", "in_emergency", "100", TWO) in await office.events()


async def test_nobody_sits_down_at_an_idle_desk_that_calls_for_help(
    office: Office,
) -> None:
    await begins(office, ONE)

    with pytest.raises(InEmergency):
        await office.log_in("100", ONE)
    assert await office.sitting() == {}


async def test_all_else_goes_on(office: Office) -> None:
    await office.log_in("100", ONE)
    await begins(office, ONE)

    # She is there already: nothing changes.
    await office.log_in("100", ONE)
    await office.log_in("101", TWO)
    await office.log_in("101", THREE)
    await office.log_out(THREE)
    await ends(office)
    await office.log_in("100", TWO)
    assert await office.sitting() == {TWO: "100"}


async def test_a_call_begins_and_ends_once(office: Office) -> None:
    assert [await begins(office, ONE), await begins(office, ONE)] == [True, False]
    assert [await ends(office), await ends(office)] == [True, False]
    assert not await begins(office, ONE)
    assert not await begins(office, "HD9999", "2.2")
    assert not await ends(office, "2.2")


async def test_a_desk_calls_for_help_while_it_is_being_removed(office: Office) -> None:
    async with asyncio.TaskGroup() as tasks, office.database.transaction() as removal:
        await removal.execute("DELETE FROM devices WHERE name = %s", [ONE])
        call = tasks.create_task(begins(office, ONE))
        await office.waits_for(removal)

    assert not call.result()


async def test_calls_are_found_while_they_are_on_and_a_while_after(
    office: Office,
) -> None:
    async def lately() -> set[str]:
        since = office.now - timedelta(minutes=2)
        async with office.database.transaction() as tx:
            return {call.device for call in await emergencies.lately(tx, since)}

    await begins(office, ONE, "1.1")
    await begins(office, TWO, "1.2")
    office.later(3600)
    await ends(office, "1.1")
    assert await lately() == {ONE, TWO}
    office.later(121)
    assert await lately() == {TWO}


async def test_a_desk_of_which_nobody_knows_where_it_is(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(database, monkeypatch) as office:
        await office.log_in("100", ONE)
        strict = replace(office, desks=replace(office.desks, location_required=True))

        with pytest.raises(NoLocation):
            await strict.log_in("101", TWO)
        with pytest.raises(NoLocation):
            await require_hot_desk(strict.desks, device_name=TWO, now=strict.now)
        # Whoever sits there may leave.
        await strict.log_out(ONE)
        assert await office.sitting() == {}


async def test_a_context_and_an_account_fit_into_one_name(office: Office) -> None:
    async def move_to(account: str, context: str) -> None:
        user = replace(await office.user("100", account), context=context)
        async with office.database.transaction() as tx:
            await users.update(tx, user)

    await move_to("acme", "c" * 63)
    await move_to("default", "c" * 64)
    with pytest.raises(Invalid, match="at most 67 letters together"):
        await move_to("acme", "c" * 64)
