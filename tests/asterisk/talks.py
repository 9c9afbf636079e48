"""Calls to the service that are in the middle of its dialogue."""

from __future__ import annotations

from tests.asterisk.conftest import Office, press_pin
from tests.asterisk.trouble import asterisk_log
from tests.lab.phone import Call
from tests.lab.snom import VirtualSnom


async def at_ask_extension(office: Office, desk: VirtualSnom) -> Call:
    """Return a call that is being asked for the extension."""
    call = await desk.dial("*77")
    await call.answered()
    await call.hears(0.3)
    return call


async def at_ask_pin(office: Office, desk: VirtualSnom) -> Call:
    """Return a call that is being asked for the PIN."""
    call = await desk.dial("*77*101*")
    await call.answered()
    await call.hears(0.3)
    return call


async def between_digits(office: Office, desk: VirtualSnom) -> Call:
    """Return a call that has given half of its PIN."""
    call = await desk.dial("*77*102*")
    await press_pin(call, office.pin("102")[:3])
    return call


async def at_bad_credentials(office: Office, desk: VirtualSnom) -> Call:
    """Return a call that hears that its PIN is wrong."""
    heard = asterisk_log(office.lab)
    call = await desk.dial("*77*103*")
    await press_pin(call, office.wrong_pin("103"))
    await heard.hears("HD0004", "vm-incorrect")
    return call


async def at_confirmation(office: Office, desk: VirtualSnom) -> Call:
    """Return a call that hears that it has logged in."""
    heard = asterisk_log(office.lab)
    call = await desk.dial("*77*104*")
    await press_pin(call, office.pin("104"))
    await heard.hears("HD0005", "vm-extension")
    return call
