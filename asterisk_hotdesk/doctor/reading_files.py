"""Reads Asterisk's configuration files, and looks who else can read our secrets."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.doctor.facts import PbxFiles
from asterisk_hotdesk.pbx import files
from asterisk_hotdesk.pbx.conf import Conf, read_conf

NAMES = (
    "asterisk.conf",
    "logger.conf",
    "http.conf",
    "ari.conf",
    "manager.conf",
    "sorcery.conf",
    "pjsip.conf",
    "pjsip_notify.conf",
    "extensions.conf",
    "features.conf",
)

_GENERATED = (files.PJSIP, files.EXTENSIONS, files.USERS)
"""Ours, and long: what is in them is known from the database."""


def read(config: Config, folder: Path) -> PbxFiles:
    """Return the files in *folder*."""
    confs = {name: read_conf(folder / name, unread=_GENERATED) for name in NAMES}
    return PbxFiles(
        folder=folder,
        confs=confs,
        changed_at={
            name: datetime.fromtimestamp(max(times), UTC)
            for name, conf in confs.items()
            if (times := list(_times(conf)))
        },
        strange_owner=_strange_owner(config),
        open_secrets=[path for path in _secrets(config, confs) if _is_open(path)],
    )


def _times(conf: Conf) -> Iterator[float]:
    for path in (conf.path, *conf.included):
        try:
            yield path.stat().st_mtime
        except OSError:
            continue


def _strange_owner(config: Config) -> Path | None:
    try:
        ours = config.asterisk.generated_dir.stat().st_uid
        return config.state_dir if config.state_dir.stat().st_uid != ours else None
    except OSError:
        return None


def _secrets(config: Config, confs: dict[str, Conf]) -> list[Path]:
    """Return the files that hold a secret of ours; there may be fewer."""
    ours = [config.asterisk.generated_dir / files.PJSIP, config.state_dir / "pepper"]
    for name, user in (
        ("ari.conf", config.asterisk.ari_username),
        ("manager.conf", config.asterisk.ami_username),
    ):
        if section := confs[name].section(user):
            ours.append(section.place.file)
    return ours


def _is_open(path: Path) -> bool:
    """Return whether everybody on this machine can read the file at *path*."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH) and all(
            folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents
        )
    except OSError:
        return False
