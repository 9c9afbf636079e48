"""Where everything is on this machine, and whose it is."""

from __future__ import annotations

import pwd
import sys
from dataclasses import dataclass
from pathlib import Path

from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.install.change import Owner
from asterisk_hotdesk.pbx.conf import Conf, read_conf

ASTERISK_DIR = Path("/etc/asterisk")
UNIT_DIR = Path("/etc/systemd/system")
UNIT = "asterisk-hotdesk.service"
STATE_DIR = Path("/var/lib/asterisk-hotdesk")
GENERATED = "hotdesk.d"


@dataclass(frozen=True, kw_only=True)
class Places:
    """The paths that we use.

    *root* is put before each path that is written or read, and is part of no text.
    """

    root: Path
    asterisk_dir: Path
    unit_dir: Path
    config: Path
    user: str
    """Whom the service runs as: Asterisk's user."""

    @property
    def generated_dir(self) -> Path:
        """Return the folder for our own files beside the PBX's."""
        return self.asterisk_dir / GENERATED

    def real(self, path: Path) -> Path:
        """Return where *path* is on this machine now."""
        return self.root / path.relative_to("/")

    def conf(self, name: str) -> Conf:
        """Return one of Asterisk's configuration files."""
        return read_conf(self.real(self.asterisk_dir) / name)

    @property
    def owner(self) -> Owner | None:
        """Return whose our files are; None: there is no such user here."""
        try:
            found = pwd.getpwnam(self.user)
        except KeyError:
            return None
        return Owner(found.pw_uid, found.pw_gid)

    @property
    def unit(self) -> Path:
        """Return what systemd starts the service by."""
        return self.unit_dir / UNIT

    @property
    def has_systemd(self) -> bool:
        """Return whether there is, or will be, a systemd to read our unit."""
        return self.real(self.unit_dir).is_dir() or not self.is_this_machine

    @property
    def is_this_machine(self) -> bool:
        """Return whether these are the paths of what runs here."""
        return self.root == Path("/")


def asterisk_user(asterisk_dir: Path, named: str | None) -> str:
    """Return whom Asterisk runs as: *named*, or what its files say.

    That is `runuser` of asterisk.conf, else the owner of the folder.
    """
    if named is not None:
        try:
            pwd.getpwnam(named)
        except KeyError:
            raise Invalid(f"There is no user {named} on this machine.") from None
        return named
    options = read_conf(asterisk_dir / "asterisk.conf").section("options")
    if options and (user := options.get("runuser")):
        return user
    try:
        return asterisk_dir.owner()
    except (KeyError, OSError):
        return "asterisk"


def command() -> Path:
    """Return the command `hotdesk` of this installation."""
    return Path(sys.executable).parent / "hotdesk"
