"""A virtual snom desk phone: fetches its settings, shows them, obeys check-sync."""

import base64
from pathlib import Path
from typing import Self

from tests.lab import pnp, snom_pages
from tests.lab.browser import BadPage, Dialect
from tests.lab.desk_phone import DeskPhone, account, content_type
from tests.lab.line import Account
from tests.lab.phone import Call, Notification
from tests.lab.screen import ENGLISH, FRENCH, GERMAN, standby
from tests.lab.sip import Address, uri_user
from tests.lab.snom_settings import (
    STATIC_SETTINGS,
    BadSettings,
    Key,
    Setting,
    Settings,
    key_action,
    parse_settings,
    trusted_hosts,
)
from tests.lab.snom_urls import resolved
from tests.lab.web_client import ClientCertificate

__all__ = ["BadPage", "BadSettings", "Key", "VirtualSnom"]

WORDS = {"Deutsch": GERMAN, "Français": FRENCH}
MODEL, FIRMWARE = "snomD785", "10.1.198.19"


class VirtualSnom(DeskPhone):
    """A snom on a desk.

    `url` is what DHCP would tell it; a `setting_server` in the settings replaces it.
    """

    def __init__(
        self,
        mac: str,
        url: str,
        model: str = MODEL,
        firmware: str = FIRMWARE,
        *,
        ca: Path | None = None,
        certificate: ClientCertificate | None = None,
    ) -> None:
        mac = mac.upper().replace(":", "")
        dialect = Dialect(snom_pages.read_page, snom_pages.submitted, self._command)
        agents = _web_agent(mac, model, firmware), f"{model}/{firmware}"
        super().__init__(mac, *agents, dialect, ca, certificate)
        self.model, self.firmware = model, firmware
        self.values: dict[Setting, str] = {}  # they outlive a file that omits them
        self.changed: set[Setting] = set()  # what the last fetch made different
        self.contacts: dict[str, str] = {}  # the phone's own directory: number by name
        self._url = url
        self._group: Address | None = None
        self._host = "127.0.0.1"
        self._keys: dict[int, Key] = {}
        self._certificates: list[str] = []

    @classmethod
    def by_pnp(
        cls,
        mac: str,
        group: Address = pnp.GROUP,
        host: str = "127.0.0.1",
        *,
        ca: Path | None = None,
        certificate: ClientCertificate | None = None,
    ) -> Self:
        """A new snom with this address, which asks its network for the URL.

        Its start raises BadPnp or, if no server answers, TimeoutError.
        """
        snom = cls(mac, "", ca=ca, certificate=certificate)
        snom._group, snom._host = group, host
        return snom

    async def start(self) -> None:
        if self._group:
            about = pnp.Phone(self.mac, "snom", self.model, self.firmware)
            self._url = await pnp.discover(about, self._group, self._host)
        await super().start()

    # --- settings ---

    def setting(self, name: str, identity: int = 0) -> str:
        """The value of a setting; empty if no file ever had it."""
        return self.values.get((name, identity), "")

    async def _load(self) -> bool:
        url = self.setting("setting_server") or self._url
        text = await self._download(url.replace("{mac}", self.mac), self._proof())
        if text is None:
            return False
        settings = parse_settings(text)
        _account(self.values | settings.values)  # is right, or nothing is stored
        is_first = not self.values
        if self._store(settings) and not is_first:
            self._restart()
        return True

    def _store(self, settings: Settings) -> bool:
        """Take over what a file says; whether it changed what needs a restart."""
        merged = self.values | settings.values
        self.changed = {s for s in merged if merged[s] != self.values.get(s)}
        self.values = merged
        self._keys |= settings.keys
        kept = {} if settings.all_contacts else self.contacts
        self.contacts = kept | dict(settings.contacts)
        trusted = settings.certificates or self._certificates
        trusts_others = trusted != self._certificates
        self._certificates = trusted
        return trusts_others or any(name in STATIC_SETTINGS for name, _ in self.changed)

    def _proof(self) -> dict[str, str]:
        user, password = (
            self.setting(f"http_client_{name}") for name in ("user", "pass")
        )
        proof = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {proof}"} if user else {}

    def _restart(self) -> None:
        """Restart; a phone that may not do it by itself only asks for it."""
        if self.setting("auto_reboot_on_setting_change") == "off":
            self.reboots += 1
        else:
            self._order("reboot")

    async def _become_as_set(self) -> None:
        await self._line.become(_account(self.values))
        if self.phone:
            self.phone.display_name = self.setting("user_realname", 1) or None
            challenged = self.setting("challenge_checksync") == "on"
            self.phone.challenged = {"check-sync"} if challenged else set()
            keys = self._keys.values()
            blf = {_blf(key.argument)[0] for key in keys if key.type == "blf"}
            await self._line.watch(blf)

    # --- check-sync, pushed pages, Action URLs ---

    def _notified(self, notification: Notification) -> None:
        if notification.event == "check-sync":
            asked = notification.params.get("reboot") == "true"
            action = self.setting("checksync_action")
            self._order(action or ("reboot" if asked else "sync"))
        elif notification.event == "xml" and self.setting("xml_notify") == "on":
            if content_type(notification) != snom_pages.NOTIFY_TYPE:
                raise BadPage(f"Content-Type is {content_type(notification)!r}")
            registrar = self._line.account.server[0] if self._line.account else ""
            self._browser.show(snom_pages.parse_page(notification.body), registrar)

    async def _command(self, url: str, host: str) -> None:
        """Obey an URL of a page that is not on the web; `host` is whose page it was."""
        if key := url.partition(snom_pages.PRESS)[2]:
            raise NotImplementedError(f"pressing {key}")
        place, fragments = snom_pages.command(url)
        if place == "mb_exit":
            self._browser.close()
        if "reloadset" in fragments:
            if _bare(host) in trusted_hosts(self.setting("mb_trusted_hosts")):
                self._order("sync")
            else:
                self.last_error = f"{_bare(host)} is not in mb_trusted_hosts"

    def _booted(self) -> None:
        self._report_event("action_setup_url")

    def _registered(self) -> None:
        self._report_event("action_log_on_url")

    def _report_event(self, setting: str) -> None:
        if url := self.setting(setting):
            try:
                self._report(self._resolved(url))
            except BadSettings as problem:
                self.problems.append(BadSettings(f"{setting}: {problem}"))

    def _resolved(self, url: str) -> str:
        runtime = {"mac": self.mac, "nr_ongoing_calls": "0"}
        if self.phone and self._line.account:
            user, host = self.phone.username, self._line.account.server[0]
            uri = f"sip:{user}@{host}"
            runtime |= {"active_user": user, "active_host": host, "active_url": uri}
            runtime |= {"local": uri, "context_url": uri}
            runtime["phone_ip"] = self.phone.address[0]
            runtime["nr_ongoing_calls"] = str(len(self.phone.calls))
        return resolved(url, runtime, self.values)

    # --- what a person sees and does ---

    def keys(self) -> list[Key]:
        """The function keys from the first to the last one that was ever set."""
        empty = Key("", "line", "")  # a snom's factory setting
        last = max(self._keys, default=-1)
        return [self._keys.get(slot, empty) for slot in range(last + 1)]

    def lamp(self, slot: int) -> str:
        """The dialog state that a BLF key shows; empty if it shows none."""
        key = self.keys()[slot]
        return self._line.lamp(_blf(key.argument)[0]) if key.type == "blf" else ""

    def _key_rows(self) -> list[tuple[str, str]]:
        keys = enumerate(self.keys())
        return [(key.label or key.type, self.lamp(slot)) for slot, key in keys]

    def display(self) -> list[str]:
        if page := self._browser.lines():
            return page
        idle = self.setting("user_idle_text", 1), self.setting("user_idle_number", 1)
        return standby(self.phone, idle, WORDS.get(self.setting("language"), ENGLISH))

    async def press(self, slot: int) -> Call | None:
        key = self.keys()[slot]
        if key.type == "blf":
            number, pickup = _blf(key.argument)
            ringing = self.lamp(slot) == "early"
            return await self.dial(pickup + number if ringing else number)
        return await self._do(key.type, key.argument)

    async def press_context_key(self, number: int) -> Call | None:
        """Press a key under the idle display, 1 … 4; the call, if it makes one."""
        value = self.setting(f"gui_fkey{number}")
        value = self.setting("context_key", number - 1) or value
        if not value:
            raise LookupError(f"no action on the context key {number}")
        return await self._do(*key_action(value, f"context key {number}"))

    async def _do(self, kind: str, argument: str) -> Call | None:
        if kind in ("speed", "dest"):
            return await self.dial(argument)
        if kind == "url":
            await self._browser.open(self._resolved(argument))
        elif kind not in ("line", "none"):
            raise NotImplementedError(f"pressing a {kind} key")
        return None


