"""What kind of phone it is, and what its kind can do."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from types import MappingProxyType

from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.phones.files import FileRole, PhoneFile

VENDORS = ("snom", "gigaset", "yealink", "fanvil", "grandstream", "poly")
"""Whose phones we can configure."""


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What a model can do."""

    function_keys: int
    """How many we set, used or not: a phone keeps what a file does not name."""
    clears_call_lists: bool = False
    """Whether a login can empty the lists of missed, received and dialled calls."""
    has_menu: bool = False
    """Whether its screen can show the pages of `PhoneSettings.menu_url`."""
    takes_xml_push: bool = False
    """Whether it shows a page that comes by SIP NOTIFY."""
    refresh_event: str = "check-sync;reboot=false"
    """The SIP event that makes it fetch its files again without a restart."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what administrators should know, as sentences."""
        if self.clears_call_lists:
            return ()
        return ("call lists of the previous user stay on this model",)


_TRAITS = {
    "snom": Traits(function_keys=24, has_menu=True, takes_xml_push=True),
    "gigaset": Traits(function_keys=8, has_menu=True, takes_xml_push=True),
    "yealink": Traits(function_keys=10),
    "fanvil": Traits(function_keys=6),
    "grandstream": Traits(function_keys=4, refresh_event="resync"),
    "poly": Traits(function_keys=6, refresh_event="check-sync"),
}

_FUNCTION_KEYS: MappingProxyType[tuple[str, str], int] = MappingProxyType({})


def traits(kind: PhoneKind) -> Traits:
    """Return what phones of *kind* can do; of snom's, where nobody knows the vendor."""
    of_vendor = _TRAITS.get(kind.vendor, _TRAITS["snom"])
    keys = _FUNCTION_KEYS.get((kind.vendor, kind.model), of_vendor.function_keys)
    return replace(of_vendor, function_keys=keys)


# Examples of each are in the tests.
_USER_AGENTS = (
    (
        "gigaset",
        re.compile(r"\b(?i:gigaset)[ _]?(?P<model>P\d\w*)\S*[ /](?P<firmware>[\d.]+)"),
    ),
    ("snom", re.compile(r"\bsnom(?P<model>\w+)-SIP[ /](?P<firmware>[\d.]+)")),
    ("snom", re.compile(r"\bsnom(?P<model>\w+)[ /](?P<firmware>[\d.]+)")),
    ("snom", re.compile(r"\bSnom (?P<model>M\w+) (?P<firmware>[\d.]+)")),
    (
        "yealink",
        re.compile(r"\bYealink (?:SIP-)?(?P<model>[\w-]+) (?P<firmware>[\d.]+)"),
    ),
    ("fanvil", re.compile(r"\bFanvil (?P<model>[\w-]+) (?P<firmware>[\d.]+)")),
    (
        "grandstream",
        re.compile(r"\bGrandstream Model HW (?P<model>\w+) SW (?P<firmware>[\d.]+)"),
    ),
    (
        "poly",
        re.compile(r"\bPoly(?:com)?\w*-(?P<model>\w+)-UA/(?P<firmware>[\d.]+)"),
    ),
)


def kind_of_user_agent(user_agent: str) -> PhoneKind:
    """Return what a phone says it is when it fetches; all empty where it does not say.

    Anybody can send anything: a hint, never a proof.
    """
    for vendor, pattern in _USER_AGENTS:
        if found := pattern.search(user_agent):
            return PhoneKind(
                vendor=vendor,
                model=found["model"].replace("_", " "),
                firmware=found["firmware"],
            )
    return PhoneKind()


_MAC = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-F]{12}|[0-9A-F]{2}(?:[:-][0-9A-F]{2}){5})(?![0-9A-Za-z])",
    re.IGNORECASE,
)


def mac_in_user_agent(user_agent: str) -> str | None:
    """Return the MAC address that a phone names, twelve lower-case digits, or None."""
    found = _MAC.search(user_agent)
    return re.sub("[:-]", "", found[0]).lower() if found else None


_PREFIXES = {
    "snom": "000413 1c7126",
    # Its desk phones are made by snom and have addresses of snom's block.
    "gigaset": "000413e5 00041380 000413d8 7c2f80 589ec6",
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


def vendor_of_mac(mac: str) -> str:
    """Return who made the phone with *mac*, twelve lower-case digits, or nothing."""
    return _VENDOR_OF_PREFIX.get(mac[:8]) or _VENDOR_OF_PREFIX.get(mac[:6], "")


_VENDORS_OF_ROLE = {
    FileRole.SETTINGS_XML: ("snom", "gigaset"),
    FileRole.SETTINGS_CFG: ("yealink", "fanvil", "poly"),
    FileRole.SETTINGS_CFG_XML: ("grandstream",),
    FileRole.LISTED: ("poly",),
}
"""Who asks for such a file; the first where nothing else tells."""


def choose_kind(file: PhoneFile, seen: PhoneKind, stored: PhoneKind) -> PhoneKind:
    """Return what kind of phone asks for *file*.

    What it says now (*seen*) counts more than what we know (*stored*), and that more
    than its MAC address; but only who asks for such files at all can be meant.
    """
    possible = _VENDORS_OF_ROLE[file.role]
    by_mac = PhoneKind(vendor=vendor_of_mac(file.mac))
    for kind in (seen, stored, by_mac):
        if kind.vendor in possible:
            return kind
    return PhoneKind(vendor=possible[0])
