"""ARI: whatever Asterisk answers, callers of our client get an answer or a reason."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from aiohttp import WSMsgType, web

from asterisk_hotdesk.errors import Fenced, Unavailable
from asterisk_hotdesk.pbx import ari as ari_module
from asterisk_hotdesk.pbx.ari import Ari, AriRefused, Event
from asterisk_hotdesk.pbx.stasis import (
    Channel,
    Gone,
    HungUp,
    Input,
    PlaybackDone,
    Pressed,
    channels,
)

USERNAME = "hotdesk"
PASSWORD = "schlüssel-€-s3cret"
ENDPOINT = "/ari/asterisk/config/dynamic/res_pjsip/endpoint/HD0001"

Call = Callable[[Ari], Awaitable[object]]

EVERY_CALL: dict[str, Call] = {
    "put_endpoint": lambda ari: ari.put_endpoint("HD0001", {"context": "x"}),
    "endpoint": lambda ari: ari.endpoint("HD0001"),
    "delete_endpoint": lambda ari: ari.delete_endpoint("HD0001"),
    "play": lambda ari: ari.play("1.1", "p1", ["sound:beep"], "en"),
    "stop_playback": lambda ari: ari.stop_playback("p1"),
    "hang_up": lambda ari: ari.hang_up("1.1"),
    "continue": lambda ari: ari.continue_in_dialplan("1.1", "x"),
    "version": lambda ari: ari.version(),
    "sound_languages": lambda ari: ari.sound_languages("beep"),
    "waiting_channels": lambda ari: ari.waiting_channels(),
    "global_variable": lambda ari: ari.global_variable("X"),
    "set_global_variable": lambda ari: ari.set_global_variable("X", "1"),
}
every_call = pytest.mark.parametrize(
    "call", [pytest.param(call, id=name) for name, call in EVERY_CALL.items()]
)


@dataclass
class FakeAsterisk:
    """An HTTP server that answers what a test says, and keeps what it was asked."""

    answer: Callable[[web.Request], web.Response] = field(
        default=lambda request: web.json_response({})
    )
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and path with query, as they were on the wire."""
    bodies: list[str] = field(default_factory=list)
    authorizations: list[str] = field(default_factory=list)
    answering: asyncio.Event = field(default_factory=asyncio.Event)
    sockets: asyncio.Queue[web.WebSocketResponse] = field(default_factory=asyncio.Queue)
    url: str = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.raw_path))
        self.authorizations.append(request.headers.get("Authorization", ""))
        self.bodies.append(await request.text())
        await self.answering.wait()
        if request.path == "/ari/events" and "Upgrade" in request.headers:
            return await self._stream(request)
        return self.answer(request)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        refusal = self.answer(request)
        if refusal.status != 200:
            return refusal
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.put_nowait(socket)
        async for message in socket:
            assert message.type is not WSMsgType.TEXT
        return socket


@pytest.fixture
async def asterisk() -> AsyncIterator[FakeAsterisk]:
    fake = FakeAsterisk()
    fake.answering.set()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fake.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=0.1)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield fake
    fake.answering.set()
    await runner.cleanup()


@pytest.fixture
async def ari(asterisk: FakeAsterisk) -> AsyncIterator[Ari]:
    async with Ari(asterisk.url, USERNAME, PASSWORD, "hotdesk") as ari:
        yield ari


def status(code: int, body: object = None) -> Callable[[web.Request], web.Response]:
    return lambda request: web.json_response(body or {"message": "m"}, status=code)


def text(body: str) -> Callable[[web.Request], web.Response]:
    return lambda request: web.Response(text=body)


# Requests --------------------------------------------------------------------


@every_call
async def test_while_asterisk_boots_it_is_unavailable(
    asterisk: FakeAsterisk, ari: Ari, call: Call
) -> None:
    asterisk.answer = status(503)

    with pytest.raises(Unavailable, match="still booting"):
        await call(ari)


@every_call
async def test_a_wrong_password_is_said_with_the_place_to_look(
    asterisk: FakeAsterisk, ari: Ari, call: Call
) -> None:
    asterisk.answer = status(401)

    with pytest.raises(Unavailable, match=r"compare ari\.conf with \[asterisk\]"):
        await call(ari)


