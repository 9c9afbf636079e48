"""Is this Asterisk new enough, and has it what we need?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from asterisk_hotdesk.doctor.facts import Facts
from asterisk_hotdesk.doctor.findings import Finding, error, note, warning
from asterisk_hotdesk.model import LoggedOutTreatment

OLDEST = 20
SAFE = {20: (20, 20, 1), 22: (22, 10, 1), 23: (23, 4, 1)}
"""By branch, the first release with the security fixes of August 2026."""

MODULES = {
    "res_pjsip": "the desks' SIP endpoints",
    "res_pjsip_registrar": "phones register",
    "res_pjsip_authenticator_digest": "phones have to know their password",
    "res_pjsip_endpoint_identifier_user": "a phone is known by its name",
    "res_pjsip_notify": "phones are told to fetch their configuration",
    "res_pjsip_exten_state": "colleagues' lamps",
    "res_pjsip_dialog_info_body_generator": "colleagues' lamps",
    "res_sorcery_astdb": "the desks' endpoints live in AstDB",
    "res_http_websocket": "ARI sends us calls over it",
    "res_ari": "we speak ARI",
    "res_ari_applications": "calls that were left over are found",
    "res_ari_asterisk": "a login rewrites an endpoint",
    "res_ari_channels": "calls are ended and given back",
    "res_ari_events": "calls to us arrive",
    "res_ari_playbacks": "the voice falls silent when a key is pressed",
    "res_ari_sounds": "missing prompts are noticed",
    "res_stasis": "calls are ours while somebody logs in",
    "res_stasis_playback": "the voice speaks",
    "app_stasis": "our dialplan hands calls over",
    "app_dial": "calls ring at desks",
    "app_stack": "our dialplan uses Gosub",
    "app_playback": "the apology while the service is away",
    "func_callerid": "emergency calls carry the desk's number",
    "func_channel": "our dialplan has to know the desk",
    "func_cut": "our dialplan reads routes",
    "func_db": "our dialplan reads routes",
    "func_devstate": "lamps that show whether somebody sits at a desk",
    "func_dialplan": "emergency calls carry the desk's number",
    "func_logic": "our dialplan decides",
    "func_timeout": "no call to us lasts for ever",
}
"""The modules that we cannot do without, and for what."""


def check(facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with Asterisk's version and modules."""
    if facts.ari is None:
        return
    yield from _version(facts.ari.version)
    needed = dict(MODULES)
    if any(u.logged_out_treatment is LoggedOutTreatment.VOICEMAIL for u in facts.users):
        needed["app_voicemail"] = "callers get a mailbox while nobody is logged in"
    if any(u.mailbox for u in facts.users):
        needed["app_voicemail"] = "message lamps follow people"
    if any(u.queue_interface for u in facts.users):
        needed["app_queue"] = "queue members are paused while nobody is logged in"
    for module, purpose in needed.items():
        if module not in facts.ari.modules:
            yield error(
                "module-missing",
                f"Asterisk does not run its module {module} ({purpose}).",
                _remedy(facts, module),
            )


def _remedy(facts: Facts, module: str) -> str:
    if (
        module == "res_pjsip_notify"
        and not facts.files.conf("pjsip_notify.conf").exists
    ):
        return (
            "Asterisk loads it only if pjsip_notify.conf exists, which may be empty:"
            " make it, then restart Asterisk."
        )
    return (
        f"Take it out of noload in modules.conf, or install the package that has it;"
        f" then: asterisk -rx 'module load {module}.so'"
    )


def _version(version: str) -> Iterator[Finding]:
    found = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if found is None:
        yield note(
            "asterisk-version-unknown",
            f"Asterisk calls itself {version!r}; whether it has the security fixes of"
            " 20.20.1, 22.10.1 and 23.4.1 cannot be told from that.",
            "Ask whoever built it.",
        )
        return
    release = tuple(map(int, found.groups()))
    branch = release[0]
    if branch < OLDEST:
        yield error(
            "asterisk-too-old",
            f"Asterisk {version} is older than {OLDEST}.",
            "Upgrade to 22.10.1 or newer.",
        )
    elif branch <= max(SAFE) and release < SAFE.get(branch, (branch + 1,)):
        yield warning(
            "asterisk-insecure",
            f"Asterisk {version} lacks security fixes, some of them in ARI.",
            "Upgrade to 20.20.1, 22.10.1, 23.4.1 or newer.",
        )
