"""`make run`: one login, told line by line on real telephones, then time to play."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterable

from tests.lab.desks import Desks, plugged_in, taking_orders
from tests.lab.lab import Lab
from tests.lab.phone import Call, CallFailed


async def tell(lab: Lab) -> None:
    """Start everything, show a login and a logout, and stay up until interrupted."""
    # What an interrupted run left behind.
    await asyncio.to_thread(lab.down)
    stop = _on_interrupt()
    _say("Starting Asterisk, PostgreSQL and the service (the first time fetches")
    _say("Asterisk from Debian, which takes a little longer) …")
    try:
        starting = asyncio.create_task(asyncio.to_thread(lab.up))
        facts = await starting
        async with plugged_in(facts) as desks:
            telling = asyncio.create_task(_story(desks, facts["users"][0]))
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait({telling, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                telling.result()
                async with taking_orders(lab, desks):
                    _invite(lab)
                    await stop.wait()
            else:
                telling.cancel()
            await asyncio.gather(telling, stopped, return_exceptions=True)
    finally:
        _say("Ending everything …")
        await asyncio.to_thread(lab.down)
        _say("Done.")


def _on_interrupt() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    return stop


async def _story(desks: Desks, alice: dict[str, str]) -> None:
    desk, colleague = desks.snoms["HD0001"], desks.phones["200"]
    extension, name, pin = alice["extension"], alice["name"], alice["pin"]
    lamp = await colleague.subscribe_dialog(extension)

    _chapter("An idle desk: nobody sits at HD0001")
    _say(desk.screen())
    _say("It may call emergency numbers and the hot-desk codes, nothing else:")
    await _refused(await desk.dial("200"), "HD0001 dials 200")
    _say(f"Extension {extension} is {name}, and she sits nowhere:")
    await _refused(await colleague.call(extension), f"200 dials {extension}")

    _chapter(f"{name} takes the desk: she dials *77*{extension}* and gives her PIN")
    call = await desk.dial(f"*77*{extension}*")
    await call.answered()
    await call.hears(0.5)
    _say("A voice asks for the PIN; she presses ******")
    await call.dtmf(pin, tone_ms=100, gap_ms=60)
    await call.ended(within=30)
    _say("The voice confirms and hangs up. The phone fetches its configuration:")
    await desk.shows(name)
    _say(desk.screen())

    _chapter("It is her phone now")
    await _talk(
        await colleague.call(extension), desks, "HD0001", f"200 dials {extension}"
    )
    await lamp.becomes("terminated", "confirmed", "early", within=5)
    _say(f"(while it rang, the lamp for {extension} at 200 was on)")
    await _talk(await desk.dial("200"), desks, "200", "HD0001 dials 200")

    _chapter("She gives the desk back: the first key")
    call_back = await desk.press(0)
    assert call_back is not None
    await call_back.ended(within=30)
    await desk.shows("HD0001")
    _say(desk.screen())
    await _refused(await colleague.call(extension), f"200 dials {extension}")

    _chapter("A call for help carries the desk's number, and so leads back to the desk")
    await _talk(await desk.dial("112"), desks, "trunk", "HD0001 dials 112")
    number = desks.phones["trunk"].incoming[-1].remote.number
    call = await desks.phones["trunk"].call(number)
    await _talk(call, desks, "HD0001", f"the centre dials {number}")


async def _talk(call: Call, desks: Desks, where: str, what: str) -> None:
    incoming = await desks.phone(where).ringing(within=10)
    caller = incoming.remote
    _say(f'{what}: {where} rings and shows "{caller.name}" <{caller.number}>')
    await incoming.answer()
    await call.answered()
    await call.hangup()
    await incoming.ended()


async def _refused(call: Call, what: str) -> None:
    with contextlib.suppress(CallFailed):
        try:
            await call.answered()
        except CallFailed as refusal:
            _say(f"{what}: {refusal.status} {refusal.reason}")
            raise
        _say(f"{what}: answered, which is wrong")


def _invite(lab: Lab) -> None:
    facts = lab.facts
    where = "" if lab.directory.name == ".lab" else f" --dir {lab.directory}"
    # The shell that this is typed into does not know the virtual environment.
    phone = f"{sys.executable} -m tests.lab phone{where}"
    second = facts["users"][1]
    _chapter("Everything stays up. Try more from another shell")
    _lines(
        [
            f"{phone} HD0002 show",
            f"{phone} HD0002 dial '*77*{second['extension']}*' --pin {second['pin']}",
            f"{phone} 200 call {second['extension']}",
            f"{phone} HD0002 press 1",
            " ".join([*facts["hotdesk"], "status"]),
        ]
    )
    _say("People and PINs (of this laboratory only):")
    _lines(f"{u['extension']}  {u['pin']}  {u['name']}" for u in facts["users"])
    ami, admin = facts["ami"], facts["web_admin"]
    _say("Addresses:")
    _lines(
        [
            f"SIP       {facts['sip'][0]}:{facts['sip'][1]}",
            f"ARI       {facts['ari']}",
            f"AMI       {ami['host']}:{ami['port']}",
            f"Phones    {facts['phones']}",
            f"Web page  {facts['web']} ({admin['username']}, {admin['password']})",
            f"Database  {facts['database']}",
            f"Asterisk  {' '.join(facts['asterisk_cli'])} 'core show channels'",
            f"Secrets   {lab.directory / 'lab.json'}",
            f"Log       {lab.service_log}",
        ]
    )
    _say("Ctrl-C ends everything.")


def _chapter(title: str) -> None:
    _say(f"\n=== {title}")


def _lines(lines: Iterable[str]) -> None:
    for line in lines:
        _say(f"    {line}")


def _say(text: str) -> None:
    print(text, flush=True)