@every_call
async def test_an_asterisk_that_is_not_there_is_unavailable(
    unused_tcp_port: int, call: Call
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with Ari(url, USERNAME, PASSWORD, "hotdesk") as ari:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await call(ari)


async def test_an_asterisk_that_never_answers_is_unavailable_in_time(
    asterisk: FakeAsterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ari_module, "REQUEST_SECONDS", 0.1)
    asterisk.answering.clear()
    async with Ari(asterisk.url, USERNAME, PASSWORD, "hotdesk") as ari:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await asyncio.wait_for(ari.version(), 5)


@pytest.mark.parametrize("body", ["<html>", "{", "\x00"])
async def test_an_answer_that_is_not_json_is_no_answer(
    asterisk: FakeAsterisk, ari: Ari, body: str
) -> None:
    asterisk.answer = text(body)

    with pytest.raises(Unavailable, match="in JSON"):
        await ari.version()


@every_call
async def test_any_other_no_is_told_with_its_status(
    asterisk: FakeAsterisk, ari: Ari, call: Call
) -> None:
    asterisk.answer = status(400)

    with pytest.raises(AriRefused) as caught:
        await call(ari)
    assert caught.value.status == 400


@pytest.mark.parametrize("code", [404, 409])
@pytest.mark.parametrize(
    "name", ["delete_endpoint", "stop_playback", "hang_up", "continue"]
)
async def test_what_is_gone_already_need_not_be_ended(
    asterisk: FakeAsterisk, ari: Ari, name: str, code: int
) -> None:
    asterisk.answer = status(code)

    assert await EVERY_CALL[name](ari) is None


async def test_what_is_not_there_is_none(asterisk: FakeAsterisk, ari: Ari) -> None:
    asterisk.answer = status(404)

    assert await ari.endpoint("HD0001") is None
    assert await ari.sound_languages("beep") is None
    assert await ari.waiting_channels() == []
    assert await ari.global_variable("X") == ""


async def test_answers_are_understood(asterisk: FakeAsterisk, ari: Ari) -> None:
    asterisk.answer = status(200, [{"attribute": "context", "value": "x"}])
    assert await ari.endpoint("HD0001") == {"context": "x"}

    asterisk.answer = status(200, {"system": {"version": "22.10.1"}})
    assert await ari.version() == "22.10.1"

    formats = [{"language": "en", "format": "wav"}, {"language": "de", "format": "wav"}]
    asterisk.answer = status(200, {"id": "beep", "formats": formats})
    assert await ari.sound_languages("beep") == {"de", "en"}

    asterisk.answer = status(200, {"name": "hotdesk", "channel_ids": ["1.1"]})
    assert await ari.waiting_channels() == ["1.1"]

    asterisk.answer = status(200, {"value": "17"})
    assert await ari.global_variable("X") == "17"


async def test_an_endpoint_is_written_as_one_list_of_texts(
    asterisk: FakeAsterisk, ari: Ari
) -> None:
    await ari.put_endpoint("HD0001", {"callerid": '"Zoë" <100>', "context": "x"})

    assert asterisk.asked == [("PUT", ENDPOINT)]
    (body,) = asterisk.bodies
    assert web.json.loads(body) if hasattr(web, "json") else body
    assert '"value": "\\"Zo\\u00eb\\" <100>"' in body


@pytest.mark.parametrize("value", [None, 1, 1.5, True, [], {}, b"x"])
async def test_what_would_crash_asterisk_never_leaves_us(
    asterisk: FakeAsterisk, ari: Ari, value: object
) -> None:
    fields = cast(dict[str, str], {"context": "x", "callerid": value})

    with pytest.raises(TypeError, match="must be a string"):
        await ari.put_endpoint("HD0001", fields)
    assert asterisk.asked == []


async def test_names_stay_in_their_place_in_the_url(
    asterisk: FakeAsterisk, ari: Ari
) -> None:
    await ari.sound_languages("digits/../1?x=y#z")
    await ari.hang_up("1.1 &x?y")
    await ari.play("1.1", "p1", ["sound:beep", "digits:100"], "de_CH")

    assert [path for _, path in asterisk.asked] == [
        "/ari/sounds/digits%2F..%2F1%3Fx=y%23z",
        "/ari/channels/1.1%20%26x%3Fy",
        "/ari/channels/1.1/play/p1?media=sound:beep,digits:100&lang=de_CH",
    ]


async def test_credentials_are_in_a_header_and_in_no_url(
    asterisk: FakeAsterisk, ari: Ari
) -> None:
    for call in EVERY_CALL.values():
        with pytest.raises((Unavailable, KeyError)) if False else _whatever():
            await call(ari)
    async with ari.events():
        pass

    assert len(asterisk.asked) == len(EVERY_CALL) + 1
    for authorization in asterisk.authorizations:
        kind, _, encoded = authorization.partition(" ")
        assert kind == "Basic"
        # Asterisk compares with the bytes of ari.conf, which is UTF-8.
        assert base64.b64decode(encoded).decode() == f"{USERNAME}:{PASSWORD}"
    for _, path in asterisk.asked:
        assert "api_key" not in path
        assert "s3cret" not in path


@asynccontextmanager
async def _whatever() -> AsyncIterator[None]:
    yield
