"""HTTP for phones: their configuration, their signs of life, and their menu."""

from __future__ import annotations

from aiohttp import web

from asterisk_hotdesk.web import configuration, signs
from asterisk_hotdesk.web.configuration import Configurations
from asterisk_hotdesk.web.menu import PhoneMenu
from asterisk_hotdesk.web.server import app_of, certified, listening, tls
from asterisk_hotdesk.web.signs import Signs
from asterisk_hotdesk.web.urls import bootstrap_url

__all__ = [
    "Configurations",
    "PhoneMenu",
    "Signs",
    "bootstrap_url",
    "certified",
    "listening",
    "phones_app",
    "tls",
]


def phones_app(
    configurations: Configurations, heard: Signs, menu: PhoneMenu | None = None
) -> web.Application:
    """Return what answers phones."""
    return app_of(
        web.get(configuration.PATH, configurations.serve),
        web.get(signs.PATH, heard.hear),
        *(menu.routes() if menu else ()),
    )
