"""Find an Asterisk for the laboratory, or fetch one from Debian without being root.

Debian 12 and 13 have no Asterisk, unstable ("sid") has. Its packages are unpacked,
not installed: Asterisk runs in place, through the C library that came with it, so
nothing on the machine changes and the machine's own release does not matter.
"""

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

OLDEST_VERSION = (20,)
PACKAGES = ("asterisk", "asterisk-core-sounds-en-wav", "asterisk-prompt-de")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DEFAULT_MIRROR = "http://deb.debian.org/debian"


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
    """Return the folder that holds Debian's Asterisk, unpacked.

    The folder appears under its final name only when it is complete.
    """
    recipe = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:8]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    tree = cache / "asterisk-hotdesk" / f"asterisk-{os.uname().machine}-{recipe}"
    if tree.is_dir():
        return tree
    tree.parent.mkdir(parents=True, exist_ok=True)
    with _locked(tree.with_suffix(".lock")):
        if not tree.is_dir():
            for left_behind in tree.parent.glob(f"{tree.name}.part-*"):
                shutil.rmtree(left_behind, ignore_errors=True)
            with tempfile.TemporaryDirectory(
                prefix=f"{tree.name}.part-", dir=tree.parent
            ) as scratch:
                _download(Path(scratch) / "apt")
                _unpack(Path(scratch) / "apt/archives", Path(scratch) / "tree")
                (Path(scratch) / "tree").rename(tree)
    return tree


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(apt: Path) -> None:
    """Download Asterisk and all that it needs into `apt`/archives."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise AsteriskMissingError(
                f"{tool} is missing: this is not Debian or Ubuntu. Install Asterisk "
                "20 or newer with pjsip, ari and voicemail so that it is on PATH."
            )
    if not KEYRING.exists():
        raise AsteriskMissingError(
            f"{KEYRING} is missing: install debian-archive-keyring."
        )
    for folder in ("lists/partial", "archives/partial", "empty"):
        (apt / folder).mkdir(parents=True)
    # An empty list of installed packages makes apt download every dependency, too.
    (apt / "status").touch()
    (apt / "sources.list").write_text(
        f"deb [signed-by={KEYRING}] {_mirror()} sid main\n"
    )
    options = {
        "Dir::State": apt,
        "Dir::State::Lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt,
        "Dir::Cache::archives": apt / "archives",
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": apt / "empty",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": apt / "empty",
        "Dir::Log": apt,
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        # Otherwise an update that reached nothing counts as done.
        "APT::Update::Error-Mode": "any",
        # apt would change to the user _apt, who may not write in our cache.
        "APT::Sandbox::User": pwd.getpwuid(os.getuid()).pw_name,
        "APT::Install-Recommends": "false",
    }
    apt_get = ["apt-get", "--quiet", "--yes"]
    for name, value in options.items():
        apt_get += ["-o", f"{name}={value}"]
    _run([*apt_get, "update"])
    _run([*apt_get, "install", "--download-only", *PACKAGES])


def _mirror() -> str:
    """Return the Debian mirror that this machine uses itself, if it uses one."""
    known = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI)",
            "Created-By: Packages",
            "Origin: Debian",
            "Label: Debian",
        ],
        capture_output=True,
        text=True,
    )
    mirrors = [line.rstrip("/") for line in known.stdout.split()]
    # A snapshot or an archive of an old release has no current sid.
    usable = [
        uri for uri in mirrors if "snapshot." not in uri and "archive." not in uri
    ]
    return usable[0] if usable else DEFAULT_MIRROR


def _unpack(archives: Path, tree: Path) -> None:
    tree.mkdir()
    packages = sorted(archives.glob("*.deb"))
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(lambda deb: _run(["dpkg-deb", "-x", deb, tree]), packages):
            pass
    # The packages' install scripts, which do not run here, would make these links.
    sounds = tree / "usr/share/asterisk/sounds"
    for name in ("en", "en_US"):
        (sounds / name).symlink_to("en_US_f_Allison")


def _run(command: list[str | Path]) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode != 0:
        raise AsteriskMissingError(
            "Debian's Asterisk could not be fetched. Check that the machine reaches "
            f"{_mirror()} (sid), or install Asterisk 20 or newer so that it is on "
            f"PATH.\n{command[0]} said:\n{done.stdout[-2000:]}"
        )
