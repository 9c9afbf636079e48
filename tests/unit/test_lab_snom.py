"""The virtual snom, without a PBX: what tests lean on must hold."""

from collections.abc import AsyncIterator

import pytest

from tests.lab import sip
from tests.lab.sip import NameAddr
from tests.lab.snom import BadPage, BadSettings, Key, VirtualSnom
from tests.lab.snom_settings import parse_settings
from tests.lab.snom_urls import resolved
from tests.unit.lab_fakes import FakePbx
from tests.unit.lab_web import XML, LabWeb, serving


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

    def __init__(self, pbx: FakePbx, web: LabWeb) -> None:
        self.pbx, self.web = pbx, web
        self.text = SETTINGS.format(port=pbx.wire.address[1])
        self.serve()

    def serve(self, status: int = 200) -> None:
        """Have the web server deliver `text` from now on."""
        self.web.answers["/000413000001.xml"] = (status, "text/xml", self.text)

    def add(self, settings: str) -> None:
        """Deliver these settings, too."""
        settings = settings.replace("WEB", self.web.url(""))
        self.text = self.text.replace(" </phone", f"{settings}\n </phone")
        self.serve()

    async def check_sync(self, reboot: str = "false") -> None:
        """Have the snom fetch again; returns when it has."""
        assert self.snom.phone
        attempts = self.snom.attempts
        self.pbx.seen.clear()
        event = f"check-sync;reboot={reboot}"
        await self.pbx.notify(self.snom.phone.address, event)
        await self.snom.until(lambda: self.snom.attempts > attempts, "fetch")

    async def push(self, xml: str, kind: str = "application/snomxml") -> None:
        """Send a page by NOTIFY."""
        assert self.snom.phone
        self.pbx.seen.clear()
        about = ("Content-Type", kind)
        await self.pbx.notify(self.snom.phone.address, "xml", xml.encode(), about)


@pytest.fixture
async def desk(pbx: FakePbx) -> AsyncIterator[Desk]:
    async with serving() as web:
        desk = Desk(pbx, web)
        url = web.url("/{mac}.xml")
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
    assert desk.web.agents == [
        "Mozilla/4.0 (compatible; snomD785-SIP 10.1.198.19 2010.12-00004-g9ba52f5 "
        "000413000001 SXM:0 UXM:0)"
    ]
    assert snom.phone
    assert snom.phone.registered


async def test_check_sync_applies_and_keeps_what_is_left_out(desk: Desk) -> None:
    snom, phone = desk.snom, desk.snom.phone
    desk.text = SECOND
    desk.serve()
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
    desk.serve()
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.fetches == 2, "second fetch")
    names = [NameAddr.parse(r.header("From")).user for r in desk.pbx.seen]
    assert names[-1] == "HD0002"


async def test_server_error_keeps_the_old_settings(desk: Desk) -> None:
    desk.serve(503)
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.last_status == 503, "error")
    assert "HTTP 503" in desk.snom.last_error
    assert desk.snom.display() == ["Anna Müster 100", "100"]
    desk.serve()
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.fetches == 2, "second fetch")
    assert desk.snom.last_error == ""


async def test_bad_settings_after_check_sync_are_kept_for_the_test(desk: Desk) -> None:
    desk.text = desk.text.replace("language", "langauge")
    desk.serve()
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.problems, "complaint")
    assert "langauge" in str(desk.snom.problems.pop())
    assert desk.snom.display() == ["Anna Müster 100", "100"]


async def test_speed_key_dials(desk: Desk) -> None:
    call = await desk.snom.press(0)
    assert call
    await desk.pbx.gets(1, "INVITE")
    assert sip.uri_user(desk.pbx.seen[-1].uri) == "*77*5*"


# --- what a snom reboots for ---


async def test_changed_static_setting_reboots(desk: Desk) -> None:
    desk.add('<vlan_id perm="R">7</vlan_id>')
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.fetches == 3, "fetch after the reboot")
    assert desk.snom.reboots == 1
    await desk.pbx.gets(2, "REGISTER")  # it went, and came back


async def test_reboot_that_is_forbidden_is_counted_all_the_same(desk: Desk) -> None:
    off = '<auto_reboot_on_setting_change perm="R">off</auto_reboot_on_setting_change>'
    desk.text = desk.text.replace("<language", f"{off}<language")
    desk.add('<webserver_type perm="R">https</webserver_type>')
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.fetches == 2, "second fetch")
    assert desk.snom.reboots == 1
    assert desk.pbx.seen == []  # it registered no second time


async def test_new_authority_reboots(desk: Desk) -> None:
    more = '<certificates><certificate url="http://x/ca.der"/></certificates>'
    desk.text = desk.text.replace("</settings>", f"{more}</settings>")
    desk.serve()
    await desk.check_sync()
    await desk.snom.until(lambda: desk.snom.reboots, "reboot")


async def test_the_same_settings_again_do_not_reboot(desk: Desk) -> None:
    desk.text = desk.text.replace("Anna", "Berta")
    desk.serve()
    await desk.check_sync()
    await desk.snom.shows("Berta")
    assert desk.snom.reboots == 0


# --- pushed pages, Action URLs, the directory ---

PAGE = XML + "<SnomIPPhoneText><Text>You are logged in</Text></SnomIPPhoneText>"


async def test_pushed_page_is_shown_if_that_is_on(desk: Desk) -> None:
    await desk.push(PAGE)
    assert desk.snom.page == ""
    desk.add('<xml_notify perm="R">on</xml_notify>')
    await desk.snom.fetch()
    await desk.push(PAGE)
    assert desk.snom.display() == ["You are logged in"]


