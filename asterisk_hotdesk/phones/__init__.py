"""A phone's configuration as text: what the device is, and who sits there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from asterisk_hotdesk.model import Desk, PhoneKind, UserKey
from asterisk_hotdesk.phones.files import FileRole, PhoneFile, file_names, phone_file
from asterisk_hotdesk.phones.keys import Key, KeyPlan, PlacedKey, plan
from asterisk_hotdesk.phones.kinds import (
    choose_kind,
    kind_of_user_agent,
    mac_in_user_agent,
    vendor_of_mac,
)
from asterisk_hotdesk.phones.settings import PhoneSettings
from asterisk_hotdesk.phones.templating import TemplateProblem, fill
from asterisk_hotdesk.phones.traits import Traits, traits
from asterisk_hotdesk.phones.view import key_plan, variables

__all__ = [
    "Document",
    "FileRole",
    "Key",
    "KeyPlan",
    "PhoneFile",
    "PhoneSettings",
    "PlacedKey",
    "TemplateProblem",
    "Traits",
    "choose_kind",
    "file_names",
    "key_plan",
    "kind_of_user_agent",
    "mac_in_user_agent",
    "phone_file",
    "plan",
    "render",
    "traits",
    "vendor_of_mac",
]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A file as the phone gets it."""

    text: str = field(repr=False)
    """Holds the device's secrets."""
    content_type: str
    names_login: bool
    """Whether who fetches it has been told who sits there."""


# By who asks for which file.  Gigaset's desk phones are made by snom.
_TEMPLATES = {
    ("snom", FileRole.SETTINGS_XML): "snom/settings.xml.j2",
    ("gigaset", FileRole.SETTINGS_XML): "snom/settings.xml.j2",
    ("yealink", FileRole.SETTINGS_CFG): "yealink/settings.cfg.j2",
    ("fanvil", FileRole.SETTINGS_CFG): "fanvil/settings.xml.j2",
    ("poly", FileRole.SETTINGS_CFG): "poly/master.xml.j2",
    ("poly", FileRole.LISTED): "poly/settings.xml.j2",
    ("grandstream", FileRole.SETTINGS_CFG_XML): "grandstream/settings.xml.j2",
}


def render(
    file: PhoneFile,
    desk: Desk,
    keys: Sequence[UserKey],
    settings: PhoneSettings,
    kind: PhoneKind,
    *,
    overrides: bool = True,
) -> Document:
    """Return *file* for the phone of *kind* at *desk*, whose user has these *keys*.

    It names the same settings whether somebody sits there or not, so nothing of a
    previous user remains on the phone.  Raise TemplateProblem if a template of the
    administrator's cannot be used; without *overrides* only ours are.
    """
    kind = choose_kind(file, kind, PhoneKind())
    template = _TEMPLATES[kind.vendor, file.role]
    templates_dir = settings.templates_dir if overrides else None
    values = variables(file.mac, desk, keys, settings, kind) | {"version": ""}
    text = fill(template, values, templates_dir)
    if kind.vendor == "fanvil":
        values["version"] = _version(text)
        text = fill(template, values, templates_dir)
    return Document(
        text=text,
        content_type="text/plain" if ".cfg." in template else "text/xml",
        names_login=template != "poly/master.xml.j2",
    )


def _version(text: str) -> str:
    """Return a version that is another for another *text*.

    A Fanvil applies a file only if its version differs from that of the last one.
    """
    digest = hashlib.sha256(text.encode()).digest()
    return f"2.{int.from_bytes(digest[:8]) % 10**10:010}"
