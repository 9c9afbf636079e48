"""The administrators' web page, served if the settings say so."""

from __future__ import annotations

from asterisk_hotdesk import web
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.login import HotDesks
from asterisk_hotdesk.pepper import pepper
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.service.clock import now
from asterisk_hotdesk.service.serving import served
from asterisk_hotdesk.web.admin import AdminSite


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
        # Threads of its own: no flood of wrong passwords delays a PIN.
        site = AdminSite(self._config, self._desks, Pins(pepper(self._config)), now)
        host, port = settings.listen_host, settings.listen_port
        encryption = web.certified(
            settings.tls_certificate, settings.tls_key, table="web"
        )
        async with served(
            site.app(), host, port, setting="web.listen_port", encryption=encryption
        ):
            await site.live.run()
