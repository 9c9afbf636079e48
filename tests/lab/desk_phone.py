"""What the virtual desk phones of every vendor have in common.

A desk phone fetches its settings, registers, shows its display and keys as text, and
obeys check-sync. It is stricter than a real one: what that would silently ignore
raises BadSettings or BadPage. Like a real one, it keeps the old value of every
setting that a file leaves out.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import aiohttp
from yarl import URL

from tests.lab.browser import Answer, Browser, Dialect
from tests.lab.line import Account, Line
from tests.lab.phone import Call, Notification, Phone, RegisterFailed
from tests.lab.plugged import Plugged
from tests.lab.rtp import Changes
from tests.lab.screen import drawing
from tests.lab.settings import BadSettings
from tests.lab.web_client import ClientCertificate, HiddenQuery, web_client


class DeskPhone(Plugged):
    """A phone on a desk. Use it as `async with VirtualSnom(…) as snom:`.

    `ca` is a PEM file of the authorities that it trusts when it speaks HTTPS: these
    and no others. `certificate` is its own, if it has one.
    """

    def __init__(
        self,
        mac: str,
        user_agent: str,
        sip_user_agent: str,
        dialect: Dialect,
        ca: Path | None,
        certificate: ClientCertificate | None,
    ) -> None:
        self.mac = mac
        self.user_agent = user_agent
        self.attempts = self.fetches = self.reboots = 0  # fetches: those that worked
        self.last_error = ""  # of the last fetch or registration; empty: it worked
        self.last_status: int | None = None  # HTTP, of the last fetch
        self.problems: list[BaseException] = []  # bad settings or pages, not raised yet
        self.changes = Changes()
        self._ca, self._certificate = ca, certificate
        self._browser = Browser(self._ask, dialect, self.changes, self.problems)
        self._line = Line(
            sip_user_agent,
            self.changes,
            self.problems,
            notified=self._got_notify,
            registered=self._registered,
        )
        self._orders: asyncio.Queue[str] = asyncio.Queue()
        self._background: set[asyncio.Task[None]] = set()
        self._fetching = asyncio.Lock()

    async def start(self) -> None:
        """Plug it in: fetch the settings and register; raises BadSettings."""
        self._http = web_client(self.user_agent, self._ca, self._certificate)
        self._worker = asyncio.get_running_loop().create_task(self._obey_orders())
        try:
            await self.fetch()
            self._booted()
        except BaseException:
            await self.close()
            raise

    async def close(self, *, politely: bool = True) -> None:
        """Unregister and go; impolitely means: as if the power failed."""
        self._browser.close()
        tasks = [self._worker, *self._background]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._line.stop(politely=politely)
        await self._http.close()

    async def reboot(self) -> None:
        """Unregister, forget what is not stored, start again."""
        self.reboots += 1
        self._browser.close()
        await self._line.stop()
        await self.fetch()
        if not self.phone:  # the server was down: the stored settings still hold
            await self._become_as_set()
        self._booted()

    async def fetch(self) -> None:
        """Fetch the settings and obey them; raises BadSettings, and changes nothing.

        If the server does not deliver, the old settings stay and `last_error` says why.
        """
        async with self._fetching:
            self.attempts += 1
            try:
                if await self._load():
                    await self._become_as_set()
                    self.last_error = self._line.problem
                    self.fetches += 1
            except BadSettings as problem:
                self.last_error = str(problem)
                raise
            finally:
                self.changes.happened()

    # --- what differs between vendors ---

    @abstractmethod
    async def _load(self) -> bool:
        """Download and store the settings; whether the server delivered.

        If it did not, `last_error` says why. Raises BadSettings and stores nothing.
        """

    @abstractmethod
    async def _become_as_set(self) -> None:
        """Have the registration, the name and the lamps that the settings want."""

    @abstractmethod
    def _notified(self, notification: Notification) -> None:
        """Obey a NOTIFY outside of any subscription."""

    @abstractmethod
    def display(self) -> list[str]:
        """The lines of the display: a page, the calls, or who sits here."""

    @abstractmethod
    def _key_rows(self) -> list[tuple[str, str]]:
        """What stands beside each key, and the dialog state that its lamp shows."""

    @abstractmethod
    async def press(self, slot: int) -> Call | None:
        """Press a function key, counted from 0; the call, if it makes one."""

    @abstractmethod
    def _booted(self) -> None:
        """Tell whoever wants to know that the phone has started."""

    @abstractmethod
    def _registered(self) -> None:
        """Tell whoever wants to know that the registration is in place."""

    # --- the network ---

    @property
    def phone(self) -> Phone | None:
        """The telephone in it; None without an account."""
        return self._line.phone

    async def _download(self, url: str, headers: Mapping[str, str]) -> bytes | None:
        """A file; None if the server does not deliver: `last_error` says why."""
        try:
            answer = await self._ask(url, headers)
        except (aiohttp.ClientError, TimeoutError) as problem:
            self.last_status, self.last_error = None, f"{url}: {problem!r}"
            return None
        self.last_status = answer.status
        if answer.status != 200:
            self.last_error = f"{url}: HTTP {answer.status}"
            return None
        return answer.body

    async def _ask(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        as_it_is = URL(HiddenQuery(url), encoded=True)  # phones do not normalise
        async with self._http.get(as_it_is, headers=headers) as answer:
            kind, charset = answer.content_type, answer.charset
            return Answer(answer.status, kind, charset, await answer.read())

    def _got_notify(self, notification: Notification) -> None:
        try:
            self._notified(notification)
        except Exception as problem:
            self.problems.append(problem)
        self.changes.happened()

    def _order(self, order: str) -> None:
        """Have this done next: sync, reboot, reregister."""
        self._orders.put_nowait(order)

    async def _obey_orders(self) -> None:
        while True:
            order = await self._orders.get()
            try:
                if order == "reboot":
                    await self.reboot()
                elif order == "reregister":
                    await self._line.register()
                elif order == "sync":
                    await self.fetch()
            except (RegisterFailed, TimeoutError) as problem:
                self.last_error = str(problem)
            except Exception as problem:
                self.problems.append(problem)
            self.changes.happened()

    def _report(self, url: str) -> None:
        """Ask for an Action URL in the background; whatever comes of it is ignored."""
        task = asyncio.get_running_loop().create_task(self._ask_and_forget(url))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _ask_and_forget(self, url: str) -> None:
        with suppress(aiohttp.ClientError, TimeoutError):
            await self._ask(url)

    # --- what a person sees and does ---

    @property
    def page(self) -> str:
        """What the browser shows, one line each; empty if it is closed."""
        return "\n".join(self._browser.lines())

    @property
    def typed(self) -> str:
        """What was typed last, as the display showed it: a password is all stars."""
        return self._browser.typed

    async def choose(self, name: str) -> None:
        """Choose a line of the menu; LookupError if there is no such line."""
        await self._browser.choose(name)

    async def type(self, *texts: str) -> None:
        """Type into the fields on the display, then press OK."""
        __tracebackhide__ = True  # what is typed may be a PIN
        await self._browser.type(*texts)

    async def press_softkey(self, label: str) -> None:
        """Press the key under a label of the page; LookupError if it has none such."""
        await self._browser.press_soft_key(label)

    def screen(self, width: int = 30) -> str:
        """The display and the first four keys as a drawing."""
        rows = self._key_rows()[:4]
        keys, lamps = [key for key, _ in rows], [lamp for _, lamp in rows]
        return drawing(self.display(), keys, lamps, width)

    async def dial(self, number: str) -> Call:
        """Call a number; RuntimeError if the phone has no account."""
        if self.phone is None:
            raise RuntimeError(f"{self.mac} has no account: {self.last_error}")
        return await self.phone.call(number)

    async def until(
        self, condition: Callable[[], object], what: str, *, within: float = 5
    ) -> None:
        """Return once the condition holds; TimeoutError shows `what` and the screen."""
        await self.changes.until(
            condition, within, lambda: f"{what}\n{self.screen()}\n{self.last_error}"
        )

    async def shows(self, text: str, *, within: float = 5) -> None:
        """Return once the display has this text."""
        await self.until(
            lambda: any(text in line for line in self.display()),
            f"{self.mac} to show {text!r}",
            within=within,
        )


def content_type(notification: Notification) -> str:
    """The type of a NOTIFY's body, without parameters; empty if it names none."""
    kind = notification.request.find("Content-Type") or ""
    return kind.partition(";")[0].strip().lower()


def account(
    username: str, login: str, password: str, server: tuple[str, str], expires: str
) -> Account:
    """An account from texts in settings; BadSettings if they make none."""
    host, port = server
    if not host or not _is_number(port):
        raise BadSettings(f"no SIP server in {host!r}:{port!r}")
    if not _is_number(expires):
        raise BadSettings(f"a registration for {expires!r} seconds")
    return Account(username, login, password, (host, int(port)), int(expires))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
