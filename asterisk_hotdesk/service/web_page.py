"""The administrators' web page, served if the settings say so."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from asterisk_hotdesk import web
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.login import HotDesks
from asterisk_hotdesk.pepper import pepper
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.service.clock import now
from asterisk_hotdesk.service.serving import served
from asterisk_hotdesk.store import ANSWER_SECONDS, Database, open_database
from asterisk_hotdesk.web.admin import AdminSite

CONNECTIONS = 3
WAIT_SECONDS = 20.0
"""After a restart all who look come back at once; the last of them waits so long."""


class WebPage:
    """Serves administrators on a port of their own, also while the PBX is away."""

    def __init__(self, config: Config, desks: HotDesks) -> None:
        self._config = config
        self._desks = desks

    async def run(self) -> None:
        """Serve for ever; return at once where the settings do not want the page."""
        settings = self._config.web
        if not settings.enabled:
            return
        host, port = settings.listen_host, settings.listen_port
        encryption = web.certified(
            settings.tls_certificate, settings.tls_key, table="web"
        )
        # Connections and threads of its own: however many look, and whatever they type,
        # nobody at a phone waits for them.
        async with self._database() as database:
            desks = replace(self._desks, database=database)
            site = AdminSite(self._config, desks, Pins(pepper(self._config)), now)
            async with served(
                site.app(), host, port, setting="web.listen_port", encryption=encryption
            ):
                await site.live.run()

    def _database(self) -> AbstractAsyncContextManager[Database]:
        shared = self._desks.database
        return open_database(
            shared.conninfo,
            shared.schema,
            most_connections=CONNECTIONS,
            patience_seconds=ANSWER_SECONDS,
            wait_seconds=WAIT_SECONDS,
        )
