"""The name of a file tells which phone asks, or that none of ours does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asterisk_hotdesk.phones import FileRole, file_names, phone_file

VENDORS = ["snom", "gigaset", "yealink", "fanvil", "grandstream", "poly"]

macs = st.from_regex(r"\A[0-9A-Fa-f]{12}\Z")


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("00041341A2B3.xml", FileRole.SETTINGS_XML),
        ("00041341a2b3.xml", FileRole.SETTINGS_XML),
        ("00041341a2b3.XML", FileRole.SETTINGS_XML),
        ("snomD785-00041341A2B3.htm", FileRole.SETTINGS_XML),
        ("snom320-00041341A2B3.htm", FileRole.SETTINGS_XML),
        ("00041341a2b3.cfg", FileRole.SETTINGS_CFG),
        ("cfg00041341a2b3.xml", FileRole.SETTINGS_CFG_XML),
        ("00041341a2b3-hotdesk.cfg", FileRole.LISTED),
    ],
)
def test_a_phone_asks_for_the_file_of_its_own(name: str, role: FileRole) -> None:
    file = phone_file(name)

    assert file is not None
    assert (file.mac, file.name, file.role) == ("00041341a2b3", name, role)


@pytest.mark.parametrize(
    "name",
    [
        "cfg00041341a2b3",  # Grandstream's binary form
        "00041341a2b3-phone.cfg",
        "00041341a2b3-web.cfg",
        "00041341a2b3-license.cfg",
        "00041341a2b3-app.log",
        "00041341a2b3-directory.xml",
        "000000000000-directory.xml",
        "snomD785.htm",
        "y000000000000.cfg",
        "cfg.xml",
        "",
        "00041341a2b3",
        "00041341a2b3.xml/",
        "00041341a2b3.xml\n",
        "00041341a2b3.xml\0",
        "../00041341a2b3.xml",
        "%2e%2e%2f00041341a2b3.xml",
        "00:04:13:41:a2:b3.xml",
        "\uff10\uff10\uff10\uff14\uff11\uff13\uff14\uff11\uff41\uff12\uff42\uff13.xml",
        "snom\u0131-00041341a2b3.htm",
        "snom" + "9" * 1000 + "-00041341a2b3.htm",
    ],
)
def test_what_else_is_asked_for_is_not_ours(name: str) -> None:
    assert phone_file(name) is None


@settings(deadline=None)
@given(name=st.text() | st.from_regex(r"[0-9a-f]{12}[.-].*") | st.binary().map(repr))
def test_whatever_is_asked_for_is_a_known_file_or_none(name: str) -> None:
    file = phone_file(name)

    assert file is None or re.fullmatch("[0-9a-f]{12}", file.mac)


@settings(deadline=None)
@given(mac=macs)
@pytest.mark.parametrize("vendor", VENDORS)
def test_what_we_say_a_phone_asks_for_is_what_we_answer(vendor: str, mac: str) -> None:
    for name in file_names(vendor, mac):
        file = phone_file(name)
        assert file is not None
        assert file.mac == mac.lower()
