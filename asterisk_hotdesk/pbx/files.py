"""The files that we generate for Asterisk, beside the PBX's own."""

from __future__ import annotations

import contextlib
import os
import re
import sysconfig
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from asterisk_hotdesk.config import Config, EmergencyConfig
from asterisk_hotdesk.contexts import idle_context, of_account, used_context
from asterisk_hotdesk.errors import ConfigError
from asterisk_hotdesk.model import (
    DEFAULT_ACCOUNT,
    LONGEST_EXTENSION,
    Device,
    User,
)
from asterisk_hotdesk.pbx.routes import hint_device, users_context

PJSIP = "pjsip_hotdesk.conf"
EXTENSIONS = "extensions_hotdesk.conf"
USERS = "hotdesk_users.conf"
MENU_SCRIPT = "hotdesk-menu.agi"

RING_SECONDS = 30
CALLBACK_SECONDS = 60
"""How long a desk rings that an emergency centre calls back."""
QUALIFY_SECONDS = 60

Place = tuple[str, str]
"""Where the endpoints of an account can be: its name with a context that users dial
from, or with an empty one for devices that nobody uses."""

_PLAIN = "./:_#+'&-"

_templates = Environment(
    loader=PackageLoader("asterisk_hotdesk.dialplan", "."),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - Asterisk's files are not HTML
)


def pjsip_file(config: Config, devices: Sequence[Device]) -> str:
    """Return AOR and auth of every device."""
    return _templates.get_template("pjsip_hotdesk.conf.j2").render(
        generated_dir=config.asterisk.generated_dir,
        devices=devices,
        qualify_seconds=QUALIFY_SECONDS,
    )


def extensions_file(
    config: Config, devices: Sequence[Device], places: Collection[Place]
) -> str:
    """Return our dialplan; *places* is what `places_in` finds there again."""
    prefix, _, suffix = config.codes.login_code("EXT").partition("EXT")
    force_prefix, _, force_suffix = config.codes.force_logout_code("EXT").partition(
        "EXT"
    )
    calling_back = callbacks(config.emergency, devices)
    shared = _shared_numbers(calling_back)
    accounts = {DEFAULT_ACCOUNT, *(account for account, _ in places)}
    dialled_from = sorted({place for place in places if place[1]})
    return _templates.get_template("extensions_hotdesk.conf.j2").render(
        generated_dir=config.asterisk.generated_dir,
        application=config.asterisk.application,
        places=dialled_from,
        accounts=sorted(accounts),
        emergency=config.emergency,
        idle_context=idle_context,
        used_context=used_context,
        of_account=of_account,
        devices=[(device, _emergency_facts(device, shared)) for device in devices],
        callbacks=calling_back,
        callback_seconds=CALLBACK_SECONDS,
        ask_code=config.codes.ask_code(),
        logout_code=config.codes.logout_code(),
        voicemail_code=config.codes.voicemail_code(),
        default_account=DEFAULT_ACCOUNT,
        default_users=users_context(DEFAULT_ACCOUNT),
        change_pin_code=config.codes.change_pin_code(),
        menu_code=config.codes.menu_code(),
        menu_script=Path(sysconfig.get_path("scripts"), MENU_SCRIPT),
        login_prefix=prefix,
        login_suffix=suffix,
        force_prefix=force_prefix,
        force_suffix=force_suffix,
        longest_extension=LONGEST_EXTENSION,
        call_seconds=config.pins.call_seconds,
        ring_seconds=RING_SECONDS,
        unavailable_sounds=config.prompts.unavailable,
    )


def places_of(devices: Iterable[Device], users: Iterable[User]) -> set[Place]:
    """Return where endpoints can be when these devices and users are all there are."""
    idle = {(device.account, "") for device in devices}
    return idle | {(user.account, user.context) for user in users}


def places_in(extensions_text: str) -> set[Place]:
    """Return where endpoints can be that a dialplan of ours has a context for."""
    account = r"(?:\.([a-z0-9-]+))?"
    idle = re.findall(rf"^\[hotdesk-idle{account}\]$", extensions_text, re.MULTILINE)
    used = re.findall(
        rf"^\[hotdesk-as-([\w-]+){account}\]$", extensions_text, re.MULTILINE
    )
    return {(name or DEFAULT_ACCOUNT, "") for name in idle} | {
        (name or DEFAULT_ACCOUNT, context) for context, name in used
    }


