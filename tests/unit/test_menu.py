"""The menu as a person uses it on a phone, over a real socket."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import aiohttp
import pytest

from asterisk_hotdesk import login
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import (
    AlreadyLoggedIn,
    BadCredentials,
    InEmergency,
    LockedOut,
    NobodyLoggedIn,
    NoLocation,
    NotAHotDesk,
    NotAllowed,
    OtherAccount,
    PinExpired,
    Refused,
    Unavailable,
    UnknownExtension,
)
from asterisk_hotdesk.login import HotDesks, Outcome
from asterisk_hotdesk.model import Desk, DeviceOptions, PhoneKind, Source, Switch, User
from asterisk_hotdesk.networks import Networks
from asterisk_hotdesk.phones.pages import Page, language_of, logged_in_as
from asterisk_hotdesk.web import (
    Configurations,
    PhoneMenu,
    Signs,
    listening,
    phones_app,
    pin_forms,
)
from asterisk_hotdesk.web.urls import menu_url
from tests.unit.phone_server import (
    CONFIG,
    MAC,
    STRANGER,
    TOKEN,
    WRONG_TOKEN,
    FakeProof,
)
from tests.unit.test_phones import ALICE, DEVICE

PIN, WRONG = "730519", "111222"
NOW = datetime(2026, 1, 2, 8, 30, tzinfo=UTC)
HOME = f"/m/{TOKEN}/{MAC}"
OTHER_MAC = "000413000002"
YEALINK = "Yealink SIP-T54W 96.86.0.20 80:5e:c0:aa:bb:cc"


@dataclass
class Office:
    """Two desks, and who may sit there; remembers what was tried."""

    seats: dict[str, Desk] = field(
        default_factory=lambda: {
            MAC: Desk(device=DEVICE),
            OTHER_MAC: Desk(device=replace(DEVICE, name="HD0002", mac=OTHER_MAC)),
        }
    )
    tried: list[tuple[str, ...]] = field(default_factory=list)
    results: list[Exception | bool] = field(default_factory=list)
    """What comes of the next tries: an error, or whether it is in force."""
    said: list[tuple[str, datetime]] = field(default_factory=list)
    away: bool = False

    async def opens(self, mac: str, token: str) -> Desk | None:
        if self.away:
            raise Unavailable("connection refused: password=s3cret")
        return self.seats.get(mac) if token == TOKEN else None

    def has_said(self, device_name: str, decided_at: datetime) -> None:
        self.said.append((device_name, decided_at))

    async def logged_in(self, desk: Desk, user: User) -> Page:
        return logged_in_as(user, language_of(desk, "en"))

    async def log_in(
        self,
        desks: HotDesks,
        *,
        extension: str,
        pin: str,
        device_name: str,
        now: datetime,
        source: Source,
    ) -> Outcome:
        self.tried.append(("login", extension, pin, device_name, source.by))
        return await self._outcome()

    async def log_out(
        self, desks: HotDesks, *, device_name: str, now: datetime, source: Source
    ) -> Outcome:
        self.tried.append(("logout", device_name, source.by))
        return await self._outcome()

    async def _outcome(self) -> Outcome:
        result = self.results.pop(0) if self.results else True
        await asyncio.sleep(0)
        if isinstance(result, Exception):
            raise result
        return Outcome(user=ALICE, device=DEVICE, routed=result)

    def sit_down(self, mac: str = MAC, **device: Any) -> None:
        """Let Alice sit at the desk with the phone *mac*."""
        switch = Switch(id=7, device_id=1, login_id=1, decided_at=NOW)
        seat = self.seats[mac]
        device_there = replace(seat.device, **device)
        self.seats[mac] = Desk(device=device_there, user=ALICE, switch=switch)


@dataclass
class Screen:
    """A phone's screen with a person before it, who reads and types."""

    client: aiohttp.ClientSession
    port: int
    home: str
    agent: str = "Mozilla/4.0 (compatible; snomD785-SIP 10.1.198.12)"
    page: ET.Element = field(default_factory=lambda: ET.Element("closed"))

    async def ask(self, url: str, method: str = "GET") -> aiohttp.ClientResponse:
        """Return the answer to what the phone asks."""
        path = url.partition("phones.example/hd")[2] or url
        return await self.client.request(
            method,
            f"http://127.0.0.1:{self.port}{path}",
            headers={"User-Agent": self.agent},
        )

    async def open(self, url: str = "") -> Screen:
        """Show what is at *url*, else the menu."""
        async with await self.ask(url or self.home) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
            assert answer.headers["Cache-Control"] == "no-store"
            self.page = ET.fromstring(await answer.read())  # noqa: S314
        return self

    @property
    def lines(self) -> list[str]:
        """Return what there is to read."""
        names = [item.get("name", "") for item in self.page.iter("MenuItem")]
        shown = [self.page.get("title"), self.page.findtext("Title"), *names]
        text = self.page.find("Text")
        shown += [self.page.findtext("InputItem/DisplayName")]
        shown += list(text.itertext()) if text is not None else []
        return [line for line in shown if line]

    async def choose(self, name: str) -> Screen:
        for item in self.page.iter("MenuItem"):
            if item.get("name") == name:
                return await self.open(item.findtext("URL", ""))
        raise LookupError(f"no {name} on {self.lines}")

    @property
    def answer_url(self) -> str:
        """Return where the answer to the question goes, without the answer."""
        parameter = self.page.findtext("InputItem/QueryStringParam", "")
        return f"{self.page.findtext('URL', '')}?{parameter}="

    async def type(self, digits: str) -> Screen:
        return await self.open(self.answer_url + digits)

    async def wait(self) -> Screen:
        """Let the message go by that is shown."""
        return await self.open(self.page.findtext("fetch", ""))

    @property
    def leaves(self) -> bool:
        return self.page.findtext("fetch") == "snom://mb_exit"

    async def ask_pin(self, extension: str = "100") -> Screen:
        """Go to the question for the PIN of *extension*."""
        await (await self.open()).choose("Log in")
        return await self.type(extension)


