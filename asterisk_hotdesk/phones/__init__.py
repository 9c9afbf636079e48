"""A phone's configuration as text: what the device is, and who sits there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from asterisk_hotdesk.model import Desk, KeyKind, PhoneKind, UserKey
from asterisk_hotdesk.phones.files import FileRole, PhoneFile, file_names, phone_file
from asterisk_hotdesk.phones.keys import Key, KeyPlan, PlacedKey, plan
from asterisk_hotdesk.phones.kinds import (
    Traits,
    choose_kind,
    kind_of_user_agent,
    mac_in_user_agent,
    traits,
    vendor_of_mac,
)
from asterisk_hotdesk.phones.settings import PhoneSettings
from asterisk_hotdesk.phones.templating import TemplateProblem, environment
from asterisk_hotdesk.phones.words import SNOM_LANGUAGES, language_code, words_of

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


class Display(NamedTuple):
    """What a phone shows, and sends as its display name."""

    name: str
    text: str
    number: str


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
    templates = environment(settings.templates_dir if overrides else None)
    language = _language(desk, settings)
    text = templates.get_template("snom/settings.xml.j2").render(
        device=desk.device,
        settings=settings,
        words=words_of(language),
        language=SNOM_LANGUAGES.get(language_code(language), SNOM_LANGUAGES["en"]),
        display=_display(desk),
        keys=key_plan(desk, keys, settings, kind).placed,
    )
    return Document(text=text, content_type="text/xml", names_login=True)


def key_plan(
    desk: Desk, keys: Sequence[UserKey], settings: PhoneSettings, kind: PhoneKind
) -> KeyPlan:
    """Return which key is where on the phone of *kind* at *desk*, and which is not."""
    words = words_of(_language(desk, settings))
    if desk.user:
        ours = Key(KeyKind.SPEED_DIAL, settings.logout_code, words.log_out)
    else:
        ours = Key(KeyKind.SPEED_DIAL, settings.ask_code, words.log_in)
    return plan(keys, desk.device.options, traits(kind).function_keys, ours)


def _display(desk: Desk) -> Display:
    if desk.user is None:
        return Display(desk.device.name, desk.device.name, desk.device.name)
    name, extension = _printable(desk.user.name), desk.user.extension
    return Display(name, f"{name} {extension}".strip(), extension)


def _language(desk: Desk, settings: PhoneSettings) -> str:
    """Return the user's language, else the device's, else the default."""
    of_user = desk.user.language if desk.user else None
    return of_user or desk.device.language or settings.default_language


def _printable(name: str) -> str:
    """Return *name* on one line, without the characters that XML 1.0 forbids."""
    one_line = re.sub("[\t\n\r]+", " ", name)
    return re.sub("[^ -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", one_line)