@dataclass(frozen=True)
class Callback:
    """What the provider sends when an emergency centre calls back, and who has it."""

    number: str
    devices: tuple[Device, ...]

    @property
    def only(self) -> str:
        """Return the name of the device, or nothing where several have the number."""
        return self.devices[0].name if len(self.devices) == 1 else ""

    @property
    def account(self) -> str:
        """Return the account of these devices: of the first, if they have several."""
        return self.devices[0].account


def callbacks(emergency: EmergencyConfig, devices: Iterable[Device]) -> list[Callback]:
    """Return the numbers that emergency centres call back, each with its devices."""
    having: dict[str, list[Device]] = {}
    for device in devices:
        number = device.emergency_number.lstrip("+")
        if emergency.callback_digits:
            number = number[-emergency.callback_digits :]
        if number:
            having.setdefault(number, []).append(device)
    return [Callback(number, tuple(having[number])) for number in sorted(having)]


def _shared_numbers(calling_back: Iterable[Callback]) -> dict[str, str]:
    """Return, by device name, the number of each device that shares it with others."""
    return {
        device.name: callback.number
        for callback in calling_back
        for device in callback.devices
        if not callback.only
    }


def _emergency_facts(device: Device, shared: Mapping[str, str]) -> str:
    """Return what an emergency call from *device* carries, as arguments of MSet()."""
    facts = {
        "CALLERID(name)": device.name,
        "CALLERID(num)": device.emergency_number,
        "HOTDESK_DEVICE": device.name,
        "HOTDESK_ACCOUNT": device.account,
        "HOTDESK_LOCATION": plain_text(device.location),
        "HOTDESK_SHARED": shared.get(device.name, ""),
    }
    return ",".join(f"{name}={value}" for name, value in facts.items())


def plain_text(text: str) -> str:
    """Return *text* without anything that the dialplan or AMI would take as its own."""
    plain = "".join(c if c.isalnum() or c in _PLAIN else " " for c in text)
    return " ".join(plain.split())


def users_file(users: Iterable[tuple[User, str | None]]) -> str:
    """Return extension and hint of each user with the name of the device, or None.

    And the mailboxes of those who have one.
    """
    sitting: dict[str, list[tuple[User, str | None]]] = defaultdict(list)
    # The PBX includes this account's context: it must exist before its first user does.
    sitting[DEFAULT_ACCOUNT] = []
    for user, device in users:
        sitting[user.account].append((user, device))
    return _templates.get_template("hotdesk_users.conf.j2").render(
        accounts=[_account(name, sitting[name]) for name in sorted(sitting)]
    )


def _account(name: str, sitting: Iterable[tuple[User, str | None]]) -> dict[str, Any]:
    ordered = sorted(sitting, key=lambda s: (len(s[0].extension), s[0].extension))
    return {
        "context": users_context(name),
        "users": [(user, hint_device(user, device)) for user, device in ordered],
        "mailbox_context": f"hotdesk-mailboxes-{name}",
        "mailboxes": [user for user, _ in ordered if user.mailbox],
    }


def without_hints(users_text: str) -> str:
    """Return what of the file of users is not a hint."""
    lines = users_text.splitlines()
    return "\n".join(line for line in lines if ",hint," not in line)


def read(folder: Path, name: str) -> str:
    """Return what the file *name* says; empty if there is none that can be read."""
    try:
        return (folder / name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def write_if_changed(folder: Path, name: str, text: str) -> bool:
    """Make the file *name* say *text*, at once or not at all; return if it changed.

    Only its owner and group may read it.  Raises `ConfigError` where it can't be
    written.
    """
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # As bytes: somebody else's edit need not even be text.
        if path.is_file() and path.read_bytes() == text.encode():
            return False
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                os.fchmod(file.fileno(), 0o640)
                # Where the folder belongs to Asterisk's group, Asterisk can read.
                with contextlib.suppress(PermissionError):
                    os.fchown(file.fileno(), -1, folder.stat().st_gid)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise ConfigError(
            f"asterisk.generated_dir: {path} cannot be written"
            f" ({error.strerror or error}); give the service the right to write there"
        ) from None
    return True
