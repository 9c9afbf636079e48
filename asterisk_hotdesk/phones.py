"""A phone's configuration as text: what the device is, and who sits there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import jinja2

from asterisk_hotdesk.model import Desk

FUNCTION_KEYS = 24
"""How many keys we set, used or not: a phone keeps what a file does not name.

The largest number on a snom phone without a key module (D785).
"""


class Words(NamedTuple):
    """What a phone says in one language."""

    snom_language: str
    log_in: str
    log_out: str


WORDS = {
    "de": Words("Deutsch", "Anmelden", "Abmelden"),
    "en": Words("English", "Log in", "Log out"),
    "es": Words("Español", "Iniciar sesión", "Cerrar sesión"),
    "fr": Words("Français", "Connexion", "Déconnexion"),
    "it": Words("Italiano", "Accedi", "Esci"),
    "nl": Words("Nederlands", "Aanmelden", "Afmelden"),
}
"""By language code; snom's names as its firmware 10 spells them."""


@dataclass(frozen=True, kw_only=True)
class PhoneSettings:
    """What a phone has to know besides its desk."""

    sip_server: str
    sip_port: int
    setting_url: str = field(repr=False)
    """Where the phone fetches this very configuration; holds its token."""
    ask_code: str
    logout_code: str
    emergency_numbers: tuple[str, ...]
    default_language: str
    tone_scheme: str | None = None
    timezone: str | None = None

    @property
    def sip_address(self) -> str:
        """Return server and port in the way of SIP URIs, for IPv6 too."""
        host = f"[{self.sip_server}]" if ":" in self.sip_server else self.sip_server
        return f"{host}:{self.sip_port}"


class Display(NamedTuple):
    """What a phone shows, and sends as its display name."""

    name: str
    text: str
    number: str


class FunctionKey(NamedTuple):
    """What is written beside a key, and what pressing it does."""

    label: str = ""
    action: str = "none"


def render_snom(desk: Desk, settings: PhoneSettings) -> str:
    """Return the configuration of a snom phone at *desk*, as XML.

    It names the same settings whether somebody sits there or not, so nothing of a
    previous user remains on the phone.
    """
    words = _words(desk, settings.default_language)
    if desk.user:
        first_key = FunctionKey(words.log_out, f"speed {settings.logout_code}")
    else:
        first_key = FunctionKey(words.log_in, f"speed {settings.ask_code}")
    return (
        _templates()
        .get_template("snom/settings.xml.j2")
        .render(
            device=desk.device,
            settings=settings,
            words=words,
            display=_display(desk),
            keys=[first_key] + [FunctionKey()] * (FUNCTION_KEYS - 1),
        )
    )


def _display(desk: Desk) -> Display:
    if desk.user is None:
        return Display(desk.device.name, desk.device.name, desk.device.name)
    name, extension = _printable(desk.user.name), desk.user.extension
    return Display(name, f"{name} {extension}".strip(), extension)


def _words(desk: Desk, default_language: str) -> Words:
    """Return the words of the user's language, else the device's, else the default."""
    chosen = (desk.user and desk.user.language) or desk.device.language
    code = re.split("[-_]", chosen or default_language)[0].lower()
    return WORDS.get(code, WORDS["en"])


def _printable(name: str) -> str:
    """Return *name* on one line, without the characters that XML 1.0 forbids."""
    one_line = re.sub("[\t\n\r]+", " ", name)
    return re.sub("[^ -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", one_line)


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("asterisk_hotdesk.templates", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
