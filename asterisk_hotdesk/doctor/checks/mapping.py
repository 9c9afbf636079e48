"""Can Asterisk keep the desks' endpoints, and does it have them?"""

from __future__ import annotations

from collections.abc import Iterator

from asterisk_hotdesk.doctor.dialplan import endpoints
from asterisk_hotdesk.doctor.facts import Facts
from asterisk_hotdesk.doctor.findings import Finding, error, some, warning
from asterisk_hotdesk.pbx.conf import Conf, Setting

STORE = "hotdesk_endpoint"
_WRITABLE = ("realtime", "memory", "astdb")
_RESTART = "restart Asterisk, which reads sorcery.conf only at its start"


def check(facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with where endpoints are kept."""
    conf = facts.files.conf("sorcery.conf")
    if not conf.problems or conf.sections:
        yield from _mapping(conf, facts)
    yield from _restart(facts)
    yield from _names(facts)


def _mapping(conf: Conf, facts: Facts) -> Iterator[Finding]:
    sections = [s for s in conf.in_use if s.name == "res_pjsip"]
    for ignored in sections[1:]:
        yield error(
            "sorcery-section-ignored",
            f"{ignored.place}: a second section [res_pjsip]; Asterisk reads only the"
            f" first one, at {sections[0].place}.",
            f"Move its lines to the first one, and {_RESTART}.",
        )
    lines = [
        s
        for s in (sections[0].settings if sections else [])
        if s.name.lower().partition("/")[0] == "endpoint"
    ]
    if not any(_wizard(line)[0] == "astdb" and STORE in line.value for line in lines):
        yield error(
            "sorcery-mapping-missing",
            f"{conf.path} does not say, under [res_pjsip], that the desks' endpoints"
            " are kept in AstDB: no desk can exist.",
            f"Add endpoint=astdb,{STORE} under [res_pjsip] (hotdesk install does so),"
            f" and {_RESTART}.",
        )
    elif not any(_wizard(line)[0] == "config" for line in lines):
        yield from _lost(facts)
    for line in lines:
        if _wizard(line)[0] in _WRITABLE and STORE not in line.value:
            yield warning(
                "sorcery-two-writers",
                f"{line.place}: endpoints can be written to {_wizard(line)[0]} as well."
                " Asterisk writes a desk to every such place, and they may differ.",
                "Leave only one of them, or keep your own endpoints in pjsip.conf.",
            )


def _lost(facts: Facts) -> Iterator[Finding]:
    own = [section.name for section in endpoints(facts.files.conf("pjsip.conf"))]
    if own:
        yield error(
            "sorcery-config-missing",
            f"Asterisk does not read the {len(own)} endpoints of pjsip.conf any more"
            f" ({some(own)}).",
            "Add endpoint=config,pjsip.conf,criteria=type=endpoint above the line with"
            f" astdb, and {_RESTART}.",
        )


def _wizard(line: Setting) -> tuple[str, str]:
    name, _, rest = line.value.partition(",")
    return name.strip().lower(), rest


def _restart(facts: Facts) -> Iterator[Finding]:
    changed = facts.files.changed_at.get("sorcery.conf")
    started = facts.ari.started_at if facts.ari else None
    if changed and started and changed > started:
        yield warning(
            "asterisk-restart-needed",
            f"sorcery.conf was changed at {changed.astimezone():%Y-%m-%d %H:%M:%S},"
            " after Asterisk had started.",
            f"When no call would be cut, {_RESTART}.",
        )


def _names(facts: Facts) -> Iterator[Finding]:
    desks = {device.name for device in facts.devices}
    taken = {
        section.name: section
        for section in endpoints(facts.files.conf("pjsip.conf"))
        if section.name in desks
    }
    for name, section in taken.items():
        yield error(
            "endpoint-name-taken",
            f"{section.place}: the PBX has an endpoint {name} of its own, and that is"
            " the name of a device too. Asterisk uses the PBX's.",
            f"Rename it, or remove the device {name} and add one with another name.",
        )
    if facts.ari and facts.records and facts.records.daemon_is_running:
        missing = sorted(desks - facts.ari.endpoints - set(taken))
        if missing:
            yield warning(
                "endpoint-missing",
                f"Asterisk has no endpoint for {len(missing)} of {len(desks)} devices"
                f" ({some(missing)}).",
                "If they were added just now, wait. Else look into the log of hotdesk"
                " run, and compare sorcery.conf with the README.",
            )
