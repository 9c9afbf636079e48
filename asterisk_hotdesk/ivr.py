"""The spoken dialogue: drives one call through `Dialogue` and into `log_in`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from asterisk_hotdesk import by_pin, login
from asterisk_hotdesk.config import PromptsConfig
from asterisk_hotdesk.conversation import act
from asterisk_hotdesk.dialogue import (
    Answer,
    Ask,
    Dialogue,
    End,
    Finish,
    Prompt,
    Step,
)
from asterisk_hotdesk.errors import HotdeskError, Refused, Unavailable
from asterisk_hotdesk.login import HotDesks
from asterisk_hotdesk.pbx.ari import Ari
from asterisk_hotdesk.pbx.stasis import Channel, Gone, HungUp, PlaybackDone, Pressed

log = logging.getLogger(__name__)

UNAVAILABLE_CONTEXT = "hotdesk-unavailable"
"""Our dialplan's apology, which needs nothing but Asterisk."""

NUMBER = "NUMBER"
_LAST_RESORT = "beep"


@dataclass(frozen=True)
class Sounds:
    """Which sounds say which prompt; those that Asterisk lacks are left out."""

    prompts: PromptsConfig
    missing: frozenset[str] = frozenset()

    def media(self, prompts: Sequence[Prompt], number: str = "") -> list[str]:
        """Return what ARI shall play; a prompt without any sound becomes a beep."""
        found = [media for prompt in prompts for media in self._of(prompt, number)]
        return [media for media in found if media]

    def _of(self, prompt: Prompt, number: str) -> list[str]:
        sounds: tuple[str, ...] = getattr(self.prompts, prompt.value)
        there = [s for s in sounds if s not in self.missing]
        if not any(s != NUMBER for s in there):
            there = [_LAST_RESORT, *there]
        return [_media(sound, number) for sound in there]


def _media(sound: str, number: str) -> str:
    if sound != NUMBER:
        return f"sound:{sound}"
    return f"digits:{number}" if number else ""


async def available_sounds(ari: Ari, prompts: PromptsConfig) -> Sounds:
    """Return the sounds that Asterisk has, and say which are missing."""
    names = {name for sounds in vars(prompts).values() for name in sounds} - {NUMBER}
    missing = frozenset(
        [name for name in sorted(names) if await ari.sound_languages(name) is None]
    )
    for name in sorted(missing):
        log.warning(
            "Asterisk has no sound %r; install Asterisk's core sounds, or name"
            " another sound under [prompts]",
            name,
        )
    return Sounds(prompts, missing)


class Caller:
    """The person on a channel: say something, ask something."""

    def __init__(
        self, channel: Channel, sounds: Sounds, language: str, silence_seconds: float
    ) -> None:
        self._channel = channel
        self._sounds = sounds
        self._language = language
        self._silence = silence_seconds

    async def say(self, prompts: Sequence[Prompt], number: str = "") -> None:
        """Return when it is said; keys do not interrupt.  Raises `HungUp`."""
        playing = await self._play(prompts, number)
        while True:
            match await self._channel.inputs.get():
                case Gone():
                    raise HungUp
                case PlaybackDone(done) if done == playing:
                    return

    async def ask(self, prompts: Sequence[Prompt], most_digits: int) -> Answer:
        """Return what the caller pressed; the first key silences the prompts.

        Raises `HungUp`.
        """
        playing: str | None = await self._play(prompts)
        digits = ""
        while len(digits) < most_digits:
            try:
                async with asyncio.timeout(None if playing else self._silence):
                    heard = await self._channel.inputs.get()
            except TimeoutError:
                return Answer(digits, End.SILENCE)
            match heard:
                case Gone():
                    raise HungUp
                case PlaybackDone(done) if done == playing:
                    playing = None
                case Pressed(key):
                    if key == "#" and not digits:
                        # Many press it after the last digit, which has ended the
                        # answer before.
                        continue
                    if playing:
                        await self._channel.stop(playing)
                        playing = None
                    if key == "#":
                        return Answer(digits, End.COMPLETE)
                    if key == "*":
                        return Answer("", End.START_OVER)
                    digits += key
        return Answer(digits, End.COMPLETE)

    async def _play(self, prompts: Sequence[Prompt], number: str = "") -> str:
        media = self._sounds.media(prompts, number)
        return await self._channel.play(media, self._language)


@dataclass(frozen=True)
class Ivr:
    """Everything that serving a call needs."""

    desks: HotDesks
    sounds: Sounds
    default_language: str
    now: Callable[[], datetime]

    async def serve(self, channel: Channel) -> None:
        """Serve one call from its first prompt to its end; never raises."""
        try:
            await self._talk(channel)
            await channel.hang_up()
        except HungUp:
            log.debug("the caller on %s hung up", channel.id)
        except HotdeskError as error:
            log.warning("a call could not be served: %s", error)
            await self._apologise(channel)
        except Exception:
            # A mistake of ours must not leave somebody in silence.
            log.exception("a call could not be served")
            await self._apologise(channel)

    async def _talk(self, channel: Channel) -> None:
        # What our dialplan passes to Stasis(); anything else is somebody else's test.
        action, extension, device, language = (*channel.args, "", "", "", "")[:4]
        limits = self.desks.limits
        caller = Caller(
            channel,
            self.sounds,
            language or self.default_language,
            limits.silence_seconds,
        )
        dialogue = Dialogue(
            most_digits=limits.most_digits,
            pin_length=limits.length,
            tries=limits.tries_per_call,
        )
        step = await self._begin(dialogue, action, extension, device)
        while True:
            match step:
                case Ask(prompts, most_digits):
                    step = dialogue.heard(await caller.ask(prompts, most_digits))
                case Finish(prompts, number):
                    return await caller.say(prompts, number)
                case _:
                    step = await act(self.desks, step, dialogue, device, self.now())

    async def _begin(
        self, dialogue: Dialogue, action: str, extension: str, device: str
    ) -> Step:
        if action == "logout":
            return dialogue.log_out()
        try:
            await login.require_hot_desk(self.desks, device_name=device, now=self.now())
            if action == "change_pin":
                sits_here = await login.extension_at(self.desks, device_name=device)
                return dialogue.change_pin(sits_here)
            if action == "log_other_out":
                by = await by_pin.require_may_log_others_out(
                    self.desks, device_name=device, now=self.now()
                )
                return dialogue.log_other_out(extension, by)
        except Refused as refusal:
            return dialogue.refused(refusal)
        except Unavailable as unavailable:
            log.warning("a call could not be served: %s", unavailable)
            return dialogue.unavailable()
        return dialogue.log_in(extension)

    async def _apologise(self, channel: Channel) -> None:
        try:
            await channel.leave(UNAVAILABLE_CONTEXT)
        except HotdeskError:
            log.warning("the channel %s could not be given back", channel.id)
