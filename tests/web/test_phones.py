"""Phones that asked and are no device: which device shall each be?"""

from __future__ import annotations

import pytest

from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.store import devices, discovered
from asterisk_hotdesk.store.devices import NewDevice
from tests.postgres.office import DESKS
from tests.web.conftest import Served

MAC, SHOWN = "000413aabbcc", "00:04:13:AA:BB:CC"
WAITING = "HD0007"
ASSIGN = f"/phones/{MAC}/assign"


@pytest.fixture
async def found(served: Served) -> Served:
    """Return the site, with a phone that asked and a device that waits for one."""
    async with served.office.database.transaction() as tx:
        await discovered.note(
            tx,
            MAC,
            PhoneKind(vendor="snom", model="D735", firmware="10.1"),
            address="192.0.2.4",
            by="pnp",
            now=served.office.now,
        )
        waiting = NewDevice(
            name=WAITING,
            mac=None,
            account="default",
            sip_secret="s1p-s3cret",
            web_password="w3b-s3cret",
            location="Floor 2",
        )
        await devices.add(tx, [waiting])
    return served


async def mac_of(served: Served, device: str) -> str | None:
    return (await served.office.device(device)).mac


async def test_they_are_listed_with_what_they_said(found: Served) -> None:
    visitor = await found.logged_in("viewer")

    shown = await visitor.get("/phones")

    assert shown.has(f"{SHOWN} snom D735 10.1 192.0.2.4 multicast (PnP) 2026-01-02")
    assert "Assign" not in shown.plain


async def test_an_operator_makes_one_a_device(found: Served) -> None:
    visitor = await found.logged_in("operator")

    choice = await visitor.get(f"{ASSIGN}?q=floor")
    question = await visitor.get(f"{ASSIGN}/{WAITING}")
    done = await visitor.fill(question, f"{ASSIGN}/{WAITING}")

    assert choice.has(f"{WAITING}, Floor 2 waits for a phone")
    assert not choice.has(DESKS[0])
    assert question.has(f"Make {SHOWN} the device {WAITING}?", "for 60 minutes")
    assert done.has(f"{SHOWN} is {WAITING}.", "No phone has asked")
    assert await mac_of(found, WAITING) == MAC
    assert await found.told("phone_assigned") == [
        ("", "web", "operator", "127.0.0.1", "")
    ]


async def test_another_phone_is_replaced_after_a_warning(found: Served) -> None:
    visitor = await found.logged_in()
    await found.office.log_in("100", DESKS[0])

    choice = await visitor.get(ASSIGN)
    question = await visitor.get(f"{ASSIGN}/{DESKS[0]}")
    await visitor.fill(question, f"{ASSIGN}/{DESKS[0]}")

    assert choice.has(f"{DESKS[0]} has the phone 00:04:13:00:00:01")
    assert question.has("The phone 00:04:13:00:00:01 stands there now.")
    assert await mac_of(found, DESKS[0]) == MAC
    assert await found.office.sitting() == {DESKS[0]: "100"}


async def test_a_device_that_got_a_phone_meanwhile_keeps_it(found: Served) -> None:
    visitor = await found.logged_in()
    question = await visitor.get(f"{ASSIGN}/{WAITING}")
    await found.office.rows(
        "UPDATE devices SET mac = '000413ffffff' WHERE name = %s RETURNING 1", WAITING
    )

    refused = await visitor.fill(question, f"{ASSIGN}/{WAITING}")

    assert refused.status == 409
    assert refused.has(
        "Somebody else has changed this in the meantime",
        "The phone 00:04:13:FF:FF:FF stands there now.",
    )
    assert await mac_of(found, WAITING) == "000413ffffff"


async def test_a_phone_that_was_assigned_meanwhile_stays_so(found: Served) -> None:
    visitor = await found.logged_in()
    question = await visitor.get(f"{ASSIGN}/{WAITING}")
    await visitor.fill(
        await visitor.get(f"{ASSIGN}/{DESKS[0]}"), f"{ASSIGN}/{DESKS[0]}"
    )

    refused = await visitor.fill(question, f"{ASSIGN}/{WAITING}")

    assert refused.has("This phone or this device has been assigned in the meantime.")
    assert await mac_of(found, WAITING) is None


@pytest.mark.parametrize("mac", ["000413000099", "nonsense", "%00"])
async def test_a_phone_that_never_asked(found: Served, mac: str) -> None:
    visitor = await found.logged_in()

    assert (await visitor.get(f"/phones/{mac}/assign")).status == 404
    assert (await visitor.get(f"/phones/{mac}/assign/{WAITING}")).status == 404
