"""The virtual snom's minibrowser, against a small web server."""

import asyncio
import traceback
from collections.abc import AsyncIterator

import pytest

from tests.lab.snom import BadPage, VirtualSnom
from tests.lab.snom_pages import parse_page
from tests.unit.lab_web import XML, LabWeb, serving

SETTINGS = """<settings>
 <phone-settings e="2">
  <mb_trusted_hosts perm="R">{trusted}</mb_trusted_hosts>
  <gui_fkey1 perm="RW">url WEB/menu</gui_fkey1>
  <user_idle_text idx="1" perm="RW">Frei</user_idle_text>
 </phone-settings>
 <functionKeys e="2">
  <fkey idx="0" context="1" label="Desk" perm="RW">url WEB/menu?mac=$mac</fkey>
 </functionKeys>
</settings>"""
MENU = """<SnomIPPhoneMenu title="Hot desk">
 <MenuItem name="Log in"><URL>WEB/login</URL></MenuItem>
 <MenuItem name="Log out"><URL>WEB/logout</URL></MenuItem>
 <Menu name="More"><MenuItem name="Help"><URL>WEB/help</URL></MenuItem></Menu>
</SnomIPPhoneMenu>"""
PIN = """<SnomIPPhoneInput track="no">
 <URL>WEB/pin</URL>
 <InputItem><DisplayName>PIN</DisplayName>
  <QueryStringParam>n=7&amp;pin</QueryStringParam>
  <DefaultValue/><InputFlags>pn</InputFlags><InputModeFixed>1</InputModeFixed>
 </InputItem>
 <SoftKeyItem><Name>F1</Name><Label>Exit</Label><URL>snom://mb_exit</URL></SoftKeyItem>
</SnomIPPhoneInput>"""
DONE = """<SnomIPPhoneText><Title>Welcome</Title><Text>Alice<br/>100</Text>
 <fetch mil="60">snom://mb_exit</fetch></SnomIPPhoneText>"""
RELOAD = '<fetch mil="1">snom://mb_nop#reloadset</fetch>'


def settings(trusted: str) -> str:
    return SETTINGS.format(trusted=trusted)


@pytest.fixture
async def lab() -> AsyncIterator[LabWeb]:
    async with serving() as lab:
        lab.page("/settings", settings("127.0.0.1"))
        lab.page("/menu", MENU)
        lab.page("/login", PIN)
        lab.page("/pin", DONE)
        yield lab


@pytest.fixture
async def snom(lab: LabWeb) -> AsyncIterator[VirtualSnom]:
    async with VirtualSnom("000413000001", lab.url("/settings")) as snom:
        yield snom


async def test_url_key_opens_a_menu(snom: VirtualSnom, lab: LabWeb) -> None:
    await snom.press(0)
    assert lab.asked[-1] == "/menu?mac=000413000001"
    assert snom.page == "Hot desk\nLog in\nLog out\nMore"
    assert "Log in" in snom.screen()


async def test_context_key_opens_the_menu_too(snom: VirtualSnom) -> None:
    await snom.press_context_key(1)
    assert "Log in" in snom.page


async def test_person_logs_in(snom: VirtualSnom, lab: LabWeb) -> None:
    await snom.press(0)
    await snom.choose("Log in")
    assert snom.page == "PIN\n[Exit]"
    await snom.type("4711")
    assert lab.asked[-1] == "/pin?n=7&pin=4711"
    assert snom.page == "Welcome\nAlice\n100"
    await snom.until(lambda: snom.page == "", "the page goes by itself")
    assert "Frei" in snom.display()


async def test_pin_is_nowhere_to_be_seen(snom: VirtualSnom, lab: LabWeb) -> None:
    await snom.press(0)
    await snom.choose("Log in")
    seen: list[str] = []
    lab.answers["/pin"] = (200, "text/plain", "no page")
    snom.changes.happened = lambda: seen.append(snom.page)  # type: ignore[method-assign]
    pin = "-".join("4711").replace("-", "")  # not in this file, which a trace shows
    with pytest.raises(BadPage) as failure:
        await snom.type(pin)
    assert "PIN\n****\n[Exit]" in seen
    assert snom.typed == "****"
    told = "".join(traceback.format_exception(failure.value))
    assert pin not in told + repr(vars(snom)) + repr(vars(snom._browser))


async def test_typed_text_is_encoded(snom: VirtualSnom, lab: LabWeb) -> None:
    page = PIN.replace("pn</", "a</").replace("n=7&amp;pin", "name")
    lab.page("/login", page.replace("<InputModeFixed>1</InputModeFixed>", ""))
    await snom.press(0)
    await snom.choose("Log in")
    await snom.type("Ä&b=c d")
    assert lab.asked[-1] == "/pin?name=%C3%84%26b%3Dc%20d"
    assert snom.typed == "Ä&b=c d"