def _web_agent(mac: str, model: str, firmware: str) -> str:
    """As a snom names itself to a web server (as the plugins of Wazo know it)."""
    about = f"{model}-SIP {firmware} 2010.12-00004-g9ba52f5 {mac} SXM:0 UXM:0"
    return f"Mozilla/4.0 (compatible; {about})"


def _account(values: dict[Setting, str]) -> Account | None:
    """The account of identity 1; None if it is off or has no name."""

    def mine(name: str) -> str:
        return values.get((f"user_{name}", 1), "")

    user = mine("name")
    if mine("active") == "off" or not user:
        return None
    server = _server(mine("outbound") or mine("host"))
    login, expires = mine("pname") or user, mine("expiry") or "3600"
    return account(user, login, mine("pass"), server, expires)


def _server(text: str) -> tuple[str, str]:
    """Host and port of user_host or user_outbound."""
    place, *options = text.partition(",")[0].split(";")
    if not set(options) <= {"transport=udp", "lr"}:
        raise BadSettings(f"{text!r}: this phone speaks SIP over UDP only")
    host, _, port = place.removeprefix("sip:").partition(":")
    return host, port or "5060"


def _blf(argument: str) -> tuple[str, str]:
    """The number and the pickup code of `22|*8` or `<sip:22@host>|*8`."""
    target, _, pickup = argument.partition("|")
    target = target.strip().strip("<>")
    return uri_user(target) if ":" in target else target, pickup.strip()


def _bare(host: str) -> str:
    """A URL's host without its port, as mb_trusted_hosts wants it."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).strip("[]")
