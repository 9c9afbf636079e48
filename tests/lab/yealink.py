"""A virtual Yealink desk phone: fetches its configuration, shows it, obeys NOTIFYs."""

import asyncio
import base64
import re
import urllib.parse
from pathlib import Path

from tests.lab import yealink_pages
from tests.lab.browser import BadPage, Dialect
from tests.lab.desk_phone import DeskPhone, account, content_type
from tests.lab.line import Account
from tests.lab.phone import Call, Notification
from tests.lab.screen import ENGLISH, FRENCH, GERMAN, standby
from tests.lab.web_client import ClientCertificate
from tests.lab.yealink_settings import BadSettings, LineKey, line_keys, parse_config

__all__ = ["BadPage", "BadSettings", "LineKey", "VirtualYealink"]

WORDS = {"German": GERMAN, "French": FRENCH}
COMMON_FILE = "y000000000000.cfg"
ALWAYS_REBOOT, IGNORE = "1", "2"  # of sip.notify_reboot_enable; else as NOTIFY says
BUSY_RETRY = 30.0  # seconds until a phone that was in a call fetches after all
UDP = "0"
XML_BROWSER = "27"  # a type of key
VARIABLE = re.compile(r"\$([a-z_]+)")


class VirtualYealink(DeskPhone):
    """A Yealink on a desk.

    `url` is what DHCP would tell it: a file, in which it replaces `$MAC`, or, ending
    in a slash, where its files are. `static.auto_provision.server.url` replaces it.
    """

    def __init__(
        self,
        mac: str,
        url: str,
        model: str = "SIP-T54W",
        firmware: str = "96.86.0.20",
        *,
        ca: Path | None = None,
        certificate: ClientCertificate | None = None,
    ) -> None:
        mac = mac.lower().replace(":", "")
        pairs = ":".join(re.findall("..", mac))
        agent = f"Yealink {model} {firmware}"
        dialect = Dialect(
            yealink_pages.read_page, yealink_pages.submitted, self._command
        )
        agents = f"{agent} {pairs}", agent
        super().__init__(mac, *agents, dialect, ca, certificate)
        self.model, self.firmware = model, firmware
        self.values: dict[str, str] = {}  # they outlive a file that omits them
        self._url = url

    # --- settings ---

    def setting(self, key: str) -> str:
        """The value of a key; empty if it is as in the factory."""
        return self.values.get(key, "")

    async def _load(self) -> bool:
        url = self.setting("static.auto_provision.server.url") or self._url
        url = url.replace("$MAC", self.mac)
        found: dict[str, str] = {}
        if url.endswith("/"):
            common = await self._download(url + COMMON_FILE, self._proof())
            if common is None and self.last_status != 404:
                return False
            found = parse_config(common) if common is not None else {}
            url = f"{url}{self.mac}.cfg"
        text = await self._download(url, self._proof())
        if text is None:
            return False
        merged = self.values | found | parse_config(text)
        _account(merged)  # is right, or nothing is stored
        line_keys(merged)
        self.values = merged
        return True

    def _proof(self) -> dict[str, str]:
        user, password = (
            self.setting(f"static.auto_provision.server.{name}")
            for name in ("username", "password")
        )
        proof = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {proof}"} if user else {}

    async def _become_as_set(self) -> None:
        await self._line.become(_account(self.values))
        if self.phone:
            self.phone.display_name = self.setting("account.1.display_name") or None
            keys = line_keys(self.values).values()
            await self._line.watch(key.value for key in keys if key.type == "blf")

    # --- check-sync, pushed pages, Action URLs ---

    def _notified(self, notification: Notification) -> None:
        if notification.event == "check-sync":
            asked = notification.params.get("reboot") == "true"
            self._check_sync(asked)
        elif notification.event == "yealink-xml":
            if self.setting("push_xml.sip_notify") != "1":
                return
            if content_type(notification) != yealink_pages.NOTIFY_TYPE:
                raise BadPage(f"Content-Type is {content_type(notification)!r}")
            self._browser.show(yealink_pages.parse_page(notification.body), "")

    def _check_sync(self, asked: bool) -> None:
        rule = self.setting("sip.notify_reboot_enable") or ALWAYS_REBOOT
        if rule == IGNORE:
            return
        if self.phone and self.phone.calls:
            loop = asyncio.get_running_loop()
            loop.call_later(BUSY_RETRY, self._check_sync, asked)
            return
        self._order("reboot" if asked or rule == ALWAYS_REBOOT else "sync")

    async def _command(self, url: str, host: str) -> None:
        """Obey an URI of a page that is not on the web."""
        if url.lower() == yealink_pages.EXIT:
            self._browser.close()
        elif url.lower().startswith(yealink_pages.DIAL):
            self._browser.close()
            await self.dial(url[len(yealink_pages.DIAL) :])
        else:
            raise NotImplementedError(f"pressing {url}")

    def _booted(self) -> None:
        self._report_event("action_url.setup_completed")

    def _registered(self) -> None:
        self._report_event("action_url.registered")

    def _report_event(self, key: str) -> None:
        if url := self.setting(key):
            try:
                self._report(self._resolved(url))
            except BadSettings as problem:
                self.problems.append(BadSettings(f"{key}: {problem}"))

    def _resolved(self, url: str) -> str:
        """The URL with its variables filled in; BadSettings if one is unknown."""
        known = {"mac": self.mac, "model": self.model, "firmware": self.firmware}
        account = self._line.account
        known["active_user"] = account.username if account else ""
        known["active_host"] = account.server[0] if account else ""
        known["ip"] = self.phone.address[0] if self.phone else ""

        def value(found: re.Match[str]) -> str:
            if found[1] not in known:
                raise BadSettings(f"unknown variable {found[0]}")
            return urllib.parse.quote(known[found[1]], safe="")

        return VARIABLE.sub(value, url)

    # --- what a person sees and does ---

    def keys(self) -> list[LineKey]:
        """The line keys from the first to the last one that has a type."""
        keys = line_keys(self.values)
        empty = LineKey("", "line")  # a Yealink's factory setting
        return [keys.get(slot, empty) for slot in range(1, max(keys, default=0) + 1)]

    def lamp(self, slot: int) -> str:
        """The dialog state that a BLF key shows; empty if it shows none."""
        key = self.keys()[slot]
        return self._line.lamp(key.value) if key.type == "blf" else ""

    def _key_rows(self) -> list[tuple[str, str]]:
        keys = enumerate(self.keys())
        return [(key.label or key.type, self.lamp(slot)) for slot, key in keys]

    def display(self) -> list[str]:
        if page := self._browser.lines():
            return page
        shown = self.setting("account.1.label") or self.setting("account.1.user_name")
        words = WORDS.get(self.setting("lang.gui"), ENGLISH)
        return standby(self.phone, [shown], words)

    async def press_soft_key(self, number: int) -> None:
        """Press a key under the display that opens a page, counted from 1."""
        kind, url = (
            self.setting(f"programablekey.{number}.{part}")
            for part in ("type", "value")
        )
        if kind != XML_BROWSER:
            raise NotImplementedError(f"soft key {number} opens no page")
        await self._browser.open(self._resolved(url))

    async def press(self, slot: int) -> Call | None:
        key = self.keys()[slot]
        match key.type:
            case "speed":
                return await self.dial(key.value)
            case "blf":
                ringing = self.lamp(slot) == "early"
                return await self.dial(key.pickup * ringing + key.value)
            case "url":
                self._report(self._resolved(key.value))
            case "xml":
                await self._browser.open(self._resolved(key.value))
            case "line" | "none":
                pass
            case _:
                raise NotImplementedError(f"pressing a {key.type} key")
        return None


def _account(values: dict[str, str]) -> Account | None:
    """Account 1; None if it is off or has no name."""

    def mine(name: str) -> str:
        return values.get(f"account.1.{name}", "")

    user = mine("user_name")
    if mine("enable") != "1" or not user:
        return None
    if (mine("sip_server.1.transport_type") or UDP) != UDP:
        raise BadSettings("this phone speaks SIP over UDP only")
    proxied = mine("outbound_proxy_enable") == "1"
    server = "outbound_proxy.1" if proxied else "sip_server.1"
    place = mine(f"{server}.address"), mine(f"{server}.port") or "5060"
    login, expires = mine("auth_name") or user, mine("sip_server.1.expires") or "3600"
    return account(user, login, mine("password"), place, expires)