async def test_token_in_the_url_becomes_what_was_typed(
    snom: VirtualSnom, lab: LabWeb
) -> None:
    page = PIN.replace("WEB/pin", "WEB/pin?pin=__X__")
    old = "<QueryStringParam>n=7&amp;pin</QueryStringParam>"
    lab.page("/login", page.replace(old, "<InputToken>__X__</InputToken>"))
    await snom.press(0)
    await snom.choose("Log in")
    await snom.type("4711")
    assert lab.asked[-1] == "/pin?pin=4711"


async def test_field_for_digits_takes_nothing_else(snom: VirtualSnom) -> None:
    await snom.press(0)
    await snom.choose("Log in")
    with pytest.raises(ValueError, match="'PIN' takes nothing but digits"):
        await snom.type("47a1")


async def test_sub_menu_needs_no_server(snom: VirtualSnom, lab: LabWeb) -> None:
    await snom.press(0)
    asked = len(lab.asked)
    await snom.choose("More")
    assert snom.page == "Help"
    assert len(lab.asked) == asked


async def test_soft_key_leaves(snom: VirtualSnom) -> None:
    await snom.press(0)
    await snom.choose("Log in")
    await snom.press_softkey("Exit")
    assert snom.page == ""
    assert "Frei" in snom.display()


async def test_what_is_not_there_cannot_be_chosen(snom: VirtualSnom) -> None:
    await snom.press(0)
    with pytest.raises(LookupError, match=r"no 'Log off' on .*Log out"):
        await snom.choose("Log off")
    with pytest.raises(LookupError, match="no 'Exit'"):
        await snom.press_softkey("Exit")
    with pytest.raises(LookupError, match="0 fields for 1 texts"):
        await snom.type("100")


async def test_page_follows_after_its_time_and_not_before(
    snom: VirtualSnom, lab: LabWeb
) -> None:
    lab.page("/menu", MENU.replace("</Sn", '<fetch mil="120">WEB/pin</fetch></Sn'))
    await snom.press(0)
    began = asyncio.get_running_loop().time()
    await snom.shows("Welcome")
    assert asyncio.get_running_loop().time() - began > 0.1


async def test_page_that_is_left_fetches_nothing(
    snom: VirtualSnom, lab: LabWeb
) -> None:
    lab.page("/menu", MENU.replace("</Sn", '<fetch mil="50">WEB/late</fetch></Sn'))
    await snom.press(0)
    await snom.choose("Log in")
    await snom.type("4711")  # its answer closes the browser after more than 50 ms
    await snom.until(lambda: snom.page == "", "the page goes by itself")
    assert "/late" not in lab.asked


@pytest.mark.parametrize(
    "page",
    [
        f"<SnomIPPhoneSilent>{RELOAD}</SnomIPPhoneSilent>",
        f"<IPPhoneSilent>{RELOAD}</IPPhoneSilent>",
        f"<SNOMIPPHONESILENT>{RELOAD}</SNOMIPPHONESILENT>",
    ],
)
async def test_silent_page_reloads_the_settings(
    snom: VirtualSnom, lab: LabWeb, page: str
) -> None:
    lab.page("/menu", page)
    await snom.press(0)
    assert snom.page == ""
    await snom.until(lambda: snom.fetches == 2, "second fetch")
    assert snom.reboots == 0


async def test_only_a_trusted_host_reloads_the_settings(
    snom: VirtualSnom, lab: LabWeb
) -> None:
    lab.page("/settings", settings("127.0.0.2"))
    await snom.fetch()
    lab.page("/menu", f"<SnomIPPhoneText><Text>x</Text>{RELOAD}</SnomIPPhoneText>")
    await snom.press(0)
    await snom.until(lambda: snom.last_error, "refusal")
    assert snom.last_error == "127.0.0.1 is not in mb_trusted_hosts"
    assert snom.attempts == 2


async def test_batch_shows_its_first_page(snom: VirtualSnom, lab: LabWeb) -> None:
    second = '<SnomIPPhoneText id="b"><Text>B</Text></SnomIPPhoneText>'
    lab.page("/menu", f"<SnomIPPhoneBatch>{MENU}{second}</SnomIPPhoneBatch>")
    await snom.press(0)
    assert "Log in" in snom.page
    assert "B" not in snom.page


async def test_server_error_is_shown(snom: VirtualSnom, lab: LabWeb) -> None:
    lab.answers["/menu"] = (503, "text/plain", "down")
    await snom.press(0)
    assert snom.page == "HTTP 503"


async def test_empty_answer_shows_nothing(snom: VirtualSnom, lab: LabWeb) -> None:
    lab.answers["/menu"] = (200, "text/plain", "")
    await snom.press(0)
    assert snom.page == ""


