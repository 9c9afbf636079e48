"""Let go of what is old: delete the history, and take people's names out before that.

Whoever is named gets the same pseudonym everywhere, so that a report can still count
people; without the pepper nobody can find out who it was, nor try extensions out.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from asterisk_hotdesk.config import HistoryConfig
from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.store import Database, Tx, retention

log = logging.getLogger(__name__)

LOOK_SECONDS = 24 * 3600.0

PAUSE_SECONDS = 0.2
"""Between two parts, so that logins never queue behind the deletion."""

RETRY_SECONDS = 60.0

Part = Callable[[Tx], Awaitable[int]]
"""Does a part of the work; returns 0 where nothing is left to do."""


class Retention:
    """Lets go of what is too old, at the start and then once a day."""

    def __init__(
        self,
        database: Database,
        config: HistoryConfig,
        key: bytes,
        now: Callable[[], datetime],
    ) -> None:
        """*key* is that of the pseudonyms (`pepper.pseudonym_key`)."""
        self._database = database
        self._config = config
        self._key = key
        self._now = now

    async def run(self) -> None:
        """Let go, for ever."""
        outage = Outage(log, "what deleting old history needs")
        while True:
            try:
                await self.let_go()
            except HotdeskError as error:
                outage.note(error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            outage.over()
            await asyncio.sleep(LOOK_SECONDS)

    async def let_go(self) -> None:
        """Delete and pseudonymise all that is old enough by now."""
        if self._config.keep_days:
            before = self._before(self._config.keep_days)
            await self._all(lambda tx: retention.forget_events(tx, before))
            await self._all(lambda tx: retention.forget_logins(tx, before))
            await self._all(lambda tx: retention.forget_switches(tx, before))
            await self._all(lambda tx: retention.forget_emergency_calls(tx, before))
        if self._config.pseudonymise_days:
            before = self._before(self._config.pseudonymise_days)
            await self._all(
                lambda tx: retention.pseudonymise(
                    tx, before, lambda text: pseudonym(self._key, text)
                )
            )
            # They say who sat where, and nothing needs them that are over.
            await self._all(lambda tx: retention.forget_logins(tx, before))

    def _before(self, days: int) -> datetime:
        return self._now() - timedelta(days=days)

    async def _all(self, part: Part) -> None:
        """Do *part* again and again, until nothing is left to do."""
        while True:
            async with self._database.transaction() as tx:
                if not await part(tx):
                    return
            await asyncio.sleep(PAUSE_SECONDS)


def pseudonym(key: bytes, text: str) -> str:
    """Return what stands for *text*: the same for the same, and nothing else."""
    return "~" + hmac.digest(key, text.encode(), hashlib.sha256).hex()[:12]
