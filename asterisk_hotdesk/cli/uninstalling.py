"""`hotdesk uninstall`: leaves the PBX as it was."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import click

from asterisk_hotdesk.cli import asking, output, placing
from asterisk_hotdesk.cli.changes import daemon_is_running
from asterisk_hotdesk.cli.opening import opened
from asterisk_hotdesk.cli.options import yes_option
from asterisk_hotdesk.config import Config, load
from asterisk_hotdesk.errors import ConfigError, HotdeskError, Refused, Unavailable
from asterisk_hotdesk.install import uninstalling
from asterisk_hotdesk.install.places import Places
from asterisk_hotdesk.store.removal import drop


@click.command()
@placing.place_options
@click.option(
    "--purge",
    is_flag=True,
    help="Remove users, devices, PINs and settings too; nothing brings them back.",
)
@yes_option
def uninstall(
    root: Path,
    asterisk_dir: Path,
    unit_dir: Path,
    dry_run: bool,
    purge: bool,
    yes: bool,
) -> None:
    """Leave this PBX as it was.

    Takes the lines of `hotdesk install` out of the PBX's files, which are then as they
    were, byte for byte; removes our own files, our endpoints, our entries in AstDB and
    the unit. Users, devices, PINs and settings stay, for another day, unless --purge.
    """
    where = placing.places(root, asterisk_dir, unit_dir)
    config = _settings(where)
    changes = uninstalling.planned(where)
    placing.show(changes)
    if purge:
        output.say(f"Users, devices, PINs, {where.config}: removed for good.")
    if not changes and not purge:
        output.say("Nothing to do.")
        return
    if dry_run:
        output.say(f"Nothing was done; files to change or remove: {len(changes)}.")
        return
    running = config if where.is_this_machine else None
    if running:
        asyncio.run(_refuse_while_running(running))
    asking.confirm("Take hot desking away?", yes=yes)
    if running:
        _forget(running)
    placing.make(changes)
    for backup in uninstalling.spare_backups(where):
        backup.unlink()
    _remove_if_empty(where.real(where.generated_dir))
    if purge:
        _purge(where, config)
    output.say("Done. What is left:")
    output.say("  1. systemctl daemon-reload")
    output.say("  2. restart Asterisk when no call would be cut")


def _settings(places: Places) -> Config | None:
    path = places.real(places.config)
    if not path.exists():
        return None
    try:
        return load(path, os.environ)
    except ConfigError as problem:
        output.note(f"{problem}; Asterisk's own entries of ours stay.")
        return None


async def _refuse_while_running(config: Config) -> None:
    """Raise `Refused` while the service would put back what we take away."""
    try:
        async with opened(config) as database:
            running = await daemon_is_running(config, database)
    except HotdeskError as problem:
        output.note(f"{problem}; make sure that the service does not run.")
        return
    if running:
        raise Refused(
            "The service is running. Stop it first: systemctl disable --now"
            " asterisk-hotdesk"
        )


def _forget(config: Config) -> None:
    try:
        count = asyncio.run(uninstalling.forget(config))
    except Unavailable as problem:
        output.note(
            f"{problem}; when Asterisk runs: asterisk -rx 'database deltree hotdesk',"
            " and the same with hotdesk_endpoint"
        )
    else:
        output.say(f"Endpoints removed from Asterisk: {count}.")


def _purge(places: Places, config: Config | None) -> None:
    if config and config.database.dsn and places.is_this_machine:
        dsn = config.database.dsn.get_secret_value()
        asyncio.run(drop(dsn, config.database.schema_name))
    if config:
        shutil.rmtree(places.real(config.state_dir), ignore_errors=True)
    places.real(places.config).unlink(missing_ok=True)
    _remove_if_empty(places.real(places.config).parent)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
