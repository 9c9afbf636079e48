"""The secret that is not in the database: pepper of the PINs, key of the tokens."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import ConfigError


def pepper(config: Config) -> bytes:
    """Return the configured pepper, or the one that the first start made.

    Losing it makes every PIN wrong: keep it where backups are, but not with the
    database.  Raises `ConfigError` if its file cannot be read or written.
    """
    if config.pins.pepper is not None:
        return config.pins.pepper.get_secret_value().encode()
    path = config.state_dir / "pepper"
    try:
        made = _make(path) if not path.exists() else path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not ASCII"
        raise ConfigError(
            f"The pepper of the PINs in {path} cannot be read or made ({reason}); run"
            " this command as the user of the service, or as root"
        ) from None
    # An editor or `echo` may have ended the line when it was put back.
    made = made.strip()
    if not made:
        raise ConfigError(
            f"The pepper of the PINs in {path} is empty; put it back from a backup, or"
            " delete the file and set every PIN again"
        )
    return made.encode()


def provisioning_key(config: Config) -> bytes:
    """Return the key from which the tokens of the phones are derived."""
    return hmac.digest(pepper(config), b"provisioning key", hashlib.sha256)


def pseudonym_key(config: Config) -> bytes:
    """Return the key from which people's pseudonyms in the history are derived."""
    return hmac.digest(pepper(config), b"pseudonym key", hashlib.sha256)


def _make(path: Path) -> str:
    """Return what the file *path* says, after making it if nobody else did."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and linked: two first starts at once end with one pepper.
    fresh = path.with_name(f".pepper.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        os.unlink(fresh)
    return path.read_text(encoding="ascii")