async def test_bad_page_in_the_background_fails_the_test(lab: LabWeb) -> None:
    lab.page("/late", "<html/>")
    lab.page("/menu", MENU.replace("</Sn", '<fetch mil="1">WEB/late</fetch></Sn'))
    with pytest.raises(BadPage, match="html"):
        await _open_and_unplug(VirtualSnom("000413000001", lab.url("/settings")))


async def _open_and_unplug(snom: VirtualSnom) -> None:
    async with snom:
        await snom.press(0)
        await snom.until(lambda: snom.problems, "complaint")


@pytest.mark.parametrize(
    ("kind", "text", "culprit"),
    [
        ("text/plain", XML + "<SnomIPPhoneText/>", "Content-Type is text/plain"),
        ("text/xml", "<SnomIPPhoneText/>", "no XML declaration"),
    ],
)
async def test_page_must_say_that_it_is_xml(
    snom: VirtualSnom, lab: LabWeb, kind: str, text: str, culprit: str
) -> None:
    lab.answers["/menu"] = (200, kind, text)
    with pytest.raises(BadPage, match=culprit):
        await snom.press(0)


@pytest.mark.parametrize(
    ("page", "old", "new", "culprit"),
    [
        (MENU, "</SnomIPPhoneMenu>", "", "not XML"),
        (MENU, "SnomIPPhoneMenu", "SnomIPPhoneMenue", "unknown page"),
        (MENU, "MenuItem", "MenuItems", "<menuitems> inside"),
        (MENU, ' name="Log in"', "", "without a name"),
        (MENU, "Log in", "Log&#10;in", "line break"),
        (MENU, ' name="Log in"', ' name="x" url="y"', "unknown attributes"),
        (MENU, "<URL>WEB/login</URL>", "", "needs a <url>"),
        (MENU, "WEB/login", "/login", "no absolute URL"),
        (MENU, "WEB/login", "ftp://x/login", "no absolute URL"),
        (MENU, "WEB/login", "http://x/a b", "blank or letter"),
        (MENU, "WEB/login", "http://x/ä", "blank or letter"),
        (MENU, "WEB/login", "http://x/a#key=1", "fragment"),
        (MENU, "WEB/login", "snom://mb_exti", "unknown command"),
        (MENU, "WEB/login", "snom://mb_nop#reboot=true", "unknown command"),
        (MENU, '<MenuItem name="Log in">', 'x<MenuItem name="Log in">', "beside"),
        (PIN, "<URL>WEB/pin</URL>", "", "without <url>"),
        (PIN, "<URL>WEB/pin</URL>", "<URL>http://x/?a=1</URL>", "query already"),
        (PIN, "<InputFlags>pn</InputFlags>", "", "without <inputflags>"),
        (PIN, "pn</", "pt</", "unknown InputFlags 'pt'"),
        (PIN, "ModeFixed>1", "ModeFixed>yes", "InputModeFixed"),
        (PIN, "<QueryStringParam>n=7&amp;pin</QueryStringParam>", "", "needs a"),
        (PIN, "QueryStringParam", "InputToken", "is not in the URL"),
        (PIN, "<DisplayName>PIN</DisplayName>", "", "without <displayname>"),
        (PIN, "<Name>F1", "<Name>f1", "unknown key 'f1'"),
        (PIN, "</SnomIPPhoneInput>", "<fetch/></SnomIPPhoneInput>", "fetch after ''"),
        (DONE, "<Text>Alice<br/>100</Text>", "", "0 <text>"),
        (DONE, "<br/>", "<b/>", "<b> inside <text>"),
        (DONE, 'mil="60"', 'mil="soon"', "'soon'"),
    ],
)
def test_page_names_what_is_wrong(page: str, old: str, new: str, culprit: str) -> None:
    assert old in page
    broken = XML + page.replace(old, new).replace("WEB", "http://127.0.0.1")
    with pytest.raises(BadPage, match=culprit):
        parse_page(broken.encode())


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        ("<SnomIPPhoneSilent/>", "does nothing"),
        ("<SnomIPPhoneBatch/>", "a batch needs"),
        (
            "<SnomIPPhoneBatch><IPPhoneText><Text>a</Text></IPPhoneText>"
            "<IPPhoneText><Text>b</Text></IPPhoneText></SnomIPPhoneBatch>",
            "its own id",
        ),
        ("<SnomIPPhoneMenu/>", "without items"),
        ("<SnomIPPhoneInput><URL>http://x/</URL></SnomIPPhoneInput>", "0 <inputitem>"),
    ],
)
def test_page_that_leads_nowhere_is_bad(body: str, culprit: str) -> None:
    with pytest.raises(BadPage, match=culprit):
        parse_page((XML + body).encode())