@dataclass
class Served:
    """What is served, and by whom it is used."""

    port: int
    client: aiohttp.ClientSession
    office: Office

    def screen(self, mac: str = MAC, **kwargs: Any) -> Screen:
        return Screen(self.client, self.port, f"/m/{TOKEN}/{mac}", **kwargs)

    async def status(self, path: str, method: str = "GET") -> int:
        async with await self.screen().ask(path, method) as answer:
            return answer.status


@asynccontextmanager
async def serving(config: Config = CONFIG) -> AsyncIterator[Served]:
    office = Office()
    tokens, proof = cast(Any, office), FakeProof()
    menu = PhoneMenu(config, cast(HotDesks, None), tokens, office, lambda: NOW)
    app = phones_app(
        Configurations(config, tokens, proof),
        Signs(Networks(config.provisioning.allowed_networks), tokens, proof, proof),
        menu,
    )
    async with (
        listening(app, "127.0.0.1", 0) as port,
        aiohttp.ClientSession() as client,
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(login, "log_in", office.log_in)
            patch.setattr(login, "log_out", office.log_out)
            yield Served(port, client, office)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as served:
        yield served


@pytest.fixture
def screen(served: Served) -> Screen:
    return served.screen()


@pytest.fixture
def office(served: Served) -> Office:
    return served.office


# A person at the phone


async def test_the_menu_of_an_idle_desk(screen: Screen) -> None:
    await screen.open()

    assert screen.lines == ["Nobody is logged in", "Log in", "Who am I?"]


async def test_the_menu_says_who_sits_there(screen: Screen, office: Office) -> None:
    office.sit_down()

    await screen.open()

    assert screen.lines == ["Alice (100)", "Log in", "Log out", "Who am I?"]


async def test_log_in(screen: Screen, office: Office) -> None:
    await (await screen.open()).choose("Log in")
    assert screen.lines == ["Log in", "Extension"]
    await screen.type("100")
    assert screen.lines == ["100", "PIN"]
    assert screen.page.findtext("InputItem/InputFlags") == "pn"
    await screen.type(PIN)

    assert screen.lines == ["Desk", "You are logged in as Alice (100)"]
    assert screen.leaves
    assert office.tried == [("login", "100", PIN, "HD0001", "menu")]
    assert office.said == [("HD0001", NOW)]


async def test_log_out(screen: Screen, office: Office) -> None:
    office.sit_down()

    await (await screen.open()).choose("Log out")

    assert screen.lines == ["Desk", "Alice (100) is logged out"]
    assert screen.leaves
    assert office.tried == [("logout", "HD0001", "menu")]


async def test_extension_0_logs_out_without_a_pin(
    screen: Screen, office: Office
) -> None:
    await (await screen.open()).choose("Log in")
    await screen.type("0")

    assert screen.lines == ["Desk", "Alice (100) is logged out"]
    assert office.tried == [("logout", "HD0001", "menu")]


async def test_who_am_i(screen: Screen, office: Office) -> None:
    office.sit_down(options=DeviceOptions(timezone="Europe/Berlin"))

    await (await screen.open()).choose("Who am I?")

    assert screen.lines[1:] == ["Alice (100)", "HD0001", "Since 2026-01-02 09:30"]
    assert (await screen.wait()).lines[0] == "Alice (100)"


async def test_nobody_is_nobody(screen: Screen) -> None:
    await (await screen.open()).choose("Who am I?")

    assert screen.lines[1:] == ["Nobody is logged in", "HD0001"]


async def test_the_screen_speaks_the_language_of_the_desk(
    screen: Screen, office: Office
) -> None:
    office.sit_down(language="de")

    assert "Abmelden" in (await screen.open()).lines


async def test_a_yealink_gets_pages_of_its_own(served: Served) -> None:
    screen = await served.screen(agent=YEALINK).open()
    assert screen.page.tag == "YealinkIPPhoneTextMenu"

    kind = PhoneKind(vendor="yealink")
    served.office.seats[MAC] = Desk(device=replace(DEVICE, phone=kind))
    screen = await served.screen(agent="Mozilla").open()
    assert screen.page.tag == "YealinkIPPhoneTextMenu"


@pytest.mark.parametrize("typed", ["", "1" * 11, "*77", "1%00", "%D9%A1", "x"])
async def test_what_is_no_extension_is_asked_again(screen: Screen, typed: str) -> None:
    await (await screen.open()).choose("Log in")

    assert (await screen.type(typed)).lines == ["Log in", "Extension"]


async def test_no_pin_is_asked_again(screen: Screen, office: Office) -> None:
    await screen.ask_pin()

    assert (await screen.type("")).lines == ["100", "PIN"]
    assert office.tried == []
    assert (await screen.type(PIN)).leaves


# Refusals


@pytest.mark.parametrize(
    "refusal", [BadCredentials(), UnknownExtension(), NotAllowed(), OtherAccount()]
)
async def test_all_that_is_wrong_looks_alike(
    screen: Screen, office: Office, refusal: Refused
) -> None:
    office.results = [refusal]
    await screen.ask_pin()
    await screen.type(WRONG)

    assert screen.lines == ["Desk", "The extension or the PIN is wrong"]
    assert re.search(r"/answer/[0-9a-f]{32}$", screen.page.findtext("fetch", ""))


async def test_a_second_pin_may_be_right(screen: Screen, office: Office) -> None:
    office.results = [BadCredentials()]
    await screen.ask_pin()
    await (await screen.type(WRONG)).wait()

    assert screen.lines == ["100", "PIN"]
    assert (await screen.type(PIN)).leaves


async def test_three_wrong_pins_lead_back_to_the_menu(
    screen: Screen, office: Office
) -> None:
    office.results = [BadCredentials(), BadCredentials(), BadCredentials()]
    await screen.ask_pin()
    await (await screen.type(WRONG)).wait()
    await (await screen.type(WRONG)).wait()
    await (await screen.type(WRONG)).wait()

    assert screen.lines[0] == "Nobody is logged in"
    assert len(office.tried) == 3


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (LockedOut(), "Too many wrong PINs. Please try again later."),
        (PinExpired(), "Your PIN is too old. Dial *77*9* to choose another."),
        (AlreadyLoggedIn(), "100 is logged in at another desk"),
        (NoLocation(), "Nobody has said where this phone is"),
        (InEmergency(), "An emergency call is on. Please try again after it."),
        (NotAHotDesk(), "This phone is not a hot desk"),
        (Refused(), "Not available now. Please try again later."),
    ],
)
async def test_a_refusal_is_said_in_its_own_words(
    screen: Screen, office: Office, refusal: Refused, said: str
) -> None:
    office.results = [refusal]
    await screen.ask_pin()
    await screen.type(PIN)

    assert screen.lines == ["Desk", said]
    assert (await screen.wait()).lines[0] == "Nobody is logged in"


