"""Phones fetch their configuration over a real socket."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.unit.phone_server import (
    DESK,
    MAC,
    STRANGER,
    TOKEN,
    WRONG_TOKEN,
    Server,
    path_of,
    serving,
)

BASE = "https://phones.example/hd"


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
    assert f">{BASE}{path_of(MAC)}</setting_server>" in text
    assert "speed *77*5*" in text


async def test_the_fetch_is_noted_with_the_generation_that_was_served(
    server: Server,
) -> None:
    await server.ask(path_of(MAC), **{"User-Agent": "snomD785-SIP 10.1.198.12"})

    assert await server.proof.one_fetch() == (
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

    device, generation, _, _ = await server.proof.one_fetch()
    assert (device, generation) == ("HD0001", 42)


async def test_phones_write_their_mac_in_either_case(server: Server) -> None:
    desk_mac = MAC.upper()

    status, _, text = await server.ask(path_of(desk_mac))

    assert status == 200
    assert [request.mac for request in server.enrolment.asked] == [MAC]
    assert BASE + path_of(MAC) in text


async def test_a_long_and_ugly_user_agent_is_stored_short_and_clean(
    server: Server,
) -> None:
    header = f"User-Agent: snom\xff\x9b{'x' * 500}".encode("latin-1")

    await server.send(
        f"GET {path_of(MAC)} HTTP/1.0\r\n".encode() + header + b"\r\n" * 2
    )

    _, _, user_agent, _ = await server.proof.one_fetch()
    assert user_agent == "snom" + "x" * 196


async def test_looking_only_at_the_head_is_no_fetch(server: Server) -> None:
    status, headers, text = await server.ask(path_of(MAC), "HEAD")
    await server.ask("/healthz")

    assert (status, text) == (200, "")
    assert int(headers["Content-Length"]) > 1000
    assert server.proof.fetches == []


async def test_health(server: Server) -> None:
    status, _, text = await server.ask("/healthz")

    assert (status, text) == (200, "ok")


async def test_what_nothing_has_changed_is_served_from_memory(server: Server) -> None:
    server.configurations.hears_changes = True
    first = await server.ask(path_of(MAC))

    second = await server.ask(path_of(MAC))

    assert first[2] == second[2]
    assert len(server.enrolment.asked) == 1
    assert len(server.proof.fetches) == 2


async def test_what_has_changed_is_served_anew(server: Server) -> None:
    server.configurations.hears_changes = True
    await server.ask(path_of(MAC))

    server.enrolment.desk = replace(DESK, user=None)
    server.configurations.forget([DESK.device.name])

    assert "Alice" not in (await server.ask(path_of(MAC)))[2]


async def test_a_first_delivery_is_not_kept_so_that_the_enrolment_can_end(
    server: Server,
) -> None:
    server.configurations.hears_changes = True
    server.enrolment.steady = WRONG_TOKEN
    await server.ask(path_of(MAC))

    await server.ask(path_of(MAC, WRONG_TOKEN))

    assert [request.token for request in server.enrolment.asked] == [
        TOKEN,
        WRONG_TOKEN,
    ]


async def test_while_changes_are_not_heard_of_nothing_is_kept(server: Server) -> None:
    await server.ask(path_of(MAC))
    await server.ask(path_of(MAC))

    assert len(server.enrolment.asked) == 2


async def test_what_is_in_memory_needs_its_token_too(server: Server) -> None:
    server.configurations.hears_changes = True
    await server.ask(path_of(MAC))

    assert (await server.ask(path_of(MAC, WRONG_TOKEN)))[0] == 404


async def test_a_phone_says_that_it_has_started(server: Server) -> None:
    path = f"/a/{TOKEN}/{MAC}"

    assert (await server.ask(path + "/boot"))[::2] == (200, "")
    assert (await server.ask(path + "/registered"))[::2] == (200, "")

    assert server.proof.starts == server.proof.registrations == ["HD0001"]


async def test_strangers_say_nothing(server: Server) -> None:
    for path in (f"/a/{WRONG_TOKEN}/{MAC}/boot", f"/a/{TOKEN}/{STRANGER}/registered"):
        assert (await server.ask(path))[0] == 404

    assert server.proof.starts == server.proof.registrations == []


# Trouble


async def test_without_the_database_phones_are_asked_to_come_back(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.enrolment.reads = False

    status, headers, text = await server.ask(path_of(MAC))

    assert status == 503
    assert headers["Retry-After"] == "5"
    assert "s3cret" not in text + caplog.text
    assert "Traceback" not in text + caplog.text


async def test_a_mistake_of_ours_is_logged_but_not_told(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.enrolment.broken = True

    status, _, text = await server.ask(path_of(MAC))

    assert status == 500
    assert "a mistake of ours" in caplog.text
    assert "mistake" not in text


async def test_no_token_is_ever_logged(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = path_of(MAC)

    await server.ask(path)
    await server.ask(path, "POST")
    await server.ask(path_of(STRANGER))
    await server.send(f"GET {path} HTTP/9.x\r\n\r\n".encode())
    await server.send(f"GET {path} HTTP/1.1\r\n{path}\r\n\r\n".encode())
    await server.send(f"GET {path}{'x' * 2000} HTTP/1.1\r\n\r\n".encode())
    await server.send(f"{path} GET\r\n\r\n".encode())
    server.enrolment.reads = False
    await server.ask(path)
    server.enrolment.broken = True
    await server.ask(path)

    assert "a mistake of ours" in caplog.text
    assert TOKEN not in caplog.text
