"""Phones are answered beside Asterisk on one host, and never at Asterisk's expense."""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from asterisk_hotdesk.pnp.responder import GROUP, Responder
from tests.lab.packages import find_asterisk
from tests.lab.pbx import Pbx
from tests.lab.ports import Ports
from tests.own_network import (
    HOST,
    OTHER_HOST,
    OTHER_PHONE,
    PHONE,
    across_the_wire,
    in_own_network,
)
from tests.unit.pnp_phone import KnownPhones, PnpPhone
from tests.unit.pnp_request import URL

SIP = 5060

OPTIONS = f"""\
OPTIONS sip:{HOST} SIP/2.0
Via: SIP/2.0/UDP {PHONE};branch=z9hG4bK1;rport
From: <sip:phone@{PHONE}>;tag=1
To: <sip:{HOST}>
Call-ID: 1@{PHONE}
CSeq: 1 OPTIONS
Contact: <sip:{PHONE}>
Content-Length: 0

"""


@contextmanager
def asterisk_at(address: str) -> Iterator[Pbx]:
    """Yield an Asterisk that runs, and has its SIP port at *address*."""
    folder = Path(tempfile.mkdtemp(prefix="hotdesk-", dir="/tmp"))
    pbx = Pbx(folder, find_asterisk(), Ports(SIP))
    pbx.write()
    file = pbx.config_dir / "pjsip.conf"
    file.write_text(file.read_text().replace("bind = 127.0.0.1", f"bind = {address}"))
    try:
        pbx.start()
        yield pbx
    finally:
        pbx.kill()
        shutil.rmtree(folder)


def responder() -> Responder:
    return Responder(KnownPhones(), interface=HOST)


def phone_at(address: str) -> PnpPhone:
    return across_the_wire(lambda: PnpPhone(address))


async def who_answers_sip(phone: PnpPhone) -> str:
    """Return what answers OPTIONS at the host's SIP port says it is; empty: nothing."""
    phone.send(OPTIONS.replace("\n", "\r\n").encode(), (HOST, SIP))
    with suppress(TimeoutError):
        return (await phone.response()).header("Server")
    return ""


def test_a_phone_and_asterisk_are_both_served_if_asterisk_has_its_own_address() -> None:
    url, server, only_one_answered = in_own_network(beside_an_asterisk_at_its_address)

    assert url == URL
    assert "Asterisk" in server
    assert only_one_answered


async def beside_an_asterisk_at_its_address() -> tuple[str, str, bool]:
    with asterisk_at(HOST), phone_at(PHONE) as phone:
        async with responder().answering():
            url = await phone.url((GROUP, SIP))
            only_one_answered = await phone.hears_nothing(1)
            return url, await who_answers_sip(phone), only_one_answered


def test_asterisk_at_all_addresses_keeps_its_port_and_the_log_says_what_to_do() -> None:
    log, server = in_own_network(beside_an_asterisk_at_all_addresses)

    assert f"{GROUP}:{SIP} is taken" in log
    assert "bind = 192.0.2.10" in log
    assert "Asterisk" in server


async def beside_an_asterisk_at_all_addresses() -> tuple[str, str]:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("asterisk_hotdesk").addHandler(handler)
    with asterisk_at("0.0.0.0"), phone_at(PHONE) as phone:  # noqa: S104
        await responder().run()
        return "\n".join(lines), await who_answers_sip(phone)


def test_asterisk_gets_its_port_once_we_have_left_it() -> None:
    ours, theirs = in_own_network(an_asterisk_that_starts_after_us)

    assert ours == URL
    assert "Asterisk" in theirs


async def an_asterisk_that_starts_after_us() -> tuple[str, str]:
    with phone_at(PHONE) as phone:
        running = asyncio.create_task(responder().run())
        url = await phone.url((GROUP, SIP))
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        with asterisk_at("0.0.0.0"):  # noqa: S104
            return url, await who_answers_sip(phone)


def test_phones_of_another_network_are_not_answered() -> None:
    here, elsewhere = in_own_network(phones_of_two_networks)

    assert here == URL
    assert elsewhere == "nothing"


async def phones_of_two_networks() -> tuple[str, str]:
    with (
        a_stranger_in_the_group_at(OTHER_HOST) as stranger,
        phone_at(PHONE) as phone,
        phone_at(OTHER_PHONE) as other,
    ):
        async with responder().answering():
            url = await phone.url((GROUP, SIP))
            other.send(other.request(), (GROUP, SIP))
            # It did arrive, at whoever listens there.
            await asyncio.to_thread(stranger.recv, 4096)
            return url, "nothing" if await other.hears_nothing(1) else "an answer"


@contextmanager
def a_stranger_in_the_group_at(address: str) -> Iterator[socket.socket]:
    """Yield a socket of another program that hears phones in that network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind((GROUP, SIP))
        membership = socket.inet_aton(GROUP) + socket.inet_aton(address)
        stranger.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        stranger.settimeout(5)
        yield stranger
