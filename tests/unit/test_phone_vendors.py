"""Every vendor's files: as they were reviewed, strict, and of nobody who has left."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asterisk_hotdesk.model import (
    Desk,
    DeviceOptions,
    KeyKind,
    PhoneKind,
    User,
    UserKey,
)
from asterisk_hotdesk.phones import (
    Document,
    PhoneSettings,
    file_names,
    phone_file,
    render,
)
from tests.unit.phone_readers import settings_of
from tests.unit.test_phones import ALICE, DEVICE, SETTINGS

GOLDEN = Path(__file__).parent / "golden"
MAC = "000413000001"

OFFICE = replace(
    SETTINGS,
    action_url="https://phones.example/a/0123456789abcdef/000413000001",
    menu_url="https://phones.example/m/0123456789abcdef/000413000001",
    trusted_host="phones.example",
    pickup_prefix="*8",
    timezone="Europe/Berlin",
    tone_scheme="GER",
)
PLAIN = DeviceOptions()
REMOTE = DeviceOptions(
    transport="tls",
    srtp=True,
    codecs=("opus", "alaw"),
    timezone="America/New_York",
    outbound_proxy="sbc.example:5081",
    hot_desk_key=2,
)
KEYS = tuple(
    UserKey(position=position, kind=kind, value=value, label=label, priority=priority)
    for position, (kind, value, label, priority) in enumerate(
        [
            (KeyKind.BLF, "200", "Bob & Co", 1),
            (KeyKind.SPEED_DIAL, "0301234567", '"Home"', 2),
            (KeyKind.DND, "", "", 3),
            (KeyKind.URL, "https://intra.example/?a=1&b=2", "Intranet", 4),
            (KeyKind.DTMF, "*9", "Door", 5),
            (KeyKind.LINE, "", "", 6),
            (KeyKind.PARK, "701", "Park", 7),
            (KeyKind.FORWARD, "", "", 8),
            (KeyKind.TRANSFER, "", "", 8),
            (KeyKind.DIRECTORY, "", "", 8),
            (KeyKind.NONE, "", "", 9),
            (KeyKind.BLF, "201", "", 9),
        ],
        start=1,
    )
)
BOB = replace(ALICE, extension="200", name="Söhne <&>", language="de", ringtone=3)

MODELS = [
    PhoneKind(vendor="snom", model="D785", firmware="10.1.198.12"),
    PhoneKind(vendor="snom", model="D862", firmware="10.1.198.12"),
    PhoneKind(vendor="snom", model="720", firmware="8.9.3.40"),
    PhoneKind(vendor="gigaset", model="P810", firmware="10.1.226.16"),
    PhoneKind(vendor="yealink", model="T33G", firmware="124.86.0.75"),
    PhoneKind(vendor="fanvil", model="X4U", firmware="2.12.16.17"),
    PhoneKind(vendor="grandstream", model="GRP2612", firmware="1.0.5.15"),
    PhoneKind(vendor="poly", model="VVX450", firmware="6.4.6.1"),
]

# What may differ when somebody else sits there, by the full name of the setting.
PERSONAL = {
    "snom": r".*/(language|user_realname\[1]|user_idle_text\[1]|user_idle_number\[1]"
    r"|user_ringer\[1]|fkey\[\d+](@label)?)",
    "yealink": r"lang\.gui|account\.1\.(label|display_name|ringtone\.ring_type)"
    r"|programablekey\.3\.label|linekey\..*",
    "fanvil": r"/sysConf/(Version|phone/display/(DefaultLanguage|LCDTitle)"
    r"|sip/line\[1]/(DisplayName|RingType)|dsskey/internal.*)",
    "grandstream": r".*\[(language\.gui|account\.1\.name|account\.1\.sip\.subscriber"
    r"\.name|pks\.vpk\..*)]",
    "poly": r"/PHONE_CONFIG/PERSON@.*",
}
PERSONAL["gigaset"] = PERSONAL["snom"]

each_model = pytest.mark.parametrize(
    "kind", MODELS, ids=lambda kind: f"{kind.vendor}-{kind.model}"
)


def files(
    kind: PhoneKind,
    user: User | None,
    keys: Sequence[UserKey] = (),
    options: DeviceOptions = PLAIN,
    office: PhoneSettings = OFFICE,
) -> dict[str, Document]:
    """Return all that a phone of *kind* gets, by the names of the files."""
    desk = Desk(device=replace(DEVICE, options=options), user=user)
    found = {}
    for name in file_names(kind.vendor, MAC):
        file = phone_file(name)
        assert file is not None
        found[name] = render(file, desk, keys, office, kind)
    return found


def told(
    kind: PhoneKind,
    user: User | None,
    keys: Sequence[UserKey] = (),
    options: DeviceOptions = PLAIN,
    office: PhoneSettings = OFFICE,
) -> dict[str, str]:
    """Return all settings of a phone's files, strictly read."""
    found: dict[str, str] = {}
    for document in files(kind, user, keys, options, office).values():
        found |= settings_of(document.text)
    return found


def named(name: str) -> User:
    return replace(ALICE, name=name)


