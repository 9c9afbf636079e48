"""The calls that reach us: one conversation for each caller."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.fencing import SignOfLife
from asterisk_hotdesk.ivr import UNAVAILABLE_CONTEXT, Ivr, Sounds, available_sounds
from asterisk_hotdesk.login import HotDesks
from asterisk_hotdesk.outages import Link
from asterisk_hotdesk.pbx.ari import Ari
from asterisk_hotdesk.pbx.stasis import channels
from asterisk_hotdesk.service.clock import now
from asterisk_hotdesk.service.patience import Reached, patiently
from asterisk_hotdesk.store import Database, installation

log = logging.getLogger(__name__)

ORPHAN_SECONDS = 1.0
"""A channel in our application that sends no StasisStart so long is an orphan."""


class Calls:
    """Answers who dials our codes, while we are the only daemon of this Asterisk."""

    def __init__(
        self,
        config: Config,
        database: Database,
        ari: Ari,
        desks: HotDesks,
        only_one: asyncio.Event,
        *,
        meanwhile: Sequence[Callable[[], Coroutine[Any, Any, None]]],
    ) -> None:
        """*meanwhile* is what runs only while calls are answered, too."""
        self._config = config
        self._database = database
        self._ari = ari
        self._desks = desks
        self._only_one = only_one
        self._meanwhile = meanwhile
        self._calls: set[asyncio.Task[None]] = set()
        self.answering = Link()
        self.ours = asyncio.Event()
        """Set once we know that no other daemon serves this Asterisk."""

    async def run(self) -> None:
        """Answer calls, for ever."""
        sounds = await patiently(self._sounds, "Asterisk's ARI")
        ivr = Ivr(self._desks, sounds, self._config.provisioning.language, now)
        await patiently(
            lambda reached: self._answer_calls(ivr, reached), "Asterisk's ARI"
        )

    async def _sounds(self, _: Reached) -> Sounds:
        log.info("Asterisk %s", await self._ari.version())
        return await available_sounds(self._ari, self._config.prompts)

    async def _answer_calls(self, ivr: Ivr, reached: Reached) -> None:
        await self._only_one.wait()
        async with self._database.transaction() as tx:
            identity = await installation.identity(tx)
        sign = SignOfLife(self._ari, identity)
        await sign.check()
        self.ours.set()
        began: set[str] = set()
        helpers: list[asyncio.Task[None]] = []
        try:
            async with self._ari.events() as stream:
                self.answering.set()
                reached()
                helpers.append(asyncio.create_task(sign.beat()))
                helpers.append(asyncio.create_task(self._end_orphans(began)))
                helpers.extend(asyncio.create_task(run()) for run in self._meanwhile)
                async for channel in channels(self._ari, stream):
                    began.add(channel.id)
                    # Not cancelled with the connection: its caller is gone then, and
                    # what it has decided must be followed to the end.
                    call = asyncio.create_task(ivr.serve(channel))
                    self._calls.add(call)
                    call.add_done_callback(self._calls.discard)
        finally:
            self.answering.clear()
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _end_orphans(self, began: set[str]) -> None:
        """Let callers go whom an earlier connection left in our application.

        Asterisk keeps them there in silence, and tells nobody.
        """
        found = await self._ari.waiting_channels()
        await asyncio.sleep(ORPHAN_SECONDS)
        for channel in set(found) - began:
            log.warning("the call %s was left over; it is told to try again", channel)
            await self._ari.continue_in_dialplan(channel, UNAVAILABLE_CONTEXT)
