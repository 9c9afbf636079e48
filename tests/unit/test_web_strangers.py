"""Whoever is not a phone of ours gets nothing, and learns nothing, from our server."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import trustme
from pydantic import ValidationError

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import ConfigError
from asterisk_hotdesk.tokens import TOKEN_DIGITS
from asterisk_hotdesk.web import tls
from tests.unit.phone_server import (
    MAC,
    STRANGER,
    TOKEN,
    WRONG_TOKEN,
    Server,
    path_of,
    serving,
)
from tests.unit.test_phones import DEVICE


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


async def test_an_unknown_phone_and_a_wrong_token_look_exactly_alike(
    server: Server,
) -> None:
    answers = {
        await server.get_as_it_is(path.encode())
        for path in (
            path_of(MAC, WRONG_TOKEN),
            path_of(STRANGER),
            path_of(STRANGER, WRONG_TOKEN),
            "/nothing/here",
        )
    }

    (answer,) = answers
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"Server:" not in answer
    assert server.proof.fetches == []


async def test_the_database_is_asked_before_the_token_is_checked(
    server: Server,
) -> None:
    await server.ask(path_of(MAC, WRONG_TOKEN))
    await server.ask(path_of(STRANGER, WRONG_TOKEN))

    assert [request.mac for request in server.enrolment.asked] == [MAC, STRANGER]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/p/",
        "/p/TOKEN/",
        "/p/TOKEN/MAC",
        "/p/TOKEN/MAC.xml/",
        "/p/TOKEN/MAC.xml%0a",
        "/p/TOKEN/MAC.xml%00",
        "/p/TOKEN//MAC.xml",
        "//p/TOKEN/MAC.xml",
        "/p/TOKEN/../../etc/passwd",
        "/p/TOKEN/%2e%2e/%2e%2e/etc/passwd",
        "/p/TOKEN/%2e%2e%2fMAC.xml",
        "/p/TOKEN%2fMAC.xml",
        "/p/%c3/MAC.xml",
        "/p/TOKEN/%c3.xml",
        "/p/TOKEN%00/MAC.xml",
        "/p/TOKEN0/MAC.xml",
        "/p/TOKEN/00:04:13:00:00:01.xml",
        "/p//MAC.xml",
        "/%70/TOKEN/MAC.xm%",
    ],
)
async def test_tricks_with_the_path_find_nothing(server: Server, path: str) -> None:
    path = path.replace("TOKEN", TOKEN).replace("MAC", MAC)

    answer = await server.get_as_it_is(path.encode())

    assert re.match(rb"HTTP/1.[01] 40[04] ", answer)
    assert DEVICE.sip_secret.encode() not in answer
    assert server.enrolment.asked == []


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET /p/" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"GET /p/\xc3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /p/\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
    ],
    ids=["long path", "1 MB header", "many headers", "half a letter", "NUL", "TLS"],
)
async def test_what_is_not_a_request_of_a_phone_ends_the_connection(
    server: Server, request_text: bytes
) -> None:
    answer = await server.send(request_text)

    # A client that is still sending may see a reset instead of the answer.
    assert re.match(rb"HTTP/1.[01] 40[04] |$", answer)
    assert (await server.ask("/healthz"))[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_phones_only_fetch(server: Server, method: str) -> None:
    known = await server.ask(path_of(MAC), method)
    unknown = await server.ask(path_of(STRANGER), method)

    assert known[0] == unknown[0] == 405
    assert known[2] == unknown[2]
    assert server.enrolment.asked == []


async def test_who_sends_nothing_is_cut_off() -> None:
    async with serving(patience_seconds=0.2) as server:
        assert await asyncio.wait_for(server.send(b""), 5) == b""


async def test_who_sends_a_request_letter_by_letter_is_cut_off() -> None:
    async with serving(patience_seconds=0.2) as server, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nX: ")
        end = asyncio.create_task(reader.read())
        while not end.done():
            writer.write(b"y")
            await asyncio.wait([end], timeout=0.02)

        assert end.exception() or end.result() == b""
        writer.close()


# Where from, and how often


def provisioning(**settings: object) -> Config:
    """Return the settings of the server with these."""
    asterisk = {"ari_password": "x", "ami_secret": "y"}
    base = {"base_url": "https://phones.example/hd"}
    return Config.model_validate(
        {"asterisk": asterisk, "provisioning": base | settings}
    )


async def test_other_networks_get_what_unknown_phones_get(server: Server) -> None:
    unknown = await server.get_as_it_is(path_of(STRANGER).encode())

    async with serving(config=provisioning(allowed_networks=["192.0.2.0/24"])) as far:
        answer = await far.get_as_it_is(path_of(MAC).encode())
        sign = await far.get_as_it_is(f"/a/{'0' * TOKEN_DIGITS}/{MAC}/boot".encode())

    assert answer == unknown
    assert sign.startswith(b"HTTP/1.1 404 ")
    assert far.enrolment.asked == []


async def test_a_phone_that_says_it_is_another_one_is_not_believed(
    server: Server,
) -> None:
    agent = "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12 {mac} SXM:0)"

    other = await server.ask(
        path_of(MAC), **{"User-Agent": agent.format(mac=STRANGER.upper())}
    )
    same = await server.ask(
        path_of(MAC), **{"User-Agent": agent.format(mac=MAC.upper())}
    )

    assert (other[0], same[0]) == (404, 200)


async def test_who_guesses_too_often_is_put_off_and_phones_beside_are_not() -> None:
    config = provisioning(misses_per_minute=3, sweep_macs=3)
    async with serving(config=config) as server:
        answers = [await server.ask(path_of(f"00041300ff{n:02}")) for n in range(5)]

        assert [status for status, _, _ in answers] == [404, 404, 404, 429, 429]
        assert answers[-1][1]["Retry-After"] == "60"
        assert (await server.ask(path_of(MAC)))[0] == 200
        assert not server.enrolment.asked[-1].may_enrol


async def test_who_asks_for_one_phone_after_the_other_is_reported() -> None:
    async with serving(config=provisioning(sweep_macs=3)) as server:
        for n in range(5):
            await server.ask(path_of(f"00041300ff{n:02}"))
        await server.ask("/healthz")

        assert server.enrolment.sweeps == ["127.0.0.1"]


async def test_a_phone_that_gets_nothing_is_discovered(server: Server) -> None:
    agent = "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33)"

    await server.ask(path_of(STRANGER), **{"User-Agent": agent})
    await server.ask(path_of("000413fffffe"), **{"User-Agent": "curl/8"})
    await server.ask("/healthz")

    assert server.enrolment.strangers == [(STRANGER, "D785", "127.0.0.1", "http")]


# HTTPS


@dataclass
class Authority:
    """A certificate authority, and the files that it has made."""

    folder: Path
    ca: trustme.CA

    def settings(self, client_certificates: str = "off") -> Config:
        """Return the settings of a server with a certificate."""
        made = self.ca.issue_cert("localhost")
        made.private_key_pem.write_to_path(str(self.folder / "key.pem"))
        chain = b"".join(pem.bytes() for pem in made.cert_chain_pems)
        (self.folder / "cert.pem").write_bytes(chain)
        self.ca.cert_pem.write_to_path(str(self.folder / "ca.pem"))
        return provisioning(
            tls_certificate=str(self.folder / "cert.pem"),
            tls_key=str(self.folder / "key.pem"),
            client_ca=str(self.folder / "ca.pem"),
            client_certificates=client_certificates,
        )

    def client(self, name: str | None = None) -> ssl.SSLContext:
        """Return how a phone whose certificate says *name* speaks HTTPS."""
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        if name:
            made = self.ca.issue_cert("phone.example", common_name=name)
            made.configure_cert(context)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, trustme.CA())


async def ask_encrypted(server: Server, context: ssl.SSLContext) -> int:
    """Return with which status the phone is answered."""
    url = f"https://localhost:{server.port}{path_of(MAC)}"
    async with server.client.get(url, ssl=context) as answer:
        return answer.status


async def test_phones_fetch_over_https(authority: Authority) -> None:
    async with serving(config=authority.settings()) as server:
        assert await ask_encrypted(server, authority.client()) == 200


async def test_plain_http_gets_nothing_from_an_https_server(
    authority: Authority,
) -> None:
    async with serving(config=authority.settings()) as server:
        assert DEVICE.sip_secret.encode() not in await server.get_as_it_is(
            path_of(MAC).encode()
        )


@pytest.mark.parametrize(
    ("wanted", "name", "status"),
    [
        ("optional", None, 200),
        ("optional", MAC, 200),
        ("optional", "00:04:13:00:00:01", 200),
        ("optional", f"snomD785-{MAC.upper()}", 200),
        ("optional", STRANGER, 404),
        ("required", None, 404),
        ("required", MAC, 200),
        ("required", STRANGER, 404),
    ],
)
async def test_a_certificate_must_name_the_phone(
    authority: Authority, wanted: str, name: str | None, status: int
) -> None:
    async with serving(config=authority.settings(wanted)) as server:
        assert await ask_encrypted(server, authority.client(name)) == status


async def test_certificates_of_others_are_not_believed(authority: Authority) -> None:
    stranger = Authority(authority.folder, trustme.CA())
    context = authority.client()
    stranger.ca.issue_cert("x.example", common_name=MAC).configure_cert(context)

    async with serving(config=authority.settings("optional")) as server:
        with pytest.raises(aiohttp.ClientError):
            await ask_encrypted(server, context)


async def test_who_never_ends_the_handshake_is_cut_off(authority: Authority) -> None:
    async with serving(patience_seconds=0.2, config=authority.settings()) as server:
        assert await asyncio.wait_for(server.send(b"\x16\x03"), 5) == b""


def test_phones_are_not_sent_to_http_where_there_is_a_certificate() -> None:
    with pytest.raises(ValidationError, match="should have a base_url with https://"):
        provisioning(
            base_url="http://phones.example",
            tls_certificate="/etc/cert.pem",
            tls_key="/etc/key.pem",
        )


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("not a certificate")
    config = provisioning(
        tls_certificate=str(tmp_path / "cert.pem"), tls_key=str(tmp_path / "key.pem")
    )

    with pytest.raises(ConfigError, match=r"provisioning.tls_certificate.*cert\.pem"):
        tls(config.provisioning)
