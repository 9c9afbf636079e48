"""Queue members: paused while their user sits nowhere, if the user wants that.

A login resumes them, once: whoever takes a break later stays paused.  The queues are
the PBX's own; where they refuse, logins go on without them.
"""

from __future__ import annotations

import asyncio
import logging

from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.model import Desk, Seating, User
from asterisk_hotdesk.outages import Outage, keep_doing
from asterisk_hotdesk.pbx.ami import Ami, AmiRefused
from asterisk_hotdesk.store import Database, logins, users

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
REASON = "hotdesk"
"""What Asterisk's queues show as the reason of the pause."""


class QueueMembers:
    """Whose queue members have to be paused or resumed."""

    def __init__(self, database: Database, ami: Ami) -> None:
        self._database = database
        self._ami = ami
        self._users: dict[str, None] = {}
        """Keys, in the order in which they came and went."""
        self._all_wanted = False
        self._stir = asyncio.Event()
        self._refusal = ""

    def follow(self, seating: Seating) -> None:
        """Pause or resume those in *seating* who have just come or are away."""
        changed = [
            user.key
            for user, desk in filter(None, seating.users.values())
            if user.queue_interface and _changed(desk)
        ]
        self._users.update(dict.fromkeys(changed))
        self._stir.set()

    def want_all(self) -> None:
        """Pause everybody who is away: Asterisk, or we, may have forgotten."""
        self._all_wanted = True
        self._stir.set()

    async def run(self) -> None:
        """Pause and resume, for ever."""
        await keep_doing(
            self._set_all, self._stir, Outage(log, "what queue members need")
        )

    async def _set_all(self) -> None:
        if self._all_wanted:
            async with self._database.transaction() as tx:
                away = await users.queue_members_away(tx)
            self._all_wanted = False
            self._users.update(dict.fromkeys(user.key for user in away))
        while self._users:
            key = next(iter(self._users))
            del self._users[key]
            try:
                await self._set(key)
            except HotdeskError:
                self._users.setdefault(key)
                raise

    async def _set(self, key: str) -> None:
        async with self._database.transaction() as tx:
            desks, people = await logins.touched(tx, (), (key,))
        for user in people:
            await self._pause(user, paused=not desks)

    async def _pause(self, user: User, *, paused: bool) -> None:
        """Pause the user's member in all queues, or resume it.

        Source: Asterisk documentation, AMI action QueuePause.
        """
        if not user.queue_interface:
            return
        try:
            await self._ami.action(
                "QueuePause",
                {
                    "Interface": user.queue_interface,
                    "Paused": "true" if paused else "false",
                    "Reason": REASON,
                },
            )
        except AmiRefused as refused:
            if self._refusal != str(refused):
                log.warning(
                    "queue members such as %s of %s stay as they are: %s",
                    user.queue_interface,
                    user.key,
                    refused,
                )
            self._refusal = str(refused)
        else:
            self._refusal = ""


def _changed(desk: Desk | None) -> bool:
    return desk is None or bool(desk.switch and desk.switch.routed_at is None)
