"""`hotdesk device render` and `keys`: what a phone gets, now or with somebody else."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import click

from asterisk_hotdesk.cli import output
from asterisk_hotdesk.cli.opening import with_database
from asterisk_hotdesk.cli.options import json_option
from asterisk_hotdesk.cli.output import Cell
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Invalid, NotFound, Refused
from asterisk_hotdesk.model import Desk, Device, PhoneKind, UserKey
from asterisk_hotdesk.phones import (
    Document,
    PhoneSettings,
    PlacedKey,
    TemplateProblem,
    file_names,
    key_plan,
    phone_file,
    render,
    vendor_of_mac,
)
from asterisk_hotdesk.store import Database, Tx, logins, user_keys, users

NOBODY = "nobody"
"""What --as names for an idle desk."""

_COLUMNS = ("Key", "Kind", "Value", "Label", "Position")
_HIDDEN = "********"
_NO_MAC = "0" * 12

_as_option = click.option(
    "--as",
    "sitter",
    metavar="EXT|nobody",
    help="As if that user of the device's account sat there; else as it is.",
)


@dataclass(frozen=True)
class Seated:
    """A desk with the keys of whoever sits there."""

    desk: Desk
    keys: tuple[UserKey, ...]

    @property
    def kind(self) -> PhoneKind:
        """Return what the phone said it is, else what its MAC address tells."""
        device = self.desk.device
        if device.phone.vendor:
            return device.phone
        return PhoneKind(vendor=vendor_of_mac(device.mac or "") or "snom")

    @property
    def sitter(self) -> str:
        """Return the extension of who sits there."""
        return self.desk.user.extension if self.desk.user else NOBODY


@click.command("render")
@click.argument("name")
@_as_option
@click.option("--diff", is_flag=True, help="Show what --as makes different.")
@click.option(
    "--file", "file_name", metavar="FILE", help="Which, where a phone fetches several."
)
@click.option("--secrets", is_flag=True, help="Show SIP secret and web password too.")
@with_database
async def render_device(
    config: Config,
    database: Database,
    name: str,
    sitter: str | None,
    diff: bool,
    file_name: str | None,
    secrets: bool,
) -> None:
    """Print the configuration that a phone would get now.

    Instead of the token in its URLs, of which only a hash is stored, it says TOKEN.
    """
    if diff and sitter is None:
        raise click.UsageError("--diff compares with --as.")
    async with database.transaction() as tx:
        now = await _seated(tx, name, None)
        then = await _seated(tx, name, sitter)
    new = _document(config, then, file_name, with_secrets=secrets).text
    if not diff:
        click.echo(new, nl=False)
        return
    old = _document(config, now, file_name, with_secrets=secrets).text
    lines = difflib.unified_diff(
        old.splitlines(),
        new.splitlines(),
        fromfile=f"{name} now ({now.sitter})",
        tofile=f"{name} with {then.sitter}",
        lineterm="",
    )
    shown = "\n".join(lines)
    if shown:
        click.echo(shown)
    else:
        output.note("there is no difference.")


@click.command("keys")
@click.argument("name")
@_as_option
@json_option
@with_database
async def show_keys(
    config: Config, database: Database, name: str, sitter: str | None, as_json: bool
) -> None:
    """Show which function key is where on a phone.

    Those for which there is no place are named below. The position is the one of:
    hotdesk user keys. The hot-desk key has none.

    --json prints an object with the keys user (an extension, or null), slots (how many
    keys the phone has), placed and dropped. Placed is a list of objects with slot (from
    1), kind, value, label and position (or null); dropped one of objects with position,
    kind, value, label and priority.
    """
    async with database.transaction() as tx:
        seated = await _seated(tx, name, sitter)
    settings = _settings(config, seated.desk.device)
    plan = key_plan(seated.desk, seated.keys, settings, seated.kind)
    placed = [key for key in plan.placed if key]
    if as_json:
        user = seated.desk.user
        output.as_json(
            {
                "user": user.extension if user else None,
                "slots": len(plan.placed),
                "placed": [_for_programs(key) for key in placed],
                "dropped": [asdict(key) for key in plan.dropped],
            }
        )
        return
    output.table(_COLUMNS, map(_row, placed))
    for key in plan.dropped:
        label = f" ({key.label})" if key.label else ""
        output.note(
            f"no place for position {key.position}:"
            f" {' '.join((key.kind, key.value)).strip()}{label}"
        )


async def _seated(tx: Tx, name: str, sitter: str | None) -> Seated:
    """Return the desk of *name* as it is, or as if *sitter* sat there."""
    desk = await logins.desk(tx, name)
    if desk is None:
        raise NotFound(f"There is no device {name}.")
    if sitter == NOBODY:
        desk = replace(desk, user=None)
    elif sitter is not None:
        account = desk.device.account
        user = await users.find(tx, account, sitter)
        if user is None:
            raise NotFound(f"There is no user {sitter} in account {account}.")
        desk = replace(desk, user=user)
    keys = await user_keys.of(tx, desk.user) if desk.user else []
    return Seated(desk, tuple(keys))


def _document(
    config: Config, seated: Seated, file_name: str | None, *, with_secrets: bool
) -> Document:
    """Return the file so named, or the one that tells the phone who sits there."""
    device = seated.desk.device
    if device.mac is None:
        raise Refused(f"{device.name} waits for a phone; see: hotdesk device assign")
    if not with_secrets:
        hidden = replace(device, sip_secret=_HIDDEN, web_password=_HIDDEN)
        seated = replace(seated, desk=replace(seated.desk, device=hidden))
    known = file_names(seated.kind.vendor, device.mac)
    if file_name and file_name not in known:
        raise Invalid(f"file {file_name!r}: expected {' or '.join(known)}")
    documents = _documents(config, seated, [file_name] if file_name else known)
    return next((one for one in documents if one.names_login), documents[0])


def _documents(config: Config, seated: Seated, names: Sequence[str]) -> list[Document]:
    settings = _settings(config, seated.desk.device)
    files = [file for file in map(phone_file, names) if file]
    try:
        return [
            render(file, seated.desk, seated.keys, settings, seated.kind)
            for file in files
        ]
    except TemplateProblem as problem:
        raise Invalid(f"{problem}\nPhones get our own template meanwhile.") from None


def _settings(config: Config, device: Device) -> PhoneSettings:
    # Only these commands need it, and it brings the HTTP server with it.
    from asterisk_hotdesk.web.urls import phone_settings

    return phone_settings(config, "TOKEN", device.mac or _NO_MAC, device.account)


def _for_programs(key: PlacedKey) -> dict[str, Any]:
    return {
        "slot": key.slot,
        "kind": key.kind,
        "value": key.value,
        "label": key.label,
        "position": key.user_key.position if key.user_key else None,
    }


def _row(key: PlacedKey) -> list[Cell]:
    return [
        str(key.slot),
        key.kind,
        key.value or "-",
        key.label or "-",
        str(key.user_key.position) if key.user_key else "hot desk",
    ]
