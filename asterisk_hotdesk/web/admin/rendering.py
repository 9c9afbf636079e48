"""Pages from templates, with the words and the rights of whoever looks at them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jinja2
from aiohttp import web

from asterisk_hotdesk import __version__
from asterisk_hotdesk.model import Role
from asterisk_hotdesk.web.admin.routes import Visit
from asterisk_hotdesk.web.admin.words import Words

_CONTENT_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

SAID_COOKIE = "hotdesk_said"
_SAID_SECONDS = 30


@dataclass(frozen=True)
class StaticFile:
    """A file that browsers keep: its address is another one when it changes."""

    name: str
    content: bytes

    @property
    def content_type(self) -> str:
        return _CONTENT_TYPES[self.name.rpartition(".")[2]]

    @property
    def path(self) -> str:
        return f"/static/{hashlib.sha256(self.content).hexdigest()[:16]}/{self.name}"


def static_files() -> list[StaticFile]:
    """Return the style sheet, the script and the icon."""
    folder = resources.files("asterisk_hotdesk.web.admin") / "static"
    return [
        StaticFile(file.name, file.read_bytes())
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
    ]


@dataclass(frozen=True)
class MenuEntry:
    """A page in the main menu."""

    path: str
    words: str
    """The name of its words."""
    needs: Role = Role.VIEWER


MENU = (
    MenuEntry("/desks", "menu_desks"),
    MenuEntry("/users", "menu_users"),
    MenuEntry("/phones", "menu_phones"),
    MenuEntry("/history", "menu_history"),
)


class Rendering:
    """Makes pages and parts of pages."""

    def __init__(self, files: list[StaticFile]) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("asterisk_hotdesk.web.admin"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "static": {file.name: file.path for file in files},
            "menu": MENU,
            "version": __version__,
        }

    def part(self, template: str, words: Words, **values: Any) -> str:
        """Return a part of a page, the same for everybody who speaks this language."""
        return self._environment.get_template(template).render(t=words, **values)

    def page(
        self, visit: Visit, template: str, *, status: int = 200, **values: Any
    ) -> web.Response:
        """Return a whole page for one visit, with what the last form has said."""
        session = visit.session
        said = _said(visit)
        text = self.part(
            template,
            visit.words,
            administrator=session.administrator if session else None,
            may=lambda role: (
                session is not None and session.administrator.role.covers(Role(role))
            ),
            form_token=session.form_token if session else "",
            here=visit.http.path,
            said=said,
            **values,
        )
        answer = web.Response(status=status, text=text, content_type="text/html")
        if said:
            answer.del_cookie(SAID_COOKIE)
        return answer


def see(path: str, *said: str, **values: str) -> web.Response:
    """Send the browser to *path*, where the page says these words, filled in.

    So that going back or reloading does not do again what a form has done.
    """
    answer = web.Response(status=303, headers={"Location": path})
    if said:
        answer.set_cookie(
            SAID_COOKIE,
            json.dumps([list(said), values]).encode().hex(),
            max_age=_SAID_SECONDS,
            httponly=True,
            samesite="Strict",
        )
    return answer


def _said(visit: Visit) -> list[str]:
    """Return the sentences that `see` has left for this page."""
    kept = visit.http.cookies.get(SAID_COOKIE)
    if not kept:
        return []
    try:
        names, values = json.loads(bytes.fromhex(kept))
        return [_filled(visit.words, name, values) for name in names]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        # Whoever writes cookies by hand reads nothing.
        return []


def _filled(words: Words, name: str, values: Mapping[str, str]) -> str:
    return str(getattr(words, name)).format_map(
        {key: str(value) for key, value in values.items()}
    )
