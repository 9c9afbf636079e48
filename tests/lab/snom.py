"""A virtual snom desk phone: fetches its settings, shows them, obeys check-sync.

It is stricter than a real one: what a snom would silently ignore raises BadSettings.
Like a real one, it keeps the old value of every setting that a file leaves out.
"""

import asyncio
import base64
import xml.etree.ElementTree as ET
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

import aiohttp

from tests.lab.phone import (
    Call,
    Notification,
    Phone,
    RegisterFailed,
    SubscribeFailed,
    Watch,
)
from tests.lab.rtp import Changes
from tests.lab.sip import Address, uri_user
from tests.lab.snom_settings import BadSettings, Key, Setting, Settings, parse_settings

__all__ = ["BadSettings", "Key", "VirtualSnom"]

LAMPS = {"confirmed": "●", "early": "◐", "idle": "○", "terminated": "○"}
WORDS = {  # what the display says by itself
    "Deutsch": ("Nicht registriert", "Nachrichten"),
    "Français": ("Non enregistré", "Messages"),
}
ENGLISH = ("Not registered", "Messages")


class Identity(NamedTuple):
    """What a registration depends on."""

    username: str
    auth_username: str
    password: str
    server: Address
    expires: int


class VirtualSnom:
    """A snom on a desk. Use it as `async with VirtualSnom(mac, url) as snom:`.

    `url` is what DHCP would tell it; a `setting_server` in the settings replaces it.
    """

    def __init__(
        self,
        mac: str,
        url: str,
        model: str = "snomD785",
        firmware: str = "10.1.198.19",
    ) -> None:
        self.mac = mac.upper().replace(":", "")
        self.model, self.firmware = model, firmware
        self.phone: Phone | None = None
        self.values: dict[Setting, str] = {}  # they outlive a file that omits them
        self.changed: set[Setting] = set()  # what the last fetch made different
        self.attempts = self.fetches = self.reboots = 0  # fetches: those that worked
        self.last_error = ""  # of the last fetch or registration; empty: it worked
        self.last_status: int | None = None  # HTTP, of the last fetch
        self.problems: list[BaseException] = []  # bad settings after a check-sync
        self.page = ""  # what a url key or a pushed XML page shows
        self.changes = Changes()
        self._url = url
        self._keys: dict[int, Key] = {}
        self._identity: Identity | None = None
        self._lamps: dict[str, Watch] = {}
        self._orders: asyncio.Queue[str] = asyncio.Queue()
        self._fetching = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
        if self.problems and problem is None:
            raise self.problems[0]

    async def start(self) -> None:
        """Plug it in: fetch the settings and register; raises BadSettings."""
        self._http = aiohttp.ClientSession(headers={"User-Agent": self.user_agent})
        self._worker = asyncio.get_running_loop().create_task(self._obey_orders())
        try:
            await self.fetch()
        except BaseException:
            await self.close()
            raise

    async def close(self, *, politely: bool = True) -> None:
        """Unregister and go; impolitely means: as if the power failed."""
        self._worker.cancel()
        await asyncio.gather(self._worker, return_exceptions=True)
        await self._stop_phone(politely=politely)
        await self._http.close()

    @property
    def user_agent(self) -> str:
        """As a snom names itself to a web server (as the plugins of Wazo know it)."""
        versions = f"{self.firmware} 2010.12-00004-g9ba52f5"
        about = f"{self.model}-SIP {versions} {self.mac} SXM:0 UXM:0"
        return f"Mozilla/4.0 (compatible; {about})"

    # --- settings ---

    async def fetch(self) -> None:
        """Fetch the settings and obey them; raises BadSettings, and changes nothing.

        If the server does not deliver, the old settings stay and `last_error` says why.
        """
        async with self._fetching:
            self.attempts += 1
            url = self.setting("setting_server") or self._url
            settings = await self._download(url.replace("{mac}", self.mac))
            if settings:
                merged = self.values | settings.values
                identity = _identity(merged)
                self.changed = {s for s in merged if merged[s] != self.values.get(s)}
                self.values = merged
                self._keys |= settings.keys
                await self._become(identity)
                self.fetches += 1
            self.changes.happened()

    async def _download(self, url: str) -> Settings | None:
        user, password = (
            self.setting(f"http_client_{name}") for name in ("user", "pass")
        )
        proof = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {proof}"} if user else {}
        try:
            async with self._http.get(url, headers=headers) as answer:
                self.last_status, text = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError) as problem:
            self.last_status, self.last_error = None, f"{url}: {problem!r}"
            return None
        if self.last_status != 200:
            self.last_error = f"{url}: HTTP {self.last_status}"
            return None
        try:
            settings = parse_settings(text)
        except BadSettings as problem:
            self.last_error = f"{url}: {problem}"
            raise
        self.last_error = ""
        return settings

    def setting(self, name: str, identity: int = 0) -> str:
        """The value of a setting; empty if no file ever had it."""
        return self.values.get((name, identity), "")

    async def _become(self, identity: Identity | None) -> None:
        """Have the registration, the name and the lamps that the settings want."""
        if identity != self._identity:
            await self._stop_phone()
        if identity and not self.phone:
            await self._start_phone(identity)
        self._identity = identity
        if self.phone:
            self.phone.display_name = self.setting("user_realname", 1) or None
            challenged = self.setting("challenge_checksync") == "on"
            self.phone.challenged = {"check-sync"} if challenged else set()
            await self._watch_keys(self.phone)

    async def _stop_phone(self, *, politely: bool = True) -> None:
        phone, self.phone, self._lamps = self.phone, None, {}
        if phone:
            await phone.close(politely=politely)
            self.problems += phone.problems

    async def _start_phone(self, identity: Identity) -> None:
        username, login, password, server, expires = identity
        agent = f"{self.model}/{self.firmware}"
        phone = Phone(username, password, server, None, agent, auth_username=login)
        await phone.start()
        phone.changes = self.changes
        phone.on_notify = self._notified
        self.phone = phone
        try:
            await phone.register(expires)
        except (RegisterFailed, TimeoutError) as problem:
            self.last_error = str(problem)
            phone.keep_registering(expires)

    async def _watch_keys(self, phone: Phone) -> None:
        """Watch the extensions of the BLF keys, and no others."""
        keys = self._keys.values()
        wanted = {_blf(key.argument)[0] for key in keys if key.type == "blf"}
        for number in self._lamps.keys() - wanted:
            await self._lamps.pop(number).close()
        for number in sorted(wanted - self._lamps.keys()):
            with suppress(SubscribeFailed):  # the lamp then stays dark
                self._lamps[number] = await phone.subscribe_dialog(number)

    # --- check-sync and pushed pages ---

    def _notified(self, notification: Notification) -> None:
        if notification.event == "check-sync":
            asked = notification.params.get("reboot") == "true"
            action = self.setting("checksync_action")
            self._orders.put_nowait(action or ("reboot" if asked else "sync"))
        elif notification.event == "xml" and self.setting("xml_notify") == "on":
            self.page = _page_text(notification.body)

    async def _obey_orders(self) -> None:
        while True:
            order = await self._orders.get()
            try:
                if order == "reboot":
                    await self.reboot()
                elif order == "reregister" and self.phone and self._identity:
                    await self.phone.register(self._identity.expires)
                elif order == "sync":
                    await self.fetch()
            except (RegisterFailed, TimeoutError) as problem:
                self.last_error = str(problem)
            except Exception as problem:
                self.problems.append(problem)
            self.changes.happened()

    async def reboot(self) -> None:
        """Unregister, forget what is not stored, start again."""
        self.reboots += 1
        self.page = ""
        await self._stop_phone()
        await self.fetch()
        if not self.phone:  # the server was down: the stored settings still hold
            await self._become(_identity(self.values))

    # --- what a person sees and does ---

    def keys(self) -> list[Key]:
        """The function keys from the first to the last one that was ever set."""
        empty = Key("", "line", "")  # a snom's factory setting
        last = max(self._keys, default=-1)
        return [self._keys.get(slot, empty) for slot in range(last + 1)]

    def lamp(self, slot: int) -> str:
        """The dialog state that a BLF key shows; empty if it shows none."""
        key = self.keys()[slot]
        watch = self._lamps.get(_blf(key.argument)[0]) if key.type == "blf" else None
        return watch.state if watch else ""

    def display(self) -> list[str]:
        """The lines of the display: a pushed page, the calls, or who sits here."""
        if self.page:
            return self.page.splitlines()
        unregistered, messages = WORDS.get(self.setting("language"), ENGLISH)
        lines = [self.setting("user_idle_text", 1), self.setting("user_idle_number", 1)]
        if not (self.phone and self.phone.registered):
            return [*filter(None, lines), unregistered]
        if self.phone.calls:
            lines = [line for call in self.phone.calls for line in call.remote]
        waiting = self.phone.messages.partition("/")[0]
        if waiting not in ("", "0", "no"):
            lines.append(f"{messages}: {waiting}")
        return [line for line in lines if line]

    def screen(self, width: int = 30) -> str:
        """The display and the first four keys as a drawing."""
        rule = "─" * (width + 2)
        rows = [f"{i + 1} {k.label or k.type} " for i, k in enumerate(self.keys()[:4])]
        keys = [row + LAMPS.get(self.lamp(i), "") for i, row in enumerate(rows)]
        shown = [self.display() or [""], keys or [""]]
        parts = ["\n".join(f"│ {x[:width]:<{width}} │" for x in part) for part in shown]
        return f"┌{rule}┐\n" + f"\n├{rule}┤\n".join(parts) + f"\n└{rule}┘"

    async def press(self, slot: int) -> Call | None:
        """Press a function key, counted from 0; the call, if it makes one."""
        key = self.keys()[slot]
        if key.type in ("speed", "dest"):
            return await self.dial(key.argument)
        if key.type == "blf":
            number, pickup = _blf(key.argument)
            ringing = self.lamp(slot) == "early"
            return await self.dial(pickup + number if ringing else number)
        if key.type == "url":
            async with self._http.get(key.argument.replace("$mac", self.mac)) as answer:
                self.page = _page_text(await answer.read())
        elif key.type not in ("line", "none"):
            raise NotImplementedError(f"pressing a {key.type} key")
        return None

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


