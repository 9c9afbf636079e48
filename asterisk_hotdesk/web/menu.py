"""The menu on a phone's screen: log in, log out, who am I.

A phone's browser can only GET, so the PIN comes in a query string: only where nobody
else can read it, to a form that takes one answer within a minute, and from there to
`log_in` and nowhere else.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.typedefs import Handler

from asterisk_hotdesk import login
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.config.values import is_confidential
from asterisk_hotdesk.dialogue import LOG_OUT_EXTENSION, Prompt, prompt_for
from asterisk_hotdesk.errors import (
    BadCredentials,
    Refused,
    Unavailable,
)
from asterisk_hotdesk.login import HotDesks
from asterisk_hotdesk.model import LONGEST_EXTENSION, Desk, Source, User
from asterisk_hotdesk.phones import kind_of_user_agent
from asterisk_hotdesk.phones.menu_words import MenuWords, menu_words_of
from asterisk_hotdesk.phones.pages import (
    CONTENT_TYPE,
    Item,
    Menu,
    Message,
    Page,
    Question,
    as_xml,
    language_of,
    who,
)
from asterisk_hotdesk.phones.words import Words, words_of
from asterisk_hotdesk.tokens import TOKEN_DIGITS
from asterisk_hotdesk.web.certificates import names_mac
from asterisk_hotdesk.web.guard import Guard
from asterisk_hotdesk.web.pin_forms import NONCE_DIGITS, PinForm, PinForms
from asterisk_hotdesk.web.urls import menu_url

log = logging.getLogger(__name__)

TRIES = 3
"""After so many wrong PINs the menu comes again."""

PATH = f"/m/{{token:[0-9a-f]{{{TOKEN_DIGITS}}}}}/{{mac:[0-9a-f]{{12}}}}"


class Tokens(Protocol):
    """Who knows the phones' tokens."""

    async def opens(self, mac: str, token: str) -> Desk | None:
        """Return the desk of the phone with *mac* if *token* is its steady one."""


class Display(Protocol):
    """Who says on a phone's screen that somebody is logged in."""

    def has_said(self, device_name: str, decided_at: datetime) -> None:
        """The screen says it already of the login that is decided at this moment."""

    async def logged_in(self, desk: Desk, user: User) -> Page:
        """Return what it says once *user* is logged in at *desk*."""


@dataclass(frozen=True, kw_only=True)
class _Screen:
    """The screen of one phone, and what was typed there."""

    desk: Desk
    language: str
    url: str = field(repr=False)
    """Of the menu."""
    nonce: str = field(repr=False)
    answers: Mapping[str, str] = field(repr=False)
    address: str
    """Of the phone."""

    @property
    def device_name(self) -> str:
        return self.desk.device.name

    @property
    def source(self) -> Source:
        """Return who logs somebody in or out, as the events say."""
        return Source("menu", address=self.address)

    @property
    def words(self) -> Words:
        return words_of(self.language)

    @property
    def menu_words(self) -> MenuWords:
        return menu_words_of(self.language)

    def message(self, *lines: str, then: str) -> Message:
        return Message(title=self.words.menu, lines=lines, next_url=then)


