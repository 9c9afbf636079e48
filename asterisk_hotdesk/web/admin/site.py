"""The administrators' site: every request is checked here, and nowhere else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from asterisk_hotdesk.administrators import Administrators, Session
from asterisk_hotdesk.config import WebConfig
from asterisk_hotdesk.errors import Invalid, Unavailable
from asterisk_hotdesk.networks import Networks
from asterisk_hotdesk.web.admin.api.doors import ApiDoors
from asterisk_hotdesk.web.admin.api.routes import ApiRoute
from asterisk_hotdesk.web.admin.protection import Protection
from asterisk_hotdesk.web.admin.rendering import Rendering, StaticFile
from asterisk_hotdesk.web.admin.routes import Route, Visit
from asterisk_hotdesk.web.admin.words import language_wanted, words_of
from asterisk_hotdesk.web.server import BODY_SECONDS, hide_software

log = logging.getLogger(__name__)

MOST_BYTES = 256 * 1024
"""Of a form; the largest is the one that changes many users at once."""

_A_YEAR = "public, max-age=31536000, immutable"

_ERRORS = {403: "error_403", 404: "error_404", 405: "error_404", 413: "error_413"}


class Site:
    """Serves pages to administrators, and the API to programs."""

    def __init__(
        self,
        config: WebConfig,
        administrators: Administrators,
        rendering: Rendering,
        protection: Protection,
    ) -> None:
        self._networks = Networks(config.allowed_networks)
        self._administrators = administrators
        self._rendering = rendering
        self._protection = protection

    def app(
        self,
        routes: Sequence[Route],
        api: Sequence[ApiRoute],
        files: Sequence[StaticFile],
    ) -> web.Application:
        """Return what serves *routes*, *api* and *files*, and nothing else."""
        app = web.Application(middlewares=[self._checked], client_max_size=MOST_BYTES)
        app.on_response_prepare.append(hide_software)
        app.on_response_prepare.append(self._protection.add_headers)
        app.router.add_get("/healthz", _healthz)
        for file in files:
            app.router.add_get(file.path, _serving(file))
        doors = ApiDoors(self._administrators)
        for api_route in api:
            app.router.add_route(
                api_route.method, api_route.path, doors.guarded(api_route)
            )
        for route in routes:
            app.router.add_route(route.method, route.path, self._guarded(route))
        return app

    def _guarded(self, route: Route) -> Handler:
        """Return what answers *route* for those who may ask, and sends others away."""

        async def serve(http: web.Request) -> web.StreamResponse:
            session = await self._session(http, is_use=route.is_use)
            if route.needs is not None:
                if session is None:
                    return _to_login(http, route)
                if not session.administrator.role.covers(route.needs):
                    return self._error(http, session, 403)
            form: Mapping[str, str] = {}
            if route.method == "POST":
                form = await _form_of(http)
                if not self._protection.is_our_form(http, session, form):
                    log.warning("a form from elsewhere was refused: %s", route.path)
                    return self._error(
                        http, session, 403, "error_form", url=self._protection.base_url
                    )
            return await route.answer(self._visit(http, session, form))

        return serve

    async def _session(self, http: web.Request, *, is_use: bool) -> Session | None:
        cookie = http.cookies.get(self._protection.cookie)
        if not cookie:
            return None
        return await self._administrators.session(cookie, is_use=is_use)

    def _visit(
        self, http: web.Request, session: Session | None, form: Mapping[str, str]
    ) -> Visit:
        language = session.administrator.language if session else ""
        language = language or language_wanted(http.headers.get("Accept-Language", ""))
        return Visit(http=http, words=words_of(language), session=session, form=form)

    @web.middleware
    async def _checked(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Answer nobody from elsewhere, and say in plain words what went wrong."""
        http = request
        if not self._networks.allow(http.remote or ""):
            raise web.HTTPNotFound
        try:
            return await handler(http)
        except Unavailable:
            log.warning("%s gets no page: the database is unavailable", http.remote)
            return self._error(http, None, 503)
        except Invalid:
            # A name in the address, for example, that nothing can have.
            return self._error(http, None, HTTPStatus.BAD_REQUEST)
        except web.HTTPException as error:
            if error.status < HTTPStatus.BAD_REQUEST:
                raise
            return self._error(http, None, error.status)
        except Exception:
            log.exception("a page could not be made: %s", http.path)
            return self._error(http, None, 500)

    def _error(
        self,
        http: web.Request,
        session: Session | None,
        status: int,
        said: str = "",
        **values: str,
    ) -> web.Response:
        said = said or _ERRORS.get(status) or f"error_{status}"
        visit = self._visit(http, session, {})
        text = getattr(visit.words, said, visit.words.error_other)
        return self._rendering.page(
            visit, "error.html.j2", status=status, problem=text.format_map(values)
        )


def _to_login(http: web.Request, route: Route) -> web.Response:
    if route.method == "POST" or not route.is_use:
        return web.Response(status=303, headers={"Location": "/login"})
    then = quote(http.path_qs, safe="")
    return web.Response(status=303, headers={"Location": f"/login?then={then}"})


async def _form_of(http: web.Request) -> Mapping[str, str]:
    """Return the fields of a form that are texts; ours have no files.

    Raises an `HTTPException` for what is no form, or does not come to an end.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            posted = await http.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except (ValueError, LookupError, HttpProcessingError):
        # No UTF-8, an unknown character set, or broken parts.
        raise web.HTTPBadRequest from None
    return {name: value for name, value in posted.items() if isinstance(value, str)}


def _serving(file: StaticFile) -> Handler:
    async def serve(http: web.Request) -> web.Response:
        return web.Response(
            body=file.content,
            content_type=file.content_type,
            charset="utf-8",
            headers={"Cache-Control": _A_YEAR},
        )

    return serve


async def _healthz(http: web.Request) -> web.Response:
    return web.Response(text="ok")
