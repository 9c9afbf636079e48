"""The virtual Yealink, without a PBX: what tests lean on must hold."""

from collections.abc import AsyncIterator

import pytest

from tests.lab import sip, yealink
from tests.lab.yealink import BadPage, BadSettings, LineKey, VirtualYealink
from tests.lab.yealink_pages import parse_page
from tests.lab.yealink_settings import parse_config
from tests.unit.lab_fakes import FakePbx
from tests.unit.lab_web import XML, LabWeb, serving

MAC = "80:5E:C0:00:00:01"
CONFIG = """#!version:1.0.0.1
# a desk
account.1.enable = 1
account.1.label = Anna Müster 100
account.1.display_name = Anna Müster
account.1.user_name = HD0001
account.1.auth_name = HD0001
account.1.password = secret
account.1.sip_server.1.address = 127.0.0.1
account.1.sip_server.1.port = {port}
account.1.sip_server.1.transport_type = 0
lang.gui = German
sip.notify_reboot_enable = 0
static.security.user_password = admin:x
static.security.user_password = user:y
linekey.1.type = 13
linekey.1.label = Abmelden
linekey.1.value = *77*5*
linekey.2.type = 16
linekey.2.label = Bob
linekey.2.value = 200
linekey.2.extension = *8
linekey.4.type = 27
linekey.4.label = Desk
linekey.4.value = WEB/menu?mac=$mac
"""
SECOND = """#!version:1.0.0.1
account.1.label = Frei
linekey.4.type = %NULL%
"""
MENU = """<YealinkIPPhoneTextMenu style="numbered" Beep="no" Timeout="0">
<Title>Hot desk</Title>
<MenuItem><Prompt>Log in</Prompt><URI>WEB/login</URI></MenuItem>
<MenuItem><Prompt>Call Bob</Prompt><URI>Dial:200</URI></MenuItem>
</YealinkIPPhoneTextMenu>"""
LOGIN = """<YealinkIPPhoneInputScreen Beep="no" destroyOnExit="yes">
<Title>Log in</Title><URL>WEB/pin?n=7</URL>
<InputField type="number"><Prompt>Extension</Prompt><Parameter>ext</Parameter>
</InputField>
<InputField type="number" password="yes"><Prompt>PIN</Prompt>
<Parameter>pin</Parameter></InputField>
<InputField type="empty" editable="no"><Parameter>desk</Parameter>
<Default>A 1</Default></InputField>
<SoftKey index="1"><Label>Exit</Label><URI>SoftKey:Exit</URI></SoftKey>
</YealinkIPPhoneInputScreen>"""
DONE = """<YealinkIPPhoneTextScreen Timeout="1"><Title>Welcome</Title>
<Text>Alice 100</Text></YealinkIPPhoneTextScreen>"""


class Desk:
    """A Yealink with the PBX and the web server that it uses."""

    phone: VirtualYealink

    def __init__(self, pbx: FakePbx, web: LabWeb) -> None:
        self.pbx, self.web = pbx, web
        self.text = CONFIG.format(port=pbx.wire.address[1])
        self.serve()

    def serve(self, status: int = 200) -> None:
        """Have the web server deliver `text` from now on."""
        text = self.text.replace("WEB", self.web.url(""))
        self.web.answers["/805ec0000001.cfg"] = (status, "text/plain", text)

    async def deliver(self, text: str) -> None:
        """Have the phone fetch this."""
        self.text = text
        self.serve()
        await self.phone.fetch()

    async def notify(self, event: str, body: str = "", kind: str = "") -> None:
        """Send a NOTIFY outside of any subscription."""
        assert self.phone.phone
        self.pbx.seen.clear()
        about = [("Content-Type", kind)] if kind else []
        address = self.phone.phone.address
        await self.pbx.notify(address, event, body.encode(), *about)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    pbx = FakePbx()
    await pbx.wire.open("127.0.0.1")
    async with serving() as web:
        desk = Desk(pbx, web)
        web.page("/menu", MENU)
        web.page("/login", LOGIN)
        web.page("/pin", DONE)
        async with VirtualYealink(MAC, web.url("/")) as desk.phone:
            yield desk
    await pbx.wire.close()


async def test_yealink_shows_its_configuration(desk: Desk) -> None:
    assert desk.phone.display() == ["Anna Müster 100"]
    assert desk.phone.keys() == [
        LineKey("Abmelden", "speed", "*77*5*"),
        LineKey("Bob", "blf", "200", "*8"),
        LineKey("", "line"),
        LineKey("Desk", "xml", desk.web.url("/menu?mac=$mac")),
    ]
    assert "1 Abmelden" in desk.phone.screen()
    assert desk.phone.phone
    assert desk.phone.phone.display_name == "Anna Müster"


async def test_yealink_asks_for_the_common_file_first(desk: Desk) -> None:
    assert desk.web.asked == ["/y000000000000.cfg", "/805ec0000001.cfg"]
    assert set(desk.web.agents) == {"Yealink SIP-T54W 96.86.0.20 80:5e:c0:00:00:01"}