async def test_nobody_can_be_logged_out_at_an_idle_desk(
    screen: Screen, office: Office
) -> None:
    office.results = [NobodyLoggedIn()]

    await screen.open(f"{HOME}/logout")

    assert screen.lines == ["Desk", "Nobody is logged in"]


@pytest.mark.parametrize("result", [False, Unavailable("PostgreSQL is away")])
async def test_what_is_not_in_force_is_not_confirmed(
    screen: Screen, office: Office, result: Exception | bool
) -> None:
    office.results = [result]
    await screen.ask_pin()
    await screen.type(PIN)
    assert screen.lines[1:] == ["Not available now. Please try again later."]

    office.results = [result]
    await screen.open(f"{HOME}/logout")
    assert screen.lines[1:] == ["Not available now. Please try again later."]


# One answer to one question


async def test_a_pin_that_was_sent_cannot_be_sent_again(
    screen: Screen, office: Office
) -> None:
    await screen.ask_pin()
    sent = screen.answer_url + PIN
    await screen.open(sent)
    await screen.open(sent)

    assert screen.lines == ["Desk", "Please begin again"]
    assert len(office.tried) == 1


async def test_two_answers_at_once_are_one_try(screen: Screen, office: Office) -> None:
    await screen.ask_pin()
    await asyncio.gather(*(screen.ask(screen.answer_url + PIN) for _ in range(5)))

    assert len(office.tried) == 1


