"""Which lines the PBX's own files need, and where: shown, or put in if asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.install.places import Places
from asterisk_hotdesk.pbx import files
from asterisk_hotdesk.pbx.conf import Conf, Section, Setting

ARI = "ari_hotdesk.conf"
MANAGER = "manager_hotdesk.conf"
SORCERY = "sorcery_hotdesk.conf"

_TRUE = ("yes", "true", "y", "t", "1", "on")


@dataclass(frozen=True, kw_only=True)
class Insertion:
    """Lines that a file of the PBX needs."""

    file: Path
    """As Asterisk knows it."""
    lines: Sequence[str]
    why: str
    after: int | None = None
    """The number of the line above; None: at the end."""
    where: str


def insertions(
    places: Places, *, ari_user: str, ami_user: str, contexts: Sequence[str]
) -> Iterator[Insertion]:
    """Yield what is missing; *contexts* are those that colleagues dial from.

    Raises `NotFound` where one of *contexts* does not exist.
    """
    wanted = _Wanted(places)
    yield from wanted.enabled("http.conf", "ARI is spoken over HTTP")
    yield from wanted.general_of_ari()
    yield from wanted.account("ari.conf", ARI, ari_user, "our account at ARI")
    yield from wanted.enabled("manager.conf", "routes and lamps are set over AMI")
    yield from wanted.account("manager.conf", MANAGER, ami_user, "our account at AMI")
    yield from wanted.sorcery()
    yield from wanted.included("pjsip.conf", files.PJSIP, "the desks' AORs")
    yield from wanted.notify()
    yield from wanted.included("extensions.conf", files.EXTENSIONS, "our dialplan")
    for context in contexts:
        yield from wanted.context(context)


def own_endpoints_first(places: Places) -> bool:
    """Return whether sorcery.conf leaves it to us to name pjsip.conf."""
    return not _endpoint_lines(places.conf("sorcery.conf"))


class _Wanted:
    def __init__(self, places: Places) -> None:
        self._places = places

    def enabled(self, name: str, why: str) -> Iterator[Insertion]:
        """A server of Asterisk's is on, for this machine at least."""
        conf = self._places.conf(name)
        general = conf.section("general")
        lines = []
        if not general or general.get("enabled", "no").lower() not in _TRUE:
            lines.append("enabled = yes")
            if not general or not general.find("bindaddr"):
                lines.append("bindaddr = 127.0.0.1")
        elif name == "http.conf" and not general.find("bindaddr"):
            # Without it, Asterisk does not listen at all.
            lines.append("bindaddr = 127.0.0.1")
        if lines:
            above = general.find("enabled") if general else None
            yield self._within(conf, "general", general, above, lines, why)

    def general_of_ari(self) -> Iterator[Insertion]:
        """ARI is on unless somebody says no, but never without this section."""
        conf = self._places.conf("ari.conf")
        general = conf.section("general")
        if general and general.get("enabled", "yes").lower() in _TRUE:
            return
        above = general.find("enabled") if general else None
        why = "ARI is off without it"
        yield self._within(conf, "general", general, above, ["enabled = yes"], why)

    def account(self, name: str, ours: str, user: str, why: str) -> Iterator[Insertion]:
        """Our account is there, in our file unless somebody wrote it elsewhere."""
        if not self._places.conf(name).section(user):
            yield from self.included(name, ours, why)

    def included(self, name: str, ours: str, why: str) -> Iterator[Insertion]:
        """Our file is read."""
        conf = self._places.conf(name)
        path = self._places.generated_dir / ours
        if self._places.real(path) in conf.included or path in conf.included:
            return
        yield self._at_the_end(self._own_part(conf), [self._include_line(ours)], why)

    def sorcery(self) -> Iterator[Insertion]:
        """The desks' endpoints are kept in AstDB, beside those of pjsip.conf."""
        conf = self._places.conf("sorcery.conf")
        ours = self._places.real(self._places.generated_dir / SORCERY)
        section = conf.section("res_pjsip")
        written = [
            s
            for s in (section.settings if section else [])
            if "hotdesk_endpoint" in s.value
        ]
        if ours in conf.included or written:
            return
        lines = _endpoint_lines(conf)
        yield self._within(
            conf,
            "res_pjsip",
            section,
            lines[-1] if lines else None,
            [self._include_line(SORCERY)],
            "the desks' endpoints live in AstDB (Asterisk reads it at its start)",
        )

    def notify(self) -> Iterator[Insertion]:
        """The file is there, whatever it says."""
        conf = self._places.conf("pjsip_notify.conf")
        if not conf.exists:
            yield self._at_the_end(
                conf.path,
                ["; This file may be empty, but must exist."],
                "Asterisk loads PJSIPNotify only if it exists",
            )

    def context(self, name: str) -> Iterator[Insertion]:
        """Whoever dials in the context reaches the people at hot desks."""
        conf = self._places.conf("extensions.conf")
        section = conf.section(name)
        if section is None:
            raise NotFound(f"There is no context [{name}] in {conf.path}.")
        there = {
            setting.value.partition(",")[0].strip()
            for setting in section.settings
            if setting.name == "include"
        }
        missing = [c for c in ("hotdesk-users", "hotdesk-codes") if c not in there]
        if missing:
            lines = [f"include => {context}" for context in missing]
            why = f"who dials in [{name}] reaches people at hot desks"
            yield self._within(conf, name, section, None, lines, why)

    def _within(
        self,
        conf: Conf,
        name: str,
        section: Section | None,
        above: Setting | None,
        lines: Sequence[str],
        why: str,
    ) -> Insertion:
        """Return an insertion below *above*, else below the header of *section*."""
        if section is None:
            return self._at_the_end(conf.path, [f"[{name}]", *lines], why)
        place = above.place if above else section.place
        return Insertion(
            file=self._as_asterisk_knows(place.file),
            lines=lines,
            why=why,
            after=place.line,
            where=f"under [{name}], below line {place.line}",
        )

    def _at_the_end(self, path: Path, lines: Sequence[str], why: str) -> Insertion:
        return Insertion(
            file=self._as_asterisk_knows(path),
            lines=lines,
            why=why,
            where="at the end" if path.exists() else "a new file",
        )

    def _include_line(self, ours: str) -> str:
        return f"#tryinclude {self._places.generated_dir.name}/{ours}"

    def _own_part(self, conf: Conf) -> Path:
        """Return the file for an administrator's own additions.

        FreePBX writes `pjsip.conf` and its like anew at each change, and leaves
        `pjsip_custom.conf` alone.
        """
        for ending in ("_custom.conf", "_additional_custom.conf"):
            custom = conf.path.with_name(conf.path.stem + ending)
            if custom in conf.included:
                return custom
        return conf.path

    def _as_asterisk_knows(self, path: Path) -> Path:
        return Path("/") / path.relative_to(self._places.root)


def _endpoint_lines(conf: Conf) -> list[Setting]:
    section = conf.section("res_pjsip")
    return [
        setting
        for setting in (section.settings if section else [])
        if setting.name.lower() == "endpoint" and setting.place.file.name != SORCERY
    ]
