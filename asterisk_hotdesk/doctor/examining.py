"""All checks, on the same facts."""

from __future__ import annotations

from asterisk_hotdesk.doctor.checks import (
    callback,
    codes,
    emergency,
    extensions,
    files,
    including,
    mapping,
    phones,
    prompts,
    rights,
    security,
    versions,
)
from asterisk_hotdesk.doctor.dialplan import dialplan_of
from asterisk_hotdesk.doctor.facts import Facts
from asterisk_hotdesk.doctor.findings import Finding, Severity


def examine(facts: Facts) -> list[Finding]:
    """Return what *facts* tell, the worst first."""
    findings = [*facts.unseen, *files.check(facts)]
    for check in (versions, rights, mapping, prompts, phones, security):
        findings += check.check(facts)
    running = facts.ami is not None and bool(facts.ami.contexts)
    if running or facts.files.conf("extensions.conf").sections:
        dialplan = dialplan_of(facts)
        for look in (including, codes, emergency, callback):
            findings += look.check(facts, dialplan)
        findings += extensions.check(dialplan)
    order = list(Severity)
    return sorted(findings, key=lambda finding: order.index(finding.severity))