def personal(kind: PhoneKind, setting: str) -> bool:
    return re.fullmatch(PERSONAL[kind.vendor], setting) is not None


# As they were reviewed


@each_model
@pytest.mark.parametrize("state", ["idle", "used"])
def test_the_whole_file_is_as_it_was_reviewed(kind: PhoneKind, state: str) -> None:
    if state == "idle":
        documents = files(kind, None, office=SETTINGS)
    else:
        documents = files(kind, BOB, KEYS, REMOTE)

    for name, document in documents.items():
        golden = GOLDEN / kind.vendor / f"{kind.model}-{state}-{name}"
        assert document.text == golden.read_text(encoding="utf-8")


def test_the_list_of_a_poly_names_nobody() -> None:
    poly = MODELS[-1]

    master, settings_file = files(poly, BOB, KEYS).values()

    assert not master.names_login
    assert master == files(poly, None)[f"{MAC}.cfg"]
    assert settings_file.names_login
    assert f'CONFIG_FILES="{MAC}-hotdesk.cfg"' in master.text


# Nothing but the person changes, and nothing of the person stays


@each_model
def test_a_login_changes_only_what_people_see_and_press(kind: PhoneKind) -> None:
    idle, alice, bob = told(kind, None), told(kind, ALICE), told(kind, BOB, KEYS)

    assert set(idle) == set(alice) == set(bob)
    for after in (alice, bob):
        changed = {name for name in idle if idle[name] != after[name]}
        assert changed
        assert not {name for name in changed if not personal(kind, name)}


@each_model
def test_everybody_is_told_of_by_name_number_and_key(kind: PhoneKind) -> None:
    idle, alice = told(kind, None), told(kind, ALICE)

    assert "Alice 100" in alice.values()
    assert "Alice 100" not in idle.values()
    assert any("*77*5*" in value for value in alice.values())
    assert any(re.search(r"\*77(?!\*)", value) for value in idle.values())
    assert any("HD0001" in value for value in idle.values())


@each_model
def test_the_same_is_told_in_the_same_words(kind: PhoneKind) -> None:
    assert told(kind, BOB, KEYS) == told(kind, BOB, KEYS)


def test_a_fanvil_sees_by_the_version_that_something_changed() -> None:
    fanvil = MODELS[5]
    versions = {
        told(fanvil, user, keys)["/sysConf/Version"]
        for user, keys in ((None, ()), (ALICE, ()), (BOB, ()), (BOB, KEYS))
    }

    assert len(versions) == 4
    assert all(re.fullmatch(r"2\.\d{10}", version) for version in versions)


# Strict, whatever people are called and however a device is set up

NAMES = [
    "",
    "n" * 60,
    "<&\"'>",
    "👩‍🚀 Anna",
    "דנה כהן",
    "\x00\x1b[2J\x7f\x85\u2028",
    "{{ device.sip_secret }}",
    "%NULL%",
    "]]><x/>",
    "--><!--",
    "a = b\r\nc = d",
    "#!version:1.0.0.1",
]


@each_model
@pytest.mark.parametrize("name", NAMES)
def test_people_have_all_kinds_of_names(kind: PhoneKind, name: str) -> None:
    key = UserKey(position=1, kind=KeyKind.BLF, value="200", label=name)

    assert set(told(kind, named(name), [key])) == set(told(kind, ALICE))


@each_model
def test_devices_are_set_up_in_all_kinds_of_ways(kind: PhoneKind) -> None:
    for transport, srtp, codecs, proxy, position, keep in product(
        ("", "udp", "tcp", "tls"),
        (False, True),
        ((), ("opus",), ("speex",)),
        ("", "sbc.example", "[2001:db8::1]:5081"),
        (0, 1, 3, 200),
        (False, True),
    ):
        options = DeviceOptions(
            transport=transport,
            srtp=srtp,
            codecs=codecs,
            outbound_proxy=proxy,
            hot_desk_key=position,
            keep_key_positions=keep,
        )
        settings_told = told(kind, BOB, KEYS, options)
        ours = [value for value in settings_told.values() if "*77*5*" in value]
        assert len(ours) == bool(position)


@each_model
@settings(deadline=None, max_examples=40)
@given(
    name=st.text(st.characters(exclude_categories=[]), max_size=60),
    label=st.text(st.characters(exclude_categories=[]), max_size=60),
)
def test_no_name_makes_another_setting(kind: PhoneKind, name: str, label: str) -> None:
    keys = [UserKey(position=1, kind=KeyKind.BLF, value="200", label=label)]
    usual, unusual = told(kind, ALICE, keys), told(kind, named(name), keys)

    assert set(unusual) == set(usual)
    for setting in usual:
        if not personal(kind, setting):
            assert unusual[setting] == usual[setting]


def test_a_name_cannot_empty_a_setting() -> None:
    """For Yealink, this is the word for nothing."""
    yealink = MODELS[4]

    assert told(yealink, named("%NULL%"))["account.1.display_name"] == "NULL"
    assert told(yealink, named("%%NULL%%"))["account.1.display_name"] != "%NULL%"
    assert told(yealink, named(""))["account.1.display_name"] == "%NULL%"
