"""Phones fetch their configuration over a real socket, and strangers get nothing."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import aiohttp
import pytest

from asterisk_hotdesk.config import AsteriskConfig, Config, ProvisioningConfig
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.model import Desk, Switch
from asterisk_hotdesk.web import (
    listening,
    provisioning_app,
    provisioning_token,
    provisioning_url,
)
from tests.unit.test_phones import DEVICE, USED

KEY = b"k" * 32
MAC = DEVICE.mac
STRANGER = "000413ffffff"
CONFIG = Config(
    asterisk=AsteriskConfig(ari_password="x", ami_secret="y"),
    provisioning=ProvisioningConfig(base_url="https://phones.example/hd"),
)
DESK = replace(
    USED, switch=Switch(id=42, device_id=1, login_id=1, decided_at=datetime.now(UTC))
)


@dataclass
class FakeStore:
    """One desk, and the fetches that were noted."""

    fetches: list[tuple[str, int, str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    reads: bool = True
    writes: bool = True
    broken: bool = False

    async def desk_by_mac(self, mac: str) -> Desk | None:
        self.asked.append(mac)
        if self.broken:
            raise RuntimeError("a mistake of ours")
        if not self.reads:
            raise Unavailable("connection refused: password=s3cret")
        return DESK if mac == MAC else None

    async def note_fetch(
        self, device_name: str, generation: int, user_agent: str, address: str
    ) -> None:
        if not self.writes:
            raise Unavailable("connection refused: password=s3cret")
        self.fetches.append((device_name, generation, user_agent, address))


@dataclass
class Server:
    """What we serve on 127.0.0.1, asked as curl or as telnet would."""

    port: int
    store: FakeStore
    client: aiohttp.ClientSession

    async def ask(
        self, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, aiohttp.typedefs.LooseHeaders, str]:
        """Return status, headers and text of the answer."""
        async with self.client.request(
            method, f"http://127.0.0.1:{self.port}{path}", headers=headers
        ) as response:
            return response.status, dict(response.headers), await response.text()

    async def send(self, request: bytes) -> bytes:
        """Send *request* as it is and return all that comes back until the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        try:
            return await asyncio.wait_for(reader.read(), 15)
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    async def get_as_it_is(self, path: bytes) -> bytes:
        """Ask for *path* without any normalisation; the date is cut out."""
        answer = await self.send(
            b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        return re.sub(rb"Date: [^\r]*\r\n", b"", answer)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    store = FakeStore()
    app = provisioning_app(store, CONFIG, KEY)
    async with (
        listening(app, "127.0.0.1", 0) as port,
        aiohttp.ClientSession() as client,
    ):
        yield Server(port, store, client)


def path_of(mac: str, token: str | None = None) -> str:
    return f"/p/{token or provisioning_token(KEY, mac.lower())}/{mac}.xml"


async def noted(store: FakeStore) -> list[tuple[str, int, str, str]]:
    """Return the fetches once there is one: it is noted after the answer."""
    async with asyncio.timeout(5):
        while not store.fetches:
            await asyncio.sleep(0.001)
    return store.fetches


# The phone


async def test_a_phone_gets_its_configuration(server: Server) -> None:
    status, headers, text = await server.ask(path_of(MAC))

    assert status == 200
    assert dict(headers)["Content-Type"] == "text/xml; charset=utf-8"
    assert dict(headers)["Cache-Control"] == "no-store"
    assert "Server" not in dict(headers)
    assert "Alice 100" in text
    assert f'<setting_server perm="R">{provisioning_url(CONFIG, KEY, MAC)}<' in text
    assert "speed *77*5*" in text


async def test_the_address_of_a_phone_is_what_phones_reach(server: Server) -> None:
    url = provisioning_url(CONFIG, KEY, MAC)

    assert url == f"https://phones.example/hd{path_of(MAC)}"
    assert re.fullmatch(r"[0-9a-f]{40}", provisioning_token(KEY, MAC))
    assert provisioning_token(KEY, MAC) != provisioning_token(KEY, STRANGER)
    assert provisioning_token(KEY, MAC) != provisioning_token(b"other", MAC)


async def test_the_fetch_is_noted_with_the_generation_that_was_served(
    server: Server,
) -> None:
    await server.ask(path_of(MAC), **{"User-Agent": "snomD785-SIP 10.1.198.12"})

    assert await noted(server.store) == [
        ("HD0001", 42, "snomD785-SIP 10.1.198.12", "127.0.0.1")
    ]


async def test_a_phone_that_hangs_up_after_the_answer_has_fetched(
    server: Server,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET {path_of(MAC)} HTTP/1.0\r\n\r\n".encode())
    await reader.readuntil(b"</settings>")
    writer.transport.abort()

    assert [fetch[:2] for fetch in await noted(server.store)] == [("HD0001", 42)]


async def test_phones_write_their_mac_in_either_case(server: Server) -> None:
    desk_mac = MAC.upper()

    status, _, text = await server.ask(path_of(desk_mac))

    assert status == 200
    assert server.store.asked == [MAC]
    assert provisioning_url(CONFIG, KEY, MAC) in text


async def test_a_long_and_ugly_user_agent_is_stored_short_and_clean(
    server: Server,
) -> None:
    await server.send(
        f"GET {path_of(MAC)} HTTP/1.0\r\nUser-Agent: snom\xff\x9b{'x' * 500}\r\n\r\n".encode(
            "latin-1"
        )
    )

    (fetch,) = await noted(server.store)
    assert fetch[2] == "snom" + "x" * 196


async def test_looking_only_at_the_head_is_no_fetch(server: Server) -> None:
    status, headers, text = await server.ask(path_of(MAC), "HEAD")
    await server.ask("/healthz")

    assert (status, text) == (200, "")
    assert int(dict(headers)["Content-Length"]) > 1000
    assert server.store.fetches == []


async def test_health(server: Server) -> None:
    status, _, text = await server.ask("/healthz")

    assert (status, text) == (200, "ok")


# Strangers


async def test_an_unknown_phone_and_a_wrong_token_look_exactly_alike(
    server: Server,
) -> None:
    wrong = provisioning_token(b"guessed", MAC)

    answers = {
        await server.get_as_it_is(path.encode())
        for path in (
            path_of(MAC, wrong),
            path_of(STRANGER),
            path_of(STRANGER, wrong),
            path_of(MAC, provisioning_token(KEY, STRANGER)),
            "/nothing/here",
        )
    }

    (answer,) = answers
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"Server:" not in answer
    assert server.store.fetches == []


async def test_the_database_is_asked_before_the_token_is_checked(
    server: Server,
) -> None:
    wrong = provisioning_token(b"guessed", MAC)

    await server.ask(path_of(MAC, wrong))
    await server.ask(path_of(STRANGER, wrong))

    assert server.store.asked == [MAC, STRANGER]


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
    path = path.replace("TOKEN", provisioning_token(KEY, MAC)).replace("MAC", MAC)

    answer = await server.get_as_it_is(path.encode())

    assert re.match(rb"HTTP/1.[01] 40[04] ", answer)
    assert DEVICE.sip_secret.encode() not in answer
    assert server.store.asked == []


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
    assert server.store.asked == []


@pytest.mark.parametrize("beginning", [b"", b"GET /healthz HTTP/1.1\r\nX: "])
async def test_who_does_not_finish_a_request_is_cut_off(
    server: Server, beginning: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(beginning)
    try:
        async with asyncio.timeout(13):
            while not reader.at_eof():
                writer.write(b"x" if beginning else b"")
                await asyncio.wait([asyncio.ensure_future(reader.read(1))], timeout=0.5)
    finally:
        writer.transport.abort()


# Trouble


async def test_without_the_database_phones_are_asked_to_come_back(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.store.reads = False

    status, headers, text = await server.ask(path_of(MAC))

    assert status == 503
    assert dict(headers)["Retry-After"] == "5"
    assert "s3cret" not in text + caplog.text
    assert "Traceback" not in text + caplog.text


async def test_a_fetch_that_cannot_be_recorded_does_not_trouble_the_phone(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.store.writes = False

    status, _, text = await server.ask(path_of(MAC))
    await server.ask("/healthz")

    assert status == 200
    assert text.endswith("</settings>\n")
    assert "HD0001 fetched, but that could not be recorded" in caplog.text
    assert "s3cret" not in caplog.text


async def test_a_mistake_of_ours_is_logged_but_not_told(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.store.broken = True

    status, _, text = await server.ask(path_of(MAC))

    assert status == 500
    assert "a mistake of ours" in caplog.text
    assert "mistake" not in text


async def test_no_token_is_ever_logged(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = path_of(MAC)
    token = provisioning_token(KEY, MAC)

    await server.ask(path)
    await server.ask(path, "POST")
    await server.ask(path_of(STRANGER, token))
    await server.send(f"GET {path} HTTP/9.x\r\n\r\n".encode())
    await server.send(f"GET {path} HTTP/1.1\r\n{path}\r\n\r\n".encode())
    await server.send(f"GET {path}{'x' * 2000} HTTP/1.1\r\n\r\n".encode())
    await server.send(f"{path} GET\r\n\r\n".encode())
    for trouble in ("writes", "reads"):
        setattr(server.store, trouble, False)
        await server.ask(path)
    server.store.broken = True
    await server.ask(path)

    assert "a mistake of ours" in caplog.text
    assert token not in caplog.text
