"""The person on an AGI line: say something, ask something."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asterisk_hotdesk.agi.line import Line
from asterisk_hotdesk.config import PromptsConfig
from asterisk_hotdesk.dialogue import Answer, End, Prompt

_NUMBER = "NUMBER"
_LAST_RESORT = "beep"


class Caller:
    """As the service's own, keys pressed early count, and the first silences us."""

    def __init__(
        self, line: Line, prompts: PromptsConfig, silence_seconds: float
    ) -> None:
        self._line = line
        self._prompts = prompts
        self._silence = silence_seconds

    def say(self, prompts: Sequence[Prompt], number: str = "") -> None:
        """Return when it is said; keys cut it short."""
        self._play(prompts, number)

    def ask(
        self, prompts: Sequence[Prompt], most_digits: int, number: str = ""
    ) -> Answer:
        """Return what the caller pressed; the first key silences the prompts."""
        digits = ""
        key = self._play(prompts, number)
        while True:
            key = key or self._line.key(self._silence)
            match key:
                case "":
                    return Answer(digits, End.SILENCE)
                case "*":
                    return Answer("", End.START_OVER)
                case "#" if digits:
                    return Answer(digits, End.COMPLETE)
                case "#":
                    # Many press it after the last digit, which has ended the answer
                    # before.
                    pass
                case _:
                    digits += key
            if len(digits) == most_digits:
                return Answer(digits, End.COMPLETE)
            key = ""

    def _play(self, prompts: Sequence[Prompt], number: str) -> str:
        for prompt in prompts:
            heard = False
            for key in self._sounds(prompt, number):
                if key:
                    return key
                heard = heard or key is not None
            if not heard:
                # A prompt without any sound is still something to answer.
                self._line.play(_LAST_RESORT)
        return ""

    def _sounds(self, prompt: Prompt, number: str) -> Iterator[str | None]:
        sounds: tuple[str, ...] = getattr(self._prompts, prompt.value)
        for sound in sounds:
            if sound != _NUMBER:
                yield self._line.play(sound)
            elif number:
                yield self._line.spell(number)