async def test_own_file_wins_over_the_common_one(desk: Desk) -> None:
    common = "#!version:1.0.0.1\nlang.gui = French\nvoice.tone.country = Germany\n"
    desk.web.answers["/y000000000000.cfg"] = (200, "text/plain", common)
    await desk.phone.fetch()
    assert desk.phone.setting("lang.gui") == "German"
    assert desk.phone.setting("voice.tone.country") == "Germany"


async def test_mac_in_the_url_is_replaced(desk: Desk) -> None:
    desk.web.asked.clear()
    async with VirtualYealink(MAC, desk.web.url("/$MAC.cfg")) as other:
        assert other.fetches == 1
    assert desk.web.asked == ["/805ec0000001.cfg"]


async def test_left_out_stays_and_null_clears(desk: Desk) -> None:
    await desk.deliver(SECOND)
    assert desk.phone.display() == ["Frei"]
    first, second = desk.phone.keys()
    assert (first.label, second.label) == ("Abmelden", "Bob")


async def test_server_error_keeps_the_configuration(desk: Desk) -> None:
    desk.serve(503)
    await desk.phone.fetch()
    assert "HTTP 503" in desk.phone.last_error
    assert desk.phone.display() == ["Anna Müster 100"]


@pytest.mark.parametrize(
    ("rule", "asked", "reboots"),
    [("0", "false", 0), ("0", "true", 1), ("1", "false", 1), ("%NULL%", "false", 1)],
)
async def test_check_sync_reboots_as_the_rule_says(
    desk: Desk, rule: str, asked: str, reboots: int
) -> None:
    old = "sip.notify_reboot_enable = 0"
    await desk.deliver(desk.text.replace(old, f"sip.notify_reboot_enable = {rule}"))
    await desk.notify(f"check-sync;reboot={asked}")
    await desk.phone.until(lambda: desk.phone.fetches == 3, "fetch")
    assert desk.phone.reboots == reboots


async def test_check_sync_can_be_ignored(desk: Desk) -> None:
    await desk.deliver(desk.text.replace("enable = 0", "enable = 2"))
    await desk.notify("check-sync;reboot=true")
    await desk.phone.fetch()
    assert (desk.phone.attempts, desk.phone.reboots) == (3, 0)


async def test_check_sync_waits_for_the_end_of_the_call(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yealink, "BUSY_RETRY", 0.02)
    call = await desk.phone.dial("200")
    await desk.notify("check-sync;reboot=false")
    assert desk.phone.attempts == 1
    await call.hangup()
    await desk.phone.until(lambda: desk.phone.fetches == 2, "fetch")


async def test_speed_key_dials(desk: Desk) -> None:
    assert await desk.phone.press(0)
    await desk.pbx.gets(1, "INVITE")
    assert sip.uri_user(desk.pbx.seen[-1].uri) == "*77*5*"


async def test_ringing_blf_key_picks_up(desk: Desk) -> None:
    await desk.pbx.gets(1, "SUBSCRIBE")
    name = "urn:ietf:params:xml:ns:dialog-info"
    body = f'<dialog-info xmlns="{name}"><dialog><state>early</state></dialog>'
    assert desk.phone.phone
    address, info = desk.phone.phone.address, f"{body}</dialog-info>"
    await desk.pbx.notify(address, "dialog", info.encode())
    assert desk.phone.lamp(1) == "early"
    await desk.phone.press(1)
    await desk.pbx.gets(1, "INVITE")
    assert sip.uri_user(desk.pbx.seen[-1].uri) == "*8200"


async def test_action_urls_tell_that_it_is_up_and_registered(desk: Desk) -> None:
    up = "action_url.setup_completed = WEB/up?mac=$mac\n"
    on = "action_url.registered = WEB/on?who=$active_user\n"
    await desk.deliver(desk.text + up + on)
    await desk.notify("check-sync;reboot=true")
    await desk.web.asked_for("/up?mac=805ec0000001")
    await desk.web.asked_for("/on?who=HD0001")


# --- the XML browser ---


async def test_person_logs_in(desk: Desk) -> None:
    await desk.phone.press(3)
    assert desk.web.asked[-1] == "/menu?mac=805ec0000001"
    assert desk.phone.page == "Hot desk\nLog in\nCall Bob"
    await desk.phone.choose("Log in")
    assert desk.phone.page == "Log in\nExtension\nPIN\nA 1\n[Exit]"
    await desk.phone.type("100", "4711")
    assert desk.web.asked[-1] == "/pin?n=7&ext=100&pin=4711&desk=A%201"
    assert desk.phone.typed == "100 ****"
    assert desk.phone.page == "Welcome\nAlice 100"
    await desk.phone.until(lambda: not desk.phone.page, "it goes by itself")


