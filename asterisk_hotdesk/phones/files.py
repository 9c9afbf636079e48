"""Which phone asks for which file, by the name of the file alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class FileRole(StrEnum):
    """What a file is for, as far as its name tells."""

    SETTINGS_XML = "settings_xml"
    """`MAC.xml`, `snomMODEL-MAC.htm`: snom and Gigaset."""
    SETTINGS_CFG = "settings_cfg"
    """`MAC.cfg`: Yealink and Fanvil; Poly's list of further files."""
    SETTINGS_CFG_XML = "settings_cfg_xml"
    """`cfgMAC.xml`: Grandstream."""
    LISTED = "listed"
    """`MAC-hotdesk.cfg`: the one that our list for Poly names."""


@dataclass(frozen=True, kw_only=True)
class PhoneFile:
    """A file that a phone asks for."""

    mac: str
    """Twelve lower-case hexadecimal digits."""
    name: str
    """As the phone wrote it."""
    role: FileRole


_MAC = "(?P<mac>[0-9a-f]{12})"

# Not ours: Grandstream's binary `cfgMAC`, and what Poly asks for besides, such as
# `MAC-phone.cfg`, `MAC-web.cfg`, `MAC-license.cfg` and its logs.
_NAMES = (
    (re.compile(rf"{_MAC}\.xml", re.IGNORECASE), FileRole.SETTINGS_XML),
    (
        re.compile(rf"snom[0-9a-z]{{1,16}}-{_MAC}\.htm", re.IGNORECASE | re.ASCII),
        FileRole.SETTINGS_XML,
    ),
    (re.compile(rf"{_MAC}\.cfg", re.IGNORECASE), FileRole.SETTINGS_CFG),
    (re.compile(rf"cfg{_MAC}\.xml", re.IGNORECASE), FileRole.SETTINGS_CFG_XML),
    (re.compile(rf"{_MAC}-hotdesk\.cfg", re.IGNORECASE), FileRole.LISTED),
)


def phone_file(name: str) -> PhoneFile | None:
    """Return whose file *name* is, the last segment of a URL; None: not a phone's."""
    for pattern, role in _NAMES:
        if found := pattern.fullmatch(name):
            return PhoneFile(mac=found["mac"].lower(), name=name, role=role)
    return None


def file_names(vendor: str, mac: str) -> tuple[str, ...]:
    """Return the files of ours that a phone of *vendor* asks for, in its order."""
    match vendor:
        case "yealink" | "fanvil":
            return (f"{mac}.cfg",)
        case "grandstream":
            return (f"cfg{mac}.xml",)
        case "poly":
            return (f"{mac}.cfg", f"{mac}-hotdesk.cfg")
        case _:
            return (f"{mac}.xml",)
