"""The Stasis application: channels that enter it, what their callers press and hear."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from asterisk_hotdesk.errors import Fenced, HotdeskError
from asterisk_hotdesk.pbx.ari import Ari, AriRefused, Event

log = logging.getLogger(__name__)


class HungUp(HotdeskError):
    """The caller is gone, or Asterisk took the channel away."""


@dataclass(frozen=True)
class Pressed:
    """A key; it may be part of a PIN, so it is never shown."""

    digit: str = field(repr=False)


@dataclass(frozen=True)
class PlaybackDone:
    """A playback ended, to the end or not."""

    playback: str


@dataclass(frozen=True)
class Gone:
    """The channel is not ours any more."""


Input = Pressed | PlaybackDone | Gone


class Channel:
    """A channel in our application: play to it, and hear what its caller presses."""

    def __init__(self, ari: Ari, identity: str, args: Sequence[str]) -> None:
        self._ari = ari
        self.id = identity
        self.args = tuple(args)
        self.inputs: asyncio.Queue[Input] = asyncio.Queue()

    async def play(self, media: Sequence[str], language: str) -> str:
        """Start to play *media*, and return the id of the playback.

        Raises `HungUp` if the channel is gone.
        """
        playback = secrets.token_hex(8)
        try:
            await self._ari.play(self.id, playback, media, language)
        except AriRefused as refused:
            if refused.status in (404, 409):
                raise HungUp from None
            raise
        return playback

    async def stop(self, playback: str) -> None:
        """Fall silent."""
        await self._ari.stop_playback(playback)

    async def hang_up(self) -> None:
        """End the call."""
        await self._ari.hang_up(self.id)

    async def leave(self, context: str) -> None:
        """Go on in the dialplan, at extension `s` of *context*."""
        await self._ari.continue_in_dialplan(self.id, context)


async def channels(ari: Ari, events: AsyncIterator[Event]) -> AsyncIterator[Channel]:
    """Yield each channel that enters our application.

    Whoever consumes this must not wait in between: keys and hang-ups of the calls that
    are on come through here.  Raises `Fenced` when another program took our
    application over, and what *events* raises; all channels are `Gone` then.
    """
    on: dict[str, Channel] = {}
    try:
        async for event in events:
            identity = _channel_of(event)
            match event.get("type"):
                case "StasisStart":
                    channel = Channel(ari, identity, event.get("args", []))
                    on[identity] = channel
                    yield channel
                case "ChannelDtmfReceived" if identity in on:
                    on[identity].inputs.put_nowait(Pressed(str(event["digit"])))
                case "PlaybackFinished" if identity in on:
                    done = PlaybackDone(event["playback"]["id"])
                    on[identity].inputs.put_nowait(done)
                case "StasisEnd" | "ChannelDestroyed" | "ChannelHangupRequest":
                    if gone := on.pop(identity, None):
                        gone.inputs.put_nowait(Gone())
                case "ApplicationReplaced":
                    raise Fenced(
                        "another program has taken the Stasis application"
                        f" {ari.application!r} over; give each its own"
                        " asterisk.application"
                    )
    finally:
        for channel in on.values():
            channel.inputs.put_nowait(Gone())


def _channel_of(event: Event) -> str:
    if "channel" in event:
        return str(event["channel"]["id"])
    target = str(event.get("playback", {}).get("target_uri", ""))
    return target.removeprefix("channel:")
