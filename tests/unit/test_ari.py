"""ARI: whatever Asterisk answers, callers of our client get an answer or a reason."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
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
SENSIBLE: dict[tuple[str, str], object] = {
    ("GET", ENDPOINT): [{"attribute": "context", "value": "x"}],
    ("PUT", ENDPOINT): [],
    ("GET", "/ari/asterisk/info"): {"system": {"version": "22.10.1"}},
    ("GET", "/ari/sounds/beep"): {
        "formats": [{"language": "en"}, {"language": "de"}, {"language": "en"}]
    },
    ("GET", "/ari/applications/hotdesk"): {"channel_ids": ["1.1"]},
    ("GET", "/ari/asterisk/variable"): {"value": "17"},
}
"""What Asterisk answers when all is well; with nothing else than an empty 204."""

every_call = pytest.mark.parametrize(
    "call", [pytest.param(call, id=name) for name, call in EVERY_CALL.items()]
)


def sensible(request: web.Request) -> web.Response:
    body = SENSIBLE.get((request.method, request.path))
    return web.Response(status=204) if body is None else web.json_response(body)


@dataclass
class FakeAsterisk:
    """An HTTP server that answers what a test says, and keeps what it was asked."""

    answer: Callable[[web.Request], web.Response] = sensible
    deaf: bool = False
    """Whether it leaves pings on the WebSocket unanswered."""
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
        if refusal.status >= 400:
            return refusal
        socket = web.WebSocketResponse(autoping=not self.deaf)
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
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
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


async def test_answers_are_understood(ari: Ari) -> None:
    assert await ari.endpoint("HD0001") == {"context": "x"}
    assert await ari.version() == "22.10.1"
    assert await ari.sound_languages("beep") == frozenset({"de", "en"})
    assert await ari.waiting_channels() == ["1.1"]
    assert await ari.global_variable("X") == "17"


async def test_an_endpoint_is_written_as_one_list_of_texts(
    asterisk: FakeAsterisk, ari: Ari
) -> None:
    await ari.put_endpoint("HD0001", {"callerid": '"Zoë" <100>', "context": "x"})

    assert asterisk.asked == [("PUT", ENDPOINT)]
    assert [json.loads(body) for body in asterisk.bodies] == [
        {
            "fields": [
                {"attribute": "callerid", "value": '"Zoë" <100>'},
                {"attribute": "context", "value": "x"},
            ]
        }
    ]


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
    asterisk.answer = status(404)
    await ari.sound_languages("digits/../1?x=y#z")
    asterisk.answer = sensible
    await ari.hang_up("1.1 x?y")
    await ari.play("1.1", "p1", ["sound:beep", "digits:100"], "de_CH")

    assert [path for _, path in asterisk.asked] == [
        "/ari/sounds/digits%2F..%2F1%3Fx=y%23z",
        "/ari/channels/1.1%20x%3Fy",
        "/ari/channels/1.1/play/p1?media=sound:beep,digits:100&lang=de_CH",
    ]


async def test_credentials_are_in_a_header_and_in_no_url(
    asterisk: FakeAsterisk, ari: Ari
) -> None:
    for call in EVERY_CALL.values():
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


# Events ----------------------------------------------------------------------


def about(kind: str, channel: str = "1.1", **more: object) -> Event:
    return {"type": kind, "channel": {"id": channel}, **more}


async def test_events_come_in_order(asterisk: FakeAsterisk, ari: Ari) -> None:
    async with ari.events() as events:
        socket = await asterisk.sockets.get()
        for number in range(100):
            await socket.send_json({"type": "X", "number": number})
        found = [(await anext(events))["number"] for _ in range(100)]

    assert found == list(range(100))


async def test_events_are_of_our_application_only(
    asterisk: FakeAsterisk, ari: Ari
) -> None:
    async with ari.events():
        pass

    assert asterisk.asked == [("GET", "/ari/events?app=hotdesk&subscribeAll=false")]


async def test_an_event_that_is_not_json_is_passed_over(
    asterisk: FakeAsterisk, ari: Ari, caplog: pytest.LogCaptureFixture
) -> None:
    async with ari.events() as events:
        socket = await asterisk.sockets.get()
        for sent in ('{"type": "Sec', "", "\x00", "null", "[1]", '"PIN"'):
            await socket.send_str(sent)
        await socket.send_json({"type": "StasisStart"})

        assert await anext(events) == {"type": "StasisStart"}
    assert "Sec" not in caplog.text


async def test_a_closed_socket_is_an_outage(asterisk: FakeAsterisk, ari: Ari) -> None:
    async with ari.events() as events:
        await (await asterisk.sockets.get()).close()

        with pytest.raises(Unavailable, match="is lost"):
            await anext(events)


async def test_a_cut_connection_is_an_outage(asterisk: FakeAsterisk, ari: Ari) -> None:
    async with ari.events() as events:
        socket = await asterisk.sockets.get()
        transport = cast(Any, socket)._req.transport
        transport.abort()

        with pytest.raises(Unavailable, match="is lost"):
            await anext(events)


async def test_a_peer_that_fell_silent_is_an_outage(
    asterisk: FakeAsterisk, ari: Ari, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ari_module, "HEARTBEAT_SECONDS", 0.1)
    asterisk.deaf = True
    async with ari.events() as events:
        with pytest.raises(Unavailable, match="is lost"):
            await asyncio.wait_for(anext(events), 5)


async def test_a_flood_in_one_event_is_an_outage_not_a_full_memory(
    asterisk: FakeAsterisk, ari: Ari
) -> None:
    async with ari.events() as events:
        socket = await asterisk.sockets.get()
        await socket.send_str("x" * (2 << 20))

        with pytest.raises(Unavailable, match="is lost"):
            await anext(events)


@pytest.mark.parametrize("code", [401, 403, 404, 500, 503])
async def test_a_refused_socket_is_told_with_its_status(
    asterisk: FakeAsterisk, ari: Ari, code: int
) -> None:
    asterisk.answer = status(code)

    with pytest.raises(Unavailable, match=f"HTTP {code}"):
        async with ari.events():
            pass


async def test_another_program_that_takes_over_fences_us_off(
    asterisk: FakeAsterisk, ari: Ari
) -> None:
    async with ari.events() as events:
        socket = await asterisk.sockets.get()
        await socket.send_json(about("StasisStart", args=[]))
        await socket.send_json(
            {"type": "ApplicationReplaced", "application": "hotdesk"}
        )
        calls = channels(ari, events)
        call = await anext(calls)

        with pytest.raises(Fenced, match="'hotdesk'"):
            await anext(calls)
    assert heard_by(call) == [Gone()]


# Channels --------------------------------------------------------------------


def heard_by(channel: Channel) -> list[Input]:
    """Return what reached the channel's inputs so far."""
    return [channel.inputs.get_nowait() for _ in range(channel.inputs.qsize())]


