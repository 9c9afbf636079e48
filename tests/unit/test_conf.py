"""Asterisk's configuration files are read as Asterisk reads them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asterisk_hotdesk.pbx.conf import Conf, read_conf


def conf(folder: Path, text: str, **others: str) -> Conf:
    """Return what pjsip.conf says, beside *others*."""
    (folder / "pjsip.conf").write_text(text)
    for name, content in others.items():
        (folder / f"{name}.conf").write_text(content)
    return read_conf(folder / "pjsip.conf")


def values(conf: Conf) -> dict[str, dict[str, str]]:
    """Return the settings in force, by section."""
    return {s.name: {v.name: v.value for v in s.settings} for s in conf.in_use}


def test_comments(tmp_path: Path) -> None:
    text = """\
; [no]
[a] ; the section
x = 1;2 ; one
y => a\\;b
;-- z = 3
[b]
--; w = 4
;--- no block
v=5
"""
    assert values(conf(tmp_path, text)) == {
        "a": {"x": "1", "y": "a;b", "w": "4", "v": "5"}
    }


def test_templates(tmp_path: Path) -> None:
    text = """\
[phone](!)
type = endpoint
context = internal
[home](!,phone)
context = home
[100](phone)
context = own
[101](home)
"""
    found = conf(tmp_path, text)
    assert values(found) == {
        "100": {"type": "endpoint", "context": "own"},
        "101": {"type": "endpoint", "context": "home"},
    }
    section = found.section("101")
    assert section is not None
    assert section.get("context") == "home"


def test_adding_to_a_section(tmp_path: Path) -> None:
    found = conf(tmp_path, "[a]\nx=1\n[b]\ny=2\n[a](+)\nz=3\n")
    assert values(found) == {"a": {"x": "1", "z": "3"}, "b": {"y": "2"}}


def test_an_include_goes_on_in_the_section(tmp_path: Path) -> None:
    """As FreePBX does; measured on 22.10.1 with sorcery.conf."""
    found = conf(
        tmp_path,
        '[a]\n#include "more.conf"\nz=3\n#tryinclude <nothing.conf>\n',
        more="x=1\n[b]\ny=2\n",
    )
    assert values(found) == {"a": {"x": "1"}, "b": {"y": "2", "z": "3"}}
    assert [path.name for path in found.included] == ["more.conf", "nothing.conf"]
    assert not found.problems


def test_includes_by_pattern(tmp_path: Path) -> None:
    found = conf(tmp_path, "#include p-*.conf\n", **{"p-b": "[b]\n", "p-a": "[a]\n"})
    assert [section.name for section in found.sections] == ["a", "b"]


def test_the_place_of_a_setting(tmp_path: Path) -> None:
    found = conf(tmp_path, "\n#include more.conf\n", more="[a]\n\nx=1\n")
    assert str(found.sections[0].settings[0].place) == f"{tmp_path / 'more.conf'}:3"


@pytest.mark.parametrize(
    ("text", "what", "fatal"),
    [
        ("[a]\n#include gone.conf\n", "gone.conf does not exist", True),
        ("[a]\n#include gone/*.conf\n", "no file matches", True),
        ("[a]\n#include pjsip.conf\n", "included in a circle", False),
        ("[a\n", "the ] of this section", True),
        ("[a](+)\n", "no section [a] to add to", True),
        ("[a](b)\n", "no section [b] to inherit from", False),
        ("x = 1\n", "no [section] above", True),
        ("[a]\nwhat\n", "neither a section nor a setting", False),
        ("[a]\n#exec date\n", "#exec", False),
        ("[a]\n#define x\n", "directive is unknown", False),
    ],
)
def test_what_is_wrong_is_noted(
    tmp_path: Path, text: str, what: str, fatal: bool
) -> None:
    (problem,) = conf(tmp_path, text).problems
    assert what in problem.what
    assert problem.is_fatal == fatal
    assert problem.place.line == len(text.splitlines())


def test_bytes_of_any_encoding(tmp_path: Path) -> None:
    (tmp_path / "pjsip.conf").write_bytes(
        "[a]\r\ncallerid = Zoë <1> ; caf\xe9\r\n".encode("latin-1")
    )
    found = read_conf(tmp_path / "pjsip.conf")
    assert not found.problems
    assert list(values(found)) == ["a"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    found = read_conf(tmp_path / "pjsip.conf")
    assert not found.exists
    assert not found.problems


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    # Root may read everything, except what is no file.
    os.mkdir(tmp_path / "pjsip.conf")
    found = read_conf(tmp_path / "pjsip.conf")
    assert found.exists
    (problem,) = found.problems
    assert "cannot be read" in problem.what