@pytest.mark.parametrize(
    ("page", "kind", "culprit"),
    [
        (PAGE, "application/xml", "Content-Type is 'application/xml'"),
        (PAGE.replace("</SnomIPPhoneText>", ""), "application/snomxml", "not XML"),
    ],
)
async def test_bad_pushed_page_is_kept_for_the_test(
    desk: Desk, page: str, kind: str, culprit: str
) -> None:
    desk.add('<xml_notify perm="R">on</xml_notify>')
    await desk.snom.fetch()
    await desk.push(page, kind)
    problem = desk.snom.problems.pop()
    assert isinstance(problem, BadPage)
    assert culprit in str(problem)


async def test_action_urls_tell_that_it_is_up_and_registered(desk: Desk) -> None:
    setup = "WEB/up/$mac&/x?lang=$language&pass=$user_pass1"
    desk.add(
        f'<action_setup_url perm="R">{setup.replace("&", "&amp;")}</action_setup_url>'
    )
    desk.add('<action_log_on_url perm="R">WEB/on?who=$local</action_log_on_url>')
    await desk.check_sync("true")
    await desk.web.asked_for("/up/000413000001/x?lang=Deutsch&pass=")
    await desk.web.asked_for("/on?who=sip%3AHD0001%40127.0.0.1")
    assert desk.snom.page == ""


@pytest.mark.parametrize(
    ("url", "culprit"),
    [("http://x/$mac/x", "has no & after it"), ("http://x/?a=$nobody", "nobody")],
)
def test_action_url_names_what_is_wrong(url: str, culprit: str) -> None:
    with pytest.raises(BadSettings, match=culprit):
        resolved(url, {}, {})


async def test_complete_directory_replaces_the_one_before(desk: Desk) -> None:
    book = '<tbook{}><item context="active"><name>{}</name><number>1</number></item>'
    for attribute, name in [("", "Anna"), ("", "Bob"), (' complete="true"', "Eve")]:
        entry = book.format(attribute, name) + "</tbook>"
        desk.text = f"<settings>{entry}</settings>"
        desk.serve()
        await desk.snom.fetch()
    assert desk.snom.contacts == {"Eve": "1"}


# --- strictness ---

LANGUAGE = '<language perm="RW">Deutsch</language>'
REBOOT = '<auto_reboot_on_setting_change perm="R">off</auto_reboot_on_setting_change>'
CERTIFICATE = '<certificates><certificate url="{}"/></certificates>'
EVERYTHING = """
<user_savp idx="1" perm="R">mandatory</user_savp>
<user_expiry idx="1" perm="RV">600</user_expiry>
<user_ringer idx="1" perm="$">Ringer2</user_ringer>
<fwd_busy_enabled idx="1" perm="">off</fwd_busy_enabled>
<dnd_mode idx="1" perm="&amp;">off</dnd_mode>
<call_waiting perm="R">on</call_waiting><call_waiting idx="1" perm="R">on</call_waiting>
<mac_info_in_sip_register perm="R">on</mac_info_in_sip_register>
<keyboard_lock_timeout perm="!">60</keyboard_lock_timeout>
<context_key idx="0" perm="RW">url http://127.0.0.1/menu</context_key>
<mb_trusted_hosts perm=" ">10.0.0.1 pbx.example.net ::1</mb_trusted_hosts>
<webserver_admin_password perm="R">x</webserver_admin_password>
"""


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
        ('user_pass idx="1" perm="R"', 'user_pass idx="1" perm="!"', "credential"),
        (LANGUAGE, '<admin_mode perm="R">on</admin_mode>', "nobody can enter"),
        (LANGUAGE, '<admin_mode perm="RW">yes</admin_mode>', "'yes', not one of"),
        (LANGUAGE, '<user_expiry idx="1" perm="R">1h</user_expiry>', "not a number"),
        (LANGUAGE, '<update_policy perm="R">never</update_policy>', "'never'"),
        (LANGUAGE, f"{LANGUAGE}{REBOOT}", "at the top of the file only"),
        (LANGUAGE, '<mb_trusted_hosts perm="R">a:80</mb_trusted_hosts>', "'a:80'"),
        (LANGUAGE, '<gui_fkey1 perm="R">menu</gui_fkey1>', "'menu'"),
        (LANGUAGE, '<gui_fkey5 perm="R">none</gui_fkey5>', "gui_fkey5"),
        (LANGUAGE, '<context_key idx="4" perm="R">none</context_key>', "'4'"),
        (LANGUAGE, '<dkey_menu perm="R">speed</dkey_menu>', "needs an argument"),
        (LANGUAGE, '<setting_server perm="R">x/y</setting_server>', "no http"),
        (LANGUAGE, '<action_setup_url perm="R">x/y</action_setup_url>', "no http"),
        (LANGUAGE, '<fwd_all_enabled perm="R">off</fwd_all_enabled>', "has idx ''"),
        ("</settings>", "<tbook><name/></tbook></settings>", "<name> in <tbook>"),
        ("</settings>", "<tbook><item/></tbook></settings>", "without name"),
        ("</settings>", "<uploads><file url='x'/></uploads></settings>", "not <file>"),
        ("</settings>", f"{CERTIFICATE.format('ca.der')}</settings>", "no http"),
    ],
)
def test_snom_names_what_is_wrong(old: str, new: str, culprit: str) -> None:
    with pytest.raises(BadSettings, match=culprit):
        parse_settings(SETTINGS.replace(old, new).encode())


def test_snom_knows_these_settings() -> None:
    text = SETTINGS.replace(" </phone", f"{EVERYTHING} </phone")
    settings = parse_settings(text.encode())
    assert settings.values["context_key", 0] == "url http://127.0.0.1/menu"
    assert settings.values["call_waiting", 0] == "on"
    assert settings.values["call_waiting", 1] == "on"
