"""The dialplan as far as it decides who answers a number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from asterisk_hotdesk.doctor.facts import Facts, LiveContext
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, LONGEST_EXTENSION
from asterisk_hotdesk.pbx import files
from asterisk_hotdesk.pbx.conf import Conf, Section
from asterisk_hotdesk.pbx.patterns import Pattern
from asterisk_hotdesk.pbx.routes import users_context

OURS = "hotdesk-"
"""How the names of all our contexts begin."""

HOOKS = "hotdesk-custom-"
"""How contexts begin that the PBX has for our dialplan to ask."""

CODES = "hotdesk-codes"
EMERGENCY = "hotdesk-emergency"
CALLBACK = "hotdesk-emergency-callback"


@dataclass(frozen=True)
class Extension:
    """An extension or pattern of a context, and where it is written."""

    pattern: Pattern
    context: str
    origin: str
    """`FILE:LINE`, or which module of Asterisk brought it in."""


@dataclass
class Context:
    """What a context has itself, and which others it includes, in this order."""

    name: str
    extensions: dict[str, Extension] = field(default_factory=dict)
    includes: dict[str, str] = field(default_factory=dict)
    """By name of a context, where that is written."""
    switches: dict[str, str] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        """Return whether we generate it."""
        return self.name.startswith(OURS)

    def add(self, name: str, origin: str) -> None:
        """Add an extension unless it is there already."""
        known = Extension(Pattern.written(name), self.name, origin)
        self.extensions.setdefault(name, known)


@dataclass
class Dialplan:
    """All contexts."""

    contexts: dict[str, Context] = field(default_factory=dict)

    def context(self, name: str) -> Context:
        """Return the context *name*, made if there is none."""
        return self.contexts.setdefault(name, Context(name))

    def searched(self, name: str) -> Iterator[Context]:
        """Yield the contexts in which Asterisk looks for a number dialled in *name*.

        First what a context has itself, then its includes, each with its own; the
        first match wins.  Source: `pbx_find_extension` in main/pbx.c.
        """
        seen: set[str] = set()
        waiting = [name]
        while waiting:
            if (found := self.contexts.get(waiting.pop())) and found.name not in seen:
                seen.add(found.name)
                yield found
                waiting.extend(reversed(found.includes))

    def includes(self, name: str, wanted: str) -> bool:
        """Return whether what is dialled in *name* may be found in *wanted*."""
        return any(context.name == wanted for context in self.searched(name))

    def before(self, name: str, wanted: str) -> Iterator[Extension]:
        """Yield what the PBX has in *name* that is tried before *wanted*."""
        for context in self.searched(name):
            if context.name == wanted:
                return
            if not context.is_ours:
                yield from context.extensions.values()

    def everything(self, name: str) -> Iterator[Extension]:
        """Yield what the PBX has in *name*, in the order of its contexts."""
        for context in self.searched(name):
            if not context.is_ours:
                yield from context.extensions.values()

    def answering(self, name: str, number: str) -> Extension | None:
        """Return what answers *number* dialled in *name*, whoever calls."""
        for context in self.searched(name):
            matching = [
                extension
                for extension in context.extensions.values()
                if not extension.pattern.caller and extension.pattern.matches(number)
            ]
            if matching:
                return min(matching, key=lambda extension: extension.pattern.rank)
        return None

    def switches(self, name: str) -> list[str]:
        """Return where *name* asks a `switch`, whose answers nobody knows before."""
        return [
            place
            for context in self.searched(name)
            for place in context.switches.values()
        ]


def dialplan_of(facts: Facts) -> Dialplan:
    """Return the PBX's dialplan with ours in it."""
    conf = facts.files.conf("extensions.conf")
    dialplan = _written(conf)
    if facts.ami:
        _add_running(dialplan, facts.ami.contexts)
    if any(path.name == files.EXTENSIONS for path in conf.included):
        _add_ours(dialplan, facts)
    return dialplan


def code_patterns(facts: Facts) -> list[Pattern]:
    """Return what people dial: our codes."""
    codes = facts.config.codes
    lengths = [*range(2, LONGEST_EXTENSION + 1), 1]
    with_extension = [
        f"_{code_of('X' * length)}"
        for code_of in (codes.login_code, codes.force_logout_code)
        for length in lengths
    ]
    fixed = (
        codes.ask_code(),
        codes.logout_code(),
        codes.voicemail_code(),
        codes.change_pin_code(),
        codes.menu_code(),
    )
    return [Pattern(text) for text in (*fixed, *with_extension)]


def _written(conf: Conf) -> Dialplan:
    dialplan = Dialplan()
    variables = _globals(conf.section("globals"))
    for section in conf.in_use:
        if section.name in ("general", "globals"):
            continue
        context = dialplan.context(section.name)
        for setting in section.settings:
            first, _, rest = setting.value.partition(",")
            match setting.name.lower():
                # A hint alone answers nothing.
                case "exten" if rest.partition(",")[0].strip().lower() != "hint":
                    name = _substituted(first.strip(), variables)
                    context.add(name, str(setting.place))
                case "include":
                    context.includes.setdefault(first.strip(), str(setting.place))
                case "switch" | "lswitch" | "eswitch":
                    context.switches.setdefault(setting.value, str(setting.place))
    return dialplan


def _globals(section: Section | None) -> dict[str, str]:
    return {s.name: s.value for s in section.settings} if section else {}


def _substituted(name: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: variables.get(match[1], match[0]), name)


def _add_running(
    dialplan: Dialplan, contexts: Mapping[str, LiveContext | None]
) -> None:
    for name, live in contexts.items():
        if live is None or name.startswith(OURS):
            continue
        context = dialplan.context(name)
        for extension, registrar in live.extensions.items():
            context.add(extension, f"[{name}] of the running dialplan ({registrar})")
        for included in live.includes:
            context.includes.setdefault(included.partition(",")[0], f"[{name}]")
        for switch in live.switches:
            context.switches.setdefault(switch, f"[{name}]")


def _add_ours(dialplan: Dialplan, facts: Facts) -> None:
    origin = files.EXTENSIONS
    codes = dialplan.context(CODES)
    for pattern in code_patterns(facts):
        codes.add(pattern.text, origin)
    emergency = dialplan.context(EMERGENCY)
    for number in facts.config.emergency.numbers:
        emergency.add(number, origin)
    calling_back = dialplan.context(CALLBACK)
    for callback in files.callbacks(facts.config.emergency, facts.devices):
        calling_back.add(callback.number, origin)
    dialplan.context(users_context(DEFAULT_ACCOUNT))
    for user in facts.users:
        dialplan.context(users_context(user.account)).add(user.extension, files.USERS)


def phone_contexts(conf: Conf) -> dict[str, str]:
    """Return the contexts that the endpoints of pjsip.conf dial from, with one each."""
    found: dict[str, str] = {}
    for section in endpoints(conf):
        found.setdefault(section.get("context", "default"), section.name)
    return found


def endpoints(conf: Conf) -> Iterable[Section]:
    """Return the endpoints in pjsip.conf."""
    return (s for s in conf.in_use if s.get("type") == "endpoint")
