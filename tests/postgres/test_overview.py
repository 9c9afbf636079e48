"""The view `status`: who sits where, and how far the PBX and the phone are."""

from __future__ import annotations

from datetime import timedelta

from asterisk_hotdesk.store import logins, overview, status
from asterisk_hotdesk.store.overview import DeskStatus
from asterisk_hotdesk.store.status import Seen
from tests.postgres.office import ACME_DESK, DESKS, Office

PHONE = DESKS[0]


async def shown(office: Office, device: str = PHONE) -> DeskStatus:
    async with office.database.transaction() as tx:
        (desk,) = await overview.desks_named(tx, [device])
    return desk


async def see(office: Office, seen: Seen) -> None:
    async with office.database.transaction() as tx:
        await status.note_seen(tx, [seen], office.now)


async def test_a_desk_where_nobody_ever_sat_is_there_and_knows_nothing(
    office: Office,
) -> None:
    desk = await shown(office)

    assert (desk.extension, desk.generation, desk.in_force) == (None, None, None)
    assert (desk.registered, desk.round_trip_ms, desk.address) == (None, None, "")
    assert not desk.is_stale(office.now)


async def test_every_device_of_every_account_is_listed_by_name(office: Office) -> None:
    async with office.database.transaction() as tx:
        found = [desk.device for desk in await overview.all_desks(tx)]

    assert found == sorted([ACME_DESK, *DESKS])


async def test_a_login_shows_who_sits_there_since_when(office: Office) -> None:
    await office.log_in("100", PHONE)

    desk = await shown(office)

    assert (desk.extension, desk.since, desk.decided_at) == (
        "100",
        office.now,
        office.now,
    )
    assert (desk.in_force, desk.confirmed) == (False, False)


async def test_a_phone_that_has_not_fetched_in_time_is_stale_until_it_does(
    office: Office,
) -> None:
    await office.log_in("100", PHONE)
    long_ago, soon = office.now - timedelta(seconds=1), office.now + timedelta(1)

    waiting = await shown(office)
    async with office.database.transaction() as tx:
        await logins.note_confirmed(tx, {waiting.generation or 0: office.now})

    assert (waiting.is_stale(long_ago), waiting.is_stale(soon)) == (False, True)
    assert not (await shown(office)).is_stale(soon)


async def test_since_when_a_phone_is_registered_outlives_further_reports(
    office: Office,
) -> None:
    began = office.now
    await see(office, Seen(device=PHONE, registered=True, reachable=True))
    office.later(60)
    await see(office, Seen(device=PHONE, registered=True, round_trip_us=2500))

    desk = await shown(office)
    await see(office, Seen(device=PHONE, registered=False))

    assert (desk.registered_since, desk.round_trip_ms) == (began, 2.5)
    assert (await shown(office)).registered_since is None


async def test_the_last_call_is_when_one_began_or_ended(office: Office) -> None:
    await see(office, Seen(device=PHONE, in_call=False))
    before = (await shown(office)).last_call_at
    office.later(10)
    await see(office, Seen(device=PHONE, in_call=True))
    began = office.now
    office.later(10)
    await see(office, Seen(device=PHONE, in_call=True))
    during = (await shown(office)).last_call_at
    await see(office, Seen(device=PHONE, in_call=False))

    assert (before, during) == (None, began)
    assert (await shown(office)).last_call_at == office.now


async def test_users_are_found_by_extension_in_any_account_or_one(
    office: Office,
) -> None:
    await office.log_in("100", PHONE)
    await office.log_in("100", ACME_DESK)

    async with office.database.transaction() as tx:
        anywhere = await overview.desks_of_users(tx, "100")
        in_acme = await overview.desks_of_users(tx, "100", "acme")

    assert [desk.device for desk in anywhere] == [ACME_DESK, PHONE]
    assert [desk.device for desk in in_acme] == [ACME_DESK]


async def test_desired_routed_and_provisioned_logins_stand_side_by_side(
    office: Office,
) -> None:
    await office.log_in("100", PHONE)
    first = (await shown(office)).generation or 0
    async with office.database.transaction() as tx:
        await logins.note_routed(tx, {first: office.now})
        await status.note_fetches(tx, [(PHONE, first, "snom", office.now)])
    routed_at = office.now
    office.later(60)
    await office.log_in("101", PHONE)

    desk = await shown(office)

    assert (desk.extension, desk.routed_extension, desk.provisioned_extension) == (
        "101",
        "100",
        "100",
    )
    assert (desk.routed_generation, desk.routed_since) == (first, routed_at)
    assert (desk.fetched_generation, desk.fetched_at) == (first, routed_at)


async def test_of_an_idle_desk_nobody_is_routed_or_provisioned(office: Office) -> None:
    await office.log_in("100", PHONE)
    await office.log_out(PHONE)
    generation = (await shown(office)).generation or 0
    async with office.database.transaction() as tx:
        await logins.note_routed(tx, {generation: office.now})
        await status.note_fetches(tx, [(PHONE, generation, "snom", office.now)])

    desk = await shown(office)

    assert (desk.routed_generation, desk.routed_extension) == (generation, None)
    assert (desk.fetched_generation, desk.provisioned_extension) == (generation, None)


async def test_while_the_pbx_is_away_nobody_knows_what_phones_do(
    office: Office,
) -> None:
    await see(office, Seen(device=PHONE, registered=True, reachable=True, in_call=True))
    async with office.database.transaction() as tx:
        await status.note_pbx(tx, office.now, answers=False)

    away = await shown(office)
    async with office.database.transaction() as tx:
        since = await status.pbx_away_since(tx)
        await status.note_pbx(tx, office.now, answers=True)

    assert (away.pbx_answers, since) == (False, office.now)
    assert (away.registered, away.reachable, away.in_call) == (None, None, None)
    assert away.registered_since is None
    back = await shown(office)
    assert (back.registered, back.reachable, back.in_call) == (True, True, True)
    assert back.registered_since == office.now


async def test_since_when_the_pbx_answers_is_when_it_began_to(office: Office) -> None:
    began = office.now
    for _ in range(2):
        async with office.database.transaction() as tx:
            await status.note_pbx(tx, office.now, answers=True)
        office.later(60)

    assert (await shown(office)).pbx_since == began
