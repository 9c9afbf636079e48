"""Fetch programs from Debian and unpack them: nothing is installed, nobody is root.

What is unpacked stays in a cache outside the checkout, for all laboratories.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DEFAULT_MIRROR = "http://deb.debian.org/debian"


class NotFetchedError(Exception):
    """Debian's packages could not be had; the message says why."""


@dataclass(frozen=True)
class Wanted:
    """What to fetch: packages of one release, and all that they need."""

    name: str
    release: str
    packages: tuple[str, ...]
    left_out: Collection[str] = ()
    """Packages that the machine itself has, and whose files have to be its own."""


def fetched(wanted: Wanted, finish: Callable[[Path], None]) -> Path:
    """Return the folder that holds what is wanted, unpacked; fetched if it is missing.

    *finish* does there what the packages' install scripts would have done, which do
    not run.  The folder appears under its final name only when it is complete.
    Raises `NotFetchedError`.
    """
    recipe = hashlib.sha256(" ".join(wanted.packages).encode()).hexdigest()[:8]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = f"{wanted.name}-{os.uname().machine}-{recipe}"
    tree = cache / "asterisk-hotdesk" / name
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
                _download(wanted, Path(scratch) / "apt")
                unpacked = Path(scratch) / "tree"
                _unpack(wanted, Path(scratch) / "apt/archives", unpacked)
                finish(unpacked)
                unpacked.rename(tree)
    return tree


def mirror() -> str:
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


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _download(wanted: Wanted, apt: Path) -> None:
    """Download the packages and all that they need into `apt`/archives."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise NotFetchedError(f"{tool} is missing: this is not Debian or Ubuntu.")
    if not KEYRING.exists():
        raise NotFetchedError(f"{KEYRING} is missing: install debian-archive-keyring.")
    for folder in ("lists/partial", "archives/partial", "empty"):
        (apt / folder).mkdir(parents=True)
    # An empty list of installed packages makes apt download every dependency, too.
    (apt / "status").touch()
    (apt / "sources.list").write_text(
        f"deb [signed-by={KEYRING}] {mirror()} {wanted.release} main\n"
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
    _run([*apt_get, "install", "--download-only", *wanted.packages])


def _unpack(wanted: Wanted, archives: Path, tree: Path) -> None:
    tree.mkdir()
    packages = sorted(
        package
        for package in archives.glob("*.deb")
        if package.name.partition("_")[0] not in wanted.left_out
    )
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(lambda deb: _run(["dpkg-deb", "-x", deb, tree]), packages):
            pass


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
        raise NotFetchedError(f"{command[0]} said:\n{done.stdout[-2000:]}")
