"""Are there settings that let strangers in, or PINs out?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address

from asterisk_hotdesk.doctor.facts import Facts
from asterisk_hotdesk.doctor.findings import Finding, error, note, warning
from asterisk_hotdesk.pbx.conf import Section

SHORTEST_SAFE_PIN = 6
_TRUE = ("yes", "true", "y", "t", "1", "on")
"""Source: `ast_true` in main/utils.c."""


def check(facts: Facts) -> Iterator[Finding]:
    """Yield weak settings."""
    yield from _pins(facts)
    yield from _logs(facts)
    yield from _dangerous(facts)
    yield from _ami(facts)
    yield from _ari(facts)
    for text in facts.config.warnings:
        what, _, remedy = text.partition("; ")
        yield warning(
            "secret-readable", f"{what}.", f"{remedy[:1].upper()}{remedy[1:]}"
        )
    for path in facts.files.open_secrets:
        yield warning(
            "secret-readable",
            f"{path}: everybody on this machine can read this file, and it holds a"
            " secret.",
            f"chmod o-r {path}",
        )


def _pins(facts: Facts) -> Iterator[Finding]:
    length = facts.config.pins.length
    if length < SHORTEST_SAFE_PIN:
        yield warning(
            "pin-short",
            f"PINs have {length} digits: one of {10**length:,} is soon guessed among"
            " many users.",
            f"Set pins.length to {SHORTEST_SAFE_PIN} or more, and set new PINs.",
        )


def _logs(facts: Facts) -> Iterator[Finding]:
    """Find logs that show what callers press."""
    places = {}
    section = facts.files.conf("logger.conf").section("logfiles")
    for setting in section.settings if section else []:
        # A formatter may stand before the levels: [json]dtmf,notice
        levels = setting.value.rpartition("]")[2].lower()
        if _shows_keys([level.strip() for level in levels.split(",")]):
            places[setting.name] = f"{setting.place}: the log {setting.name}"
    shown: Mapping[str, Sequence[str]] = facts.ari.log_levels if facts.ari else {}
    for log, shown_levels in shown.items():
        if _shows_keys(shown_levels) and not any(log.endswith(name) for name in places):
            places[log] = f"Asterisk's log {log}"
    for place in places.values():
        yield error(
            "log-shows-pins",
            f"{place} has the level dtmf, so every PIN is written there.",
            "Name the levels one by one, without dtmf and without *, in logger.conf;"
            " then: asterisk -rx 'logger reload', and delete the old logs.",
        )


def _shows_keys(levels: Sequence[str]) -> bool:
    return "*" in levels or "dtmf" in levels


def _dangerous(facts: Facts) -> Iterator[Finding]:
    options = facts.files.conf("asterisk.conf").section("options")
    setting = options.find("live_dangerously") if options else None
    if setting and setting.value.lower() in _TRUE:
        yield warning(
            "live-dangerously",
            f"{setting.place}: live_dangerously lets whoever reaches AMI or ARI write"
            " AstDB, files and more through dialplan functions.",
            "Set it to no; hot desking does not need it.",
        )


def _ami(facts: Facts) -> Iterator[Finding]:
    conf = facts.files.conf("manager.conf")
    general = conf.section("general")
    if general is None or general.get("enabled", "no").lower() not in _TRUE:
        return
    bind = general.find("bindaddr")
    if not _is_open(bind.value if bind else "0.0.0.0"):  # noqa: S104 - their default
        return
    user = conf.section(facts.config.asterisk.ami_username)
    limited = user is not None and (user.find("permit") or user.find("acl"))
    finding = note if limited else error
    yield finding(
        "ami-public",
        f"{bind.place if bind else general.place}: AMI listens on every network,"
        " unencrypted"
        + ("." if limited else ", and our account there is open to every address."),
        "Set bindaddr=127.0.0.1 in manager.conf"
        + ("." if limited else ", or deny and permit for our account."),
    )


def _ari(facts: Facts) -> Iterator[Finding]:
    general = facts.files.conf("http.conf").section("general")
    if general is None or general.get("enabled", "no").lower() not in _TRUE:
        return
    bind = general.find("bindaddr")
    if bind and _is_open(bind.value) and not _has_acl(general):
        yield note(
            "ari-public",
            f"{bind.place}: Asterisk's HTTP server, and ARI with it, listens on every"
            " network.",
            "If nobody else uses it, set bindaddr=127.0.0.1 in http.conf.",
        )


def _has_acl(section: Section) -> bool:
    return any(s.name.lower() in ("acl", "permit", "deny") for s in section.settings)


def _is_open(address: str) -> bool:
    """Return whether other machines reach *address*."""
    try:
        return not ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address != "localhost"
