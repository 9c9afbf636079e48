"""Have our accounts at AMI and ARI the rights that we need, and no others?"""

from __future__ import annotations

from collections.abc import Iterator

from asterisk_hotdesk.doctor.facts import Facts
from asterisk_hotdesk.doctor.findings import Finding, error, some, warning

NEEDED_ACTIONS = {
    "system": ("dbput", "dbdel", "dbgettree", "dialplanextensionadd", "reload"),
    "reporting": ("devicestatelist", "getvar", "showdialplan"),
    "user": ("userevent",),
}
"""By class of rights, actions that it gives and that we use."""

DANGEROUS_ACTIONS = {
    "command": "command",
    "originate": "originate",
    "config": "updateconfig",
    "agi": "agi",
}
"""By class of rights, an action that only it gives and that we never use."""

NEEDED_EVENTS = ("system", "call", "user")


def check(facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with our rights."""
    if facts.ari and not facts.ari.may_write:
        yield error(
            "ari-read-only",
            f"The ARI user {facts.config.asterisk.ari_username} may only read, so no"
            " login can take effect.",
            "Set read_only=no for it in ari.conf, then: asterisk -rx 'module reload"
            " res_ari.so'",
        )
    if facts.ami:
        yield from _actions(facts, facts.ami.actions)
    yield from _events(facts)


def _actions(facts: Facts, allowed: frozenset[str]) -> Iterator[Finding]:
    user = facts.config.asterisk.ami_username
    for right, actions in NEEDED_ACTIONS.items():
        missing = [action for action in actions if action not in allowed]
        if missing:
            yield error(
                "ami-right-missing",
                f"The AMI user {user} lacks the right {right} (it may not use"
                f" {some(missing)}).",
                "Set write=system,reporting,user for it in manager.conf, then:"
                " asterisk -rx 'manager reload'",
            )
    if any(u.queue_interface for u in facts.users) and "queuepause" not in allowed:
        yield warning(
            "ami-queue-right-missing",
            f"The AMI user {user} lacks the right agent, so queue members are neither"
            " paused at logout nor resumed at login.",
            "Run hotdesk install --queues, or set write=system,reporting,user,agent for"
            " it in manager.conf; then: asterisk -rx 'manager reload'",
        )
    spare = [r for r, action in DANGEROUS_ACTIONS.items() if action in allowed]
    if spare:
        yield warning(
            "ami-too-many-rights",
            f"The AMI user {user} has rights that hot desking does not need:"
            f" {some(spare)}. Whoever learns its secret has them too.",
            "Set write=system,reporting,user for it in manager.conf.",
        )


def _events(facts: Facts) -> Iterator[Finding]:
    section = facts.files.conf("manager.conf").section(
        facts.config.asterisk.ami_username
    )
    if section is None or (read := section.find("read")) is None:
        return
    classes = {name.strip() for name in read.value.split(",")}
    missing = [c for c in NEEDED_EVENTS if not classes & {c, "all"}]
    if missing:
        yield error(
            "ami-event-right-missing",
            f"{read.place}: the AMI user does not get events of the classes"
            f" {some(missing)}.",
            "Set read=system,call,user, then: asterisk -rx 'manager reload'",
        )
