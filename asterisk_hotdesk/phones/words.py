"""What phones say, and how each vendor calls the languages they can speak."""

from __future__ import annotations

import re
from typing import NamedTuple

from asterisk_hotdesk.model import PhoneKind


class Words(NamedTuple):
    """What we write on a phone, in one language."""

    log_in: str
    log_out: str
    menu: str
    """Beside the key that opens our menu."""


WORDS = {
    "de": Words("Anmelden", "Abmelden", "Platz"),
    "en": Words("Log in", "Log out", "Desk"),
    "es": Words("Iniciar sesión", "Cerrar sesión", "Puesto"),
    "fr": Words("Connexion", "Déconnexion", "Bureau"),
    "it": Words("Accedi", "Esci", "Postazione"),
    "nl": Words("Aanmelden", "Afmelden", "Werkplek"),
}
"""By language code."""

_CODES = {code: code for code in WORDS}
_SNOM = {
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
}
# As wazo-provd-plugins (wazo_snom) and Amooma's GS5 write them.
_SNOM_8 = _SNOM | {"es": "Espanol", "fr": "Francais", "nl": "Dutch"}
# Where a vendor's list has no such language, its phones speak English.
_LANGUAGES = {
    "snom": _SNOM,
    "gigaset": _SNOM,
    "yealink": {
        "de": "German",
        "en": "English",
        "es": "Spanish",
        "fr": "French",
        "it": "Italian",
    },
    "fanvil": _CODES,
    "grandstream": _CODES,
    "poly": {
        "de": "German_Germany",
        "en": "English_United_States",
        "es": "Spanish_Spain",
        "fr": "French_France",
        "it": "Italian_Italy",
        "nl": "Dutch_Netherlands",
    },
}


def words_of(language: str) -> Words:
    """Return the words of *language* (`de`, `de_CH`, `de-CH`), else of English."""
    return WORDS.get(language_code(language), WORDS["en"])


def language_name(language: str, kind: PhoneKind) -> str:
    """Return how phones of *kind* call *language*, else how they call English."""
    names = _LANGUAGES[kind.vendor]
    if kind.vendor == "snom" and re.match(r"[1-8]\.", kind.firmware):
        names = _SNOM_8
    return names.get(language_code(language), names["en"])


def language_code(language: str) -> str:
    """Return what of *language* (`de`, `de_CH`, `de-CH`) is not about a country."""
    return re.split("[-_]", language)[0].lower()
