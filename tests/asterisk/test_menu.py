"""The menu on a snom's screen, and what its display says by itself."""

from __future__ import annotations

import asyncio
import json

from tests.asterisk.conftest import Office, Pin, press_pin, rings, sip_phone
from tests.lab.phone import Party
from tests.lab.snom import VirtualSnom
from tests.lab.yealink import VirtualYealink

YEALINK = "805EC0AA0002"
NOBODY = "Nobody is logged in"
ALICE = "You are logged in as Alice (100)"
WRONG = "The extension or the PIN is wrong"
LOCKED = "Too many wrong PINs. Please try again later."


async def open_menu(desk: VirtualSnom) -> list[str]:
    """Press the key under the display, and return what it shows then."""
    await desk.press_context_key(1)
    return desk.display()


async def answer(desk: VirtualSnom, extension: str, pin: str) -> None:
    """Choose to log in, and answer both questions."""
    __tracebackhide__ = True
    await open_menu(desk)
    await desk.choose("Log in")
    await desk.type(extension)
    await desk.type(Pin(pin))


async def leaves_the_menu(desk: VirtualSnom) -> None:
    """Return when the message has gone by."""
    await desk.until(lambda: not desk.page, "the browser closes", within=10)


async def test_log_in_on_the_screen(office: Office) -> None:
    desk, fixed = await office.desk("HD0001"), await office.phone("200")
    assert await open_menu(desk) == [NOBODY, "Log in", "Who am I?"]
    await desk.choose("Log in")
    assert desk.display() == ["Extension"]
    await desk.type("100")
    assert desk.display() == ["PIN"]
    await desk.type(office.pin("100"))
    assert desk.typed == "******"

    assert desk.display() == ["Desk", ALICE]
    await leaves_the_menu(desk)
    await desk.shows("Alice 100")
    assert desk.reboots == 0
    assert office.sitting() == {"HD0001": "100"}
    await fixed.call("100")
    await rings(desk, caller=Party("Fixed phone 200", "200"))


async def test_the_menu_says_who_sits_there_and_logs_out(office: Office) -> None:
    desk = await office.desk("HD0001")
    await office.sit_down(desk, "100")
    await leaves_the_menu(desk)

    assert (await open_menu(desk))[0] == "Alice (100)"
    await desk.choose("Who am I?")
    assert desk.display()[1:3] == ["Alice (100)", "HD0001"]
    await open_menu(desk)
    await desk.choose("Log out")

    assert desk.display() == ["Desk", "Alice (100) is logged out"]
    await leaves_the_menu(desk)
    await desk.shows("HD0001")
    assert office.sitting() == {}


async def test_extension_0_logs_out(office: Office) -> None:
    desk = await office.desk("HD0001")
    await office.sit_down(desk, "100")
    await leaves_the_menu(desk)

    await open_menu(desk)
    await desk.choose("Log in")
    await desk.type("0")

    assert desk.display() == ["Desk", "Alice (100) is logged out"]
    assert office.sitting() == {}


async def test_a_second_pin_may_be_right(office: Office) -> None:
    desk = await office.desk("HD0001")
    await answer(desk, "100", office.wrong_pin("100"))
    assert desk.display() == ["Desk", WRONG]
    await desk.until(lambda: desk.display() == ["PIN"], "the PIN is asked again")
    await desk.type(office.pin("100"))

    assert desk.display() == ["Desk", ALICE]
    assert office.recorded("refused") == [("bad_credentials", "100", "HD0001")]


async def test_guesses_on_the_screen_and_by_call_are_one_count(office: Office) -> None:
    desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")
    for _ in range(4):
        await answer(desk, "100", office.wrong_pin("100"))
    call = await other_desk.dial("*77*100*")
    await press_pin(call, office.wrong_pin("100"))
    await call.hangup()
    await asyncio.to_thread(office.recorded, "refused")

    await answer(desk, "100", office.pin("100"))
    assert desk.display() == ["Desk", LOCKED]
    voice = office.voice(other_desk)
    call = await other_desk.dial("*77*100*")
    await press_pin(call, office.pin("100"))
    await voice.says("confbridge-pin-bad", "please-try-call-later")
    assert office.sitting() == {}


