"""What errors mean to the administrator."""

from __future__ import annotations

import click
import pytest

from asterisk_hotdesk.cli.failures import explained
from asterisk_hotdesk.errors import (
    AlreadyLoggedIn,
    ConfigError,
    Fenced,
    NotFound,
    Unavailable,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AlreadyLoggedIn(), 1),
        (NotFound("There is no device HD0001."), 1),
        (click.UsageError("no"), 2),
        (ConfigError("hotdesk.toml:3: no"), 2),
        (Unavailable("PostgreSQL is away"), 3),
        (Fenced("another daemon"), 4),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("secret"), 70),
        (ExceptionGroup("parts", [ValueError("x"), Fenced("another daemon")]), 4),
        (
            ExceptionGroup(
                "parts",
                [Unavailable("away"), ExceptionGroup("inner", [ConfigError("no")])],
            ),
            2,
        ),
    ],
)
def test_the_exit_code(error: BaseException, code: int) -> None:
    assert explained(error)[0] == code


def test_each_line_of_an_error_says_who_speaks() -> None:
    _, lines = explained(ConfigError("a.toml:1: one\na.toml:2: two"))
    assert lines == ["hotdesk: a.toml:1: one", "hotdesk: a.toml:2: two"]


def test_only_the_operating_system_is_quoted_in_what_nobody_expected() -> None:
    group = ExceptionGroup(
        "parts", [ValueError("dsn=secret"), OSError(98, "Address already in use")]
    )
    code, (line,) = explained(group)
    assert code == 70
    assert "Address already in use" in line
    assert "ValueError" in line
    assert "secret" not in line
