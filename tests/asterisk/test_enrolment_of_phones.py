"""Phones become hot desks by themselves, and nobody else gets what they get."""

from __future__ import annotations

import asyncio
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import trustme

from tests.asterisk.conftest import Office, eventually, rings
from tests.lab.phone import Party
from tests.lab.ports import free_udp_port
from tests.lab.snom import VirtualSnom
from tests.lab.web_client import ClientCertificate
from tests.lab.yealink import VirtualYealink

NEW, OTHER, STRANGER = "00041300AA01", "00041300AA02", "00041399AA01"
YEALINK = "805EC0AA0001"
ALLOWED = "00:04:13:00:aa:00-00:04:13:00:aa:ff"


@pytest.fixture
async def pool(office: Office) -> AsyncIterator[Office]:
    """Yield the office with two devices that wait for phones, which are allowed."""
    await office.hotdesk("device", "allow", ALLOWED)
    await office.hotdesk("device", "pool", "2", "--prefix", "POOL")
    yield office
    await office.hotdesk("device", "disallow", ALLOWED)
    listed = json.loads((await office.hotdesk("device", "list", "--json")).stdout)
    names = [d["name"] for d in listed if d["name"].startswith("POOL")]
    await office.hotdesk("device", "remove", "--yes", *names)


async def account_url(office: Office) -> str:
    """Return what DHCP tells every phone, as `hotdesk device enrol` says it."""
    told = json.loads((await office.hotdesk("device", "enrol", "--json")).stdout)
    url: str = told["url"]
    return url + "{mac}.xml"


async def own_url(office: Office, device: str) -> str:
    """Return what an administrator types into the phone of *device*."""
    told = await office.hotdesk("device", "enrol", device, "--json")
    (invited,) = json.loads(told.stdout)
    return f"{invited['url']}{invited['file']}"


async def plugged_in(office: Office, snom: VirtualSnom) -> VirtualSnom:
    """Return *snom*, once it has fetched and registered."""
    phone = await office._stack.enter_async_context(snom)
    await phone.until(
        lambda: phone.phone and phone.phone.registered, "it registers", within=10
    )
    return phone


async def test_a_phone_that_is_plugged_in_becomes_a_hot_desk(pool: Office) -> None:
    snom = await plugged_in(pool, VirtualSnom(NEW, await account_url(pool)))

    await snom.shows("POOL0001")
    await pool.log_in(snom, "100")
    await snom.shows("Alice 100")
    fixed = await pool.phone("200")
    call = await fixed.call("100")
    ringing = await rings(snom, caller=Party("Fixed phone 200", "200"))
    await ringing.answer()
    await call.answered()
    await call.hangup()
    assert snom.reboots == 0


async def test_two_phones_at_once_become_two_hot_desks(pool: Office) -> None:
    url = await account_url(pool)

    first, second = await asyncio.gather(
        plugged_in(pool, VirtualSnom(NEW, url)),
        plugged_in(pool, VirtualSnom(OTHER, url)),
    )

    shown = {snom.display()[0] for snom in (first, second)}
    assert shown == {"POOL0001", "POOL0002"}


async def test_a_phone_finds_us_by_pnp(pool: Office) -> None:
    group = ("127.0.0.1", free_udp_port())
    pnp = f'[pnp]\nenabled = true\naddress = "{group[0]}"\nport = {group[1]}\n'
    async with pool.settings(pnp + 'interface = "127.0.0.1"\n'):
        snom = await plugged_in(pool, VirtualSnom.by_pnp(NEW, group))
        await snom.shows("POOL0001")

        with pytest.raises(TimeoutError):
            await VirtualSnom.by_pnp(STRANGER, group).start()
        found = json.loads(
            (await pool.hotdesk("device", "discovered", "--json")).stdout
        )
        assert STRANGER.lower() in [phone["mac"] for phone in found]


async def test_a_discovered_phone_is_assigned(pool: Office) -> None:
    url = await account_url(pool)
    stranger = VirtualSnom(STRANGER, url)
    async with stranger:
        assert stranger.last_status == 404
        await eventually(
            lambda: pool.rows(
                "SELECT 1 FROM discovered_phones WHERE mac = %s", STRANGER.lower()
            ),
            "it is listed",
        )
        await pool.hotdesk("device", "assign", STRANGER, "POOL0002")
        await stranger.fetch()
        await stranger.shows("POOL0002", within=10)


