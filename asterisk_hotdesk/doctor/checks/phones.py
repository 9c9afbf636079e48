"""Can phones fetch, and does every desk say where it is?"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from asterisk_hotdesk.doctor.facts import Facts
from asterisk_hotdesk.doctor.findings import Finding, error, note, some, warning


def check(facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with the service, its URL, devices and users."""
    if facts.records and not facts.records.daemon_is_running:
        yield error(
            "daemon-not-running",
            "The service is not running: nobody can log in or out, and no phone gets"
            " its configuration. Calls are not affected.",
            "systemctl start asterisk-hotdesk, or hotdesk run to see what it says.",
        )
    elif facts.provisioning_problem:
        yield error(
            "provisioning-unreachable",
            f"{facts.config.provisioning.base_url} does not answer as our service"
            f" does: {facts.provisioning_problem}.",
            "Compare provisioning.base_url, listen_host and listen_port in"
            " hotdesk.toml, and what is between them.",
        )
    yield from _url(facts)
    yield from _devices(facts)


def _url(facts: Facts) -> Iterator[Finding]:
    parts = urlsplit(facts.config.provisioning.base_url)
    if _is_loopback(parts.hostname or ""):
        if not _phones_are_here(facts):
            yield warning(
                "provisioning-url-is-local",
                f"provisioning.base_url is {facts.config.provisioning.base_url}, which"
                " no phone can reach.",
                "Set it to an address of this machine, and listen_host too.",
            )
    elif parts.scheme == "http":
        yield warning(
            "provisioning-not-encrypted",
            "Phones fetch their SIP passwords over plain HTTP.",
            "Set provisioning.tls_certificate and tls_key, or put a proxy with HTTPS"
            " before it, and use https in provisioning.base_url.",
        )


def _phones_are_here(facts: Facts) -> bool:
    """Return whether Asterisk itself listens for phones on this machine only."""
    binds = [
        section.get("bind")
        for section in facts.files.conf("pjsip.conf").in_use
        if section.get("type") == "transport"
    ]
    return bool(binds) and all(_is_loopback(_host(bind)) for bind in binds)


def _host(bind: str) -> str:
    """Return the address of `ADDRESS`, `ADDRESS:PORT` or `[ADDRESS]:PORT`."""
    return urlsplit(f"//{bind}").hostname or bind


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _devices(facts: Facts) -> Iterator[Finding]:
    nowhere = [device.name for device in facts.devices if not device.location]
    if nowhere:
        yield warning(
            "device-without-location",
            f"{len(nowhere)} of {len(facts.devices)} devices have no location"
            f" ({some(nowhere)}): after an emergency call nobody knows where to look.",
            "hotdesk device edit NAME --location 'Floor 1, room 12'",
        )
    no_number = [d.name for d in facts.devices if not d.emergency_number]
    if no_number:
        yield warning(
            "device-without-emergency-number",
            f"{len(no_number)} of {len(facts.devices)} devices have no number that an"
            f" emergency centre can call back ({some(no_number)}).",
            "hotdesk device edit NAME --emergency-number NUMBER",
        )
    no_pin = [u.extension for u in facts.users if u.allowed and not u.pin_hash]
    if no_pin:
        yield note(
            "user-without-pin",
            f"{len(no_pin)} of {len(facts.users)} users have no PIN, so they cannot"
            f" log in ({some(no_pin)}).",
            "hotdesk user set-pin EXTENSION, or hotdesk user deny EXTENSION",
        )
