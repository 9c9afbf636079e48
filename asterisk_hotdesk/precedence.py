"""Logins go first: somebody stands at a phone and waits for them.

What only comes after a login (checking it once more, telling other programs) would
take the same processor and the same connections from the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LONGEST_SECONDS = 0.1
"""Where one login follows the other without a pause, the rest is done nevertheless."""


class Precedence:
    """Knows whether somebody is being logged in in this process."""

    def __init__(self) -> None:
        self._logins = 0
        self._nobody = asyncio.Event()
        self._nobody.set()

    @contextmanager
    def of_a_login(self) -> Iterator[None]:
        """Let whoever gives way wait while the block runs."""
        self._logins += 1
        self._nobody.clear()
        try:
            yield
        finally:
            self._logins -= 1
            if not self._logins:
                self._nobody.set()

    async def give_way(self) -> None:
        """Return when nobody is being logged in, or after `LONGEST_SECONDS`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_SECONDS):
                await self._nobody.wait()
