"""Calls to and from whoever sits at a desk, and what callers get when nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.asterisk.conftest import (
    Office,
    eventually,
    press,
    press_pin,
    refusal,
    rings,
    sip_phone,
)
from tests.lab.phone import Call, IncomingCall, Party, Phone, Watch
from tests.lab.snom import VirtualSnom

COLLEAGUE = Party("Fixed phone 200", "200")
NAMES = (
    "Ann 'the boss' O'Neil, Dr.",
    "Jürgen Groß-Özdemir",
    "渡辺 😀",
    "A = C #1 ${EXTEN} 50 %",
)


async def test_the_desk_rings_and_both_hear_each_other(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    await office.sit_down(desk, "100")

    call = await colleague.call("100")
    ringing = await rings(desk, caller=COLLEAGUE)
    await both_hear_each_other(call, ringing)
    await ringing.hangup()
    await call.ended()


async def test_the_desk_rings_also_before_the_lamp_follows(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    await office.sit_down(desk, "100")
    await eventually(
        lambda: "PJSIP/HD0001" in shown_hint(office), lambda: shown_hint(office)
    )
    remove = "dialplan remove extension 100@hotdesk-users hint"
    await asyncio.to_thread(office.lab.pbx.cli, remove)
    assert "PJSIP/" not in shown_hint(office)

    call = await colleague.call("100")
    await rings(desk, caller=COLLEAGUE)
    await call.hangup()


async def test_a_colleague_sees_who_calls(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    await office.sit_down(desk, "100")

    call = await desk.dial("200")
    ringing = await rings(colleague, caller=Party("Alice", "100"))
    await both_hear_each_other(call, ringing)
    await call.hangup()
    await ringing.ended()


async def test_names_of_every_kind_arrive(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    await office.hotdesk("login", "104", "HD0001")
    office.afterwards("user", "edit", "104", "--name", "Emil")

    for name in NAMES:
        await office.hotdesk("user", "edit", "104", "--name", name)
        await callers_see(office, desk, colleague, name)

    # What no phone could show is refused, and where it is in the database (from
    # elsewhere) it is shown as well as can be.
    done = await office.hotdesk("user", "edit", "104", "--name", 'A "B"', check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    name = """Ann "the <boss>" Lee"""
    office.rows("UPDATE users SET name = %s WHERE extension = '104' RETURNING 1", name)
    await office.hotdesk("user", "edit", "104", "--context", "internal")
    await callers_see(office, desk, colleague, "Ann 'the  boss ' Lee")


async def test_whoever_sits_nowhere_is_unavailable(office: Office) -> None:
    colleague = await office.phone("200")

    assert await refusal(await colleague.call("100")) == 480


async def test_the_desk_that_does_not_want_the_call_is_busy(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    await office.sit_down(desk, "100")

    call = await colleague.call("100")
    await (await rings(desk, caller=COLLEAGUE)).reject()

    assert await refusal(call) == 486


async def test_a_desk_without_its_phone_is_unavailable(office: Office) -> None:
    colleague = await office.phone("200")
    await office.hotdesk("login", "100", "HD0002")

    assert await refusal(await colleague.call("100")) == 480


async def test_voicemail_takes_a_message_for_whoever_sits_nowhere(
    office: Office,
) -> None:
    colleague = await office.phone("200")
    async with when_logged_out(office, "105", "voicemail:105@default"):
        await leaves_a_message(office, colleague, "105")


async def test_voicemail_takes_a_message_when_the_desk_is_busy(
    office: Office,
) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    async with when_logged_out(office, "105", "voicemail:105@default"):
        await office.sit_down(desk, "105")
        sip_phone(desk).busy = True
        await leaves_a_message(office, colleague, "105")


async def test_calls_go_to_another_number(office: Office) -> None:
    colleague, other = await office.phone("200"), await office.phone("201")
    outside, desk = await office.phone("trunk"), await office.desk("HD0001")

    async with when_logged_out(office, "105", "number:201"):
        call = await colleague.call("105")
        await rings(other, caller=COLLEAGUE)
        await call.hangup()
        # Once she sits somewhere, her desk rings and the other number does not.
        await office.sit_down(desk, "105")
        call = await colleague.call("105")
        await rings(desk, caller=COLLEAGUE)
        await call.hangup()
        assert len(other.incoming) == 1
        await office.hotdesk("logout", "105")

        await office.hotdesk("user", "edit", "105", "--when-logged-out", "number:0123")
        await treated(office, "105", "number:0123")
        call = await colleague.call("105")
        ringing = await rings(outside, caller=COLLEAGUE)
        assert ringing.dialled == "0123"
        await call.hangup()


async def test_numbers_that_lead_in_a_circle_end(office: Office) -> None:
    colleague = await office.phone("200")
    async with (
        when_logged_out(office, "104", "number:105"),
        when_logged_out(office, "105", "number:104"),
    ):
        call = await colleague.call("104")
        async with asyncio.timeout(3):
            assert await refusal(call) == 480
    await eventually(lambda: not office.channels(), "no channel is left", within=2)


async def test_a_colleagues_lamp_follows_from_desk_to_desk(office: Office) -> None:
    desk, other_desk = await office.desk("HD0001"), await office.desk("HD0002")
    colleague, caller = await office.phone("200"), await office.phone("201")
    lamp = await colleague.subscribe_dialog("100")
    await lamp.becomes("terminated")

    await office.sit_down(desk, "100")
    await lights(lamp, caller, desk)
    await office.sit_down(other_desk, "100")
    await lights(lamp, caller, other_desk)

    # Asterisk's file, which `dialplan reload` reads, says the same soon after.
    await eventually(
        lambda: "exten => 100,hint,PJSIP/HD0002" in hints(office), "the hint is stored"
    )
    await asyncio.to_thread(office.lab.pbx.cli, "dialplan reload")
    await lights(lamp, caller, other_desk)
    await asyncio.to_thread(office.lab.stop_service)
    await lights(lamp, caller, other_desk)
    await asyncio.to_thread(office.lab.start_service)
    await lights(lamp, caller, other_desk)

    voice = office.voice(other_desk)
    call = await other_desk.dial("*77*5*")
    await voice.says("vm-extension")
    await call.hangup()
    assert await refusal(await caller.call("100")) == 480
    await lamp.becomes("terminated")
    before = len(lamp.states)
    await office.phone("trunk")
    call = await other_desk.dial("112")
    await call.until(lambda: call.state == "ringing", 5)
    assert set(lamp.states[before:]) <= {"terminated"}
    await call.hangup()


async def test_a_reload_right_after_a_login_ends_right(office: Office) -> None:
    desk, caller = await office.desk("HD0001"), await office.phone("201")
    colleague = await office.phone("200")
    lamp = await colleague.subscribe_dialog("100")
    await office.hotdesk("login", "100", "HD0001")
    await asyncio.to_thread(office.lab.pbx.cli, "dialplan reload")

    shown = ""

    def follows_the_desk() -> bool:
        nonlocal shown
        shown = office.lab.pbx.cli("core show hint 100")
        return "PJSIP/HD0001" in shown

    await eventually(follows_the_desk, lambda: shown, within=8)
    await lights(lamp, caller, desk)


async def test_a_running_call_goes_on_whoever_logs_in_or_out_meanwhile(
    office: Office,
) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    await office.sit_down(desk, "101")
    call = await desk.dial("200")
    ringing = await rings(colleague, caller=Party("Bob", "101"))
    await both_hear_each_other(call, ringing)
    fetches = desk.fetches

    await office.hotdesk("login", "100", "HD0001")
    await both_hear_each_other(call, ringing)
    assert ringing.remote == Party("Bob", "101")
    await office.hotdesk("logout", "HD0001")
    await both_hear_each_other(call, ringing)
    await office.hotdesk("login", "100", "HD0001")
    await both_hear_each_other(call, ringing)

    # The phone is left alone until the call is over.
    assert desk.fetches == fetches
    assert (call.state, ringing.state) == ("connected", "connected")
    await call.hangup()
    await desk.shows("Alice 100")
    call = await desk.dial("200")
    await rings(colleague, caller=Party("Alice", "100"))
    await call.hangup()


async def test_somebody_can_log_in_at_a_desk_that_is_in_a_call(office: Office) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    await office.sit_down(desk, "101")
    call = await desk.dial("200")
    ringing = await rings(colleague, caller=Party("Bob", "101"))
    await both_hear_each_other(call, ringing)

    voice = office.voice(desk)
    second = await desk.dial("*77*100*")
    await press_pin(second, office.pin("100"))
    await voice.says("vm-extension")
    await second.hangup()

    await both_hear_each_other(call, ringing)
    assert office.sitting() == {"HD0001": "100"}
    assert any("Bob" in value for value in desk.values.values())
    await call.hangup()
    await desk.shows("Alice 100")


async def both_hear_each_other(call: Call, ringing: IncomingCall) -> None:
    """Return once both sides of a call, answered if need be, hear the other."""
    if ringing.state == "ringing":
        await ringing.answer()
    await call.answered()
    call.talk()
    ringing.talk()
    await call.hears()
    await ringing.hears()


async def lights(lamp: Watch, caller: Phone, desk: VirtualSnom) -> None:
    """Return once the lamp went on while *desk* rang, and off again."""
    call = await caller.call("100")
    await rings(desk, caller=Party("Fixed phone 201", "201"))
    await lamp.becomes("early")
    await call.hangup()
    await lamp.becomes("terminated")


@asynccontextmanager
async def when_logged_out(
    office: Office, extension: str, treatment: str
) -> AsyncIterator[None]:
    """Let callers of *extension* get *treatment* for a while."""
    edit = ("user", "edit", extension, "--when-logged-out")
    await office.hotdesk(*edit, treatment)
    try:
        await treated(office, extension, treatment)
        yield
    finally:
        await office.hotdesk(*edit, "unavailable")


async def treated(office: Office, extension: str, treatment: str) -> None:
    """Return once Asterisk's dialplan knows the treatment."""
    wanted = treatment.replace(":", ",")
    await eventually(
        lambda: (
            f"{extension},{wanted}"
            in office.lab.pbx.cli(f"dialplan show {extension}@hotdesk-users")
        ),
        f"the dialplan treats {extension} with {treatment}",
    )


