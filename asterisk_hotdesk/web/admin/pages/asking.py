"""What the address of a page asks for; what makes no sense is passed over."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from asterisk_hotdesk.web.admin.protection import path_within
from asterisk_hotdesk.web.admin.routes import Visit

E = TypeVar("E", bound=StrEnum)

LONGEST_TEXT = 80
_HIGHEST_NUMBER = 10**18


def text(visit: Visit, name: str = "q") -> str:
    """Return what somebody searches for."""
    asked = visit.http.query.get(name, "")
    # PostgreSQL has no texts with NUL in them.
    return "".join(filter(str.isprintable, asked)).strip()[:LONGEST_TEXT]


def one_of(visit: Visit, name: str, usual: E) -> E:
    """Return which of the kinds that *usual* is one of is asked for, else *usual*."""
    asked = visit.http.query.get(name, "")
    return type(usual)(asked) if asked in list(type(usual)) else usual


def number(text: str, usual: int) -> int:
    """Return the number that *text* is, else *usual*."""
    if not (text.isascii() and text.isdigit()):
        return usual
    return min(int(text[:20]), _HIGHEST_NUMBER)


def then(visit: Visit) -> str:
    """Return where the browser goes afterwards: to the page that it came from."""
    return path_within(visit.form.get("then") or visit.http.query.get("then", ""))


def address(path: str, **named: str) -> str:
    """Return *path* with what is *named* and not empty."""
    query = urlencode({name: value for name, value in named.items() if value})
    return f"{path}?{query}" if query else path
