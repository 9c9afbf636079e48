"""Whoever is not a phone of ours gets nothing, and learns nothing, from our server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from asterisk_hotdesk.web import provisioning_token
from tests.unit.phone_server import KEY, MAC, STRANGER, Server, path_of, serving
from tests.unit.test_phones import DEVICE


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


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
