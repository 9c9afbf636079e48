"""Does another extension take our dial codes, or do ours take the PBX's?

At a hot desk nothing comes before our codes, by the order of includes in
`hotdesk-idle` and `hotdesk-as-…`: there, ours hide the PBX's.  At every other phone
the PBX's context comes first: there, its extensions hide ours.
"""

from __future__ import annotations

from collections.abc import Iterator

from asterisk_hotdesk.doctor.dialplan import (
    CODES,
    Dialplan,
    Extension,
    code_patterns,
)
from asterisk_hotdesk.doctor.facts import Facts
from asterisk_hotdesk.doctor.findings import Finding, error, note, some, warning
from asterisk_hotdesk.pbx.patterns import Pattern

_ANOTHER_PREFIX = "set another codes.prefix in hotdesk.toml"


def check(facts: Facts, dialplan: Dialplan) -> Iterator[Finding]:
    """Yield conflicts about our dial codes."""
    codes = code_patterns(facts)
    yield from _shadowed(dialplan, codes)
    yield from _hidden(facts, dialplan, codes)
    yield from _pickup(facts, codes)
    yield from _numbers(facts, codes)


def _shadowed(dialplan: Dialplan, codes: list[Pattern]) -> Iterator[Finding]:
    """Find what at other phones answers before our codes do."""
    told = set()
    for name, context in dialplan.contexts.items():
        if context.is_ours or not dialplan.includes(name, CODES):
            continue
        for extension in dialplan.before(name, CODES):
            dialled = _common(extension, codes)
            if dialled is None or extension in told:
                continue
            told.add(extension)
            yield warning(
                "dial-code-shadowed",
                f"{extension.origin}: {extension.pattern.text} in"
                f" [{extension.context}] answers {dialled} before our codes do, which"
                f" [{name}] includes. Hot desks are not affected; other phones do not"
                " hear that they are none.",
                f"Make that pattern narrower, move include => {CODES} above what"
                f" brings it in, or {_ANOTHER_PREFIX}.",
            )


def _hidden(
    facts: Facts, dialplan: Dialplan, codes: list[Pattern]
) -> Iterator[Finding]:
    """Find what the PBX has and cannot be dialled at hot desks, because of us."""
    told = set()
    prefix = len(facts.config.codes.prefix)
    for name in sorted({user.context for user in facts.users}):
        for extension in dialplan.everything(name):
            dialled = _common(extension, codes)
            if dialled is None or extension in told:
                continue
            told.add(extension)
            # A catch-all loses only what nobody dials on purpose.
            finding = note if extension.pattern.fixed_length < prefix else warning
            yield finding(
                "dial-code-takes-over",
                f"{extension.origin}: at hot desks {dialled} is ours, so it never"
                f" reaches {extension.pattern.text} in [{extension.context}].",
                f"If people need that, {_ANOTHER_PREFIX}.",
            )


def _common(extension: Extension, codes: list[Pattern]) -> str | None:
    """Return a number of ours that *extension* answers too."""
    return next(
        (n for code in codes if (n := extension.pattern.common(code)) is not None), None
    )


def _pickup(facts: Facts, codes: list[Pattern]) -> Iterator[Finding]:
    general = facts.files.conf("features.conf").section("general")
    pickup = general.find("pickupexten") if general else None
    if pickup and any(code.matches(pickup.value) for code in codes):
        yield warning(
            "dial-code-shadowed",
            f"{pickup.place}: pickupexten {pickup.value} is one of our codes too.",
            f"Set another pickupexten, or {_ANOTHER_PREFIX}.",
        )


def _numbers(facts: Facts, codes: list[Pattern]) -> Iterator[Finding]:
    """Find users whom nobody at a hot desk can call."""
    emergency = set(facts.config.emergency.numbers)
    lost = [
        user.extension
        for user in facts.users
        if user.extension in emergency
        or any(code.matches(user.extension) for code in codes)
    ]
    if lost:
        yield error(
            "user-extension-is-a-code",
            f"At hot desks these are emergency numbers or our codes, not users:"
            f" {some(lost)}.",
            f"Give these users other extensions, or {_ANOTHER_PREFIX}.",
        )