async def test_a_login_by_call_is_said_on_the_display_and_one_by_menu_not_twice(
    office: Office,
) -> None:
    desk = await office.desk("HD0001")
    await office.log_in(desk, "100")
    await desk.shows(ALICE)
    await leaves_the_menu(desk)
    assert desk.display()[0] == "Alice 100"

    await answer(desk, "101", office.pin("101"))
    await leaves_the_menu(desk)
    await desk.shows("Bob 101")
    await office.log_in(desk, "100")
    await desk.shows(ALICE)
    pushed = [n for n in sip_phone(desk).notifications if n.event == "xml"]
    assert [b"Alice" in page.body for page in pushed] == [True, True]


async def test_a_phone_that_restarts_over_a_login_is_shown(office: Office) -> None:
    desk = await office.desk("HD0001")
    await office.sit_down(desk, "100")
    await desk.reboot()

    async def restarts() -> bool:
        shown = await office.hotdesk("status", "--json")
        devices = {d["device"]: d for d in json.loads(shown.stdout)["devices"]}
        return devices["HD0001"]["restarted_at"] is not None

    async with asyncio.timeout(15):
        while not await restarts():
            pass
    said = (await office.hotdesk("status")).stdout
    assert "Restarts where it should only fetch: HD0001" in said
    assert f"Update the firmware of snom D785 {desk.firmware}" in said


async def test_no_pin_and_no_token_of_the_menu_is_logged(office: Office) -> None:
    desk = await office.desk("HD0001")
    await answer(desk, "100", office.wrong_pin("100"))
    await answer(desk, "100", office.pin("100"))

    logged = office.lab.service_log.read_text()
    assert "login 100 at HD0001" in logged
    assert office.pin("100") not in logged
    assert office.wrong_pin("100") not in logged
    assert "/m/" not in logged


async def test_log_in_on_the_screen_of_a_yealink(office: Office) -> None:
    await office.hotdesk("device", "add", "YEA2", "--mac", YEALINK)
    office.afterwards("device", "remove", "--yes", "YEA2")
    folder = (await office.enrol("YEA2"))["YEA2"].rpartition("/")[0] + "/"
    async with VirtualYealink(YEALINK, folder) as yealink:
        await yealink.shows("YEA2")

        await yealink.press_soft_key(3)
        assert yealink.display()[0] == NOBODY
        await yealink.choose("Log in")
        await yealink.type("100")
        await yealink.type(office.pin("100"))

        assert ALICE in yealink.page
        assert office.sitting() == {"YEA2": "100"}
        await yealink.until(lambda: not yealink.page, "it goes by", within=10)
        await yealink.shows("Alice", within=10)


async def test_a_yealink_says_who_has_logged_in_by_telephone(office: Office) -> None:
    await office.hotdesk("device", "add", "YEA3", "--mac", YEALINK)
    office.afterwards("device", "remove", "--yes", "YEA3")
    folder = (await office.enrol("YEA3"))["YEA3"].rpartition("/")[0] + "/"
    async with VirtualYealink(YEALINK, folder) as yealink:
        await yealink.shows("YEA3")

        call = await yealink.dial("*77*100*")
        await press_pin(call, office.pin("100"))
        await call.ended(within=20)

        await yealink.until(
            lambda: ALICE in yealink.page, "the display says so", within=10
        )


async def test_the_new_desk_says_what_the_pbx_does_with_her_calls(
    office: Office,
) -> None:
    cli = office.lab.pbx.cli
    await asyncio.to_thread(cli, "database put DND 100 YES")
    await asyncio.to_thread(cli, "database put CF 100 01701234567")
    entries = 'do_not_disturb = "DND/EXTENSION"\nforward = ["CF/EXTENSION"]\n'
    async with office.settings(f"\n[features]\n{entries}"):
        by_call, by_menu = await office.desk("HD0001"), await office.desk("HD0002")
        try:
            await office.log_in(by_call, "100")
            await by_call.shows("Do not disturb is on")
            forwarded = "Calls are forwarded to 01701234567"
            told = ["Desk", ALICE, "Do not disturb is on", forwarded]
            assert by_call.display() == told
            await answer(by_menu, "100", office.pin("100"))
            assert by_menu.display() == told
            await leaves_the_menu(by_menu)
            await asyncio.to_thread(cli, "database deltree DND")
            await asyncio.to_thread(cli, "database deltree CF")

            await answer(by_call, "100", office.pin("100"))

            assert by_call.display() == ["Desk", ALICE]
        finally:
            await asyncio.to_thread(cli, "database deltree DND")
            await asyncio.to_thread(cli, "database deltree CF")