async def stream(*events: Event) -> AsyncIterator[Event]:
    """Yield *events*, and end as a lost connection does."""
    for event in events:
        yield event
    raise Unavailable("the connection to Asterisk's ARI is lost")


async def calls_in(ari: Ari, *events: Event) -> dict[str, list[Input]]:
    """Return what each call heard until the connection was lost."""
    found: list[Channel] = []
    with contextlib.suppress(Unavailable):
        async for channel in channels(ari, stream(*events)):
            found.append(channel)
    return {channel.id: heard_by(channel) for channel in found}


def playback_finished(playback: str, channel: str = "1.1") -> Event:
    return {
        "type": "PlaybackFinished",
        "playback": {"id": playback, "target_uri": f"channel:{channel}"},
    }


async def test_a_call_comes_with_what_the_dialplan_passed(ari: Ari) -> None:
    args = ["login", "100", "HD0001", "en"]
    calls = channels(ari, stream(about("StasisStart", args=args), about("StasisStart")))

    assert (await anext(calls)).args == tuple(args)
    assert (await anext(calls)).args == ()


async def test_each_call_hears_its_own_keys_and_playbacks(ari: Ari) -> None:
    heard = await calls_in(
        ari,
        about("StasisStart", "1.1"),
        about("StasisStart", "1.2"),
        about("ChannelDtmfReceived", "1.1", digit="7"),
        about("ChannelDtmfReceived", "1.2", digit="#"),
        playback_finished("p2", "1.2"),
        about("ChannelDtmfReceived", "1.1", digit="3"),
    )

    assert heard == {
        "1.1": [Pressed("7"), Pressed("3"), Gone()],
        "1.2": [Pressed("#"), PlaybackDone("p2"), Gone()],
    }


