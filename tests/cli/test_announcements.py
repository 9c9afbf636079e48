"""What the daemon hears of the commands."""

from __future__ import annotations

import asyncio

from asterisk_hotdesk.store import events
from tests.cli.command import Command


async def test_a_daemon_that_is_stopped_while_it_follows_a_change_ends(
    hotdesk: Command,
) -> None:
    following, listening = asyncio.Event(), asyncio.Event()

    async def follow() -> None:
        async with events.announcements(hotdesk.database, "the daemon") as changes:
            listening.set()
            async for _ in changes:
                following.set()
                await asyncio.Event().wait()

    daemon = asyncio.create_task(follow())
    async with asyncio.timeout(5):
        await listening.wait()
    await hotdesk.succeeds("user", "add", "100", "--name", "A")
    async with asyncio.timeout(5):
        await following.wait()
    daemon.cancel()
    done, _ = await asyncio.wait([daemon], timeout=5)
    assert done == {daemon}