async def test_soft_key_leaves(desk: Desk) -> None:
    await desk.phone.press(3)
    await desk.phone.choose("Log in")
    await desk.phone.press_softkey("Exit")
    assert desk.phone.page == ""


async def test_menu_dials(desk: Desk) -> None:
    await desk.phone.press(3)
    await desk.phone.choose("Call Bob")
    await desk.pbx.gets(1, "INVITE")
    assert sip.uri_user(desk.pbx.seen[-1].uri) == "200"


async def test_pushed_page_is_shown_if_that_is_on(desk: Desk) -> None:
    await desk.notify("Yealink-xml", XML + DONE, "application/xml")
    assert desk.phone.page == ""
    await desk.deliver(desk.text + "push_xml.sip_notify = 1\n")
    await desk.notify("Yealink-xml", XML + DONE, "application/xml")
    assert desk.phone.display() == ["Welcome", "Alice 100"]


async def test_bad_pushed_page_is_kept_for_the_test(desk: Desk) -> None:
    await desk.deliver(desk.text + "push_xml.sip_notify = 1\n")
    await desk.notify("Yealink-xml", XML + DONE, "text/plain")
    assert "'text/plain'" in str(desk.phone.problems.pop())


# --- strictness ---

EVERYTHING = """
account.1.outbound_proxy_enable = 0
account.1.codec.g726_32.priority = 4
account.1.busy_fwd.target = %NULL%
account.16.srtp_encryption = 2
expansion_module.3.key.60.type = 16
programablekey.3.type = 27
static.security.trust_certificates = 1
"""


def test_yealink_knows_these_keys() -> None:
    values = parse_config((CONFIG + EVERYTHING).encode())
    assert values["account.1.busy_fwd.target"] == ""
    assert values["account.1.codec.g726_32.priority"] == "4"


@pytest.mark.parametrize(
    ("old", "new", "culprit"),
    [
        ("#!version:1.0.0.1", "", "first line is ''"),
        ("#!version:1.0.0.1", "#!version:1.0.0.2", "1.0.0.2"),
        ("lang.gui = German", "lang.gui German", "line 12 is no"),
        ("lang.gui", "lang.gooey", "unknown key lang.gooey"),
        ("account.1.label", "account.17.label", "account.17.label"),
        ("account.1.label", "account.1.lable", "account.1.lable"),
        ("linekey.4.label", "linekey.28.label", "linekey.28.label"),
        ("account.1.label", "account.1.user_name", "is there twice"),
        ("linekey.1.type = 13", "linekey.1.type = 99", "'99', not one of"),
        ("linekey.1.value = *77*5*", "", "linekey.1: speed needs a value"),
        ("enable = 0", "enable = 3", "'3', not one of"),
        ("account.1.enable = 1", "account.1.enable = yes", "'yes'"),
        ("gui = German", 'gui = "German"', "in quotes"),
    ],
)
def test_yealink_names_what_is_wrong(old: str, new: str, culprit: str) -> None:
    assert old in CONFIG
    with pytest.raises(BadSettings, match=culprit):
        parse_config(CONFIG.replace(old, new, 1).encode())


async def test_bad_configuration_changes_nothing(desk: Desk) -> None:
    with pytest.raises(BadSettings, match="UDP only"):
        await desk.deliver(desk.text.replace("type = 0", "type = 2"))
    assert desk.phone.display() == ["Anna Müster 100"]


@pytest.mark.parametrize(
    ("page", "old", "new", "culprit"),
    [
        (MENU, "YealinkIPPhoneTextMenu", "YealinkIPPhoneMenu", "unknown page"),
        (MENU, "</YealinkIPPhoneTextMenu>", "", "not XML"),
        (MENU, "<Title>Hot desk</Title>", "", "without <title>"),
        (MENU, "<URI>WEB/login</URI>", "", "without <uri>"),
        (MENU, "WEB/login", "/login", "no absolute URL"),
        (MENU, 'Timeout="0"', 'Timeout="never"', "'never'"),
        (MENU, 'Beep="no"', 'Sound="no"', "'sound'"),
        (MENU, "Hot desk", "x" * 10_000, "a Yealink takes 10000"),
        (LOGIN, "<URL>WEB/pin?n=7</URL>", "", "without <url>"),
        (LOGIN, "<Parameter>pin</Parameter>", "", "without <parameter>"),
        (LOGIN, 'type="number"', 'type="password"', "type is 'password'"),
        (LOGIN, 'password="yes"', 'password="true"', "password is 'true'"),
        (LOGIN, 'index="1"', 'index="7"', "'7'"),
        (DONE, "<Text>Alice 100</Text>", "", "without <text>"),
    ],
)
def test_page_names_what_is_wrong(page: str, old: str, new: str, culprit: str) -> None:
    assert old in page
    broken = XML + page.replace(old, new).replace("WEB", "http://127.0.0.1")
    with pytest.raises(BadPage, match=culprit):
        parse_page(broken.encode())
