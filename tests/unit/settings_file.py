"""A configuration file of a test, and what an administrator is told about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from asterisk_hotdesk.config import load
from asterisk_hotdesk.errors import ConfigError

ENOUGH = """\
[asterisk]
ari_password = "ari-s3cret"
ami_secret = "ami-s3cret"
"""


def written(folder: Path, text: str, name: str = "hotdesk.toml") -> Path:
    """Write *text* to a file that only its owner reads, and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def complaints(path: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return what is wrong, without the file's name where that is as it should be."""
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {})
    return [line.removeprefix(f"{path}:") for line in str(caught.value).split("\n")]
