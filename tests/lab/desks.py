"""The laboratory's telephones: kept plugged in, and driven from another shell."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from tests.lab.lab import Lab
from tests.lab.phone import Call, CallFailed, Phone
from tests.lab.snom import VirtualSnom

Say = Callable[[str], None]
RING_SECONDS = 5.0


class Desks:
    """Every telephone of the laboratory, by name: HD0001, 200, trunk …"""

    def __init__(self) -> None:
        self.snoms: dict[str, VirtualSnom] = {}
        self.phones: dict[str, Phone] = {}

    def phone(self, name: str) -> Phone:
        """Return what makes and takes the calls of *name*; raise KeyError."""
        snom = self.snoms.get(name)
        if snom is None:
            return self.phones[name]
        if snom.phone is None:
            raise KeyError(f"{name} has no account: {snom.last_error}")
        return snom.phone

    def names(self) -> list[str]:
        """Return every name."""
        return [*self.snoms, *self.phones]

    async def dial(self, name: str, number: str) -> Call:
        """Let *name* dial; a snom shows it on its display."""
        snom = self.snoms.get(name)
        return await (snom.dial(number) if snom else self.phone(name).call(number))


@asynccontextmanager
async def plugged_in(facts: dict[str, Any], *, only: str = "") -> AsyncIterator[Desks]:
    """Plug in all telephones of lab.json, or the one called *only*."""
    desks = Desks()
    async with AsyncExitStack() as stack:
        for device in facts["devices"]:
            if only in ("", device["name"]):
                snom = VirtualSnom(device["mac"], device["provisioning_url"])
                desks.snoms[device["name"]] = await stack.enter_async_context(snom)
        others = {p["extension"]: p["sip_password"] for p in facts["fixed_phones"]}
        others[facts["trunk"]["username"]] = facts["trunk"]["sip_password"]
        host, port = facts["sip"]
        for name, password in others.items():
            if only in ("", name):
                phone = Phone(name, password, (host, port))
                desks.phones[name] = await stack.enter_async_context(phone)
                await phone.register()
        yield desks


async def drive(
    desks: Desks, say: Say, name: str, action: str, argument: str, pin: str
) -> None:
    """Do with the telephone *name* what a person does, and say what happens."""
    snom = desks.snoms.get(name)
    match action:
        case "show" if snom:
            say(snom.screen())
        case "press" if snom:
            fetches = snom.fetches
            call = await snom.press(int(argument) - 1)
            if call:
                await _follow(call, say, pin)
                await _fetched(snom, fetches)
            say(snom.screen())
        case "dial" | "call":
            fetches = snom.fetches if snom else 0
            call = await desks.dial(name, argument)
            a_voice_spoke = await _follow(call, say, pin, desks)
            if snom:
                if a_voice_spoke:
                    await _fetched(snom, fetches)
                say(snom.screen())
        case _:
            say(f"{name} has no display and no keys; it can only dial")


async def _fetched(snom: VirtualSnom, fetches: int) -> None:
    """Wait until the phone fetched again, if it is told to."""
    with contextlib.suppress(TimeoutError):
        await snom.until(lambda: snom.fetches > fetches, "it fetches", within=3)


async def _follow(call: Call, say: Say, pin: str, desks: Desks | None = None) -> bool:
    """Say what becomes of *call*; press the PIN, or answer where it rings.

    Return whether a voice spoke and hung up.
    """
    answering = asyncio.create_task(_answer_elsewhere(call, say, desks))
    try:
        await call.answered(within=20)
        say("answered")
        if pin:
            await call.hears(0.3)
            say("a voice asks for something; the PIN is pressed")
            await call.dtmf(pin, tone_ms=100, gap_ms=60)
            await call.ended(within=60)
        elif not await _ends_by_itself(call, answering):
            await call.hangup()
            say("hung up")
            return False
        say(f"the voice spoke for {call.heard.loud_seconds:.1f} s and hung up")
    except (CallFailed, TimeoutError) as failure:
        say(f"no: {failure}")
        await call.hangup()
        return False
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
    return True


async def _ends_by_itself(call: Call, answering: asyncio.Task[bool]) -> bool:
    """Return True once *call* is over; False where a telephone of ours answered it.

    The caller may know of the answer before who answers knows that it has arrived.
    """
    ended = asyncio.create_task(call.ended(within=60))
    try:
        await asyncio.wait({ended, answering}, return_when=asyncio.FIRST_COMPLETED)
        if answering.done() and answering.result():
            return False
        await ended
    finally:
        ended.cancel()
    return True


async def _answer_elsewhere(call: Call, say: Say, desks: Desks | None) -> bool:
    """Answer at the telephone that rings; return whether one did."""
    if desks is None:
        return False
    ringing = {
        asyncio.create_task(desks.phone(name).ringing(within=RING_SECONDS)): name
        for name in desks.names()
    }
    try:
        async with asyncio.timeout(RING_SECONDS):
            while ringing:
                done, _ = await asyncio.wait(
                    ringing, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    name = ringing.pop(task)
                    if task.exception() is None:
                        incoming = task.result()
                        caller = incoming.remote
                        say(f'{name} rings and shows "{caller.name}" <{caller.number}>')
                        await incoming.answer()
                        return True
    except TimeoutError:
        pass
    finally:
        for task in ringing:
            task.cancel()
        await asyncio.gather(*ringing, return_exceptions=True)
    return False


# Driving them from another shell -------------------------------------------------


def socket_path(lab: Lab) -> Path:
    """Return where whoever has plugged the telephones in takes orders."""
    return lab.directory / "desks.sock"


@asynccontextmanager
async def taking_orders(lab: Lab, desks: Desks) -> AsyncIterator[None]:
    """Let `python -m tests.lab phone` of other shells drive *desks*."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\n".encode())

        try:
            order = json.loads(await reader.readline())
            await drive(desks, say, **order)
        except (KeyError, ValueError, IndexError) as problem:
            say(f"no: {problem}")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    path = socket_path(lab)
    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(serve, path)
    async with server:
        yield
    path.unlink(missing_ok=True)


async def order(lab: Lab, say: Say, **what: str) -> None:
    """Drive a telephone: in the process that has it plugged in, or in this one."""
    try:
        reader, writer = await asyncio.open_unix_connection(socket_path(lab))
    except (FileNotFoundError, ConnectionRefusedError):
        async with plugged_in(lab.facts, only=what["name"]) as desks:
            await drive(desks, say, **what)
        return
    writer.write(json.dumps(what).encode() + b"\n")
    async for line in reader:
        say(line.decode().rstrip("\n"))
    writer.close()
    await writer.wait_closed()
