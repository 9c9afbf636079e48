"""The account of a desk phone: its registration, and the lamps that depend on it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, NamedTuple

from tests.lab.phone import (
    Notification,
    Phone,
    RegisterFailed,
    SubscribeFailed,
    Watch,
)
from tests.lab.rtp import Changes
from tests.lab.sip import Address

PATIENCE = 24 * 3600.0  # seconds that a phone waits for its registrar to come back


class Account(NamedTuple):
    """What a registration depends on."""

    username: str
    auth_username: str
    password: str
    server: Address
    expires: int

    def __repr__(self) -> str:
        return f"account {self.username} at {self.server[0]}:{self.server[1]}"


class Line:
    """A place for one account: empty, or with a Phone that registers by itself."""

    def __init__(
        self,
        user_agent: str,
        changes: Changes,
        problems: list[BaseException],
        *,
        notified: Callable[[Notification], None],
        registered: Callable[[], None],
    ) -> None:
        self.phone: Phone | None = None
        self.account: Account | None = None
        self.problem = ""  # of the last try to register; empty: it worked
        self._user_agent, self._changes, self._problems = user_agent, changes, problems
        self._notified, self._registered = notified, registered
        self._lamps: dict[str, Watch] = {}

    async def become(self, account: Account | None) -> None:
        """Have this account and no other; the same one again changes nothing."""
        if account != self.account:
            await self.stop()
        if account and not self.phone:
            await self._start(account)
        self.account = account

    async def stop(self, *, politely: bool = True) -> None:
        """Unregister; `become` starts it again."""
        phone, self.phone, self._lamps = self.phone, None, {}
        if phone:
            await _to_the_end(phone.close(politely=politely))
            self._problems += phone.problems

    async def register(self) -> None:
        """Register once more, now; raises RegisterFailed or TimeoutError."""
        if self.phone and self.account:
            await self.phone.register(self.account.expires)

    async def watch(self, numbers: Iterable[str]) -> None:
        """Watch the lamps of these extensions, and of no others."""
        wanted = set(numbers) if self.phone else set()
        for number in self._lamps.keys() - wanted:
            await self._lamps.pop(number).close()
        for number in sorted(wanted - self._lamps.keys()):
            with suppress(SubscribeFailed):  # the lamp then stays dark
                if self.phone:
                    self._lamps[number] = await self.phone.subscribe_dialog(number)

    def lamp(self, number: str) -> str:
        """The dialog state of an extension; empty if it is not watched."""
        watch = self._lamps.get(number)
        return watch.state if watch else ""

    async def _start(self, account: Account) -> None:
        username, login, password, server, expires = account
        agent = self._user_agent
        phone = Phone(username, password, server, None, agent, auth_username=login)
        try:
            await _to_the_end(phone.start())
        except asyncio.CancelledError:
            await phone.close(politely=False)
            raise
        phone.changes = self._changes
        phone.on_notify = self._notified
        self.phone = phone
        phone.spawn(self._tell_when_registered(phone))
        try:
            await phone.register(expires)
        except (RegisterFailed, TimeoutError) as problem:
            self.problem = str(problem)
            phone.keep_registering(expires)

    async def _tell_when_registered(self, phone: Phone) -> None:
        await phone.changes.until(lambda: phone.registered, PATIENCE, lambda: "it")
        self.problem = ""
        self._registered()


async def _to_the_end(doing: Coroutine[Any, Any, None]) -> None:
    """Do it to its end even if cancelled: no socket is left half open or closed."""
    task = asyncio.ensure_future(doing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
