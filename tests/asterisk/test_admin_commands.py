"""What an administrator does while people work: what rings, shows and remains."""

from __future__ import annotations

import aiohttp
import pytest

from tests.asterisk.conftest import (
    Office,
    eventually,
    press_pin,
    refusal,
    rings,
    sip_phone,
)
from tests.lab.phone import Party, Phone, RegisterFailed
from tests.lab.snom import VirtualSnom

COLLEAGUE = Party("Fixed phone 200", "200")


async def test_an_administrator_logs_somebody_in_and_out(office: Office) -> None:
    desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")
    colleague = await office.phone("200")

    done = await office.hotdesk("login", "100", "HD0001")
    assert "100 (Alice) is logged in at HD0001." in done.stdout
    assert "In force." in done.stdout
    await calls_arrive(colleague, "100", desk)
    await desk.shows("Alice 100")

    done = await office.hotdesk("login", "100", "HD0002")
    assert "100 is logged out at HD0001." in done.stdout
    await calls_arrive(colleague, "100", other_desk)
    await other_desk.shows("Alice 100")
    await desk.shows("HD0001")

    done = await office.hotdesk("login", "101", "HD0002")
    assert "100 is logged out at HD0002." in done.stdout
    assert await refusal(await colleague.call("100")) == 480
    await calls_arrive(colleague, "101", other_desk)

    done = await office.hotdesk("logout", "101")
    assert "101 is logged out at HD0002." in done.stdout
    assert await refusal(await colleague.call("101")) == 480
    assert await refusal(await other_desk.dial("200")) == 404
    await other_desk.shows("HD0002")
    assert office.sitting() == {}
    reasons = [code for code, _, _ in office.recorded("logout")]
    assert reasons == ["moved", "replaced", "forced"]


async def test_logging_everybody_out(office: Office) -> None:
    desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")
    await office.hotdesk("login", "100", "HD0001")
    await office.hotdesk("login", "101", "HD0002")
    await desk.shows("Alice 100")
    await other_desk.shows("Bob 101")

    await office.hotdesk("logout", "--all", "--yes")

    await desk.shows("HD0001")
    await other_desk.shows("HD0002")
    assert office.sitting() == {}
    assert not [key for key in office.routes() if key.startswith("/hotdesk/user/")]


async def test_a_new_device_works_at_once_and_a_removed_one_no_more(
    office: Office,
) -> None:
    colleague, pbx = await office.phone("200"), office.lab.pbx
    number = ("--emergency-number", "+4930555099")
    await office.hotdesk("device", "add", "HD0099", "--mac", "000413000099", *number)
    desk = await office.desk("HD0099")
    await eventually(lambda: sip_phone(desk).registered, "HD0099 registers")
    assert desk.display() == ["HD0099", "HD0099"]
    await office.sit_down(desk, "100")
    await calls_arrive(colleague, "100", desk)
    centre = await office.phone("trunk")
    call = await desk.dial("112")
    await rings(centre, caller=Party("HD0099", "+4930555099"))
    await call.hangup()
    await eventually(lambda: not office.channels(), "no call is left")

    done = await office.hotdesk("device", "remove", "HD0099", "--yes")

    assert "removed" in done.stdout
    assert office.sitting() == {}
    assert office.recorded("logout") == [("removed", "100", "HD0099")]
    assert await refusal(await colleague.call("100")) == 480
    for what in ("endpoint", "aor", "auth"):
        await eventually(
            lambda kind=what: "Unable to find" in pbx.cli(f"pjsip show {kind} HD0099"),  # type: ignore[misc]
            f"Asterisk has no {what} HD0099",
        )
    with pytest.raises(RegisterFailed):
        await sip_phone(desk).register()
    await desk.fetch()
    assert desk.last_status == 404
    assert "HD0099" not in str(office.routes())
    for file in pbx.generated_dir.iterdir():
        assert "HD0099" not in file.read_text()


