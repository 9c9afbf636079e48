"""Phones that ask and are no device: which are remembered, and which may become one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.store import Database, allowed_phones, devices, discovered
from asterisk_hotdesk.store.allowed_phones import AllowedPhones
from asterisk_hotdesk.store.discovered import MOST_KEPT

MAC = "00041300000a"
MORNING = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)
D785 = PhoneKind(vendor="snom", model="D785", firmware="10.1.175.16")


async def ask(
    database: Database,
    mac: str = MAC,
    *,
    minute: float = 0,
    kind: PhoneKind = D785,
    address: str = "192.0.2.7",
) -> None:
    async with database.transaction() as tx:
        now = MORNING + timedelta(minutes=minute)
        await discovered.note(tx, mac, kind, address, "http", now)


async def remembered(database: Database) -> list[discovered.Discovered]:
    async with database.transaction() as tx:
        return await discovered.everything(tx)


async def test_a_phone_that_asks_again_is_remembered_once(database: Database) -> None:
    await ask(database)
    await ask(database, minute=5, kind=PhoneKind(vendor="snom"), address="192.0.2.8")
    (phone,) = await remembered(database)
    assert (phone.mac, phone.kind, phone.address) == (MAC, D785, "192.0.2.8")
    assert phone.seen_at - phone.first_seen_at == timedelta(minutes=5)


async def test_whoever_asked_last_is_listed_first(database: Database) -> None:
    for minute, mac in enumerate(("00041300000b", MAC, "00041300000c")):
        await ask(database, mac, minute=minute)
    found = [phone.mac for phone in await remembered(database)]
    assert found == ["00041300000c", MAC, "00041300000b"]


async def test_a_flood_of_addresses_pushes_out_the_oldest_only(
    database: Database,
) -> None:
    async with database.transaction() as tx:
        for i in range(MOST_KEPT):
            now = MORNING + timedelta(seconds=i)
            await discovered.note(tx, f"{i:012x}", D785, "192.0.2.7", "http", now)
    await ask(database, minute=60)
    found = {phone.mac for phone in await remembered(database)}
    assert len(found) == MOST_KEPT
    assert MAC in found
    assert f"{0:012x}" not in found


async def test_many_phones_may_ask_at_once(database: Database) -> None:
    await asyncio.gather(*(ask(database, f"{i % 5:012x}", minute=i) for i in range(50)))
    assert len(await remembered(database)) == 5


async def test_a_phone_that_became_a_device_is_forgotten(database: Database) -> None:
    await ask(database)
    async with database.transaction() as tx:
        await discovered.forget(tx, MAC)
    assert await remembered(database) == []


@pytest.mark.parametrize(
    ("mac", "account"),
    [
        ("0004130000ff", None),
        ("000413000100", "default"),
        ("0004130001a0", "default"),
        ("0004130001ff", "default"),
        ("000413000200", "acme"),
        ("000413000201", None),
        ("fffffffffffe", None),
    ],
)
async def test_a_phone_may_become_a_device_where_its_address_is_allowed(
    database: Database, mac: str, account: str | None
) -> None:
    async with database.transaction() as tx:
        await devices.ensure_account(tx, "acme")
        for name, first, last in (
            ("default", "000413000100", "0004130001ff"),
            ("acme", "000413000200", "000413000200"),
        ):
            allowed = AllowedPhones(account=name, first_mac=first, last_mac=last)
            await allowed_phones.replace(tx, name, [allowed])
        assert await allowed_phones.account_allowing(tx, mac) == account
