"""What a phone says it is, and what models of its kind can do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asterisk_hotdesk.model import KeyKind, PhoneKind
from asterisk_hotdesk.phones import (
    PhoneFile,
    choose_kind,
    kind_of_user_agent,
    mac_in_user_agent,
    phone_file,
    traits,
    vendor_of_mac,
)

SNOM = PhoneKind(vendor="snom", model="D785", firmware="10.1.198.12")
YEALINK = PhoneKind(vendor="yealink", model="T54W", firmware="96.86.0.20")
FANVIL = PhoneKind(vendor="fanvil", model="X4U", firmware="2.12.1")
NOBODY = PhoneKind()


def asked(name: str) -> PhoneFile:
    file = phone_file(name)
    assert file is not None
    return file


@pytest.mark.parametrize(
    ("user_agent", "vendor", "model", "firmware", "mac"),
    [
        (
            "Mozilla/4.0 (compatible; snom320-SIP 8.4.18 1.1.3-s)",
            "snom",
            "320",
            "8.4.18",
            None,
        ),
        (
            "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5"
            " 000413922D24 SXM:0 UXM:0)",
            "snom",
            "D785",
            "10.1.33.33",
            "000413922d24",
        ),
        (
            "snomD785/10.1.198.12 0004130DD7C9",
            "snom",
            "D785",
            "10.1.198.12",
            "0004130dd7c9",
        ),
        (
            "Mozilla/4.0 (compatible; Snom M900 05.20.0001 000413b60680)",
            "snom",
            "M900",
            "05.20.0001",
            "000413b60680",
        ),
        (
            "Mozilla/4.0 (compatible; Gigaset P850-SIP 10.1.226.16 7C2F80AABBCC)",
            "gigaset",
            "P850",
            "10.1.226.16",
            "7c2f80aabbcc",
        ),
        (
            "Yealink SIP-T54W 96.86.0.20 80:5e:c0:aa:bb:cc",
            "yealink",
            "T54W",
            "96.86.0.20",
            "805ec0aabbcc",
        ),
        (
            "yealink SIP-T21P_E2 52.80.0.3 00:15:65:4c:4c:26",
            "yealink",
            "T21P_E2",
            "52.80.0.3",
            "0015654c4c26",
        ),
        (
            "Fanvil X5U-V2 2.12.16.17 0c383e557eb1",
            "fanvil",
            "X5U-V2",
            "2.12.16.17",
            "0c383e557eb1",
        ),
        (
            "Fanvil X6U Pro 0.0.10 0c383e2cd782",
            "fanvil",
            "X6U-Pro",
            "0.0.10",
            "0c383e2cd782",
        ),
        (
            "Grandstream Model HW GRP2614 SW 1.0.5.15 DevId c074ad0b63ee",
            "grandstream",
            "GRP2614",
            "1.0.5.15",
            "c074ad0b63ee",
        ),
        (
            "Grandstream Model HW GXV3350  V1.3A SW 1.0.1.8 DevId c074ad150b88",
            "grandstream",
            "GXV3350",
            "1.0.1.8",
            "c074ad150b88",
        ),
        (
            "FileTransport PolycomVVX-VVX_400-UA/5.4.3.1014 Type/Application",
            "poly",
            "VVX400",
            "5.4.3.1014",
            None,
        ),
        (
            "FileTransport PolycomVVX-VVX_250-UA/6.4.6.1 (SN:64167f000001)"
            " Type/Application",
            "poly",
            "VVX250",
            "6.4.6.1",
            "64167f000001",
        ),
        ("curl/8.5.0", "", "", "", None),
        ("", "", "", "", None),
    ],
)
def test_phones_say_what_they_are(
    user_agent: str, vendor: str, model: str, firmware: str, mac: str | None
) -> None:
    kind = PhoneKind(vendor=vendor, model=model, firmware=firmware)

    assert kind_of_user_agent(user_agent) == kind
    assert mac_in_user_agent(user_agent) == mac


@settings(deadline=None)
@given(user_agent=st.text() | st.from_regex(r"(snom|Yealink |Fanvil )[\w .:/-]*"))
def test_whatever_is_said_is_understood_or_not(user_agent: str) -> None:
    kind_of_user_agent(user_agent)
    mac_in_user_agent(user_agent)


@pytest.mark.parametrize(
    ("mac", "vendor"),
    [
        ("000413aabbcc", "snom"),
        ("000413e50001", "gigaset"),
        ("000413d84f01", "gigaset"),
        ("000413d80001", "snom"),
        ("7c2f80000001", "gigaset"),
        ("805ec0000001", "yealink"),
        ("0c383e000001", "fanvil"),
        ("c074ad000001", "grandstream"),
        ("64167f000001", "poly"),
        ("020000000001", ""),
    ],
)
def test_the_first_digits_of_a_mac_address_tell_the_vendor(
    mac: str, vendor: str
) -> None:
    assert vendor_of_mac(mac) == vendor


@pytest.mark.parametrize(
    ("name", "seen", "stored", "vendor"),
    [
        ("000413000001.xml", NOBODY, NOBODY, "snom"),
        ("000413e50001.xml", NOBODY, NOBODY, "gigaset"),
        ("020000000001.xml", NOBODY, NOBODY, "snom"),
        ("805ec0000001.cfg", NOBODY, NOBODY, "yealink"),
        ("0c383e000001.cfg", NOBODY, NOBODY, "fanvil"),
        ("020000000001.cfg", NOBODY, NOBODY, "yealink"),
        ("020000000001.cfg", NOBODY, FANVIL, "fanvil"),
        ("020000000001.cfg", YEALINK, FANVIL, "yealink"),
        ("805ec0000001.cfg", NOBODY, SNOM, "yealink"),
        ("805ec0000001.cfg", SNOM, NOBODY, "yealink"),
        ("805ec0000001-hotdesk.cfg", YEALINK, NOBODY, "poly"),
        ("cfg805ec0000001.xml", NOBODY, NOBODY, "grandstream"),
    ],
)
def test_what_a_phone_says_counts_most_but_only_if_it_asks_for_such_files(
    name: str, seen: PhoneKind, stored: PhoneKind, vendor: str
) -> None:
    assert choose_kind(asked(name), seen, stored).vendor == vendor


def test_what_is_known_of_the_model_is_kept() -> None:
    assert choose_kind(asked("000413000001.xml"), NOBODY, SNOM) == SNOM


@pytest.mark.parametrize(
    ("vendor", "model", "keys"),
    [
        ("snom", "D785", 24),
        ("snom", "720", 18),
        ("snom", "D717", 3),
        ("gigaset", "P850", 36),
        ("yealink", "T54W", 27),
        ("yealink", "T31P", 2),
        ("fanvil", "X5U-V2", 30),
        ("grandstream", "GRP2612W", 15),
        ("poly", "VVX250", 3),
        ("poly", "VVX1500", 5),
        ("poly", "VVX411", 11),
    ],
)
def test_every_key_of_a_known_model_is_used(vendor: str, model: str, keys: int) -> None:
    assert traits(PhoneKind(vendor=vendor, model=model)).function_keys == keys


def test_of_an_unknown_model_few_keys_are_used_and_the_administrator_told() -> None:
    unknown = traits(PhoneKind(vendor="snom", model="D999"))

    assert unknown.function_keys == 4
    assert any("not known: 4 are used" in warning for warning in unknown.warnings)
    assert traits(NOBODY) == traits(PhoneKind(vendor="snom"))


@pytest.mark.parametrize(
    ("vendor", "event"),
    [
        ("snom", "check-sync;reboot=false"),
        ("yealink", "check-sync;reboot=false"),
        ("fanvil", "check-sync"),
        ("grandstream", "resync"),
        ("poly", "check-sync"),
    ],
)
def test_each_vendor_has_its_way_of_being_told_to_fetch(
    vendor: str, event: str
) -> None:
    assert traits(PhoneKind(vendor=vendor)).refresh_event == event


@pytest.mark.parametrize("vendor", ["snom", "yealink", "fanvil", "grandstream", "poly"])
def test_the_administrator_is_told_that_call_lists_stay(vendor: str) -> None:
    can = traits(PhoneKind(vendor=vendor))

    assert any("dialled calls stay" in warning for warning in can.warnings)
    assert {KeyKind.BLF, KeyKind.SPEED_DIAL} <= can.key_kinds