async def test_a_new_user_can_log_in_at_once_and_a_removed_one_no_more(
    office: Office,
) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    lamps = await office.phone("201")
    office.afterwards("user", "remove", "150-151", "--yes")
    await office.hotdesk("user", "add", "150", "--name", "Nora")
    await office.hotdesk("user", "add", "151", "--name", "Stays")
    pin = office.pin("100")
    await office.set_pin("150", pin)
    assert await refusal(await colleague.call("150")) == 480
    lamp = await lamps.subscribe_dialog("150")

    voice = office.voice(desk)
    call = await desk.dial("*77*150*")
    await press_pin(call, pin)
    await voice.says("vm-extension")
    await call.hangup()
    await desk.shows("Nora 150")
    ringing = await colleague.call("150")
    await rings(desk, caller=COLLEAGUE)
    await lamp.becomes("early")
    await ringing.hangup()

    await office.hotdesk("user", "remove", "150", "--yes")

    await desk.shows("HD0001")
    assert office.sitting() == {}
    assert await refusal(await desk.dial("200")) == 404
    await eventually(
        lambda: "no existence" in office.lab.pbx.cli("dialplan show 150@hotdesk-users"),
        "the extension is gone",
    )
    assert await refusal(await colleague.call("150")) == 404
    assert "/hotdesk/user/default/150" not in office.routes()
    assert await refusal(await colleague.call("151")) == 480


async def test_whoever_is_denied_stays_until_logout(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    office.afterwards("user", "allow", "103")
    await office.sit_down(desk, "103")

    done = await office.hotdesk("user", "deny", "103")
    assert "103 is still logged in at HD0001" in done.stdout + done.stderr
    await calls_arrive(colleague, "103", desk)
    await office.hotdesk("logout", "103")
    done = await office.hotdesk("login", "103", "HD0001", check=False)
    assert done.returncode != 0
    assert "hotdesk user allow" in done.stderr
    assert await says_no(office, desk, "103")

    await office.hotdesk("user", "allow", "103")
    await office.sit_down(desk, "103")


async def test_another_context_gives_other_rights_at_once(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    outside = await office.phone("trunk")
    office.afterwards("user", "edit", "105", "--context", "internal")
    await office.sit_down(desk, "105")

    await office.hotdesk("user", "edit", "105", "--context", "outside")

    await eventually(
        lambda: (
            "hotdesk-as-outside" in office.lab.pbx.cli("pjsip show endpoint HD0001")
        ),
        "HD0001 has the other context",
    )
    assert await refusal(await desk.dial("200")) == 404
    call = await desk.dial("0123")
    await rings(outside, caller=Party("Frida", "105"))
    await call.hangup()
    # She is called, and gives the desk back, as before.
    await calls_arrive(colleague, "105", desk)
    voice = office.voice(desk)
    call = await desk.dial("*77*5*")
    await voice.says("vm-extension")
    await call.hangup()
    await desk.shows("HD0001")


async def test_a_new_pin_is_the_only_one(office: Office) -> None:
    desk = await office.desk("HD0001")
    office.afterwards("user", "remove", "152", "--yes")
    await office.hotdesk("user", "add", "152", "--name", "Pia")
    old, new = office.pin("100"), office.pin("101")
    await office.set_pin("152", old)
    await office.set_pin("152", new)

    voice = office.voice(desk)
    call = await desk.dial("*77*152*")
    await press_pin(call, old)
    await voice.says("vm-incorrect")
    await press_pin(call, new)
    await voice.says("vm-extension")
    await call.hangup()
    await desk.shows("Pia 152")


async def test_another_phone_at_the_desk(office: Office) -> None:
    """The old phone broke; whoever sits there stays."""
    await office.hotdesk("device", "add", "HD0098", "--mac", "000413000098")
    office.afterwards("device", "remove", "--yes", "HD0098")
    old, colleague = await office.desk("HD0098"), await office.phone("200")
    await office.hotdesk("login", "100", "HD0098")
    await old.close(politely=False)

    await office.hotdesk("device", "edit", "HD0098", "--mac", "00:04:13:00:00:fe")

    url = old.setting("setting_server")
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        assert answer.status == 404
    new = await office.desk("HD0098")
    assert new.mac == "0004130000FE"
    await new.shows("Alice 100", within=10)
    await calls_arrive(colleague, "100", new)


async def calls_arrive(caller: Phone, extension: str, desk: VirtualSnom) -> None:
    """Return once a call to *extension* rang at *desk*."""
    call = await caller.call(extension)
    await rings(desk, caller=COLLEAGUE)
    await call.hangup()


async def says_no(office: Office, desk: VirtualSnom, extension: str) -> bool:
    """Return whether even the right PIN is wrong."""
    voice = office.voice(desk)
    call = await desk.dial(f"*77*{extension}*")
    await press_pin(call, office.pin(extension))
    await eventually(lambda: len(voice.said()) > 1, "the voice answers")
    await call.hangup()
    return voice.said()[1] == "vm-incorrect"
