"""Phones fetch their configuration over a real socket."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator

import pytest

from asterisk_hotdesk.web import provisioning_token, provisioning_url
from tests.unit.phone_server import (
    CONFIG,
    KEY,
    MAC,
    STRANGER,
    Server,
    path_of,
    serving,
)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as server:
        yield server


async def test_a_phone_gets_its_configuration(server: Server) -> None:
    status, headers, text = await server.ask(path_of(MAC))

    assert status == 200
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert "Server" not in headers
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

    assert await server.store.one_fetch() == (
        "HD0001",
        42,
        "snomD785-SIP 10.1.198.12",
        "127.0.0.1",
    )


async def test_a_phone_that_hangs_up_after_the_answer_has_fetched(
    server: Server,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET {path_of(MAC)} HTTP/1.0\r\n\r\n".encode())
    await reader.readuntil(b"</settings>")
    writer.transport.abort()

    device, generation, _, _ = await server.store.one_fetch()
    assert (device, generation) == ("HD0001", 42)


async def test_phones_write_their_mac_in_either_case(server: Server) -> None:
    desk_mac = MAC.upper()

    status, _, text = await server.ask(path_of(desk_mac))

    assert status == 200
    assert server.store.asked == [MAC]
    assert provisioning_url(CONFIG, KEY, MAC) in text


async def test_a_long_and_ugly_user_agent_is_stored_short_and_clean(
    server: Server,
) -> None:
    header = f"User-Agent: snom\xff\x9b{'x' * 500}".encode("latin-1")

    await server.send(
        f"GET {path_of(MAC)} HTTP/1.0\r\n".encode() + header + b"\r\n" * 2
    )

    _, _, user_agent, _ = await server.store.one_fetch()
    assert user_agent == "snom" + "x" * 196


async def test_looking_only_at_the_head_is_no_fetch(server: Server) -> None:
    status, headers, text = await server.ask(path_of(MAC), "HEAD")
    await server.ask("/healthz")

    assert (status, text) == (200, "")
    assert int(headers["Content-Length"]) > 1000
    assert server.store.fetches == []


async def test_health(server: Server) -> None:
    status, _, text = await server.ask("/healthz")

    assert (status, text) == (200, "ok")


# Trouble


async def test_without_the_database_phones_are_asked_to_come_back(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.store.reads = False

    status, headers, text = await server.ask(path_of(MAC))

    assert status == 503
    assert headers["Retry-After"] == "5"
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
