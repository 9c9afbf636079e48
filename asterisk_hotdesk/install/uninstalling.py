"""What takes an installation away: files as changes, and our entries in Asterisk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import ConfigError
from asterisk_hotdesk.install import including
from asterisk_hotdesk.install.blocks import has_block, without_blocks
from asterisk_hotdesk.install.change import BACKUP_SUFFIX, Change
from asterisk_hotdesk.install.places import Places
from asterisk_hotdesk.pbx import files
from asterisk_hotdesk.pbx.ami import Ami, AmiRefused
from asterisk_hotdesk.pbx.ari import Ari
from asterisk_hotdesk.pbx.device_states import DeviceStates

_FAMILY = "hotdesk"
_STORED = "hotdesk_endpoint"
"""AstDB families: our routes, and the endpoints that sorcery.conf has there."""

_CONTACTS = "registrar/contact"
"""Where Asterisk keeps who is registered: `AOR;@` and a digest."""

_OURS = (
    including.ARI,
    including.MANAGER,
    including.SORCERY,
    files.PJSIP,
    files.EXTENSIONS,
    files.USERS,
)


def planned(places: Places) -> list[Change]:
    """Return which files change; none, where nothing is installed.

    The lines that we put into files of the PBX go; the rest stays byte for byte.
    """
    return [*_restored(places), *_removed(places)]


def _restored(places: Places) -> Iterator[Change]:
    for path in sorted(places.real(places.asterisk_dir).rglob("*.conf")):
        if path.parent == places.real(places.generated_dir) or not path.is_file():
            continue
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ConfigError(
                f"{path}: cannot read it ({error.strerror}); run this as root"
            ) from None
        if has_block(content):
            yield Change(
                path=path, why="as it was before", after=without_blocks(content)
            )


def _removed(places: Places) -> Iterator[Change]:
    ours = [places.generated_dir / name for name in _OURS]
    for path in (*ours, places.unit):
        if places.real(path).exists():
            yield Change(path=places.real(path), why="ours", after=None)


def spare_backups(places: Places) -> list[Path]:
    """Return the backups of ours that say what their file says again."""
    found = places.real(places.asterisk_dir).rglob(f"*{BACKUP_SUFFIX}")
    return [copy for copy in sorted(found) if _says_the_same(copy)]


def _says_the_same(copy: Path) -> bool:
    original = copy.with_name(copy.name.removesuffix(BACKUP_SUFFIX)).with_suffix("")
    try:
        return without_blocks(copy.read_bytes()) == original.read_bytes()
    except OSError:
        return False


async def forget(config: Config) -> int:
    """Remove our endpoints, contacts, device states and AstDB entries.

    Returns how many endpoints there were.  Raises `Unavailable` where Asterisk does not
    let us.
    """
    asterisk = config.asterisk
    ami = Ami(
        asterisk.ami_host,
        asterisk.ami_port,
        asterisk.ami_username,
        asterisk.ami_secret.get_secret_value(),
        with_events=False,
    )
    async with (
        ami.once(),
        Ari(
            asterisk.ari_url,
            asterisk.ari_username,
            asterisk.ari_password.get_secret_value(),
            asterisk.application,
        ) as ari,
    ):
        names = [
            entry.rpartition("/")[2]
            for entry in await _entries(ami, _STORED)
            if entry.startswith(f"{_STORED}/endpoint/")
        ]
        for name in names:
            await ari.delete_endpoint(name)
        states = DeviceStates(ari, ami)
        for name in await states.all():
            await states.forget(name)
        contacts = [
            entry
            for entry in await _entries(ami, _CONTACTS)
            if entry.rpartition("/")[2].partition(";")[0] in names
        ]
        ours = [*await _entries(ami, _FAMILY), *await _entries(ami, _STORED)]
        # By key: a family's name may stand for others as well.
        for entry in ours + contacts:
            family, _, key = entry.rpartition("/")
            await ami.action("DBDel", {"Family": family, "Key": key})
    return len(names)


async def _entries(ami: Ami, family: str) -> list[str]:
    try:
        found = await ami.listing("DBGetTree", {"Family": family})
    except AmiRefused:
        # Asterisk calls an empty tree an error.
        return []
    entries = [entry["key"].lstrip("/") for entry in found if "key" in entry]
    # In a search, `_` stands for any character.
    return [entry for entry in entries if entry.startswith(f"{family}/")]