async def leaves_a_message(office: Office, caller: Phone, extension: str) -> None:
    """Return once a message of *caller* lies in the mailbox of *extension*."""
    inbox = office.lab.pbx.directory / f"spool/voicemail/default/{extension}/INBOX"
    before = set(inbox.glob("msg*.wav"))
    voice = office.voice(caller)
    call = await caller.call(extension)
    await call.answered()
    await call.hears(0.2)
    await press(call, "#")
    await voice.says("beep")
    call.talk()
    await eventually(lambda: list(inbox.parent.glob("tmp/*")), "it records")
    await call.hears(0, within=1)
    await eventually(
        lambda: any(f.stat().st_size > 8000 for f in inbox.parent.glob("tmp/*.wav")),
        "half a second is recorded",
    )
    await call.hangup()
    await eventually(lambda: set(inbox.glob("msg*.wav")) - before, "a message is there")
    new = set(inbox.glob("msg*.wav")) - before
    assert all(file.stat().st_size > 8000 for file in new)


async def callers_see(
    office: Office, desk: VirtualSnom, colleague: Phone, name: str
) -> None:
    """Return once 104 calls from *desk* under that name."""
    await eventually(
        lambda: name in office.lab.pbx.cli("pjsip show endpoint HD0001"),
        f"the endpoint of HD0001 is {name}",
    )
    call = await desk.dial("200")
    await rings(colleague, caller=Party(name, "104"))
    await call.hangup()


def shown_hint(office: Office) -> str:
    """Return what Asterisk says of the hint of user 100."""
    return office.lab.pbx.cli("core show hint 100")


def hints(office: Office) -> str:
    """Return the generated file of hints."""
    return (office.lab.pbx.generated_dir / "hotdesk_users.conf").read_text()
