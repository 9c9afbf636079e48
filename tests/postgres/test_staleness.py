"""Phones that do not fetch after a switch: told of once, and when they do at last."""

from __future__ import annotations

import pytest

from asterisk_hotdesk.staleness import Staleness
from asterisk_hotdesk.store import logins, status
from asterisk_hotdesk.store.status import Seen
from tests.postgres.office import DESKS, Office

PHONE = DESKS[0]
STALE_SECONDS = 60


class Watch:
    """Looks for stale phones in an office, at the office's time."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self._began = office.now
        self._staleness = self._started()

    def _started(self) -> Staleness:
        return Staleness(
            self.office.database,
            stale_seconds=STALE_SECONDS,
            now=lambda: self.office.now,
            clock=lambda: (self.office.now - self._began).total_seconds(),
        )

    def restart(self) -> None:
        """Forget what was only in memory."""
        self._staleness = self._started()

    async def look(self, *, after: float = 0) -> list[tuple[object, ...]]:
        """Look now and again after some seconds; return what was told of since then."""
        await self._staleness.look()
        self.office.later(after)
        await self._staleness.look()
        return [
            (what, device, extension, code)
            for what, code, extension, device in await self.office.events()
            if what in ("stale", "fresh")
        ]

    async def fetch(self, device: str = PHONE) -> None:
        """Let the phone fetch what the last switch made."""
        generation = await self.office.generation(device)
        async with self.office.database.transaction() as tx:
            await logins.note_confirmed(tx, {generation: self.office.now})

    async def see(self, seen: Seen) -> None:
        async with self.office.database.transaction() as tx:
            await status.note_seen(tx, [seen], self.office.now)


@pytest.fixture
def watch(office: Office) -> Watch:
    return Watch(office)


async def test_a_phone_that_fetches_in_time_is_no_news(watch: Watch) -> None:
    await watch.office.log_in("100")
    await watch.look(after=STALE_SECONDS - 1)
    await watch.fetch()

    assert await watch.look(after=STALE_SECONDS) == []


async def test_a_phone_that_does_not_fetch_is_told_of_once(watch: Watch) -> None:
    await watch.office.log_in("100")

    told = await watch.look(after=STALE_SECONDS)

    assert told == [("stale", PHONE, "100", "unknown")]
    assert await watch.look(after=STALE_SECONDS) == told


async def test_it_is_told_of_again_when_it_fetches_at_last(watch: Watch) -> None:
    await watch.office.log_in("100")
    await watch.look(after=STALE_SECONDS)
    await watch.fetch()

    told = await watch.look()

    assert told[1:] == [("fresh", PHONE, "100", "")]
    assert await watch.look(after=STALE_SECONDS) == told


async def test_each_switch_has_its_own_time(watch: Watch) -> None:
    await watch.office.log_in("100")
    await watch.look(after=STALE_SECONDS - 1)
    await watch.office.log_out()

    assert await watch.look(after=STALE_SECONDS - 1) == []
    assert await watch.look(after=1) == [("stale", PHONE, "", "unknown")]


async def test_a_stale_phone_is_told_of_for_the_next_switch_too(watch: Watch) -> None:
    await watch.office.log_in("100")
    await watch.look(after=STALE_SECONDS)
    await watch.office.log_in("101")

    told = await watch.look(after=STALE_SECONDS)

    assert [(what, extension) for what, _, extension, _ in told] == [
        ("stale", "100"),
        ("stale", "101"),
    ]


async def test_what_asterisk_says_of_the_phone_is_told_with_it(watch: Watch) -> None:
    for device, extension in zip(DESKS, ("100", "101", "102"), strict=True):
        await watch.office.log_in(extension, device)
    await watch.see(Seen(device=DESKS[0], registered=True, reachable=True))
    await watch.see(Seen(device=DESKS[1], registered=True, reachable=False))
    await watch.see(Seen(device=DESKS[2], registered=False, reachable=False))

    told = await watch.look(after=STALE_SECONDS)

    assert {device: code for _, device, _, code in told} == {
        DESKS[0]: "registered",
        DESKS[1]: "unreachable",
        DESKS[2]: "unregistered",
    }


async def test_a_phone_in_a_call_has_time_until_it_ends(watch: Watch) -> None:
    await watch.see(Seen(device=PHONE, in_call=True))
    await watch.office.log_in("100")
    assert await watch.look(after=STALE_SECONDS) == []

    await watch.see(Seen(device=PHONE, in_call=False))

    assert await watch.look(after=STALE_SECONDS - 1) == []
    assert await watch.look(after=1) == [("stale", PHONE, "100", "unknown")]


async def test_after_a_restart_phones_get_their_time_again(watch: Watch) -> None:
    await watch.office.log_in("100")
    watch.office.later(10 * STALE_SECONDS)
    watch.restart()

    assert await watch.look(after=STALE_SECONDS - 1) == []
    assert len(await watch.look(after=1)) == 1


async def test_a_restart_does_not_tell_it_twice(watch: Watch) -> None:
    await watch.office.log_in("100")
    told = await watch.look(after=STALE_SECONDS)
    watch.restart()

    assert await watch.look(after=STALE_SECONDS) == told


async def test_a_new_configuration_does_not_make_a_phone_stale_at_once(
    watch: Watch,
) -> None:
    await watch.office.log_in("100")
    await watch.fetch()
    watch.office.later(10 * STALE_SECONDS)
    async with watch.office.database.transaction() as tx:
        await logins.want_fetch(tx, PHONE)

    assert await watch.look(after=STALE_SECONDS - 1) == []
    assert len(await watch.look(after=1)) == 1


@pytest.mark.parametrize("change", ["enabled = false", "mac = NULL"])
async def test_a_device_whose_phone_cannot_fetch_is_not_waited_for(
    watch: Watch, change: str
) -> None:
    await watch.office.log_in("100")
    await watch.office.rows(
        f"UPDATE devices SET {change} WHERE name = %s RETURNING id",  # noqa: S608
        PHONE,
    )

    assert await watch.look(after=STALE_SECONDS) == []
