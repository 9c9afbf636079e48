"""Does an emergency centre that calls back reach the desk that called?"""

from __future__ import annotations

from collections.abc import Iterator

from asterisk_hotdesk.doctor.dialplan import CALLBACK, Dialplan
from asterisk_hotdesk.doctor.facts import Facts
from asterisk_hotdesk.doctor.findings import Finding, some, warning


def check(facts: Facts, dialplan: Dialplan) -> Iterator[Finding]:
    """Yield what keeps a call-back from the desk."""
    if CALLBACK not in dialplan.contexts:
        return
    numbers = list(dialplan.contexts[CALLBACK].extensions)
    including = [
        name
        for name, context in sorted(dialplan.contexts.items())
        if not context.is_ours and dialplan.includes(name, CALLBACK)
    ]
    if numbers and not including:
        yield warning(
            "callback-not-included",
            f"No context of the PBX includes {CALLBACK}: an emergency centre that calls"
            f" back ({some(numbers)}) does not reach the desk that called.",
            f"Add include => {CALLBACK} to the context where calls from outside arrive,"
            " then: asterisk -rx 'dialplan reload'",
        )
    for name in including:
        yield from _shadows(dialplan, name, numbers)


def _shadows(dialplan: Dialplan, name: str, numbers: list[str]) -> Iterator[Finding]:
    for number in numbers:
        found = dialplan.answering(name, number)
        if found and found.context != CALLBACK:
            yield warning(
                "callback-shadowed",
                f"{found.origin}: {found.pattern.text} in [{found.context}] answers"
                f" {number} before {CALLBACK} does: an emergency centre that calls back"
                " does not reach the desk that called.",
                "Asterisk looks at what a context has itself before what it includes:"
                f" move it to a context of its own, and let [{name}] include that after"
                f" {CALLBACK}.",
            )
            return
