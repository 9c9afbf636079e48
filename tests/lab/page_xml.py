"""Reading the XML of a phone's pages strictly."""

import xml.etree.ElementTree as ET
from collections.abc import Collection

from tests.lab.browser import Answer, BadPage
from tests.lab.web_client import HiddenQuery

XML_TYPES = ("text/xml", "application/xml")


def require_xml(answer: Answer) -> None:
    """BadPage unless the answer says that it is XML in UTF-8."""
    if answer.type not in XML_TYPES:
        raise BadPage(f"Content-Type is {answer.type}, not text/xml")
    if (answer.charset or "utf-8").lower() != "utf-8":
        raise BadPage(f"charset is {answer.charset}, not utf-8")


def parse_xml(body: bytes) -> ET.Element:
    """The root element, every tag in lower case: phones do not mind the case."""
    declaration = body.partition(b"?>")[0].lower()
    if not declaration.startswith(b"<?xml ") or b"utf-8" not in declaration:
        raise BadPage("no XML declaration with UTF-8 at the very beginning")
    try:
        root = ET.fromstring(body)  # noqa: S314 - from the lab's own server
    except (ET.ParseError, ValueError, LookupError) as problem:
        raise BadPage(f"not XML: {problem}") from problem
    for node in root.iter():
        node.tag = node.tag.lower()
    return root


def require(
    node: ET.Element,
    children: Collection[str],
    attributes: Collection[str] = (),
    *,
    mixed: bool = False,
) -> None:
    """BadPage if anything else is in it, or, unless `mixed`, text beside elements."""
    for child in node:
        if child.tag not in children:
            raise BadPage(f"<{child.tag}> inside <{node.tag}>")
    if unknown := set(node.attrib) - set(attributes):
        raise BadPage(f"<{node.tag}> has unknown attributes {sorted(unknown)}")
    beside = [node.text, *(child.tail for child in node)] if children else []
    if not mixed and any((text or "").strip() for text in beside):
        raise BadPage(f"text beside the elements of <{node.tag}>")


def text_in(node: ET.Element, tag: str) -> str | None:
    """The text of the one child with this tag; None if there is none."""
    found = node.findall(tag)
    if len(found) > 1:
        raise BadPage(f"{len(found)} <{tag}> inside <{node.tag}>")
    if not found:
        return None
    if len(found[0]):
        raise BadPage(f"<{found[0][0].tag}> inside <{tag}>")
    return (found[0].text or "").strip()


def required_text(node: ET.Element, tag: str) -> str:
    """The text of the one child with this tag; BadPage if it is missing or empty."""
    text = text_in(node, tag)
    if not text:
        raise BadPage(f"<{node.tag}> without <{tag}>")
    return text


def one_line(text: str, where: str) -> str:
    """The text itself; BadPage if it does not fit on one line."""
    if "\n" in text or "\r" in text:
        raise BadPage(f"line break in {where}")
    return text


def absolute(url: str, schemes: Collection[str]) -> str:
    """The URL itself; BadPage if it is relative or of another scheme."""
    scheme, colon, rest = url.partition(":")
    if not (colon and rest.strip("/") and scheme.lower() in schemes):
        raise BadPage(f"{HiddenQuery(url)!r} is no absolute URL of {sorted(schemes)}")
    if any(char.isspace() or not char.isascii() for char in url):
        raise BadPage(f"blank or letter that must be encoded in {HiddenQuery(url)!r}")
    return url