async def test_a_question_is_for_one_phone_only(served: Served) -> None:
    mine, other = served.screen(), served.screen(OTHER_MAC)
    await mine.ask_pin("100")
    await other.ask_pin("101")

    stolen = mine.answer_url.replace(MAC, OTHER_MAC)
    await served.screen(OTHER_MAC).open(stolen + PIN)
    assert served.office.tried == []

    await mine.type(PIN)
    await other.type(PIN)
    assert served.office.tried == [
        ("login", "100", PIN, "HD0001", "menu"),
        ("login", "101", PIN, "HD0002", "menu"),
    ]


async def test_a_question_waits_a_minute(
    screen: Screen, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pin_forms, "FORM_SECONDS", 0.0)
    await screen.ask_pin()
    await screen.type(PIN)

    assert screen.lines == ["Desk", "Please begin again"]
    assert office.tried == []


async def test_a_newer_question_closes_the_one_before(
    served: Served, office: Office
) -> None:
    old, new = served.screen(), served.screen()
    await old.ask_pin("100")
    await new.ask_pin("101")
    await old.type(PIN)
    assert old.lines == ["Desk", "Please begin again"]

    await new.type(PIN)
    assert [tried[1] for tried in office.tried] == ["101"]


# Strangers


@pytest.mark.parametrize("path", ["", "/login", "/login?extension=0", "/logout", "/me"])
async def test_strangers_find_nothing(served: Served, path: str) -> None:
    for mac, token in ((STRANGER, TOKEN), (MAC, WRONG_TOKEN)):
        assert await served.status(f"/m/{token}/{mac}{path}") == 404
    assert served.office.tried == []


