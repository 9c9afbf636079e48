"""What is on a phone's screen, read back as the phone reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from string import Formatter
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_hotdesk.phones.menu_words import MENU_WORDS, menu_words_of
from asterisk_hotdesk.phones.pages import (
    Item,
    Menu,
    Message,
    Page,
    Question,
    as_xml,
    language_of,
    logged_in_as,
    pushed_to,
    who,
)
from asterisk_hotdesk.phones.words import WORDS
from tests.lab import browser, snom_pages, yealink_pages
from tests.unit.test_phones import ALICE, DEVICE, IDLE, USED

URL = "https://phones.example/m/0123/000413000001"
HOSTILE = (
    '</Text><fetch mil="1">snom://evil</fetch>&"\'<![CDATA[ ]]>\x00\x1b\u202e🦊\r\n'
)
MENU = Menu(title="Alice (100)", items=(Item(name="Log in", url=f"{URL}/login?a=1&b"),))
EXTENSION = Question(
    title="Log in", prompt="Extension", url=f"{URL}/login", parameter="extension"
)
PIN = Question(
    title="100", prompt="PIN", url=f"{URL}/answer/0f", parameter="pin", masked=True
)
LEAVING = Message(title="Hot desk", lines=("Logged in",), seconds=3)
STAYING = replace(LEAVING, lines=("Alice", "HD0001", "Since 8"), next_url=URL)

vendors = pytest.mark.parametrize("vendor", ["snom", "yealink"])


def read(page: Page, vendor: str = "snom") -> ET.Element:
    """Return the page as a phone of *vendor* parses it."""
    return ET.fromstring(as_xml(page, vendor).encode())  # noqa: S314


def texts(page: ET.Element, *tags: str) -> list[str | None]:
    return [page.findtext(tag) for tag in tags]


# snom


def test_a_menu_on_a_snom() -> None:
    menu = read(MENU)

    assert (menu.tag, menu.get("title")) == ("SnomIPPhoneMenu", "Alice (100)")
    (item,) = menu
    assert (item.tag, item.get("name")) == ("MenuItem", "Log in")
    assert item.findtext("URL") == f"{URL}/login?a=1&b"


@pytest.mark.parametrize(("question", "flags"), [(EXTENSION, "n"), (PIN, "pn")])
def test_a_question_on_a_snom(question: Question, flags: str) -> None:
    page = read(question)

    assert page.tag == "SnomIPPhoneInput"
    assert page.get("track") == "no"
    assert texts(page, "Title", "Prompt", "URL", "InputItem/DisplayName") == [
        question.title,
        question.prompt,
        question.url,
        question.prompt,
    ]
    assert page.findtext("InputItem/QueryStringParam") == question.parameter
    assert page.findtext("InputItem/InputFlags") == flags


def test_a_message_on_a_snom_leaves_the_browser() -> None:
    page = read(LEAVING)

    assert page.tag == "SnomIPPhoneText"
    assert texts(page, "Title", "Text") == ["Hot desk", "Logged in"]
    after = page.find("fetch")
    assert after is not None
    assert (after.get("mil"), after.text) == ("3000", "snom://mb_exit")


def test_a_message_on_a_snom_has_lines_and_goes_on() -> None:
    page = read(STAYING)
    text = page.find("Text")

    assert text is not None
    assert list(text.itertext()) == ["Alice", "HD0001", "Since 8"]
    assert [br.tag for br in text] == ["br", "br"]
    assert page.findtext("fetch") == URL


# Yealink


def test_a_menu_on_a_yealink() -> None:
    menu = read(MENU, "yealink")

    assert menu.tag == "YealinkIPPhoneTextMenu"
    assert menu.findtext("Title") == "Alice (100)"
    assert texts(menu, "MenuItem/Prompt", "MenuItem/URI") == [
        "Log in",
        f"{URL}/login?a=1&b",
    ]


@pytest.mark.parametrize(("question", "password"), [(EXTENSION, "no"), (PIN, "yes")])
def test_a_question_on_a_yealink(question: Question, password: str) -> None:
    page = read(question, "yealink")

    assert page.tag == "YealinkIPPhoneInputScreen"
    assert texts(page, "Title", "URL") == [question.title, question.url]
    field = page.find("InputField")
    assert field is not None
    assert (field.get("type"), field.get("password")) == ("number", password)
    assert texts(field, "Prompt", "Parameter") == [question.prompt, question.parameter]


def test_a_message_on_a_yealink() -> None:
    leaving, staying = read(LEAVING, "yealink"), read(STAYING, "yealink")

    assert leaving.tag == "YealinkIPPhoneTextScreen"
    assert leaving.get("Timeout") == "3"
    assert leaving.find("SoftKey") is None
    assert leaving.findtext("Text") == "Logged in"
    assert texts(staying, "SoftKey/Label", "SoftKey/URI") == ["OK", URL]
    assert staying.findtext("Text") == "Alice\nHD0001\nSince 8"


# Both


@vendors
@given(st.text() | st.just(HOSTILE))
def test_no_text_can_break_a_page_or_add_to_it(vendor: str, text: str) -> None:
    def shape(page: Page) -> list[tuple[str, list[str]]]:
        return [(e.tag, list(e.attrib)) for e in read(page, vendor).iter()]

    pages: list[Callable[[str], Page]] = [
        lambda text: Menu(title=text, items=(Item(name=text, url=URL),)),
        lambda text: replace(PIN, title=text, prompt=text),
        lambda text: Message(title=text, lines=(text, text)),
    ]
    for page in pages:
        assert shape(page(text)) == shape(page("plain"))
        assert "\r" not in as_xml(page(text), vendor)


@pytest.mark.parametrize(
    ("vendor", "strictly"),
    [("snom", snom_pages.parse_page), ("yealink", yealink_pages.parse_page)],
)
@pytest.mark.parametrize("page", [MENU, EXTENSION, PIN, LEAVING, STAYING])
def test_a_strict_phone_finds_nothing_that_it_does_not_know(
    vendor: str, strictly: Callable[[bytes], browser.Page], page: Page
) -> None:
    shown = strictly(as_xml(page, vendor).encode())

    assert shown.follow or shown.items or shown.fields
    assert [field.hidden for field in shown.fields] in ([], [page is PIN])


@vendors
def test_a_url_of_a_page_is_not_shown_where_it_is_printed(vendor: str) -> None:
    assert all("0123" not in repr(page) for page in (MENU, EXTENSION, PIN, STAYING))


@vendors
def test_each_line_of_a_page_fits_into_an_ami_header(vendor: str) -> None:
    user = replace(ALICE, name="&🦊" * 100)
    page = as_xml(logged_in_as(user, "en"), vendor)

    assert max(len(line.encode()) for line in page.splitlines()) < 900


def test_a_push_says_what_it_is() -> None:
    assert pushed_to("snom") == pushed_to("gigaset") == ("xml", "application/snomxml")
    assert pushed_to("yealink") == ("Yealink-xml", "application/xml")


def test_a_user_without_a_name_is_an_extension() -> None:
    assert who(ALICE) == "Alice (100)"
    assert who(replace(ALICE, name="")) == "100"


def test_a_screen_speaks_the_users_language_else_the_devices() -> None:
    device = replace(DEVICE, language="fr")
    spanish = replace(ALICE, language="es")

    assert language_of(replace(USED, device=device, user=spanish), "en") == "es"
    assert language_of(replace(USED, device=device), "en") == "fr"
    assert language_of(IDLE, "en") == "en"


# Words


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_language_says_everything_its_own_way(language: str) -> None:
    words, english = menu_words_of(language), menu_words_of("en")

    assert all(words)
    assert len(words.bad_credentials) < 50
    for ours, theirs in zip(words, english, strict=True):
        assert places(ours) == places(theirs)
    if language != "en":
        assert words.logged_in != english.logged_in


def places(text: str) -> list[str]:
    """Return the names of what is filled into *text*."""
    found = (name for _, name, _, _ in Formatter().parse(text))
    return [name for name in found if name]


def test_a_language_that_we_do_not_speak_is_english() -> None:
    assert menu_words_of("tlh") == MENU_WORDS["en"]
    assert menu_words_of("de_CH") == MENU_WORDS["de"]
