"""One change of one file: shown before it is made, made whole or not at all."""

from __future__ import annotations

import contextlib
import difflib
import os
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from asterisk_hotdesk.errors import ConfigError

BACKUP_SUFFIX = ".hotdesk-backup"
"""Not `.conf`, so that no include of a whole folder reads a backup."""


@dataclass(frozen=True)
class Owner:
    """Whose a new file is."""

    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Change:
    """A file that is written, edited or removed."""

    path: Path
    why: str
    after: bytes | None = field(repr=False)
    """What it says then; None: it is removed."""
    mode: int = 0o640
    """Of a new file; a file that there is keeps its own."""
    owner: Owner | None = None
    """Of a new file; None: whoever writes it."""
    hidden: Sequence[str] = field(default=(), repr=False)
    """Secrets, which are not shown."""
    keeps_backup: bool = False

    @property
    def before(self) -> bytes | None:
        """Return what the file says now, or None; raise `ConfigError` if unreadable."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _cannot("read", self.path, error) from None

    @property
    def is_needed(self) -> bool:
        """Return whether there is anything to do."""
        return self.before != self.after

    def shown(self) -> list[str]:
        """Return the lines that go and come, as `diff -U0` does, without secrets.

        There are no lines around them: those may hold secrets of the PBX.
        """
        if self.after is None:
            return [f"--- {self.path}", "+++ /dev/null"]
        lines = difflib.unified_diff(
            self._told(self.before),
            self._told(self.after),
            str(self.path) if self.before is not None else "/dev/null",
            str(self.path) if self.after is not None else "/dev/null",
            n=0,
            lineterm="",
        )
        return list(lines)

    def _told(self, content: bytes | None) -> list[str]:
        text = (content or b"").decode(errors="replace")
        for secret in self.hidden:
            text = text.replace(secret, "********")
        return text.splitlines()

    def make(self, now: datetime) -> None:
        """Make the change; raise `ConfigError` where that is not possible."""
        # What the PBX's administrator linked stays linked.
        path = self.path.resolve()
        try:
            if self.keeps_backup and path.exists():
                self._back_up(path, now)
            if self.after is None:
                path.unlink(missing_ok=True)
            else:
                self._write(path, self.after)
        except OSError as error:
            raise _cannot("write", path, error) from None

    def _back_up(self, path: Path, now: datetime) -> None:
        copy = path.with_name(f"{path.name}.{now:%Y-%m-%d-%H%M%S}{BACKUP_SUFFIX}")
        _replace(copy, path.read_bytes(), path.stat())

    def _write(self, path: Path, content: bytes) -> None:
        _make_folder(path.parent, self.owner)
        if path.exists():
            _replace(path, content, path.stat())
        else:
            _replace(path, content, None, mode=self.mode, owner=self.owner)


def _replace(
    path: Path,
    content: bytes,
    like: os.stat_result | None,
    *,
    mode: int = 0o640,
    owner: Owner | None = None,
) -> None:
    """Make *path* say *content*, with mode and owner of *like* if there is one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if like is not None:
                mode, owner = (
                    stat.S_IMODE(like.st_mode),
                    Owner(like.st_uid, like.st_gid),
                )
            if owner is not None:
                _give(file.fileno(), owner)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _make_folder(folder: Path, owner: Owner | None) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent, None)
    folder.mkdir(mode=0o755 if owner is None else 0o750)
    if owner is not None:
        _give(folder, owner)


def _give(file: int | Path, owner: Owner) -> None:
    # Whoever is not root writes files of his own only.
    with contextlib.suppress(PermissionError):
        os.chown(file, owner.uid, owner.gid)


def _cannot(what: str, path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"{path}: cannot {what} it ({error.strerror or error}); run this as root"
    )
