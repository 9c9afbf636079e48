"""What other programs hear and ask over AMI, put together."""

from __future__ import annotations

import asyncio

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.login import HotDesks
from asterisk_hotdesk.pbx.ami import Ami
from asterisk_hotdesk.service.clock import now
from asterisk_hotdesk.store import Database
from asterisk_hotdesk.telling import Teller
from asterisk_hotdesk.userevents import Announcements, Questions


class AmiInterface:
    """Answers questions, and tells what happens."""

    def __init__(
        self, ami: Ami, database: Database, desks: HotDesks, config: Config
    ) -> None:
        questions = Questions(
            ami,
            database,
            desks,
            config.ami,
            stale_seconds=config.refresh.stale_seconds,
            now=now,
        )
        teller = Teller(database, "ami", Announcements(ami, now).tell, desks.precedence)
        self.take = questions.take
        self.ring = teller.ring
        self._parts = (questions.run, teller.run)

    async def run(self) -> None:
        """Run all parts, for ever."""
        async with asyncio.TaskGroup() as parts:
            for part in self._parts:
                parts.create_task(part())
