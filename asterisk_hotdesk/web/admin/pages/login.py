"""Logging in and out, and what an administrator may change about the own login."""

from __future__ import annotations

from aiohttp import web

from asterisk_hotdesk.administrators import LANGUAGES, Administrators
from asterisk_hotdesk.errors import Refused
from asterisk_hotdesk.model import Role
from asterisk_hotdesk.web.admin.protection import Protection, path_within
from asterisk_hotdesk.web.admin.rendering import Rendering, see
from asterisk_hotdesk.web.admin.routes import Route, Visit, action, page

FIRST_PAGE = "/desks"


class LoginPages:
    """Lets administrators in and out."""

    def __init__(
        self,
        administrators: Administrators,
        rendering: Rendering,
        protection: Protection,
    ) -> None:
        self._administrators = administrators
        self._rendering = rendering
        self._protection = protection

    def routes(self) -> list[Route]:
        """Return what is served."""
        return [
            page("/", None, self._to_first_page),
            page("/login", None, self._form),
            action("/login", None, self._log_in),
            action("/logout", Role.VIEWER, self._log_out),
            page("/account", Role.VIEWER, self._account),
            action("/account/password", Role.VIEWER, self._change_password),
            action("/account/language", Role.VIEWER, self._set_language),
        ]

    async def _to_first_page(self, visit: Visit) -> web.Response:
        return see(FIRST_PAGE)

    async def _form(self, visit: Visit) -> web.Response:
        then = path_within(visit.http.query.get("then", FIRST_PAGE))
        if visit.session:
            return see(then)
        return self._rendering.page(
            visit, "login.html.j2", then=then, name="", problem=""
        )

    async def _log_in(self, visit: Visit) -> web.Response:
        name = visit.form.get("name", "")
        then = path_within(visit.form.get("then", FIRST_PAGE))
        try:
            session = await self._administrators.log_in(
                name, visit.form.get("password", ""), visit.address
            )
        except Refused as refusal:
            return self._rendering.page(
                visit,
                "login.html.j2",
                status=403,
                then=then,
                name=name,
                problem=visit.words.refused(refusal),
            )
        answer = see(then)
        self._protection.let_in(answer, session)
        return answer

    async def _log_out(self, visit: Visit) -> web.Response:
        await self._administrators.log_out(visit.logged_in, visit.address)
        answer = see("/login", "logged_out_said")
        self._protection.let_out(answer)
        return answer

    async def _account(self, visit: Visit) -> web.Response:
        return self._account_page(visit)

    def _account_page(
        self, visit: Visit, *, problem: str = "", status: int = 200
    ) -> web.Response:
        return self._rendering.page(
            visit,
            "account.html.j2",
            status=status,
            languages=LANGUAGES,
            problem=problem,
        )

    async def _change_password(self, visit: Visit) -> web.Response:
        new = visit.form.get("new", "")
        if new != visit.form.get("again", ""):
            problem = visit.words.passwords_differ
            return self._account_page(visit, problem=problem, status=422)
        try:
            await self._administrators.change_password(
                visit.logged_in, visit.form.get("old", ""), new, visit.address
            )
        except Refused as refusal:
            problem = visit.words.refused(refusal)
            return self._account_page(visit, problem=problem, status=403)
        return see("/account", "password_changed")

    async def _set_language(self, visit: Visit) -> web.Response:
        language = visit.form.get("language", "")
        if language not in ("", *LANGUAGES):
            raise web.HTTPBadRequest
        await self._administrators.set_language(visit.logged_in, language)
        return see("/account", "language_changed")
