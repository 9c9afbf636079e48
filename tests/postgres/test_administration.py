"""What administrators do, by whatever way in, and two of them at once."""

from __future__ import annotations

import asyncio

import pytest

from asterisk_hotdesk.administration import devices, keys, phones, seats, users
from asterisk_hotdesk.administration.keys import Plan
from asterisk_hotdesk.administration.versions import version
from asterisk_hotdesk.config import ProvisioningConfig
from asterisk_hotdesk.errors import Conflict, InEmergency, NotFound
from asterisk_hotdesk.login import log_in_by_administrator, log_out
from asterisk_hotdesk.model import KeyKind, Source, UserKey
from asterisk_hotdesk.store import emergencies, events, logins, user_keys
from asterisk_hotdesk.store.emergencies import EmergencyCall
from tests.postgres.office import DESKS, Office

EVE = Source("web", actor="eve", address="192.0.2.7")
DND = UserKey(position=1, kind=KeyKind.DND)
BOB = UserKey(position=4, kind=KeyKind.BLF, value="101")


async def seat(office: Office, extension: str, seen: int | None = None) -> None:
    await seats.log_in(
        office.desks,
        account="default",
        extension=extension,
        device_name=DESKS[0],
        source=EVE,
        now=office.now,
        generation=seen,
    )


async def edit(office: Office, seen: str | None = None, **given: str) -> None:
    await users.edit(
        office.database,
        "default",
        "100",
        given,
        source=EVE,
        now=office.now,
        version=seen,
    )


async def plan_of(office: Office) -> Plan:
    async with office.database.transaction() as tx:
        found = await user_keys.of(tx, await office.user("100"))
    return Plan("100", tuple(found))


async def give(office: Office, key: UserKey, seen: str | None = None) -> None:
    await keys.change(
        office.database,
        "default",
        "100",
        lambda plan: plan.with_key(key),
        source=EVE,
        now=office.now,
        version=seen,
    )


async def test_the_history_tells_who_did_it_and_from_where(office: Office) -> None:
    await seat(office, "100")
    await edit(office, name="Alice")
    await users.set_allowed(
        office.database, "default", ["101"], allowed=False, source=EVE, now=office.now
    )
    await devices.set_enabled(
        office.desks, [DESKS[1]], enabled=False, source=EVE, now=office.now
    )
    await seats.unlock(
        office.desks, await office.user("102"), source=EVE, now=office.now
    )
    told = await office.rows(
        "SELECT what, name, device, by, actor, address FROM events ORDER BY id"
    )
    by_eve = ("web", "eve", "192.0.2.7")
    assert told == [
        ("login", "User default/100", DESKS[0], *by_eve),
        ("user_edited", "Alice", "", *by_eve),
        ("user_denied", "User default/101", "", *by_eve),
        ("device_disabled", "", DESKS[1], *by_eve),
        ("unlocked", "User default/102", "", *by_eve),
    ]


async def test_a_login_that_nobody_expected_stays(office: Office) -> None:
    seen = await office.generation()
    await seat(office, "101", seen)
    with pytest.raises(Conflict, match=r"now 101 User default/101 is logged in there"):
        await seat(office, "102", seen)
    assert await office.sitting() == {DESKS[0]: "101"}


async def test_who_came_meanwhile_is_not_logged_out(office: Office) -> None:
    await office.log_in("100")
    seen = await office.generation()
    await office.log_in("101")
    with pytest.raises(Conflict, match="now 101"):
        await log_out(
            office.desks, device_name=DESKS[0], now=office.now, generation=seen
        )
    assert await office.sitting() == {DESKS[0]: "101"}


async def test_who_left_meanwhile_is_told(office: Office) -> None:
    await office.log_in("100")
    seen = await office.generation()
    await office.log_out()
    with pytest.raises(Conflict, match="now nobody is logged in there"):
        await log_out(
            office.desks, device_name=DESKS[0], now=office.now, generation=seen
        )


async def test_of_two_administrators_at_once_one_is_told(office: Office) -> None:
    seen = await office.generation()
    device = await office.device(DESKS[0])
    people = [await office.user(extension) for extension in ("100", "101")]
    ends = await asyncio.gather(
        *(
            log_in_by_administrator(
                office.desks, user=user, device=device, now=office.now, generation=seen
            )
            for user in people
        ),
        return_exceptions=True,
    )
    assert [isinstance(end, Conflict) for end in ends].count(True) == 1
    assert len(await office.sitting()) == 1


async def test_an_edit_does_not_overwrite_what_its_author_has_not_seen(
    office: Office,
) -> None:
    seen = version(await office.user("100"))
    await edit(office, seen, name="Alice")
    with pytest.raises(Conflict, match="Somebody else has changed this"):
        await edit(office, seen, name="Alicia")
    assert (await office.user("100")).name == "Alice"


async def test_edits_of_different_things_at_once_all_stay(office: Office) -> None:
    await asyncio.gather(
        edit(office, name="Alice"),
        edit(office, language="de"),
        edit(office, ringtone="3"),
    )
    alice = await office.user("100")
    assert (alice.name, alice.language, alice.ringtone) == ("Alice", "de", 3)


async def test_a_key_plan_that_has_changed_is_not_changed_again(
    office: Office,
) -> None:
    seen = version(await plan_of(office))
    await give(office, DND, seen)
    with pytest.raises(Conflict):
        await give(office, BOB, seen)
    assert (await plan_of(office)).keys == (DND,)


async def test_keys_set_at_once_are_all_there(office: Office) -> None:
    await asyncio.gather(give(office, DND), give(office, BOB))
    assert (await plan_of(office)).keys == (DND, BOB)


def test_a_key_moves_and_changes_places() -> None:
    plan = Plan("100", (DND, BOB))
    assert _places(plan.moved(1, 2)) == {2: KeyKind.DND, 4: KeyKind.BLF}
    assert _places(plan.moved(1, 4)) == {4: KeyKind.DND, 1: KeyKind.BLF}
    with pytest.raises(NotFound, match="100 has no key at position 3"):
        plan.moved(3, 1)


def _places(plan: Plan) -> dict[int, KeyKind]:
    return {key.position: key.kind for key in plan.keys}


async def test_a_daemon_follows_what_its_own_web_page_has_changed(
    office: Office,
) -> None:
    async with events.announcements(office.database, office.desks.origin) as changes:
        await phones.assign(
            office.database,
            ProvisioningConfig(),
            "000413aabbcc",
            DESKS[0],
            replace=True,
            source=EVE,
            now=office.now,
        )
        async with asyncio.timeout(5):
            heard = await anext(changes)
    assert heard
    assert heard.devices == {DESKS[0]}


async def test_a_desk_that_calls_for_help_keeps_its_phone(office: Office) -> None:
    """Whoever answered may have to call back."""
    call = EmergencyCall(
        channel="1.1", device=DESKS[0], number="112", began_at=office.now
    )
    async with office.database.transaction() as tx:
        await emergencies.begin(tx, call)
        before = await logins.desk(tx, DESKS[0])

    with pytest.raises(InEmergency, match=f"{DESKS[0]} is in an emergency call"):
        await phones.assign(
            office.database,
            ProvisioningConfig(),
            "000413aabbcc",
            DESKS[0],
            replace=True,
            source=EVE,
            now=office.now,
        )
    with pytest.raises(InEmergency):
        await phones.release(office.desks, DESKS[0], source=EVE, now=office.now)

    async with office.database.transaction() as tx:
        assert await logins.desk(tx, DESKS[0]) == before
