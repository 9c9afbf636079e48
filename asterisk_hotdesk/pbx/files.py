"""The files that we generate for Asterisk, beside the PBX's own."""

from __future__ import annotations

import contextlib
import os
import sysconfig
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from asterisk_hotdesk.config import Config
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
QUALIFY_SECONDS = 60

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
    config: Config, devices: Sequence[Device], contexts: Iterable[str]
) -> str:
    """Return our dialplan; *contexts* are those that users dial from."""
    prefix, _, suffix = config.codes.login_code("EXT").partition("EXT")
    return _templates.get_template("extensions_hotdesk.conf.j2").render(
        generated_dir=config.asterisk.generated_dir,
        application=config.asterisk.application,
        contexts=sorted(set(contexts)),
        devices=devices,
        emergency_numbers=config.emergency.numbers,
        emergency_context=config.emergency.context,
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
        longest_extension=LONGEST_EXTENSION,
        call_seconds=config.pins.call_seconds,
        ring_seconds=RING_SECONDS,
        unavailable_sounds=config.prompts.unavailable,
    )


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
