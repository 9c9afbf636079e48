"""Pages for the screens of phones, in the XML of each vendor.

Sources: snom's wiki ("XML Minibrowser", "SnomIPPhoneInput", "Fragments", "Via SIP
NOTIFY") and Yealink's XML Browser Developer's Guide (TextMenu, InputScreen,
TextScreen).  What both can show is all that there is here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree import ElementTree as ET

from asterisk_hotdesk.model import Desk, User
from asterisk_hotdesk.phones.menu_words import menu_words_of
from asterisk_hotdesk.phones.templating import one_line
from asterisk_hotdesk.phones.words import words_of

CONTENT_TYPE = "text/xml"
"""Of a page that is fetched."""

LONGEST_NAME = 60
"""Characters; a screen has fewer.  Keeps each line of XML below AMI's 1,024 bytes."""


class Pushed(NamedTuple):
    """The headers of a SIP NOTIFY that brings a page unasked."""

    event: str
    content_type: str


_PUSHED_TO_SNOM = Pushed("xml", "application/snomxml")
_PUSHED_TO_YEALINK = Pushed("Yealink-xml", "application/xml")


@dataclass(frozen=True, kw_only=True)
class Item:
    """A line of a menu, which opens a URL."""

    name: str
    url: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Menu:
    """Some things to choose from."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question that is answered with digits; they go to `url?parameter=DIGITS`."""

    title: str
    prompt: str
    url: str = field(repr=False)
    parameter: str
    masked: bool = False
    """Whether the screen shows stars instead of what is typed."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """Something to read, for some seconds."""

    title: str
    lines: tuple[str, ...]
    seconds: int = 4
    next_url: str | None = field(default=None, repr=False)
    """What is shown then; None: what the phone shows by itself."""


Page = Menu | Question | Message


def as_xml(page: Page, vendor: str) -> str:
    """Return *page* for phones of *vendor*; snom's form, where that is not known.

    Each element is on a line of its own.
    """
    root = _for_yealink(page) if vendor == "yealink" else _for_snom(page)
    ET.indent(root)
    xml = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}\n'


def pushed_to(vendor: str) -> Pushed:
    """Return how a page travels to a phone of *vendor* that did not ask for it."""
    return _PUSHED_TO_YEALINK if vendor == "yealink" else _PUSHED_TO_SNOM


def language_of(desk: Desk, default: str) -> str:
    """Return which language the screen of *desk* speaks."""
    return (desk.user and desk.user.language) or desk.device.language or default


def who(user: User) -> str:
    """Return a user's name and extension as a page says them."""
    name = user.name[:LONGEST_NAME]
    return f"{name} ({user.extension})" if name else user.extension


def logged_in_as(
    user: User, language: str, *, do_not_disturb: bool = False, forwarded_to: str = ""
) -> Message:
    """Return what a screen says once *user* is logged in.

    And why it may not ring there, if the PBX keeps calls away.
    """
    words = menu_words_of(language)
    lines = [words.logged_in.format(who=who(user))]
    if do_not_disturb:
        lines.append(words.do_not_disturb)
    if forwarded_to:
        lines.append(words.forwarded.format(target=forwarded_to[:LONGEST_NAME]))
    return Message(title=words_of(language).menu, lines=tuple(lines))


def logged_out_at(time: str, code: str, language: str) -> Message:
    """Return what a screen says before a rule logs its user out at *time*.

    *code* is what is dialled to log out sooner.
    """
    words = menu_words_of(language)
    return Message(
        title=words_of(language).menu,
        lines=(
            words.logged_out_at.format(time=time),
            words.log_out_by.format(code=code),
        ),
        seconds=20,
    )


def _for_snom(page: Page) -> ET.Element:
    match page:
        case Menu():
            root = ET.Element("SnomIPPhoneMenu", title=one_line(page.title))
            for item in page.items:
                entry = ET.SubElement(root, "MenuItem", name=one_line(item.name))
                _add(entry, "URL", item.url)
        case Question():
            # Not in the history: going back must not open an answered question.
            root = ET.Element("SnomIPPhoneInput", track="no")
            _add(root, "Title", page.title)
            _add(root, "Prompt", page.prompt)
            _add(root, "URL", page.url)
            field_ = ET.SubElement(root, "InputItem")
            _add(field_, "DisplayName", page.prompt)
            _add(field_, "QueryStringParam", page.parameter)
            _add(field_, "DefaultValue", "")
            _add(field_, "InputFlags", "pn" if page.masked else "n")
            _add(field_, "InputModeFixed", "1")
        case Message():
            root = ET.Element("SnomIPPhoneText", track="no")
            _add(root, "Title", page.title)
            text = _add(root, "Text", page.lines[0])
            for line in page.lines[1:]:
                ET.SubElement(text, "br").tail = one_line(line)
            after = _add(root, "fetch", page.next_url or "snom://mb_exit")
            after.set("mil", str(page.seconds * 1000))
    return root


def _for_yealink(page: Page) -> ET.Element:
    match page:
        case Menu():
            root = ET.Element("YealinkIPPhoneTextMenu", Beep="no")
            _add(root, "Title", page.title)
            for item in page.items:
                entry = ET.SubElement(root, "MenuItem")
                _add(entry, "Prompt", item.name)
                _add(entry, "URI", item.url)
        case Question():
            root = ET.Element("YealinkIPPhoneInputScreen", Beep="no")
            _add(root, "Title", page.title)
            _add(root, "URL", page.url)
            field_ = ET.SubElement(
                root,
                "InputField",
                type="number",
                password="yes" if page.masked else "no",
                editable="yes",
            )
            _add(field_, "Prompt", page.prompt)
            _add(field_, "Parameter", page.parameter)
            _add(field_, "Default", "")
        case Message():
            root = ET.Element(
                "YealinkIPPhoneTextScreen", Beep="no", Timeout=str(page.seconds)
            )
            _add(root, "Title", page.title)
            _add(root, "Text", *page.lines)
            if page.next_url:
                # When its time is over, the phone leaves; sooner, a key goes on.
                key = ET.SubElement(root, "SoftKey", index="1")
                _add(key, "Label", "OK")
                _add(key, "URI", page.next_url)
    return root


def _add(parent: ET.Element, tag: str, *lines: str) -> ET.Element:
    child = ET.SubElement(parent, tag)
    child.text = "\n".join(map(one_line, lines))
    return child
