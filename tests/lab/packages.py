"""Find an Asterisk for the laboratory, or fetch one from Debian without being root.

Debian 12 and 13 have no Asterisk, unstable ("sid") has. Its packages are unpacked,
not installed: Asterisk runs in place, through the C library that came with it, so
nothing on the machine changes and the machine's own release does not matter.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.lab.debian import NotFetchedError, Wanted, fetched, mirror

OLDEST_VERSION = (20,)
WANTED = Wanted(
    "asterisk",
    "sid",
    ("asterisk", "asterisk-core-sounds-en-wav", "asterisk-prompt-de"),
)


class AsteriskMissingError(Exception):
    """There is no Asterisk to run; the message says what to do about it."""


@dataclass(frozen=True)
class AsteriskInstall:
    """An Asterisk that can be started; `None` stands for its built-in directory."""

    command: tuple[str, ...]
    version: str
    module_dir: Path | None = None
    data_dir: Path | None = None


def find_asterisk() -> AsteriskInstall:
    """Return this machine's Asterisk if it is recent enough, else Debian's.

    Debian's is downloaded once (about 85 MB) and cached. Raises AsteriskMissingError.
    """
    return _installed() or _unpacked(_fetched())


def _installed() -> AsteriskInstall | None:
    # An ordinary user's PATH often lacks the sbin directories, where Asterisk lives.
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin"
    program = shutil.which("asterisk", path=path)
    if program is None:
        return None
    version = _version((program,))
    return AsteriskInstall((program,), version) if _is_recent(version) else None


def _unpacked(tree: Path) -> AsteriskInstall:
    loader = next(tree.glob("usr/lib*/ld-linux*.so.*"))
    modules = next(tree.glob("usr/lib/*/asterisk/modules"))
    libraries = modules.parent.parent
    program = tree / "usr/sbin/asterisk"
    command = (str(loader), "--library-path", str(libraries), str(program))
    return AsteriskInstall(
        command, _version(command), modules, tree / "usr/share/asterisk"
    )


def _version(command: tuple[str, ...]) -> str:
    """Return for example "22.10.1"; "0" if the program does not say."""
    answer = subprocess.run([*command, "-V"], capture_output=True, text=True)
    found = re.search(r"Asterisk (?:certified[-/])?([\d.]+)", answer.stdout)
    return found.group(1) if found else "0"


def _is_recent(version: str) -> bool:
    return tuple(int(part) for part in version.split(".") if part) >= OLDEST_VERSION


def _fetched() -> Path:
    try:
        return fetched(WANTED, _link_sounds)
    except NotFetchedError as problem:
        raise AsteriskMissingError(
            "Debian's Asterisk could not be fetched. Check that the machine reaches "
            f"{mirror()} (sid), or install Asterisk 20 or newer, with pjsip, ari and"
            f" voicemail, so that it is on PATH.\n{problem}"
        ) from None


def _link_sounds(tree: Path) -> None:
    sounds = tree / "usr/share/asterisk/sounds"
    for name in ("en", "en_US"):
        (sounds / name).symlink_to("en_US_f_Allison")
