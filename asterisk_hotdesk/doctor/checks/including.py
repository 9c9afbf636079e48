"""Do the PBX's files bring ours in, and can people call each other?"""

from __future__ import annotations

from collections.abc import Iterator

from asterisk_hotdesk.doctor.dialplan import (
    CODES,
    HOOKS,
    OURS,
    Dialplan,
    endpoints,
    phone_contexts,
)
from asterisk_hotdesk.doctor.facts import Facts
from asterisk_hotdesk.doctor.findings import Finding, error, note, some, warning
from asterisk_hotdesk.pbx import files
from asterisk_hotdesk.pbx.routes import users_context

_RELOAD = "then: asterisk -rx 'dialplan reload'"


def check(facts: Facts, dialplan: Dialplan) -> Iterator[Finding]:
    """Yield which lines of the PBX are missing."""
    included = True
    for conf_name, name, why in (
        ("extensions.conf", files.EXTENSIONS, "our dialplan"),
        ("pjsip.conf", files.PJSIP, "the desks' AORs and passwords"),
    ):
        conf = facts.files.conf(conf_name)
        ours = facts.config.asterisk.generated_dir / name
        if ours in conf.included or (conf.problems and not conf.sections):
            continue
        included = False
        yield error(
            "include-missing",
            f"{conf.path} does not include {ours} ({why}).",
            f"Add at its end: #tryinclude {ours} (hotdesk install does so).",
        )
    if included:
        yield from _loaded(facts)
        yield from _users(facts, dialplan)
        yield from _lamps(facts, dialplan)
    yield from _taken_names(facts)


def _loaded(facts: Facts) -> Iterator[Finding]:
    """Look whether Asterisk has read what its files include."""
    if facts.ami and CODES in facts.ami.contexts and not facts.ami.contexts[CODES]:
        ours = facts.config.asterisk.generated_dir / files.EXTENSIONS
        yield error(
            "dialplan-not-loaded",
            f"Asterisk does not know our contexts: {ours} is not written yet, or was"
            " not read.",
            "Start the service, which writes it. If it runs: asterisk -rx 'dialplan"
            " reload', and read what Asterisk says.",
        )


def _users(facts: Facts, dialplan: Dialplan) -> Iterator[Finding]:
    accounts = sorted({user.account for user in facts.users})
    reachable = [name for name in dialplan.contexts if not name.startswith(OURS)]
    for account in accounts:
        wanted = users_context(account)
        if not any(dialplan.includes(name, wanted) for name in reachable):
            yield warning(
                "users-not-included",
                f"No context of the PBX includes {wanted}: nobody can call the people"
                " who are logged in.",
                f"Add include => {wanted} to the context that colleagues dial from,"
                f" {_RELOAD}",
            )
    for name in sorted({user.context for user in facts.users}):
        if name not in dialplan.contexts:
            yield error(
                "user-context-missing",
                f"There is no context [{name}], but users have it: they can call"
                " emergency numbers, and nobody else.",
                "Add it to extensions.conf, or give the users another one with hotdesk"
                " user edit --context.",
            )
    without = [
        name
        for name in phone_contexts(facts.files.conf("pjsip.conf"))
        if accounts
        and not any(dialplan.includes(name, users_context(a)) for a in accounts)
    ]
    if without:
        yield note(
            "phones-cannot-call-users",
            "Phones with these contexts cannot call people at hot desks:"
            f" {some(sorted(without))}.",
            "If they should, add include => hotdesk-users there.",
        )


def _lamps(facts: Facts, dialplan: Dialplan) -> Iterator[Finding]:
    dark = [
        (section, context)
        for section in endpoints(facts.files.conf("pjsip.conf"))
        if (context := section.get("subscribe_context"))
        and _calls_users(facts, dialplan, section.get("context", "default"))
        and not _calls_users(facts, dialplan, context)
    ]
    for context in sorted({context for _, context in dark}):
        first = next(section for section, c in dark if c == context)
        yield warning(
            "lamps-not-included",
            f"{first.place}: phones such as {first.name} look for lamps in [{context}],"
            " which does not include hotdesk-users: their lamps for people at hot"
            " desks stay dark.",
            f"Add include => hotdesk-users to [{context}], {_RELOAD}",
        )
    if facts.ami:
        missing = [key for key, hint in facts.ami.hints.items() if not hint]
        if missing:
            yield warning(
                "hint-missing",
                f"Asterisk has no hint for {some(missing)}"
                f" (looked at {len(facts.ami.hints)} users): their lamps stay dark.",
                "If the service runs: asterisk -rx 'dialplan reload', and read what"
                " Asterisk says.",
            )


def _calls_users(facts: Facts, dialplan: Dialplan, context: str) -> bool:
    accounts = {user.account for user in facts.users}
    return any(dialplan.includes(context, users_context(a)) for a in accounts)


def _taken_names(facts: Facts) -> Iterator[Finding]:
    for section in facts.files.conf("extensions.conf").in_use:
        if section.name.startswith(OURS) and not section.name.startswith(HOOKS):
            yield error(
                "context-name-taken",
                f"{section.place}: the PBX has a context [{section.name}] of its own."
                " Asterisk joins it with ours, and what idle desks may dial is no"
                " longer ours to say.",
                f"Give it a name that does not begin with {OURS}.",
            )
