"""Find a Chromium for the tests, or fetch Debian's without being root.

The same for the one library that playwright's driver needs, and a bare Debian lacks.

Debian's is unpacked, not installed, from the machine's own release: it runs with the
machine's C library, and with all other libraries and the fonts that came with it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.lab.debian import NotFetchedError, Wanted, fetched, mirror

PROGRAMS = ("chromium", "google-chrome")
PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-liberation")
LIBRARY_OF_THE_DRIVER, ITS_PACKAGE = "libatomic.so.1", "libatomic1"
OF_THE_MACHINE = ("libc6", "libc-bin")
UNREAD = ("doc", "icons", "locale", "man", "perl")
"""What takes much room in `share`, and a browser without a screen never opens."""

ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Whatever else it would like to ask, nobody is there: no name is looked up.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

PATIENCE_MS = 15_000
"""On a busy machine a page takes its time; what is right is seen at once."""

FONTS_FILE = "fonts.conf"
FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias binding="same"><family>Arial</family>
    <prefer><family>Liberation Sans</family></prefer></alias>
</fontconfig>
"""
"""Arial is what Chromium takes for sans-serif."""


class ChromiumMissingError(Exception):
    """There is no Chromium to run; the message says what to do about it."""


@dataclass(frozen=True)
class Chromium:
    """A browser that can be started, and what its environment needs for that."""

    program: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """Yield a browser that no window is open in."""
    expect.set_options(timeout=PATIENCE_MS)
    chromium = find_chromium()
    with _what_the_driver_needs():
        playwright = await async_playwright().start()
    try:
        browser = await playwright.chromium.launch(
            executable_path=chromium.program,
            args=ARGUMENTS,
            env={**os.environ, **chromium.environment},
        )
        yield browser
        await browser.close()
    finally:
        await playwright.stop()


def find_chromium() -> Chromium:
    """Return this machine's Chromium, else Debian's.

    Debian's is downloaded once (about 150 MB) and cached.  Raises
    `ChromiumMissingError`.
    """
    return _installed() or _unpacked(_tree_of_chromium())


def _installed() -> Chromium | None:
    found = [Path(path) for path in map(shutil.which, PROGRAMS) if path]
    return Chromium(found[0]) if found else None


def _unpacked(tree: Path) -> Chromium:
    return Chromium(
        tree / "usr/lib/chromium/chromium",
        {
            "LD_LIBRARY_PATH": _libraries(tree),
            "FONTCONFIG_FILE": str(tree / FONTS_FILE),
        },
    )


def _libraries(tree: Path) -> str:
    folders = {
        library.parent
        for top in ("lib", "usr/lib")
        for library in tree.glob(f"{top}/*-linux-*/**/lib*.so*")
    }
    return ":".join(map(str, sorted(folders)))


def _tree_of_chromium() -> Path:
    return _fetched(
        "chromium", PACKAGES, _furnish, "install Chromium so that it is on PATH"
    )


@contextmanager
def _what_the_driver_needs() -> Iterator[None]:
    """Let the driver find its library, which it looks for only while it starts.

    Raises `ChromiumMissingError`.
    """
    try:
        ctypes.CDLL(LIBRARY_OF_THE_DRIVER)
    except OSError:
        with pytest.MonkeyPatch.context() as environment:
            tree = _tree_of_the_library()
            environment.setenv("LD_LIBRARY_PATH", _libraries(tree))
            yield
    else:
        yield


def _tree_of_the_library() -> Path:
    return _fetched(
        ITS_PACKAGE, (ITS_PACKAGE,), lambda tree: None, f"install {ITS_PACKAGE}"
    )


def _fetched(
    name: str, packages: tuple[str, ...], furnish: Callable[[Path], None], or_else: str
) -> Path:
    """Return where Debian's *packages* are; raises `ChromiumMissingError`."""
    release = _release()
    wanted = Wanted(f"{name}-{release}", release, packages, OF_THE_MACHINE)
    try:
        return fetched(wanted, furnish)
    except NotFetchedError as problem:
        raise ChromiumMissingError(
            f"Debian's {name} could not be fetched. Check that the machine reaches"
            f" {mirror()} ({release}), or {or_else}.\n{problem}"
        ) from None


def _release() -> str:
    """Return for example "bookworm"."""
    machine = platform.freedesktop_os_release()
    if machine["ID"] != "debian" or "VERSION_CODENAME" not in machine:
        raise ChromiumMissingError(
            "The browser tests need Chromium on PATH; only on Debian they fetch it"
            " themselves."
        )
    return machine["VERSION_CODENAME"]


def _furnish(tree: Path) -> None:
    (tree / FONTS_FILE).write_text(FONTS)
    for unread in UNREAD:
        shutil.rmtree(tree / "usr/share" / unread, ignore_errors=True)
