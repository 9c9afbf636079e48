"""The pages of a snom's minibrowser, read strictly.

Sources: snom's wiki (service.snom.com: "XML Minibrowser", "SnomIPPhoneInput", "Main
Subtags", "Fragments") and docs.snom.io. A snom may do more than this phone, which
refuses what it does not know: conditions, repetitions, images, directories.
"""

import re
import urllib.parse
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from tests.lab.browser import Answer, BadPage, Field, Item, Page
from tests.lab.page_xml import (
    absolute,
    one_line,
    parse_xml,
    require,
    require_xml,
    required_text,
    text_in,
)

NOTIFY_TYPE = "application/snomxml"
SCHEMES = frozenset({"http", "https", "snom", "phone"})
COMMANDS = frozenset({"mb_exit", "mb_nop"})
FRAGMENTS = frozenset({"reloadset"})
PRESS = "key:"  # of a SoftKey element, which names a key instead of a URL
MAIN = frozenset({"ipphonemenu", "ipphoneinput", "ipphonetext", "ipphonesilent"})
MAIN_ATTRIBUTES = frozenset(
    """
    title sort selectable predict dtmf id track state show_line_info_layer
    has_scrollbar speedselect document_id
    """.split()  # noqa: SIM905
)
ITEM_ATTRIBUTES = frozenset(
    {"name", "sel", "id", "on_selected", "on_deselected", "sort_key"}
)
COMMON = ("softkeyitem", "fetch")
KEY_NAME = re.compile(r"[0-9*#]|[A-Z][A-Z0-9_]*")
FLAGS = frozenset({"a", "t", "n", "e", "u", "l", "p", "pn"})
DIGITS = frozenset({"n", "pn"})


def read_page(answer: Answer) -> Page:
    """The page that a web server sent; BadPage if a snom would not show it."""
    require_xml(answer)
    return parse_page(answer.body)


def parse_page(body: bytes) -> Page:
    """The page in this XML, for a batch its first; raises BadPage."""
    root = parse_xml(body)
    if _kind(root) == "ipphonebatch":
        return _batch(root)
    return _main(root)


def submitted(page: Page, values: Sequence[str]) -> str:
    """Where an input page sends what was typed."""
    field, text = page.fields[0], urllib.parse.quote(values[0], safe="")
    if field.parameter in page.url:
        return page.url.replace(field.parameter, text)
    return f"{page.url}?{field.parameter}={text}"


def command(url: str) -> tuple[str, list[str]]:
    """`mb_exit` or `mb_nop`, and the fragments after it."""
    place, _, fragments = url.partition("://")[2].partition("#")
    return place, [part for part in fragments.split("&") if part]


def _kind(node: ET.Element) -> str:
    return node.tag.removeprefix("snom")


def _batch(root: ET.Element) -> Page:
    require(root, {child.tag for child in root if _kind(child) in MAIN}, {"id"})
    names = [child.get("id") for child in root][1:]
    if not len(root) or None in names or len(set(names)) < len(names):
        raise BadPage("a batch needs elements, and each but the first its own id")
    pages = [_main(child) for child in root]  # the hidden ones must be right, too
    return pages[0]


def _main(node: ET.Element) -> Page:
    match _kind(node):
        case "ipphonemenu":
            return _menu(node, MAIN_ATTRIBUTES)
        case "ipphoneinput":
            return _input(node)
        case "ipphonetext":
            require(node, {"title", "prompt", "text", *COMMON}, MAIN_ATTRIBUTES)
            lines = (*_heading(node), *_text(node))
            return Page(lines, soft_keys=_soft_keys(node), follow=_follow(node))
        case "ipphonesilent":
            require(node, {"fetch"}, MAIN_ATTRIBUTES)
            follow = _follow(node)
            if follow is None:
                raise BadPage("a silent page without <fetch> does nothing")
            return Page(follow=follow, silent=True)
    raise BadPage(f"unknown page <{node.tag}>")


def _menu(node: ET.Element, attributes: frozenset[str]) -> Page:
    require(node, {"title", "menu", "menuitem", *COMMON}, attributes)
    items = [_item(n) for n in node if n.tag in ("menu", "menuitem")]
    if not items:
        raise BadPage("a menu without items")
    keys, follow = _soft_keys(node), _follow(node)
    return Page(_heading(node), tuple(items), soft_keys=keys, follow=follow)


