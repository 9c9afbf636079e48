"""A new phone asks, over UDP, and is told where its configuration is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import pytest

from asterisk_hotdesk.errors import ConfigError, Unavailable
from asterisk_hotdesk.pnp import notifier, responder
from asterisk_hotdesk.pnp.messages import Address
from asterisk_hotdesk.pnp.responder import Responder, Sighting
from tests.lab.ports import free_udp_port
from tests.unit.pnp_phone import KnownPhones, PnpPhone
from tests.unit.pnp_request import MAC, URL

HOST = "127.0.0.1"
SHORT = (0.05, 0.1, 0.2)
A_WHILE = 0.4
"""Longer than all of SHORT together."""

STRANGER = ("000413AABBCC", "000413000000")


@dataclass
class Server:
    """A responder that answers on loopback, and whom it knows."""

    address: Address
    phones: KnownPhones


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    phones, port = KnownPhones(), free_udp_port()
    answering = Responder(phones, address=HOST, port=port, interface=HOST)
    async with answering.answering():
        yield Server((HOST, port), phones)


@pytest.fixture
def phone() -> Iterator[PnpPhone]:
    with PnpPhone() as phone:
        yield phone


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the pauses between two NOTIFY short."""
    monkeypatch.setattr(notifier, "PAUSES_SECONDS", SHORT)


