"""Do calls to users reach their desks, or something that the PBX has already?"""

from __future__ import annotations

from collections.abc import Iterator

from asterisk_hotdesk.doctor.dialplan import OURS, Dialplan, Extension
from asterisk_hotdesk.doctor.findings import Finding, error, some
from asterisk_hotdesk.pbx.patterns import Pattern


def check(dialplan: Dialplan) -> Iterator[Finding]:
    """Yield what answers a user's extension instead of the desk."""
    people = {
        context.name: [e.pattern.text for e in context.extensions.values()]
        for context in dialplan.contexts.values()
        if context.name.startswith(f"{OURS}users") and context.extensions
    }
    told: set[Extension] = set()
    for wanted, extensions in people.items():
        for name in dialplan.contexts:
            if name.startswith(OURS) or not dialplan.includes(name, wanted):
                continue
            for shadow in dialplan.before(name, wanted):
                if shadow in told or shadow.context.startswith(OURS):
                    continue
                told.add(shadow)
                if lost := _answered(shadow.pattern, extensions):
                    yield _taken(shadow, name, wanted, lost)


def _answered(pattern: Pattern, extensions: list[str]) -> list[str]:
    if pattern.is_exact:
        return [pattern.text] if pattern.text in extensions else []
    return [extension for extension in extensions if pattern.matches(extension)]


def _taken(shadow: Extension, name: str, wanted: str, lost: list[str]) -> Finding:
    only_for = f" (calls from {shadow.pattern.caller})" if shadow.pattern.caller else ""
    return error(
        "user-extension-shadowed",
        f"{shadow.origin}: {shadow.pattern.text} in [{shadow.context}] answers"
        f" {some(lost)}{only_for} before {wanted}, which [{name}] includes: such calls"
        " do not reach the desk.",
        f"Remove it or make it narrower, or move include => {wanted} above what brings"
        " it in.",
    )
