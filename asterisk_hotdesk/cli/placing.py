"""Where an installation is, for `hotdesk install` and `hotdesk uninstall`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import click

from asterisk_hotdesk.cli import output
from asterisk_hotdesk.config import DEFAULT_PATH
from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.install.change import Change
from asterisk_hotdesk.install.places import (
    ASTERISK_DIR,
    UNIT_DIR,
    Places,
    asterisk_user,
)

F = TypeVar("F", bound=Callable[..., object])

_FOLDER = click.Path(path_type=Path, file_okay=False)

_COLOURS = {"+": "green", "-": "red"}


def place_options(command: F) -> F:
    """Add the options that say where everything is."""
    for option in (
        click.option(
            "--root",
            type=_FOLDER,
            default=Path("/"),
            metavar="DIR",
            help="Put DIR before every path, as for making packages.",
        ),
        click.option(
            "--asterisk-dir",
            type=_FOLDER,
            default=ASTERISK_DIR,
            show_default=True,
            help="Asterisk's configuration files.",
        ),
        click.option(
            "--unit-dir",
            type=_FOLDER,
            default=UNIT_DIR,
            show_default=True,
            help="systemd's units; none is written where this folder is missing.",
        ),
        click.option("--dry-run", is_flag=True, help="Show it, and do nothing."),
    ):
        command = option(command)
    return command


def places(
    root: Path, asterisk_dir: Path, unit_dir: Path, user: str | None = None
) -> Places:
    """Return where everything is; raise `NotFound` where there is no Asterisk."""
    named = click.get_current_context().find_root().params["config_path"]
    config = Path(named or os.environ.get("HOTDESK_CONFIG") or DEFAULT_PATH)
    root, asterisk_dir = root.resolve(), asterisk_dir.absolute()
    there = root / asterisk_dir.relative_to("/")
    if not there.is_dir():
        raise NotFound(
            f"There is no folder {there}. Name the one with Asterisk's files with"
            " --asterisk-dir."
        )
    return Places(
        root=root,
        asterisk_dir=asterisk_dir,
        unit_dir=unit_dir.absolute(),
        config=config.absolute(),
        user=asterisk_user(there, user),
    )


def show(changes: Sequence[Change]) -> None:
    """Print what happens to which file, and why."""
    for change in changes:
        click.secho(f"{change.path}: {change.why}", bold=True)
        for line in change.shown():
            click.secho(f"  {output.printable(line)}", fg=_COLOURS.get(line[:1]))
        click.echo()


def make(changes: Sequence[Change]) -> None:
    """Make all *changes*."""
    now = datetime.now().astimezone()
    for change in changes:
        change.make(now)
