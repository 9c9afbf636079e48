"""The page speaks English and German, all of it."""

from __future__ import annotations

import re
import string
from importlib import resources
from pathlib import Path

import pytest

from asterisk_hotdesk import errors
from asterisk_hotdesk.errors import Invalid, NotFound, Refused
from asterisk_hotdesk.event_words import ENGLISH
from asterisk_hotdesk.web import admin
from asterisk_hotdesk.web.admin.words import ALL, language_wanted, refusals, words_of
from asterisk_hotdesk.web.admin.words.events import GERMAN

BY_TELEPHONE_ONLY = {
    *("bad_credentials", "unknown_extension", "no_phone_login"),
    *("pin_expired", "pin_of_mailbox", "may_not_log_others_out", "refused"),
}
MADE_UP = {"filter_", "role_", "error_", "users_", "kind_", "asked_"}
"""Beginnings of names that are put together."""


def used() -> set[str]:
    folder = resources.files(admin)
    templates = [file.read_text() for file in (folder / "templates").iterdir()]
    modules = [file.read_text() for file in Path(str(folder)).rglob("*.py")]
    found = set(re.findall(r"\bt\.(\w+)", "\n".join(templates)))
    found |= set(re.findall(r"\bwords\.(\w+)", "\n".join(modules)))
    return found | set(re.findall(r'"(\w+)"', "\n".join(modules)))


def test_every_word_that_is_used_exists_and_the_other_way_round() -> None:
    folder = resources.files(admin) / "templates"
    in_templates = {
        name
        for file in folder.iterdir()
        for name in re.findall(r"\bt\.(\w+)", file.read_text())
    }
    assert in_templates - ALL.keys() - {"language"} == set()
    unused = ALL.keys() - used()
    assert {name for name in unused if not name.startswith(tuple(MADE_UP))} == set()


@pytest.mark.parametrize("text", [*ALL.values(), *refusals.WORDS.values()])
def test_both_languages_say_the_same_things(text: tuple[str, str]) -> None:
    english, german = text
    assert english.strip()
    assert german.strip()
    assert _places(english) == _places(german)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_refusal_that_an_administrator_can_get_has_words() -> None:
    codes = {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, Refused)
    }
    others = {"invalid", "weak_pin"}
    assert codes - refusals.WORDS.keys() - BY_TELEPHONE_ONLY == others
    assert words_of("de").refused(NotFound("Nope.")) == "Das gibt es nicht mehr."
    assert words_of("de").refused(Invalid("extension 'x': …")) == "extension 'x': …"


@pytest.mark.parametrize("kind", ["events", "logouts", "refusals"])
def test_every_event_has_words_in_both_languages(kind: str) -> None:
    english, german = getattr(ENGLISH, kind), getattr(GERMAN, kind)
    assert english.keys() == german.keys()
    assert all(german.values())


def test_an_event_is_told_in_german() -> None:
    assert GERMAN.say("logout", "forced") == "von anderen abgemeldet"
    assert GERMAN.say("refused", "locked_out").startswith("abgelehnt: gesperrt")
    assert GERMAN.say("unlocked", "all") == "alle falschen PINs vergessen"
    assert GERMAN.say("emergency_call", "112") == "Notruf: 112"
    assert GERMAN.say("teleported", "far") == "teleported: far"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-CH, en;q=0.9", "de"),
        ("en-US,en;q=0.9,de;q=0.8", "en"),
        ("fr, de;q=0.2", "de"),
        ("fr", "en"),
        ("de;q=0, en;q=0.1", "en"),
        ("de;q=x,,;;", "en"),
    ],
)
def test_the_browser_says_which_language(header: str, language: str) -> None:
    assert language_wanted(header) == language
