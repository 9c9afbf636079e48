"""The pages of a Yealink's XML browser, read strictly.

Source: Yealink's "XML Browser Developer's Guide" (objects TextMenu, TextScreen and
InputScreen, and customizable soft keys).
"""

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

NOTIFY_TYPE = "application/xml"
LONGEST = 10_000  # bytes of one object
TIMEOUT = "45"  # seconds until a page goes by itself, unless it says otherwise
EXIT, DIAL = "softkey:exit", "dial:"
SCHEMES = frozenset({"http", "https", "softkey", "dial"})
ROOT_ATTRIBUTES = frozenset(
    """
    beep timeout lockin cancelaction destroyonexit defaultindex style wraplist type
    password editable
    """.split()  # noqa: SIM905
)
TYPES = frozenset(
    {"", "ip", "string", "number", "timeus", "timeint", "dateus", "dateint", "empty"}
)
YES_NO = frozenset({"", "yes", "no"})


def read_page(answer: Answer) -> Page:
    """The page that a web server sent; BadPage if a Yealink would not show it."""
    require_xml(answer)
    return parse_page(answer.body)


def parse_page(body: bytes) -> Page:
    """The page in this XML; raises BadPage."""
    if len(body) > LONGEST:
        raise BadPage(f"{len(body)} bytes; a Yealink takes {LONGEST}")
    root = parse_xml(body)
    for node in root.iter():
        node.attrib = {name.lower(): value for name, value in node.attrib.items()}
    match root.tag.removeprefix("yealinkipphone"):
        case "textmenu":
            return _menu(root)
        case "textscreen":
            require(root, {"title", "text", "softkey"}, ROOT_ATTRIBUTES)
            lines = (_title(root), *required_text(root, "text").splitlines())
            return _page(root, lines)
        case "inputscreen":
            return _input(root)
    raise BadPage(f"unknown page <{root.tag}>")


def submitted(page: Page, values: Sequence[str]) -> str:
    """Where an input page sends what was typed."""
    fields = zip(page.fields, values, strict=True)
    query = {field.parameter: value for field, value in fields}
    encoded = urllib.parse.urlencode(query, quote_via=urllib.parse.quote, safe="")
    return f"{page.url}{'&' if '?' in page.url else '?'}{encoded}"


def _page(
    root: ET.Element,
    lines: tuple[str, ...],
    *,
    items: tuple[Item, ...] = (),
    fields: tuple[Field, ...] = (),
    url: str = "",
) -> Page:
    timeout = root.get("timeout", TIMEOUT)
    if not (timeout.isascii() and timeout.isdigit()):
        raise BadPage(f"Timeout is {timeout!r}")
    follow = (float(timeout), EXIT) if int(timeout) else None
    return Page(lines, items, fields, _soft_keys(root), url, follow)


def _menu(root: ET.Element) -> Page:
    require(root, {"title", "menuitem", "softkey"}, ROOT_ATTRIBUTES)
    items = tuple(_item(node) for node in root.findall("menuitem"))
    if not items:
        raise BadPage("a menu without items")
    return _page(root, (_title(root),), items=items)


def _item(node: ET.Element) -> Item:
    require(node, {"prompt", "uri", "dial", "selection"}, {"base", "icon"})
    name = one_line(required_text(node, "prompt"), "prompt")
    return Item(name, _uri(required_text(node, "uri")))


def _input(root: ET.Element) -> Page:
    children = {"title", "prompt", "url", "parameter", "default", "inputfield"}
    require(root, children | {"softkey"}, ROOT_ATTRIBUTES)
    nodes = root.findall("inputfield")
    fields = tuple(_field(node, root) for node in nodes or [root])
    if len(nodes) > 6:
        raise BadPage(f"{len(nodes)} fields; a Yealink takes 6")
    url = absolute(required_text(root, "url"), {"http", "https"})
    return _page(root, (_title(root),), fields=fields, url=url)


def _field(node: ET.Element, root: ET.Element) -> Field:
    """A field; what it does not say itself, the root says for all fields."""
    if node is not root:
        children = {"prompt", "parameter", "default", "selection", "softkey"}
        require(node, children, {"type", "password", "editable"})

    def attribute(name: str, allowed: frozenset[str]) -> str:
        value = (node.get(name) or root.get(name) or "").lower()
        if value not in allowed:
            raise BadPage(f"{name} is {value!r}")
        return value

    parameter = text_in(node, "parameter") or text_in(root, "parameter")
    if not parameter:
        raise BadPage(f"<{node.tag}> without <parameter>")
    kind = attribute("type", TYPES)
    return Field(
        one_line(text_in(node, "prompt") or text_in(root, "prompt") or "", "prompt"),
        parameter,
        text_in(node, "default") or "",
        hidden=attribute("password", YES_NO) == "yes",
        digits=kind == "number",
        editable=attribute("editable", YES_NO) != "no" and kind != "empty",
    )


def _title(root: ET.Element) -> str:
    return one_line(required_text(root, "title"), "title")


def _soft_keys(root: ET.Element) -> tuple[Item, ...]:
    return tuple(_soft_key(node) for node in root.findall("softkey"))


def _soft_key(node: ET.Element) -> Item:
    require(node, {"label", "uri"}, {"index"})
    if node.get("index", "") not in map(str, range(1, 7)):
        raise BadPage(f"soft key {node.get('index')!r}")
    return Item(required_text(node, "label"), _uri(required_text(node, "uri")))


def _uri(text: str) -> str:
    return absolute(text, SCHEMES)
