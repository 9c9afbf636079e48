"""Which phone gets a configuration: by hand, from the pool, and never by its MAC alone.

On a real PostgreSQL, with the decisions that the web server and PnP ask for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from asterisk_hotdesk.config import ProvisioningConfig
from asterisk_hotdesk.enrolment import Admitted, Enrolment, Request
from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.store import allowed_phones, devices, phones
from asterisk_hotdesk.store.allowed_phones import AllowedPhones
from asterisk_hotdesk.store.devices import NewDevice
from asterisk_hotdesk.tokens import account_token, new_token, token_hash
from tests.postgres.office import DESKS, Office

KEY = b"k" * 32
MAC, OTHER_MAC = "000413000001", "000413000002"
NEW_MAC, STRANGE_MAC = "00041300aa01", "00041399aa01"
D785 = PhoneKind(vendor="snom", model="D785", firmware="10.1.198.19")
FOR_ALL = account_token(KEY, "default")


@dataclass
class Site:
    """An office whose phones ask for their configurations."""

    office: Office
    enrolment: Enrolment

    async def asks(
        self,
        token: str,
        mac: str = MAC,
        *,
        believable: bool = True,
        trusted: bool = True,
    ) -> Admitted | None:
        return await self.enrolment.admit(
            Request(
                mac=mac,
                token=token,
                kind=D785,
                address="127.0.0.1",
                believable=believable,
                may_enrol=trusted,
            )
        )

    async def gets(self, token: str, mac: str = MAC) -> Admitted:
        admitted = await self.asks(token, mac)
        assert admitted is not None
        return admitted

    async def opens_enrolment(self, device: str = DESKS[0], deliveries: int = 5) -> str:
        """Let a device's phone enrol, and return a token for its first fetch."""
        found, token = await self.office.device(device), new_token()
        until = self.office.now + timedelta(minutes=60)
        async with self.office.database.transaction() as tx:
            await phones.open_enrolment(tx, [found.id], until, deliveries)
            await phones.add_token(
                tx, found, token_hash(token), "bootstrap", self.office.now
            )
        return token

    async def allows(self, first: str, last: str, account: str = "default") -> None:
        async with self.office.database.transaction() as tx:
            allowed = AllowedPhones(account=account, first_mac=first, last_mac=last)
            await allowed_phones.replace(tx, account, [allowed])

    async def has_pool(self, *names: str) -> None:
        async with self.office.database.transaction() as tx:
            await devices.add(
                tx,
                [
                    NewDevice(
                        name=name,
                        mac=None,
                        account="default",
                        sip_secret="s",
                        web_password="w",
                    )
                    for name in names
                ],
            )


@pytest.fixture
def site(office: Office) -> Site:
    config = ProvisioningConfig()
    return Site(office, Enrolment(office.database, config, KEY, lambda: office.now))


async def test_the_first_fetch_gives_a_token_of_the_phones_own(site: Site) -> None:
    bootstrap = await site.opens_enrolment()

    admitted = await site.gets(bootstrap)

    assert admitted.desk.device.name == DESKS[0]
    assert admitted.token != bootstrap
    assert (await site.gets(admitted.token)).token == admitted.token


async def test_the_first_use_of_the_own_token_ends_every_other(site: Site) -> None:
    bootstrap = await site.opens_enrolment()
    first, second = await site.gets(bootstrap), await site.gets(bootstrap)

    await site.gets(second.token)

    assert await site.asks(bootstrap) is None
    assert await site.asks(first.token) is None
    assert await site.asks(FOR_ALL) is None
    assert ("device_enrolled", "", "", DESKS[0]) in await site.office.events()


async def test_a_token_opens_its_own_phone_only(site: Site) -> None:
    bootstrap = await site.opens_enrolment()
    steady = (await site.gets(bootstrap)).token

    assert await site.asks(bootstrap, OTHER_MAC) is None
    assert await site.asks(steady, OTHER_MAC) is None
    assert await site.asks(new_token()) is None


async def test_a_stolen_mac_address_alone_opens_nothing(site: Site) -> None:
    bootstrap = await site.opens_enrolment()
    await site.gets((await site.gets(bootstrap)).token)

    assert await site.asks(FOR_ALL) is None
    assert await site.enrolment.bootstrap_token(MAC) is None


async def test_the_enrolment_ends_by_itself(site: Site) -> None:
    bootstrap = await site.opens_enrolment()

    site.office.later(3601)

    assert await site.asks(bootstrap) is None
    assert await site.asks(FOR_ALL) is None


async def test_only_so_many_deliveries(site: Site) -> None:
    bootstrap = await site.opens_enrolment(deliveries=2)

    answers = [await site.asks(bootstrap) for _ in range(3)]

    assert [answer is not None for answer in answers] == [True, True, False]


async def test_who_guesses_or_lies_cannot_enrol(site: Site) -> None:
    bootstrap = await site.opens_enrolment()

    assert await site.asks(bootstrap, trusted=False) is None
    assert await site.asks(bootstrap, believable=False) is None
    assert await site.asks(bootstrap) is not None