class PhoneMenu:
    """Serves the menu's pages to those who have the token of a phone."""

    def __init__(
        self,
        config: Config,
        desks: HotDesks,
        tokens: Tokens,
        display: Display,
        now: Callable[[], datetime],
    ) -> None:
        provisioning = config.provisioning
        self._config = config
        self._desks = desks
        self._tokens = tokens
        self._display = display
        self._now = now
        self._guard = Guard(
            provisioning.allowed_networks,
            misses_per_minute=provisioning.misses_per_minute,
            sweep_macs=provisioning.sweep_macs,
        )
        # One question at a time to the database, which strangers can make us ask.
        self._turn = asyncio.Lock()
        self._forms = PinForms()

    def routes(self) -> list[web.RouteDef]:
        """Return what is served: nothing where somebody else could read a PIN.

        Never to HEAD, for a visit does something.
        """
        if not is_confidential(self._config.provisioning.base_url):
            return []
        pages = {
            "": self._menu,
            "/login": self._log_in,
            f"/answer/{{nonce:[0-9a-f]{{{NONCE_DIGITS}}}}}": self._take_pin,
            "/logout": self._log_out,
            "/me": self._who_am_i,
        }
        return [
            web.get(PATH + path, self._serving(page), allow_head=False)
            for path, page in pages.items()
        ]

    def _serving(self, page: Callable[[_Screen], Awaitable[Page]]) -> Handler:
        async def serve(http: web.Request) -> web.Response:
            vendor = kind_of_user_agent(http.headers.get("User-Agent", "")).vendor
            try:
                screen = await self._screen(http)
                vendor = vendor or screen.desk.device.phone.vendor
                shown = await page(screen)
            except Unavailable:
                # Said to strangers, too: it is the same for everybody.
                log.warning("%s sees no menu: the database is unavailable", http.remote)
                shown = self._unavailable()
            return _answer(as_xml(shown, vendor))

        return serve

    async def _screen(self, http: web.Request) -> _Screen:
        mac, token = http.match_info["mac"], http.match_info["token"]
        certificates = self._config.provisioning.client_certificates
        if not self._guard.allows(http.remote or ""):
            raise web.HTTPNotFound
        if not names_mac(http, mac, certificates):
            raise web.HTTPNotFound
        async with self._turn:
            desk = await self._tokens.opens(mac, token)
        if desk is None:
            raise web.HTTPNotFound
        return _Screen(
            desk=desk,
            language=language_of(desk, self._config.provisioning.language),
            url=menu_url(self._config, token, mac),
            nonce=http.match_info.get("nonce", ""),
            answers=http.query,
            address=http.remote or "",
        )

    async def _menu(self, screen: _Screen) -> Page:
        words, menu_words, user = screen.words, screen.menu_words, screen.desk.user
        items = [Item(name=words.log_in, url=f"{screen.url}/login")]
        if user:
            items.append(Item(name=words.log_out, url=f"{screen.url}/logout"))
        items.append(Item(name=menu_words.who_am_i, url=f"{screen.url}/me"))
        return Menu(title=who(user) if user else menu_words.nobody, items=tuple(items))

    async def _log_in(self, screen: _Screen) -> Page:
        extension = screen.answers.get("extension", "")
        if extension == LOG_OUT_EXTENSION:
            return await self._log_out(screen)
        if not re.fullmatch(f"[0-9]{{1,{LONGEST_EXTENSION}}}", extension):
            return Question(
                title=screen.words.log_in,
                prompt=screen.menu_words.ask_extension,
                url=f"{screen.url}/login",
                parameter="extension",
            )
        return _ask_pin(screen, self._forms.open(screen.device_name, extension, TRIES))

    async def _take_pin(self, screen: _Screen) -> Page:
        form = self._forms.find(screen.device_name, screen.nonce)
        if form is None:
            return screen.message(screen.menu_words.begin_again, then=screen.url)
        pin = screen.answers.get("pin", "")
        if not pin:
            return _ask_pin(screen, form)
        # Before anything else may come in: it takes no second answer.
        self._forms.close(form)
        try:
            return await self._try(screen, form.extension, pin)
        except BadCredentials:
            then = self._next_try(screen, form)
            return screen.message(screen.menu_words.bad_credentials, then=then)
        except Refused as refusal:
            code = self._config.codes.change_pin_code()
            said = _said(screen.menu_words, refusal, form.extension, code)
            return screen.message(said, then=screen.url)

    async def _try(self, screen: _Screen, extension: str, pin: str) -> Page:
        now = self._now()
        self._display.has_said(screen.device_name, now)
        outcome = await login.log_in(
            self._desks,
            extension=extension,
            pin=pin,
            device_name=screen.device_name,
            now=now,
            source=screen.source,
        )
        if not outcome.routed:
            return self._unavailable()
        there = replace(screen.desk, user=outcome.user)
        return await self._display.logged_in(there, outcome.user)

    def _next_try(self, screen: _Screen, form: PinForm) -> str:
        if form.tries_left <= 1:
            return screen.url
        again = self._forms.open(
            screen.device_name, form.extension, form.tries_left - 1
        )
        return f"{screen.url}/answer/{again.nonce}"

    async def _log_out(self, screen: _Screen) -> Page:
        try:
            outcome = await login.log_out(
                self._desks,
                device_name=screen.device_name,
                now=self._now(),
                source=screen.source,
            )
        except Refused as refusal:
            said = _said(screen.menu_words, refusal)
            return screen.message(said, then=screen.url)
        if not outcome.routed:
            return self._unavailable()
        gone = screen.menu_words.logged_out.format(who=who(outcome.user))
        return Message(title=screen.words.menu, lines=(gone,))

    async def _who_am_i(self, screen: _Screen) -> Page:
        desk, menu_words = screen.desk, screen.menu_words
        if desk.user is None or desk.switch is None:
            return screen.message(
                menu_words.nobody, screen.device_name, then=screen.url
            )
        since = menu_words.since.format(time=self._local(desk, desk.switch.decided_at))
        return screen.message(
            who(desk.user), screen.device_name, since, then=screen.url
        )

    def _local(self, desk: Desk, time: datetime) -> str:
        """Return *time* where the desk is; else where we are."""
        name = desk.device.options.timezone or self._config.provisioning.timezone
        try:
            zone = ZoneInfo(name) if name else None
        except (KeyError, ValueError):
            zone = None
        return f"{time.astimezone(zone):%Y-%m-%d %H:%M}"

    def _unavailable(self) -> Message:
        language = self._config.provisioning.language
        return Message(
            title=words_of(language).menu,
            lines=(menu_words_of(language).unavailable,),
        )


def _ask_pin(screen: _Screen, form: PinForm) -> Question:
    return Question(
        title=form.extension,
        prompt=screen.menu_words.ask_pin,
        url=f"{screen.url}/answer/{form.nonce}",
        parameter="pin",
        masked=True,
    )


def _said(
    words: MenuWords, refusal: Refused, extension: str = "", change_pin_code: str = ""
) -> str:
    """Return what a screen says of *refusal*: the same as a caller hears."""
    said = {
        Prompt.BAD_CREDENTIALS: words.bad_credentials,
        Prompt.LOCKED_OUT: words.locked_out,
        Prompt.PIN_EXPIRED: words.pin_expired.format(code=change_pin_code),
        Prompt.NOT_A_HOT_DESK: words.not_a_hot_desk,
        Prompt.NO_LOCATION: words.no_location,
        Prompt.IN_EMERGENCY: words.in_emergency,
        Prompt.ALREADY_LOGGED_IN: words.already_logged_in.format(who=extension),
        Prompt.NOBODY_LOGGED_IN: words.nobody,
    }
    return said.get(prompt_for(refusal), words.unavailable)


def _answer(page: str) -> web.Response:
    answer = web.Response(
        text=page,
        content_type=CONTENT_TYPE,
        charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )
    # A person reads for seconds; other phones need the connection.
    answer.force_close()
    return answer
