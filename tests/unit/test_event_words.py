"""Events in words: every code has some, and what is unknown is shown as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from asterisk_hotdesk.errors import Refused
from asterisk_hotdesk.event_words import in_words, why_refused
from asterisk_hotdesk.model import EndReason


def refusals(kind: type[Refused] = Refused) -> Iterator[type[Refused]]:
    yield kind
    for special in kind.__subclasses__():
        yield from refusals(special)


@pytest.mark.parametrize("code", sorted({refusal.code for refusal in refusals()}))
def test_every_refusal_says_why(code: str) -> None:
    assert why_refused(code) != code
    assert in_words("refused", code) == f"refused: {why_refused(code)}"


@pytest.mark.parametrize("reason", EndReason)
def test_every_end_of_a_login_says_why(reason: EndReason) -> None:
    assert in_words("logout", reason).startswith("logged out")
    assert not in_words("logout", reason).endswith(f": {reason}")


@pytest.mark.parametrize(
    ("what", "code", "words"),
    [
        ("login", "", "logged in"),
        ("unlocked", "", "wrong PINs forgotten"),
        ("unlocked", "all", "all wrong PINs forgotten"),
        ("emergency_call", "112", "emergency call: 112"),
        (
            "device_claimed",
            "00041300aa01",
            "a phone has become this device: 00041300aa01",
        ),
        ("user_added", "", "user added"),
        ("logout", "evaporated", "logged out: evaporated"),
        ("refused", "moon_phase", "refused: moon_phase"),
        ("teleported", "", "teleported"),
        ("teleported", "far", "teleported: far"),
    ],
)
def test_words(what: str, code: str, words: str) -> None:
    assert in_words(what, code) == words
