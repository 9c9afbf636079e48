"""Do calls to users reach their desks, or something that the PBX has already?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from asterisk_hotdesk.doctor.dialplan import OURS, Context, Dialplan, Extension
from asterisk_hotdesk.doctor.findings import Finding, error, some
from asterisk_hotdesk.pbx.patterns import Pattern


def check(dialplan: Dialplan) -> Iterator[Finding]:
    """Yield what answers a user's extension instead of the desk."""
    for users in list(dialplan.contexts.values()):
        if not users.name.startswith(f"{OURS}users") or not users.extensions:
            continue
        told: set[Extension] = set()
        listed = "\n".join(users.extensions)
        for name, context in dialplan.contexts.items():
            if context.is_ours or not dialplan.includes(name, users.name):
                continue
            for shadow in dialplan.before(name, users.name):
                if shadow in told:
                    continue
                told.add(shadow)
                if lost := _answered(shadow.pattern, users, listed):
                    yield _taken(shadow, name, users.name, lost)


def _answered(pattern: Pattern, users: Context, listed: str) -> list[str]:
    """Return which extensions of *users*, also *listed* a line each, it answers."""
    if pattern.is_exact:
        return [pattern.text] if pattern.text in users.extensions else []
    # One question for all of them: there may be thousands, and many patterns.
    return re.findall(rf"^{pattern.regex}$", listed, re.MULTILINE)


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