@pytest.mark.parametrize(
    "end", ["StasisEnd", "ChannelDestroyed", "ChannelHangupRequest"]
)
async def test_a_call_that_ended_is_gone_once_and_hears_no_more(
    ari: Ari, end: str
) -> None:
    heard = await calls_in(
        ari,
        about("StasisStart"),
        about(end),
        about("ChannelDtmfReceived", digit="7"),
        playback_finished("p1"),
        about("StasisEnd"),
        about("ChannelDestroyed"),
    )

    assert heard == {"1.1": [Gone()]}


async def test_calls_that_are_not_ours_are_passed_over(ari: Ari) -> None:
    heard = await calls_in(
        ari,
        about("ChannelDtmfReceived", "9.9", digit="7"),
        playback_finished("p9", "9.9"),
        {"type": "PlaybackFinished", "playback": {"id": "p", "target_uri": "bridge:1"}},
        about("StasisEnd", "9.9"),
        {"type": "DeviceStateChanged"},
        {},
        about("StasisStart"),
    )

    assert heard == {"1.1": [Gone()]}


async def test_when_the_connection_is_lost_every_call_is_gone(ari: Ari) -> None:
    starts = [about("StasisStart", f"1.{n}") for n in range(20)]

    heard = await calls_in(ari, *starts)

    assert heard == {f"1.{n}": [Gone()] for n in range(20)}


async def test_when_nobody_listens_any_more_every_call_is_gone(ari: Ari) -> None:
    calls = channels(ari, stream(about("StasisStart")))
    call = await anext(calls)

    await calls.aclose()  # type: ignore[attr-defined]  # it is a generator

    assert heard_by(call) == [Gone()]


@pytest.mark.parametrize("code", [404, 409])
async def test_playing_to_a_caller_who_hung_up_says_so(
    asterisk: FakeAsterisk, ari: Ari, code: int
) -> None:
    asterisk.answer = status(code)
    channel = Channel(ari, "1.1", [])

    with pytest.raises(HungUp):
        await channel.play(["sound:beep"], "en")
    await channel.stop("p1")
    await channel.hang_up()
    await channel.leave("hotdesk-unavailable")


async def test_a_channel_speaks_through_ari(asterisk: FakeAsterisk, ari: Ari) -> None:
    channel = Channel(ari, "1.1", [])

    playback = await channel.play(["sound:a", "digits:100"], "de")
    other = await channel.play(["sound:b"], "de")
    await channel.stop(playback)
    await channel.leave("hotdesk-unavailable")
    await channel.hang_up()

    assert playback != other
    assert asterisk.asked == [
        ("POST", f"/ari/channels/1.1/play/{playback}?media=sound:a,digits:100&lang=de"),
        ("POST", f"/ari/channels/1.1/play/{other}?media=sound:b&lang=de"),
        ("DELETE", f"/ari/playbacks/{playback}"),
        (
            "POST",
            "/ari/channels/1.1/continue"
            "?context=hotdesk-unavailable&extension=s&priority=1",
        ),
        ("DELETE", "/ari/channels/1.1"),
    ]


def test_a_key_is_never_shown() -> None:
    assert "7" not in repr(Pressed("7"))
    assert "7" not in f"{Pressed('7')} {[Pressed('7')]}"