@pytest.fixture
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a repeated request a new one soon."""
    monkeypatch.setattr(responder, "TRANSACTION_SECONDS", 0.2)


async def until(condition: Callable[[], object]) -> None:
    """Return once the condition holds, which is looked at again and again."""
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_known_phone_is_told_its_url(server: Server, phone: PnpPhone) -> None:
    phone.send(phone.request(), server.address)

    assert (await phone.response()).status == 200
    notify, _ = await phone.notify()
    assert notify.body.decode() == URL


async def test_the_enrolment_learns_who_asks(server: Server, phone: PnpPhone) -> None:
    await phone.url(server.address)

    (sighting,) = server.phones.asked
    assert sighting == Sighting(
        mac=MAC, vendor="snom", model="snomD785", firmware="10.1", address=HOST
    )


async def test_an_unknown_phone_hears_nothing(server: Server, phone: PnpPhone) -> None:
    phone.send(phone.request(STRANGER), server.address)
    await until(lambda: server.phones.asked)

    assert await phone.hears_nothing(A_WHILE)


async def test_a_phone_that_answers_is_not_told_again(
    server: Server, phone: PnpPhone, impatience: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    await phone.url(server.address)

    assert await phone.hears_nothing(A_WHILE)
    assert f"{MAC} at {HOST} was told where its configuration is" in caplog.messages


async def test_a_phone_that_stays_silent_is_told_a_few_times(
    server: Server, phone: PnpPhone, impatience: None, caplog: pytest.LogCaptureFixture
) -> None:
    phone.send(phone.request(), server.address)
    await phone.response()

    told = [(await phone.notify())[0] for _ in SHORT]

    assert await phone.hears_nothing(A_WHILE)
    assert len({notify.branch for notify in told}) == 1
    assert [message for message in caplog.messages if MAC in message] == [
        f"{MAC} at {HOST} asked for its configuration, and does not hear where"
    ]


async def test_a_phone_that_says_no_is_not_told_again(
    server: Server, phone: PnpPhone, impatience: None, caplog: pytest.LogCaptureFixture
) -> None:
    phone.send(phone.request(), server.address)
    await phone.response()
    notify, source = await phone.notify()

    phone.send(notify.response(100, "Trying").encode(), source)
    phone.send(notify.response(489, "Bad Event").encode(), source)
    await until(lambda: "489" in caplog.text)

    assert await phone.hears_nothing(A_WHILE)


async def test_the_first_pause_is_that_of_rfc_3261(
    server: Server, phone: PnpPhone
) -> None:
    phone.send(phone.request(), server.address)
    await phone.response()

    await phone.notify()
    first = time.monotonic()
    await phone.notify()

    assert 0.3 < time.monotonic() - first < 1.5


async def test_a_repeated_request_is_answered_the_same_without_asking_again(
    server: Server, phone: PnpPhone
) -> None:
    answers = []
    for _ in range(2):
        phone.send(phone.request(), server.address)
        answers.append((await phone.response(), await phone.notify()))

    assert answers[0] == answers[1]
    assert len(server.phones.asked) == 1


async def test_a_stranger_who_repeats_its_request_is_looked_up_once(
    server: Server, phone: PnpPhone
) -> None:
    for _ in range(3):
        phone.send(phone.request(STRANGER, ("1 SUB", "9 SUB")), server.address)
    await phone.url(server.address)

    assert [sighting.mac for sighting in server.phones.asked] == ["000413000000", MAC]


async def test_after_half_a_minute_it_is_a_new_request(
    server: Server, phone: PnpPhone, short_memory: None
) -> None:
    await phone.url(server.address)

    async with asyncio.timeout(5):
        while len(server.phones.asked) < 2:
            phone.send(phone.request(), server.address)
            await phone.hears_nothing(0.15)


async def test_the_same_request_from_elsewhere_is_another_one(
    server: Server, phone: PnpPhone
) -> None:
    with PnpPhone("127.0.0.2") as other:
        phone.send(phone.request(), server.address)
        other.send(phone.request(), server.address)

        assert (await phone.response()).status == 200
        assert len(server.phones.asked) == 2


async def test_nobody_but_who_asked_is_told(server: Server, phone: PnpPhone) -> None:
    with PnpPhone("127.0.0.2") as victim:
        forged = ("127.0.0.1:", "127.0.0.2:")
        phone.send(phone.request(forged), server.address)

        assert (await phone.response()).status == 200
        await phone.notify()
        assert await victim.hears_nothing(A_WHILE)


async def test_many_phones_at_one_time_are_told(server: Server) -> None:
    hosts = [f"127.0.1.{number}" for number in range(1, 31)]
    with contextlib.ExitStack() as stack:
        phones = [stack.enter_context(PnpPhone(host)) for host in hosts]
        urls = await asyncio.gather(*(phone.url(server.address) for phone in phones))

    assert urls == [URL] * 30


async def test_a_flood_of_one_address_leaves_room_for_others(
    server: Server, phone: PnpPhone
) -> None:
    with PnpPhone("127.0.0.2") as flood:
        for number in range(500):
            flood.send(flood.request(("CSeq: 1", f"CSeq: {number}")), server.address)
        await phone.url(server.address)

    asked = [sighting.address for sighting in server.phones.asked]
    assert asked.count("127.0.0.2") <= 2 * responder.REQUESTS_PER_SECOND_OF_ONE


async def test_no_more_phones_are_remembered_than_there_is_room_for(
    server: Server, phone: PnpPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responder, "MOST_TRANSACTIONS", 3)

    for number in range(5):
        phone.send(phone.request(STRANGER, ("1 SUB", f"{number} SUB")), server.address)
    await until(lambda: len(server.phones.asked) == 3)

    assert await phone.hears_nothing(A_WHILE)
    assert len(server.phones.asked) == 3


async def test_rubbish_does_no_harm(server: Server, phone: PnpPhone) -> None:
    for rubbish in (b"", b"\0", b"\xff" * 60_000, phone.request()[:100], b"\r\n\r\n"):
        phone.send(rubbish, server.address)

    assert await phone.url(server.address) == URL


async def test_without_a_database_a_phone_hears_nothing_and_is_told_later(
    server: Server, phone: PnpPhone
) -> None:
    server.phones.failures.append(Unavailable("PostgreSQL cannot be reached"))
    phone.send(phone.request(), server.address)

    assert await phone.hears_nothing(A_WHILE)
    assert await phone.url(server.address) == URL


async def test_an_outage_is_one_line_however_many_ask(
    server: Server, phone: PnpPhone, caplog: pytest.LogCaptureFixture
) -> None:
    server.phones.failures += [Unavailable("PostgreSQL cannot be reached")] * 5
    for number in range(5):
        phone.send(phone.request(("1 SUB", f"{number} SUB")), server.address)
    await until(lambda: len(server.phones.asked) == 5)

    assert caplog.messages == ["PostgreSQL cannot be reached; trying again"]


async def test_the_url_is_in_no_log(
    server: Server, phone: PnpPhone, impatience: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    phone.send(phone.request(), server.address)
    await until(lambda: "does not hear" in caplog.text)

    assert "http" not in caplog.text


async def test_whoever_waits_for_an_answer_is_let_go_at_the_end(
    phone: PnpPhone,
) -> None:
    port = free_udp_port()
    answering = Responder(KnownPhones(), address=HOST, port=port, interface=HOST)
    async with answering.answering():
        phone.send(phone.request(), (HOST, port))
        await phone.response()
        await phone.notify()

    assert await phone.hears_nothing(A_WHILE)
    # And the port is free for whoever comes next.
    async with answering.answering():
        assert await phone.url((HOST, port)) == URL


async def test_without_an_interface_the_system_chooses_the_address(
    phone: PnpPhone,
) -> None:
    port = free_udp_port()
    async with Responder(KnownPhones(), address=HOST, port=port).answering():
        phone.send(phone.request(), (HOST, port))
        await phone.response()
        notify, source = await phone.notify()

    assert notify.header("Contact") == f"<sip:{HOST}:{source[1]}>"


@pytest.fixture
def taken() -> Iterator[int]:
    """Yield a port that is taken at all addresses, as PJSIP takes its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asterisk:
        asterisk.bind(("0.0.0.0", 0))  # noqa: S104
        yield asterisk.getsockname()[1]


