"""What protects the pages: headers, the cookie of a session, forms of our own only."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web

from asterisk_hotdesk.administrators import Session

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self';"
    " style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Protection:
    """What depends on how browsers reach us."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self.base_url = base_url
        self._secure = parts.scheme == "https"
        self._origin = f"{parts.scheme}://{parts.netloc}".lower()
        # The prefix keeps other hosts of the same domain from setting it.  Source:
        # RFC 6265bis, 4.1.3.2.
        self.cookie = "__Host-hotdesk" if self._secure else "hotdesk"

    async def add_headers(
        self, request: web.Request, response: web.StreamResponse
    ) -> None:
        """Tell the browser what our pages may do: nothing but what they need."""
        response.headers.update(_HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        if self._secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"

    def let_in(self, response: web.Response, session: Session) -> None:
        """Give the browser the cookie of *session*."""
        response.set_cookie(
            self.cookie,
            session.cookie,
            path="/",
            httponly=True,
            secure=self._secure,
            samesite="Strict",
        )

    def let_out(self, response: web.Response) -> None:
        """Take the cookie away."""
        response.del_cookie(
            self.cookie, path="/", httponly=True, secure=self._secure, samesite="Strict"
        )

    def is_our_form(
        self, request: web.Request, session: Session | None, form: Mapping[str, str]
    ) -> bool:
        """Return whether *form* was sent by a page of ours, to whoever is logged in."""
        if request.headers.get("Origin", "").lower() != self._origin:
            return False
        return session is None or hmac.compare_digest(
            form.get("form_token", "").encode(), session.form_token.encode()
        )


def path_within(text: str) -> str:
    """Return *text* if it is a path of ours to go on to, else our first page."""
    is_ours = (
        text.startswith("/")
        and not text.startswith(("//", "/\\"))
        and text.isprintable()
        and len(text) < 500
    )
    return text if is_ours else "/desks"
