"""What may be said of devices and users."""

from __future__ import annotations

from pathlib import Path

import pytest

from asterisk_hotdesk.administration import values
from asterisk_hotdesk.config import Config, load
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.model import LoggedOutTreatment
from tests.cli.command import settings


@pytest.mark.parametrize(
    "text",
    ["00:04:13:00:00:0A", "0004.1300.000a", "00041300000A", "00-04-13-00-00-0a"],
)
def test_a_mac_address_in_any_notation(text: str) -> None:
    assert values.mac_address(text) == "00041300000a"


@pytest.mark.parametrize(
    "text", ["", "00:04:13", "00:04:13:00:00:0G", "000000000000", "ff:ff:ff:ff:ff:ff"]
)
def test_what_is_no_mac_address(text: str) -> None:
    with pytest.raises(Invalid, match="expected twelve hexadecimal digits"):
        values.mac_address(text)


@pytest.mark.parametrize(
    "text", ["", "   ", 'A" <200>', "A\\", "A\nB", "A\x1b[2J", "A;B", "x" * 81]
)
def test_a_name_cannot_steer_caller_ids_or_files(text: str) -> None:
    with pytest.raises(Invalid):
        values.person_name(text)


def test_names_of_the_world() -> None:
    for name in ("Çiğdem Öz", "O'Neil", "李小龍", "Ann (Sales) & Co."):
        assert values.person_name(name) == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (LoggedOutTreatment.UNAVAILABLE, "")),
        ("unavailable", (LoggedOutTreatment.UNAVAILABLE, "")),
        ("voicemail:100@default", (LoggedOutTreatment.VOICEMAIL, "100@default")),
        ("voicemail:EXT@default", (LoggedOutTreatment.VOICEMAIL, "101@default")),
        ("number:200", (LoggedOutTreatment.NUMBER, "200")),
    ],
)
def test_what_callers_get(text: str, expected: tuple[LoggedOutTreatment, str]) -> None:
    assert values.treatment(text, "101") == expected


@pytest.mark.parametrize(
    "text",
    [
        "voicemail",
        "voicemail:",
        "voicemail:100",
        "number:",
        "number:+1",
        "number:101",
        "number:1)",
        "voicemail:1@d,s",
        "music",
        "unavailable:1",
    ],
)
def test_what_callers_cannot_get(text: str) -> None:
    with pytest.raises(Invalid, match="when logged out"):
        values.treatment(text, "101")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    more = '[codes]\nask = "PREFIX*77*"\nlogout = "PREFIX*55*"\n'
    path = tmp_path / "hotdesk.toml"
    path.write_text(settings("postgresql://", "x", tmp_path, more))
    return load(path, {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0", "nobody"),
        ("5", "2 to 10 digits"),
        ("12345678901", "2 to 10 digits"),
        ("1a", "2 to 10 digits"),
        ("55", "logs out"),
        ("77", "asks for an extension"),
        ("112", "emergency"),
    ],
)
def test_an_extension_that_cannot_be_dialled_is_refused(
    config: Config, text: str, why: str
) -> None:
    with pytest.raises(Invalid, match=why):
        values.extension(config, text)
    assert values.extension(config, "56") == "56"


def test_contexts_accounts_and_languages() -> None:
    assert values.context_name("internal-2") == "internal-2"
    assert values.account_name("north-1") == "north-1"
    assert values.language("de_CH") == "de_CH"
    assert values.language("") is None
    for check, text in (
        (values.context_name, "a b"),
        (values.context_name, "hotdesk-idle"),
        (values.account_name, "North"),
        (values.language, "German"),
        (values.location, "a\tb"),
        (values.emergency_number, "12 34"),
    ):
        with pytest.raises(Invalid):
            check(text)
