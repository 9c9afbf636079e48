"""What phones say, and how each vendor calls the languages they can speak."""

from __future__ import annotations

import re
from typing import NamedTuple


class Words(NamedTuple):
    """What we write on a phone, in one language."""

    log_in: str
    log_out: str
    menu: str


WORDS = {
    "de": Words("Anmelden", "Abmelden", "Hot Desk"),
    "en": Words("Log in", "Log out", "Hot desk"),
    "es": Words("Iniciar sesión", "Cerrar sesión", "Hot desk"),
    "fr": Words("Connexion", "Déconnexion", "Hot desk"),
    "it": Words("Accedi", "Esci", "Hot desk"),
    "nl": Words("Aanmelden", "Afmelden", "Hot desk"),
}
"""By language code."""

SNOM_LANGUAGES = {
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
}
"""As firmware 10 spells them."""


def language_code(language: str) -> str:
    """Return the part of `de_CH` or `de-CH` that names the language: `de`."""
    return re.split("[-_]", language)[0].lower()


def words_of(language: str) -> Words:
    """Return the words of *language*, else the English ones."""
    return WORDS.get(language_code(language), WORDS["en"])