@pytest.mark.parametrize(
    "settings",
    [
        {"allowed_networks": ("192.0.2.0/24",)},
        {"client_certificates": "required"},
    ],
    ids=["other networks", "no certificate"],
)
async def test_whoever_may_not_fetch_finds_nothing(settings: dict[str, Any]) -> None:
    provisioning = CONFIG.provisioning.model_copy(update=settings)
    config = CONFIG.model_copy(update={"provisioning": provisioning})
    async with serving(config) as served:
        assert await served.status(HOME) == 404
        assert await served.status(f"{HOME}/logout") == 404
        assert served.office.tried == []


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
async def test_only_a_visit_does_something(served: Served, method: str) -> None:
    assert await served.status(f"{HOME}/logout", method) == 405
    assert served.office.tried == []


@pytest.mark.parametrize(
    ("base_url", "status"),
    [
        ("http://phones.example", 404),
        ("http://192.0.2.10:8081", 404),
        ("https://phones.example", 200),
        ("http://127.0.0.1:8081", 200),
        ("http://localhost:8081", 200),
    ],
)
async def test_where_others_could_read_a_pin_there_is_no_menu(
    base_url: str, status: int
) -> None:
    provisioning = CONFIG.provisioning.model_copy(update={"base_url": base_url})
    config = CONFIG.model_copy(update={"provisioning": provisioning})
    async with serving(config) as served:
        assert await served.status(HOME) == status
        assert await served.status(f"{HOME}/login") == status


def test_the_menu_is_where_phones_reach_us() -> None:
    url = urlsplit(menu_url(CONFIG, TOKEN, MAC))

    assert (url.scheme, url.hostname, url.path) == (
        "https",
        "phones.example",
        f"/hd{HOME}",
    )


# Trouble


async def test_without_the_database_the_screen_says_so(
    screen: Screen, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.away = True

    await screen.open()

    assert screen.lines[1:] == ["Not available now. Please try again later."]
    assert screen.leaves
    assert "s3cret" not in caplog.text


async def test_no_pin_and_no_token_is_ever_logged(
    screen: Screen, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    served.office.results = [
        BadCredentials(),
        Unavailable("away"),
        ZeroDivisionError("a mistake of ours"),
    ]
    path = urlsplit(await typed(screen, PIN)).path.removeprefix("/hd")
    await typed(screen, PIN)
    async with await screen.ask(await asked(screen) + PIN) as answer:
        assert (answer.status, "mistake" in await answer.text()) == (500, False)
    for request in (
        f"GET {path}?pin={PIN} HTTP/9.x\r\n\r\n",
        f"GET {path}?pin={PIN} HTTP/1.1\r\npin={PIN}\r\n\r\n",
        f"GET {path}?pin={PIN}&x={'x' * 2000} HTTP/1.1\r\n\r\n",
        f"{path}?pin={PIN} GET\r\n\r\n",
        f"GET {path}?pin={PIN}\x00 HTTP/1.1\r\n\r\n",
        f"POST {path}?pin={PIN} HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        f"GET {path}/?pin={PIN} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ):
        await sent(served.port, request)

    assert "a mistake of ours" in caplog.text
    assert PIN not in caplog.text
    assert TOKEN not in caplog.text
    assert all(PIN not in repr(record.__dict__) for record in caplog.records)


async def asked(screen: Screen) -> str:
    """Return where the answer to the question for a PIN goes."""
    return (await screen.ask_pin()).answer_url


async def typed(screen: Screen, pin: str) -> str:
    """Answer the question for a PIN, and return where the answer went."""
    url = await asked(screen)
    await screen.type(pin)
    return url


async def sent(port: int, request: str) -> None:
    """Send *request* as it is, and wait for the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode())
    try:
        await asyncio.wait_for(reader.read(), 15)
    except ConnectionResetError:
        pass
    finally:
        writer.close()
