"""Readers of phones' files that know nothing of how they are made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

NAMES_ITS_SETTING = ("idx", "index", "name")
SAID_TWICE = "static.security.user_password"


def settings_of(text: str) -> dict[str, str]:
    """Return every setting of a file by its full name; fail where it is not strict."""
    return cfg_settings(text) if text.startswith("#!") else xml_settings(text)


def xml_settings(text: str) -> dict[str, str]:
    """Return the texts and attributes of an XML file by their place in it."""
    found: dict[str, str] = {}
    for name, value in _inside(ET.fromstring(text.encode()), ""):  # noqa: S314
        assert name not in found, f"{name} is there twice"
        found[name] = value
    return found


def _inside(element: ET.Element, above: str) -> Iterator[tuple[str, str]]:
    which = [element.get(name) for name in NAMES_ITS_SETTING]
    path = f"{above}/{element.tag}" + "".join(f"[{w}]" for w in which if w is not None)
    for name, value in element.attrib.items():
        if name not in NAMES_ITS_SETTING:
            yield f"{path}@{name}", value
    if len(element):
        assert not (element.text or "").strip(), f"{path} has text between elements"
        for child in element:
            assert not (child.tail or "").strip(), f"{path} has text between elements"
            yield from _inside(child, path)
    else:
        yield path, element.text or ""


def cfg_settings(text: str) -> dict[str, str]:
    """Return the values of a Yealink file, which is `key = value` line by line."""
    first, *lines = text.removesuffix("\n").split("\n")
    assert first == "#!version:1.0.0.1"
    assert text.splitlines() == [first, *lines], "there are other line ends"
    found: dict[str, str] = {}
    for line in lines:
        setting = re.fullmatch(r"([A-Za-z0-9_.]+) = (\S|\S.*\S)", line)
        assert setting, f"not a setting: {line!r}"
        name, value = setting.groups()
        if name == SAID_TWICE:
            name += f"[{value.partition(':')[0]}]"
        assert name not in found, f"{name} is there twice"
        found[name] = value
    return found