async def test_a_port_that_asterisk_has_is_named_with_what_to_do(taken: int) -> None:
    with pytest.raises(ConfigError) as refused:
        async with Responder(KnownPhones(), port=taken).answering():
            pass

    for words in (f"224.0.1.75:{taken} is taken", "bind = 192.0.2.10", "DHCP"):
        assert words in str(refused.value)


async def test_a_port_that_is_taken_is_logged_and_nothing_else_ends(
    taken: int, caplog: pytest.LogCaptureFixture
) -> None:
    await Responder(KnownPhones(), port=taken).run()

    (line,) = caplog.messages
    assert line.startswith("phones that ask by SIP PnP get no answer: pnp.address")


@pytest.mark.parametrize("address", [HOST, "224.0.1.75"])
async def test_an_interface_of_another_host_is_named(address: str) -> None:
    elsewhere = Responder(
        KnownPhones(),
        address=address,
        port=free_udp_port(),
        interface="192.0.2.77",
    )

    with pytest.raises(ConfigError, match=r"pnp.interface: 192\.0\.2\.77 cannot"):
        async with elsewhere.answering():
            pass


async def test_an_address_of_another_host_is_named() -> None:
    elsewhere = Responder(KnownPhones(), address="192.0.2.77", port=5060)

    with pytest.raises(ConfigError, match=r"pnp.address: 192\.0\.2\.77:5060"):
        async with elsewhere.answering():
            pass


@pytest.mark.parametrize("name", ["sip.mcast.net", "ff02::1", ""])
@pytest.mark.parametrize("setting", ["address", "interface"])
async def test_what_is_no_address_is_named(setting: str, name: str) -> None:
    wrong = {"address": "224.0.1.75", "interface": HOST, setting: name}

    with pytest.raises(ConfigError, match=f"pnp.{setting}: {name} is no IPv4 address"):
        async with Responder(KnownPhones(), port=free_udp_port(), **wrong).answering():
            pass
