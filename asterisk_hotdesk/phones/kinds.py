"""What kind of phone it is, told by what it says and by its MAC address."""

from __future__ import annotations

import re

from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.phones.files import FileRole, PhoneFile

_VERSION = r"(?P<firmware>\d[\d.]*)"
# What they look like is in the tests: from wazo-provd-plugins, and for Gigaset's desk
# phones, whose maker is snom, a guess.
_USER_AGENTS = (
    ("snom", re.compile(rf"\bsnom(?P<model>\w+)(?:-SIP)?[ /]{_VERSION}")),
    ("snom", re.compile(rf"\bSnom (?P<model>\w+) {_VERSION}")),
    ("gigaset", re.compile(rf"\bgigaset[ _-]?(?P<model>P\d+)\b\D*{_VERSION}", re.I)),
    (
        "yealink",
        re.compile(rf"\byealink (?:SIP(?: VP)?-)?(?P<model>\w+) {_VERSION}", re.I),
    ),
    (
        "fanvil",
        re.compile(rf"\bFanvil (?P<model>[A-Za-z]\w*(?:[- ](?:Pro|V\d))*) {_VERSION}"),
    ),
    (
        "grandstream",
        re.compile(
            rf"\bGrandstream Model HW (?P<model>\w+)(?: +V[^ ]+)? SW {_VERSION}"
        ),
    ),
    ("poly", re.compile(rf"\bPoly(?:com)?\w*-(?P<model>\w+)-UA/{_VERSION}")),
)

_MAC = re.compile(
    r"(?<![0-9A-Za-z])"
    r"(?:[0-9a-f]{12}|[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5})"
    r"(?![0-9A-Za-z])",
    re.IGNORECASE,
)

_PREFIXES = {
    "snom": "000413 1c7126",
    # Its desk phones are made by snom and have addresses of snom's block; the ranges
    # are those of Tancredi (patterns.d/gigaset.ini).
    "gigaset": (
        "000413e2 000413e3 000413e5 000413e7 00041380 000413d84f 000413d850 000413d851"
        " 000413d852 000413d86e 000413d870 000413d871 7c2f80 589ec6"
    ),
    "yealink": (
        "001565 249ad8 3497d7 44dbd2 644f56 805e0c 805ec0 b061a9 c4fc22 e434d7"
        " ec1da9 f01653"
    ),
    "fanvil": "0c383e 00a859",
    "grandstream": "000b82 c074ad",
    "poly": "0004f2 64167f 482567",
}
_VENDOR_OF_PREFIX = {
    prefix: vendor
    for vendor, prefixes in _PREFIXES.items()
    for prefix in prefixes.split()
}

_VENDORS_OF_ROLE = {
    FileRole.SETTINGS_XML: ("snom", "gigaset"),
    FileRole.SETTINGS_CFG: ("yealink", "fanvil", "poly"),
    FileRole.SETTINGS_CFG_XML: ("grandstream",),
    FileRole.LISTED: ("poly",),
}
"""Who asks for such a file; the first where nothing else tells."""


def kind_of_user_agent(user_agent: str) -> PhoneKind:
    """Return what a phone says it is when it fetches; all empty where it does not say.

    Anybody can send anything: a hint, never a proof.
    """
    for vendor, pattern in _USER_AGENTS:
        if found := pattern.search(user_agent):
            model = found["model"].replace(" ", "-")
            if vendor == "poly":
                model = model.replace("_", "")
            return PhoneKind(
                vendor=vendor, model=model, firmware=found["firmware"].rstrip(".")
            )
    return PhoneKind()


def mac_in_user_agent(user_agent: str) -> str | None:
    """Return the MAC address that a phone names, twelve lower-case digits, or None."""
    found = _MAC.search(user_agent)
    return re.sub("[:-]", "", found[0]).lower() if found else None


def vendor_of_mac(mac: str) -> str:
    """Return who made the phone with *mac*, twelve lower-case digits, or nothing."""
    for length in (10, 8, 6):
        if vendor := _VENDOR_OF_PREFIX.get(mac[:length]):
            return vendor
    return ""


def choose_kind(file: PhoneFile, seen: PhoneKind, stored: PhoneKind) -> PhoneKind:
    """Return what kind of phone asks for *file*; its vendor is never empty.

    What it says now (*seen*) counts more than what we know (*stored*), and that more
    than its MAC address; but only who asks for such files at all can be meant.
    """
    possible = _VENDORS_OF_ROLE[file.role]
    by_mac = PhoneKind(vendor=vendor_of_mac(file.mac))
    for kind in (seen, stored, by_mac):
        if kind.vendor in possible:
            return kind
    return PhoneKind(vendor=possible[0])