def _item(node: ET.Element) -> Item:
    name = one_line(node.get("name", "").strip(), f"name of <{node.tag}>")
    if not name:
        raise BadPage(f"<{node.tag}> without a name")
    if node.tag == "menu":
        return Item(name, menu=_menu(node, MAIN_ATTRIBUTES | {"name"}))
    require(node, {"url", "softkey", "icon"}, ITEM_ATTRIBUTES)
    return Item(name, _target(node))


def _target(node: ET.Element) -> str:
    """What a menu item or a soft key does: exactly one thing."""
    url, key = text_in(node, "url"), text_in(node, "softkey")
    if bool(url) == bool(key):
        raise BadPage(f"<{node.tag}> needs a <url> or a <softkey>")
    return _url(url) if url else PRESS + _key_name(key or "")


def _input(node: ET.Element) -> Page:
    require(node, {"title", "prompt", "url", "inputitem", *COMMON}, MAIN_ATTRIBUTES)
    url, items = _url(required_text(node, "url")), node.findall("inputitem")
    if len(items) != 1:
        raise BadPage(f"{len(items)} <inputitem> in <{node.tag}>")
    _heading(node)  # must be right; but snom shows the DisplayName in its place
    return Page(
        fields=(_field(items[0], url),),
        soft_keys=_soft_keys(node),
        url=url,
        follow=_follow(node),
    )


def _field(node: ET.Element, url: str) -> Field:
    require(
        node,
        {
            "displayname",
            "querystringparam",
            "inputtoken",
            "defaultvalue",
            "inputflags",
            "inputmodefixed",
        },
    )
    flags = required_text(node, "inputflags")
    if flags not in FLAGS:
        raise BadPage(f"unknown InputFlags {flags!r}")
    if (text_in(node, "inputmodefixed") or "0") not in ("0", "1"):
        raise BadPage("InputModeFixed is neither 0 nor 1")
    parameter, token = text_in(node, "querystringparam"), text_in(node, "inputtoken")
    if bool(parameter) == bool(token):
        raise BadPage("<inputitem> needs a <querystringparam> or an <inputtoken>")
    if token and token not in url:
        raise BadPage(f"InputToken {token!r} is not in the URL")
    if parameter and "?" in url:
        raise BadPage("the URL has a query already; QueryStringParam would add another")
    return Field(
        one_line(required_text(node, "displayname"), "displayname"),
        parameter or token or "",
        text_in(node, "defaultvalue") or "",
        hidden="p" in flags,
        digits=flags in DIGITS,
    )


def _heading(node: ET.Element) -> tuple[str, ...]:
    title = node.get("title") or text_in(node, "title") or ""
    heading = title.strip(), text_in(node, "prompt") or ""
    return tuple(one_line(text, f"heading of <{node.tag}>") for text in heading if text)


def _text(node: ET.Element) -> list[str]:
    """The lines of a text page; <br/> begins a new one."""
    texts = node.findall("text")
    if len(texts) != 1:
        raise BadPage(f"{len(texts)} <text> in <{node.tag}>")
    require(texts[0], {"br"}, mixed=True)
    words = [texts[0].text, *(br.tail for br in texts[0])]
    return [" ".join((part or "").split()) for part in words]


def _soft_keys(node: ET.Element) -> tuple[Item, ...]:
    return tuple(_soft_key(key) for key in node.findall("softkeyitem"))


def _soft_key(node: ET.Element) -> Item:
    require(node, {"name", "label", "url", "softkey"})
    name = _key_name(required_text(node, "name"))
    return Item(text_in(node, "label") or name, _target(node))


def _key_name(name: str) -> str:
    if not KEY_NAME.fullmatch(name):
        raise BadPage(f"unknown key {name!r}")
    return name


def _follow(node: ET.Element) -> tuple[float, str] | None:
    url = text_in(node, "fetch")
    if url is None:
        return None
    fetch = node.findall("fetch")[0]
    require(fetch, (), {"mil"})
    delay = fetch.get("mil", "")
    if not (delay.isascii() and delay.isdigit()):
        raise BadPage(f"fetch after {delay!r} ms")
    return int(delay) / 1000, _url(url)


def _url(url: str) -> str:
    absolute(url, SCHEMES)
    if url.startswith(("http://", "https://")):
        if "#" in url:
            raise BadPage("a fragment on a web page; this phone knows none")
        return url
    place, fragments = command(url)
    if place not in COMMANDS or not set(fragments) <= FRAGMENTS:
        raise BadPage(f"unknown command {url!r}")
    return url
