"""Options that several commands have, and the types of their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from asterisk_hotdesk.cli.ranges import extensions_in, names_in
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, Role

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for programs."
)

as_csv_option = click.option(
    "--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets."
)

yes_option = click.option("--yes", "-y", is_flag=True, help="Don't ask.")

account_option = click.option(
    "--account",
    default=DEFAULT_ACCOUNT,
    show_default=True,
    help="The account (tenant).",
)


def role_option(*, required: bool = False) -> Callable[[Any], Any]:
    """Return the option for what an administrator or a token may do."""
    return click.option(
        "--role",
        type=click.Choice([str(role) for role in Role]),
        required=required,
        help="viewer looks, operator also logs people in and out, admin does all.",
    )


csv_option = click.option(
    "--csv",
    "csv_path",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True),
    metavar="FILE",
    help="Take them from a CSV file with a header line; all are added, or none.",
)


asterisk_dir_option = click.option(
    "--asterisk-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Asterisk's configuration files; else the folder above"
    " asterisk.generated_dir.",
)


def yes_or_no(
    ctx: click.Context, param: click.Parameter, chosen: bool | None
) -> str | None:
    """Return what was chosen as a text, like all that may stand in a CSV file."""
    return None if chosen is None else "yes" if chosen else "no"


class _Range(click.ParamType[list[str]]):
    def __init__(self, name: str) -> None:
        self.name = name

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[str]:
        try:
            return (names_in if self.name == "name" else extensions_in)(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def names_given(groups: Iterable[Sequence[str]]) -> list[str]:
    """Return the names of all *groups*, each once and in its order."""
    return list(dict.fromkeys(name for group in groups for name in group))


NAMES = _Range("name")
"""Devices: HD0001, HD0001-HD0010 or a list of both."""

EXTENSIONS = _Range("extension")
"""Extensions: 100, 100-199 or a list of both."""