async def test_a_stolen_mac_address_opens_nothing(pool: Office) -> None:
    url = await account_url(pool)
    snom = await plugged_in(pool, VirtualSnom(NEW, url))
    # Its own URL, which it uses from the second fetch on.
    await snom.fetch()
    assert snom.last_status == 200

    thief = VirtualSnom(NEW, url)
    async with thief:
        assert thief.last_status == 404
        assert thief.phone is None
    base = re.sub("/p/.*", "", url)
    async with aiohttp.ClientSession() as http:
        for path in (f"/{NEW}.xml", f"/p/{NEW}.xml", f"/p/{'0' * 40}/{NEW}.xml"):
            async with http.get(base + path) as answer:
                assert answer.status == 404


async def test_the_first_user_is_there_after_the_first_start(office: Office) -> None:
    await office.hotdesk("device", "add", "FIRST1", "--mac", NEW, "--first-user", "103")
    office.afterwards("device", "remove", "--yes", "FIRST1")
    snom = await plugged_in(office, VirtualSnom(NEW, await own_url(office, "FIRST1")))

    await snom.shows("Dora 103", within=20)


async def test_a_yealink_becomes_a_hot_desk(office: Office) -> None:
    await office.hotdesk("device", "add", "YEA1", "--mac", YEALINK)
    office.afterwards("device", "remove", "--yes", "YEA1")
    url = await own_url(office, "YEA1")
    directory = url.rpartition("/")[0] + "/"

    async with VirtualYealink(YEALINK, directory) as yealink:
        await yealink.until(
            lambda: yealink.phone and yealink.phone.registered, "it registers"
        )
        await yealink.shows("YEA1")
        await office.log_in(yealink, "100")
        await yealink.shows("Alice")
        assert "Log out" in yealink.keys()[0].label
        call = await yealink.press(0)
        assert call is not None
        await call.ended(within=20)
        await yealink.shows("YEA1", within=10)
        assert yealink.reboots == 0


# HTTPS


async def test_phones_enrol_and_log_in_over_https(
    office: Office, tmp_path: Path
) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    made = ca.issue_cert("localhost")
    made.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    chain = b"".join(pem.bytes() for pem in made.cert_chain_pems)
    (tmp_path / "cert.pem").write_bytes(chain)
    phones_own = ca.issue_cert("phone.example", common_name=NEW)
    phones_own.private_key_pem.write_to_path(str(tmp_path / "phone-key.pem"))
    phones_own.cert_chain_pems[0].write_to_path(str(tmp_path / "phone.pem"))
    certificate = ClientCertificate(tmp_path / "phone.pem", tmp_path / "phone-key.pem")
    more = (
        f'tls_certificate = "{tmp_path}/cert.pem"\ntls_key = "{tmp_path}/key.pem"\n'
        f'client_ca = "{tmp_path}/ca.pem"\nclient_certificates = "required"\n'
    )
    async with office.provisioning(more, scheme="https"):
        await office.hotdesk("device", "add", "TLS1", "--mac", NEW)
        office.afterwards("device", "remove", "--yes", "TLS1")
        url = await own_url(office, "TLS1")

        async with VirtualSnom(NEW, url, ca=tmp_path / "ca.pem") as without:
            assert without.last_status == 404
        snom = VirtualSnom(NEW, url, ca=tmp_path / "ca.pem", certificate=certificate)
        await plugged_in(office, snom)
        await snom.shows("TLS1")
        await office.log_in(snom, "100")
        assert snom.setting("setting_server").startswith("https://localhost:")


async def test_what_a_phone_gets_has_no_secret_but_its_own(office: Office) -> None:
    await office.desk("HD0001")
    url = next(
        device["provisioning_url"]
        for device in office.facts["devices"]
        if device["name"] == "HD0001"
    )
    others = [
        device["sip_password"]
        for device in office.facts["devices"]
        if device["name"] != "HD0001"
    ]
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        text = await answer.text()

    ET.fromstring(text)  # noqa: S314 - our own
    assert not any(secret in text for secret in others)