async def test_a_phone_that_has_enrolled_is_served_even_beside_a_guesser(
    site: Site,
) -> None:
    steady = (await site.gets(await site.opens_enrolment())).token

    assert await site.asks(steady, trusted=False) is not None


async def test_a_disabled_device_gets_nothing(site: Site) -> None:
    bootstrap = await site.opens_enrolment()
    steady = (await site.gets(bootstrap)).token

    await site.office.rows(
        "UPDATE devices SET enabled = false WHERE name = %s RETURNING id", DESKS[0]
    )

    assert await site.asks(bootstrap) is None
    assert await site.asks(steady) is None
    assert await site.enrolment.opens(MAC, steady) is None
    assert await site.enrolment.bootstrap_token(MAC) is None


async def test_only_hashes_of_tokens_are_stored(site: Site) -> None:
    bootstrap = await site.opens_enrolment()
    steady = (await site.gets(bootstrap)).token

    stored = await site.office.everything_stored()

    assert bootstrap not in stored
    assert steady not in stored


async def test_tokens_are_not_shown_by_mistake(site: Site) -> None:
    admitted = await site.gets(await site.opens_enrolment())

    assert admitted.token not in repr(admitted)


async def test_what_a_phone_says_it_is_is_kept(site: Site) -> None:
    await site.gets(await site.opens_enrolment())

    assert (await site.office.device(DESKS[0])).phone == D785


# The pool


async def test_an_allowed_phone_claims_the_first_device_of_the_pool(site: Site) -> None:
    await site.has_pool("HD0100", "HD0101")
    await site.allows("00041300aa00", "00041300aaff")

    admitted = await site.gets(FOR_ALL, NEW_MAC)

    assert admitted.desk.device.name == "HD0100"
    assert (await site.gets(admitted.token, NEW_MAC)).desk.device.mac == NEW_MAC
    assert ("device_claimed", NEW_MAC, "", "HD0100") in await site.office.events()


async def test_many_phones_at_once_claim_one_device_each(site: Site) -> None:
    await site.has_pool(*(f"HD01{n:02}" for n in range(8)))
    await site.allows("00041300aa00", "00041300aaff")
    macs = [f"00041300aa{n:02x}" for n in range(10)]

    # Each asks three times, as phones do that lose patience.
    answers = await asyncio.gather(
        *(site.asks(FOR_ALL, mac) for mac in macs for _ in range(3))
    )

    claimed: dict[str, set[str | None]] = {}
    for answer in answers:
        if answer:
            device = answer.desk.device
            claimed.setdefault(device.name, set()).add(device.mac)
    assert len(claimed) == 8
    assert all(len(owners) == 1 for owners in claimed.values())


async def test_a_phone_that_is_not_allowed_claims_nothing(site: Site) -> None:
    await site.has_pool("HD0100")
    await site.allows("00041300aa00", "00041300aaff")

    assert await site.asks(FOR_ALL, STRANGE_MAC) is None
    assert await site.asks(new_token(), NEW_MAC) is None
    assert await site.asks(account_token(KEY, "acme"), NEW_MAC) is None
    assert await site.asks(FOR_ALL, NEW_MAC, trusted=False) is None


async def test_an_empty_pool_gives_nothing(site: Site) -> None:
    await site.allows("00041300aa00", "00041300aaff")

    assert await site.asks(FOR_ALL, NEW_MAC) is None


# PnP


async def test_pnp_gives_a_token_to_phones_that_may_enrol(site: Site) -> None:
    await site.opens_enrolment()
    await site.has_pool("HD0100")
    await site.allows("00041300aa00", "00041300aaff")

    for mac, device in ((MAC, DESKS[0]), (NEW_MAC, "HD0100")):
        token = await site.enrolment.bootstrap_token(mac)
        assert token is not None
        assert (await site.gets(token, mac)).desk.device.name == device


async def test_a_phone_asks_by_pnp_while_its_device_is_being_removed(
    site: Site,
) -> None:
    await site.opens_enrolment()
    async with (
        asyncio.TaskGroup() as tasks,
        site.office.database.transaction() as removal,
    ):
        await removal.execute("DELETE FROM devices WHERE name = %s", [DESKS[0]])
        asked = tasks.create_task(site.enrolment.bootstrap_token(MAC))
        await site.office.waits_for(removal)

    token = asked.result()
    assert token is None or await site.asks(token) is None


async def test_pnp_gives_strangers_nothing_and_lists_them(site: Site) -> None:
    assert await site.enrolment.bootstrap_token(STRANGE_MAC) is None

    await site.enrolment.note_stranger(STRANGE_MAC, D785, address="127.0.0.9", by="pnp")

    found = await site.office.rows("SELECT mac, model, address FROM discovered_phones")
    assert found == [(STRANGE_MAC, "D785", "127.0.0.9")]


async def test_a_device_is_no_stranger(site: Site) -> None:
    await site.enrolment.note_stranger(MAC, D785, address="127.0.0.9", by="http")

    assert await site.office.rows("SELECT mac FROM discovered_phones") == []
