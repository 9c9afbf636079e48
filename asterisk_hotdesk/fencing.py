"""One daemon for one Stasis application, and never a silent steal.

Daemons with the same database are kept apart by a lock in it.  Daemons with different
databases can meet only at Asterisk: each leaves a sign of life in a global variable of
the dialplan, and whoever finds a foreign one that moves stays away.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools

from asterisk_hotdesk.errors import Fenced, HotdeskError
from asterisk_hotdesk.pbx.ari import Ari

BEAT_SECONDS = 10.0


class SignOfLife:
    """Our mark at Asterisk that the Stasis application is taken."""

    def __init__(self, ari: Ari, installation: str) -> None:
        self._ari = ari
        self._installation = installation
        self._variable = f"HOTDESK_DAEMON_{ari.application}".replace("-", "_")
        self._count = itertools.count()

    async def check(self) -> None:
        """Return if the application is free; raise `Fenced` if somebody lives there.

        A mark of our own database is a dead predecessor's: the database's lock says
        that we are the only one.  A foreign mark counts only if it moves.
        """
        found = await self._ari.global_variable(self._variable)
        if not found or found.startswith(self._installation):
            return
        await asyncio.sleep(2.5 * BEAT_SECONDS)
        if await self._ari.global_variable(self._variable) != found:
            raise Fenced(
                "Another hotdesk daemon, with another database, serves the Stasis"
                f" application {self._ari.application!r} of this Asterisk. Stop it, or"
                " set another asterisk.application."
            )

    async def beat(self) -> None:
        """Move our mark every few seconds, for ever."""
        while True:
            # One that Asterisk missed must not be the last one.
            with contextlib.suppress(HotdeskError):
                await self._ari.set_global_variable(
                    self._variable, f"{self._installation} {next(self._count)}"
                )
            await asyncio.sleep(BEAT_SECONDS)
