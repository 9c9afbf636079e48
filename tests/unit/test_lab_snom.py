"""The virtual snom, without a PBX: what tests lean on must hold."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.lab import sip
from tests.lab.sip import NameAddr
from tests.lab.snom import BadSettings, Key, VirtualSnom
from tests.lab.snom_settings import parse_settings
from tests.unit.lab_fakes import FakePbx


@pytest.fixture
async def pbx() -> AsyncIterator[FakePbx]:
    pbx = FakePbx()
    await pbx.wire.open("127.0.0.1")
    yield pbx
    await pbx.wire.close()


SETTINGS = """<?xml version="1.0" encoding="utf-8"?>
<settings>
 <phone-settings e="2">
  <language perm="RW">Deutsch</language>
  <user_name idx="1" perm="R">HD0001</user_name>
  <user_pass idx="1" perm="R">secret</user_pass>
  <user_host idx="1" perm="R">127.0.0.1:{port}</user_host>
  <user_realname idx="1" perm="RW">Anna Müster</user_realname>
  <user_idle_text idx="1" perm="RW">Anna Müster 100</user_idle_text>
  <user_idle_number idx="1" perm="RW">100</user_idle_number>
 </phone-settings>
 <functionKeys e="2">
  <fkey idx="0" context="1" label="Abmelden" perm="RW">speed *77*5*</fkey>
  <fkey idx="1" context="1" label="Bob" perm="RW">blf 200|*8</fkey>
 </functionKeys>
</settings>
"""
SECOND = """<settings><phone-settings e="2">
<user_idle_text idx="1" perm="RW">Frei</user_idle_text>
</phone-settings></settings>"""


class Desk:
    """A snom with the PBX and the web server that it uses."""

    snom: VirtualSnom

    def __init__(self, pbx: FakePbx) -> None:
        self.pbx = pbx
        self.status, self.text = 200, SETTINGS.format(port=pbx.wire.address[1])
        self.asked: list[str] = []

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers["User-Agent"])
        return web.Response(text=self.text, status=self.status)

    async def check_sync(self, reboot: str = "false") -> None:
        """Have the snom fetch again; returns when it has."""
        assert self.snom.phone
        attempts = self.snom.attempts
        self.pbx.seen.clear()
        event = f"check-sync;reboot={reboot}"
        await self.pbx.notify(self.snom.phone.address, event)
        await self.snom.until(lambda: self.snom.attempts > attempts, "fetch")


@pytest.fixture
async def desk(pbx: FakePbx) -> AsyncIterator[Desk]:
    desk = Desk(pbx)
    app = web.Application()
    app.router.add_get("/{mac}.xml", desk.serve)
    async with TestServer(app) as server:
        url = str(server.make_url("/")) + "{mac}.xml"
        async with VirtualSnom("00:04:13:00:00:01", url) as desk.snom:
            yield desk


async def test_snom_shows_its_settings(desk: Desk) -> None:
    snom = desk.snom
    assert snom.display() == ["Anna Müster 100", "100"]
    assert snom.keys() == [
        Key("Abmelden", "speed", "*77*5*"),
        Key("Bob", "blf", "200|*8"),
    ]
    assert "1 Abmelden" in snom.screen()
    assert desk.asked == [
        "Mozilla/4.0 (compatible; snomD785-SIP 10.1.198.19 2010.12-00004-g9ba52f5 "
        "000413000001 SXM:0 UXM:0)"
    ]
    assert snom.phone
    assert snom.phone.registered


async def test_check_sync_applies_and_keeps_what_is_left_out(desk: Desk) -> None:
    snom, phone = desk.snom, desk.snom.phone
    desk.text = SECOND
    await desk.check_sync()
    await snom.shows("Frei")
    assert snom.display() == ["Frei", "100"]
    assert snom.changed == {("user_idle_text", 1)}
    assert (snom.fetches, snom.reboots) == (2, 0)
    assert snom.phone is phone
    assert desk.pbx.seen == []  # it registered no second time


async def test_reboot_registers_again(desk: Desk) -> None:
    await desk.check_sync("true")
    await desk.snom.until(lambda: desk.snom.fetches == 2, "second fetch")
    assert desk.snom.reboots == 1
    await desk.pbx.gets(2, "REGISTER")


async def test_new_account_registers_again(desk: Desk) -> None:
    desk.text = desk.text.replace(">HD0001<", ">HD0002<")
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.fetches == 2, "second fetch")
    names = [NameAddr.parse(r.header("From")).user for r in desk.pbx.seen]
    assert names[-1] == "HD0002"


async def test_server_error_keeps_the_old_settings(desk: Desk) -> None:
    desk.status = 503
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.last_status == 503, "error")
    assert "HTTP 503" in desk.snom.last_error
    assert desk.snom.display() == ["Anna Müster 100", "100"]
    desk.status = 200
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.fetches == 2, "second fetch")
    assert desk.snom.last_error == ""


async def test_bad_settings_after_check_sync_are_kept_for_the_test(desk: Desk) -> None:
    desk.text = desk.text.replace("language", "langauge")
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.problems, "complaint")
    assert "langauge" in str(desk.snom.problems.pop())
    assert desk.snom.display() == ["Anna Müster 100", "100"]


async def test_speed_key_dials(desk: Desk) -> None:
    call = await desk.snom.press(0)
    assert call
    await desk.pbx.gets(1, "INVITE")
    assert sip.uri_user(desk.pbx.seen[-1].uri) == "*77*5*"


@pytest.mark.parametrize(
    ("old", "new", "culprit"),
    [
        ("</settings>", "", "not XML"),
        ("phone-settings", "phone-things", "phone-things"),
        ('settings e="2"', "settings", "phone-settings"),
        ("language", "langauge", "langauge"),
        ('language perm="RW"', 'language perm="RX"', "'RX'"),
        ('language perm="RW"', "language", "None"),
        ('user_name idx="1"', 'user_name idx="13"', "'13'"),
        ("user_pass", "user_name", "user_name idx=1 is there twice"),
        ('fkey idx="1"', 'fkey idx="0"', "fkey idx=0 is there twice"),
        ('fkey idx="1"', 'fkey idx="220"', "'220'"),
        ("speed *77*5*", "spede *77*5*", "'spede'"),
        ("speed *77*5*", "speed", "needs an argument"),
        ('context="1"', 'context="13"', "'13'"),
    ],
)
def test_snom_names_what_is_wrong(old: str, new: str, culprit: str) -> None:
    with pytest.raises(BadSettings, match=culprit):
        parse_settings(SETTINGS.replace(old, new).encode())
