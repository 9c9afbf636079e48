"""A text in every language of the web page."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """The same in English and German; what is in {} is filled in."""

    en: str
    de: str