def _identity(values: dict[Setting, str]) -> Identity | None:
    """The account of identity 1; None if it is off or has no name."""

    def mine(name: str) -> str:
        return values.get((f"user_{name}", 1), "")

    user, expires = mine("name"), mine("expiry") or "3600"
    if mine("active") == "off" or not user:
        return None
    if not (expires.isascii() and expires.isdigit()):
        raise BadSettings(f"user_expiry is {expires!r}")
    server = _address(mine("outbound") or mine("host"))
    return Identity(user, mine("pname") or user, mine("pass"), server, int(expires))


def _address(text: str) -> Address:
    """Host and port of user_host or user_outbound."""
    place, *options = text.partition(",")[0].split(";")
    if not set(options) <= {"transport=udp", "lr"}:
        raise BadSettings(f"{text!r}: this phone speaks SIP over UDP only")
    host, _, port = place.removeprefix("sip:").partition(":")
    if not host or not (port or "5060").isdigit():
        raise BadSettings(f"no SIP server in {text!r}")
    return host, int(port or 5060)


def _blf(argument: str) -> tuple[str, str]:
    """The number and the pickup code of `22|*8` or `<sip:22@host>|*8`."""
    target, _, pickup = argument.partition("|")
    target = target.strip().strip("<>")
    return uri_user(target) if ":" in target else target, pickup.strip()


def _page_text(body: bytes) -> str:
    """The words on a minibrowser page, one line each."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - from the lab's own server
    except ET.ParseError:
        return ""
    shown = [root.get("title", "")]
    for node in root.iter():
        if node.tag.lower() in ("title", "text", "prompt", "displayname", "name"):
            shown.append(node.text or "")
        elif node.tag.lower() == "menuitem":
            shown.append(node.get("name", ""))
    return "\n".join(line.strip() for line in shown if line.strip())
