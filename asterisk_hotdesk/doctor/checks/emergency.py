"""Does every emergency number lead outside?"""

from __future__ import annotations

from collections.abc import Iterator

from asterisk_hotdesk.doctor.dialplan import EMERGENCY, Dialplan
from asterisk_hotdesk.doctor.facts import Facts
from asterisk_hotdesk.doctor.findings import Finding, error, note, some, warning


def check(facts: Facts, dialplan: Dialplan) -> Iterator[Finding]:
    """Yield emergency numbers that lead nowhere."""
    context = facts.config.emergency.context
    if context not in dialplan.contexts:
        yield error(
            "emergency-context-missing",
            f"There is no context [{context}]: no desk can make an emergency call.",
            "Set emergency.context in hotdesk.toml to the context of yours that takes"
            " emergency calls outside.",
        )
        return
    for number in facts.config.emergency.numbers:
        found = dialplan.answering(context, number)
        if found is None and (places := dialplan.switches(context)):
            yield warning(
                "emergency-number-unknown",
                f"Whether [{context}] answers {number} depends on a switch at"
                f" {some(places)}.",
                "Make a test call.",
            )
        elif found is None or found.context == EMERGENCY:
            yield error(
                "emergency-number-unmatched",
                f"[{context}] has no extension for {number}: this emergency number"
                " cannot be called.",
                f"Add one to extensions.conf, or take {number} out of emergency.numbers"
                " in hotdesk.toml.",
            )
        elif not found.pattern.fixed_length:
            yield note(
                "emergency-by-catch-all",
                f"{found.origin}: the emergency number {number} goes out by the"
                f" pattern {found.pattern.text} of [{found.context}], as every other"
                " number.",
                "Make a test call, or add an extension of its own.",
            )
