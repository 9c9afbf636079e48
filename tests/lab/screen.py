"""What a desk phone shows, as text."""

from collections.abc import Iterable
from typing import NamedTuple

from tests.lab.phone import Phone

LAMPS = {"confirmed": "●", "early": "◐", "idle": "○", "terminated": "○"}


class Words(NamedTuple):
    """What a display says by itself, in the phone's language."""

    not_registered: str
    messages: str


ENGLISH = Words("Not registered", "Messages")
GERMAN = Words("Nicht registriert", "Nachrichten")
FRENCH = Words("Non enregistré", "Messages")


def standby(phone: Phone | None, idle: Iterable[str], words: Words) -> list[str]:
    """The lines without a page: who sits here or who calls, and what is amiss."""
    lines = [line for line in idle if line]
    if not (phone and phone.registered):
        return [*lines, words.not_registered]
    if phone.calls:
        lines = [line for call in phone.calls for line in call.remote if line]
    waiting = phone.messages.partition("/")[0]
    if waiting not in ("", "0", "no"):
        lines.append(f"{words.messages}: {waiting}")
    return lines


def drawing(lines: list[str], keys: list[str], lamps: list[str], width: int) -> str:
    """A frame with the display's lines, and below them the keys with their lamps."""
    rule = "─" * (width + 2)
    rows = [
        f"{at} {text} {LAMPS.get(lamp, '')}"
        for at, (text, lamp) in enumerate(zip(keys, lamps, strict=True), 1)
    ]
    shown = [lines or [""], rows or [""]]
    parts = ["\n".join(f"│ {row[:width]:<{width}} │" for row in part) for part in shown]
    return f"┌{rule}┐\n" + f"\n├{rule}┤\n".join(parts) + f"\n└{rule}┘"
