"""An administrator's own templates, right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from asterisk_hotdesk.phones import Document, TemplateProblem, render
from tests.unit.test_phones import D785, DEVICE, FILE, SETTINGS, USED

Write = Callable[[str], None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return what puts a template for snom into the administrator's directory."""

    def write(text: str) -> None:
        path = tmp_path / "snom" / "settings.xml.j2"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def rendered(tmp_path: Path) -> Callable[[], Document]:
    settings = replace(SETTINGS, templates_dir=tmp_path)
    return lambda: render(FILE, USED, (), settings, D785)


Rendered = Callable[[], Document]
OURS = render(FILE, USED, (), SETTINGS, D785)


def test_without_templates_of_their_own_ours_are_used(rendered: Rendered) -> None:
    assert rendered() == OURS


def test_one_that_does_not_exist_is_no_problem() -> None:
    settings = replace(SETTINGS, templates_dir=Path("/nowhere/at/all"))

    assert render(FILE, USED, (), settings, D785) == OURS


def test_theirs_win_from_when_they_are_there(rendered: Rendered, write: Write) -> None:
    assert rendered() == OURS
    write("<settings>{{ display.name }}</settings>")
    assert rendered().text == "<settings>Alice</settings>"
    write("<settings>{{ device.sip_secret }}</settings>")
    assert rendered().text == "<settings>pass&lt;&amp;word</settings>"


def test_theirs_can_add_to_ours(rendered: Rendered, write: Write) -> None:
    write(
        '{% extends "ours/snom/settings.xml.j2" %}'
        "{% block more %}<ntp_server perm='R'>ntp.example</ntp_server>{% endblock %}"
    )

    text = rendered().text

    assert "ntp.example" in text
    assert "Alice 100" in text


@pytest.mark.parametrize(
    ("template", "line", "reason"),
    [
        ("one\n{% if %}", 2, "Expected an expression"),
        ("one\n\n{{ devise.name }}", 3, "'devise' is undefined"),
        ("one\n{{ device.sip_secret | int // 0 }}", 2, "ZeroDivisionError"),
        ("{{ display | no_such_filter }}", 1, "No filter named 'no_such_filter'"),
        ("{{ display.nickname }}", 1, "uses an attribute that does not exist"),
    ],
)
def test_a_broken_one_is_named_with_its_line(
    template: str, line: int, reason: str, rendered: Rendered, write: Write
) -> None:
    write(template)

    with pytest.raises(TemplateProblem) as problem:
        rendered()

    text = str(problem.value)
    assert f"snom/settings.xml.j2, line {line}: {reason}" in text
    assert text.endswith("correct it, or remove it to use ours")


def test_one_that_needs_another_that_is_missing_says_which(
    rendered: Rendered, write: Write
) -> None:
    write('{% include "snom/other.j2" %}')

    with pytest.raises(TemplateProblem, match=r"needs snom/other\.j2, which does not"):
        rendered()


def test_one_that_is_not_text_is_named(tmp_path: Path, rendered: Rendered) -> None:
    path = tmp_path / "snom" / "settings.xml.j2"
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(TemplateProblem, match=r"snom/settings\.xml\.j2: Unicode"):
        rendered()


def test_a_broken_one_tells_no_secret(rendered: Rendered, write: Write) -> None:
    write("{{ {}[device.sip_secret].x }}")

    with pytest.raises(TemplateProblem) as problem:
        rendered()

    assert DEVICE.sip_secret not in str(problem.value)
    assert problem.value.__cause__ is None
    assert problem.value.__suppress_context__


def test_with_a_broken_one_ours_can_still_be_had(tmp_path: Path, write: Write) -> None:
    write("{{ nothing }}")
    settings = replace(SETTINGS, templates_dir=tmp_path)

    assert render(FILE, USED, (), settings, D785, overrides=False) == OURS
