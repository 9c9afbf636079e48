"""What the web page says, in English and German.

Each page has its words in a module of its own here; all names are one space.
"""

from __future__ import annotations

from asterisk_hotdesk.administrators import LANGUAGES
from asterisk_hotdesk.errors import Invalid, Refused
from asterisk_hotdesk.web.admin.words import (
    account,
    common,
    desks,
    device,
    history,
    keys,
    phones,
    refusals,
    users,
)
from asterisk_hotdesk.web.admin.words.text import Text

ALL: dict[str, Text] = {
    **common.WORDS,
    **account.WORDS,
    **desks.WORDS,
    **device.WORDS,
    **users.WORDS,
    **keys.WORDS,
    **phones.WORDS,
    **history.WORDS,
}


class Words:
    """The words in one language: `words.log_in`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._index = Text._fields.index(language)

    def __getattr__(self, name: str) -> str:
        if name not in ALL:
            raise AttributeError(f"the web page has no words called {name}")
        return ALL[name][self._index]

    def refused(self, refusal: Refused) -> str:
        """Return what is said of *refusal*."""
        said = refusals.WORDS.get(refusal.code)
        if said is None or refusal.code == Invalid.code:
            # What is wrong with a value, and what was expected: in English only.
            return str(refusal)
        return said[self._index]


def words_of(language: str) -> Words:
    """Return the words in *language*, else the English ones."""
    return _WORDS.get(language, _WORDS["en"])


def language_wanted(accept_language: str) -> str:
    """Return which of our languages a browser likes best.

    *accept_language* is the header.  Source: RFC 9110, 12.5.4.
    """
    wanted = []
    for part in accept_language.split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        weight = parameter.strip().removeprefix("q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        language = tag.partition("-")[0].lower()
        if language in LANGUAGES and quality > 0:
            wanted.append((quality, language))
    return max(wanted, key=lambda pair: pair[0])[1] if wanted else LANGUAGES[0]


_WORDS = {language: Words(language) for language in LANGUAGES}
