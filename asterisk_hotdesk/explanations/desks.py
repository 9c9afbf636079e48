"""Why nobody can log in at a device, and why its phone lags behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from asterisk_hotdesk.event_words import in_words
from asterisk_hotdesk.explanations import locks
from asterisk_hotdesk.explanations.facts import DeviceFacts, Finding, House
from asterisk_hotdesk.store.overview import DeskStatus


def about_device(facts: DeviceFacts, house: House) -> list[Finding]:
    """Return who sits at a device, what speaks against a login there, and its phone."""
    return [
        _where(facts, house),
        *_waiting_for_a_phone(facts),
        *obstacles_at(facts.desk, house),
        *locks.of_device(facts.device.name, facts.wrong_pins, house),
        *locks.of_all(house),
        *about_phone(facts.desk, house),
    ]


def obstacles_at(desk: DeskStatus, house: House) -> Iterator[Finding]:
    """Yield why nobody can log in at a device now, whoever it is."""
    if not desk.enabled:
        yield Finding(
            f"{desk.device} is disabled.",
            f"hotdesk device enable {desk.device}",
            wrong=True,
        )
    if house.location_required and not desk.location:
        yield Finding(
            f"{desk.device} has no location, and policy.refuse_login_without_location"
            " is on.",
            f"hotdesk device edit {desk.device} --location WHERE",
            wrong=True,
        )
    if desk.in_emergency_call:
        yield Finding(
            f"{desk.device} is in an emergency call: nobody is logged in or out there.",
            "Wait until it has ended.",
            wrong=True,
        )


def about_phone(desk: DeskStatus, house: House) -> list[Finding]:
    """Return whether the PBX and the phone have followed, and if not, why."""
    found = [*_pbx(desk, house), *_contact(desk, house), *_fetch(desk, house)]
    if desk.restarted_at:
        kind = " ".join(filter(None, (desk.vendor, desk.model, desk.firmware)))
        found.append(
            Finding(
                f"The phone restarted at {house.written(desk.restarted_at)}, where it"
                " was only asked to fetch.",
                f"Update the firmware of {kind or 'the phone'}.",
                wrong=True,
            )
        )
    return found


def _where(facts: DeviceFacts, house: House) -> Finding:
    desk = facts.desk
    if desk.extension and desk.since:
        return Finding(
            f"{desk.extension} ({desk.name}) sits at {desk.device} since"
            f" {house.written(desk.since)}."
        )
    if facts.last is None:
        return Finding(f"Nobody sits at {desk.device}, and nothing is known of before.")
    last = facts.last
    who = f"{last.extension} {last.name}".strip() or "somebody"
    return Finding(
        f"Nobody sits at {desk.device}. Last there: {who},"
        f" {in_words(last.what, last.code)}, {house.written(last.at)}."
    )


def _waiting_for_a_phone(facts: DeviceFacts) -> Iterator[Finding]:
    name = facts.device.name
    if facts.device.mac is None:
        yield Finding(
            f"{name} has no phone yet: it waits in the pool.",
            f"hotdesk device discovered; then: hotdesk device assign MAC {name}",
            wrong=True,
        )


def _pbx(desk: DeskStatus, house: House) -> Iterator[Finding]:
    if not house.daemon_running:
        yield Finding(
            "The daemon is not running: nobody can log in by phone, and the PBX and"
            " the phones follow when it is back.",
            "systemctl start asterisk-hotdesk",
            wrong=True,
        )
    if desk.in_force is False:
        yield Finding(
            f"The PBX has not followed the switch of {_decided(desk, house)}.",
            "See whether Asterisk runs, and: hotdesk check; journalctl -u"
            " asterisk-hotdesk"
            if house.daemon_running
            else "",
            wrong=True,
        )


def _contact(desk: DeskStatus, house: House) -> Iterator[Finding]:
    if desk.pbx_answers is False:
        since = f" since {house.written(desk.pbx_since)}" if desk.pbx_since else ""
        yield Finding(
            f"Asterisk does not answer{since}: nobody knows what the phone does.",
            "See whether Asterisk runs, and: hotdesk check",
            wrong=True,
        )
    elif desk.registered is False:
        yield Finding(
            "The phone is not registered: it gets no calls.",
            "See to its power and network, and whether it has the SIP password of"
            f" {desk.device}: hotdesk device show {desk.device} --secrets",
            wrong=True,
        )
    elif desk.registered and desk.reachable is False:
        yield Finding(
            f"The phone is registered from {desk.address or 'somewhere'}, and does not"
            " answer Asterisk.",
            "See to its network, and to NAT and firewalls on the way.",
            wrong=True,
        )
    elif desk.registered is None and desk.generation is not None:
        yield Finding("Asterisk has not said yet whether the phone is registered.")


def _fetch(desk: DeskStatus, house: House) -> Iterator[Finding]:
    """Yield whether the phone has fetched the configuration of the last switch."""
    if desk.decided_at is None:
        return
    if desk.confirmed_at:
        yield Finding(
            f"The phone has fetched the last switch ({house.written(desk.decided_at)})"
            f" at {house.written(desk.confirmed_at)}."
        )
        return
    if not desk.is_stale(house.now - house.stale_after):
        yield Finding(
            f"The phone has not fetched the switch of {_decided(desk, house)} yet; it"
            f" may take until {house.written(desk.decided_at + house.stale_after)}."
        )
        return
    yield _stale(desk, desk.decided_at, house)


def _stale(desk: DeskStatus, decided_at: datetime, house: House) -> Finding:
    """Return why a phone is stale: what comes first of what is known."""
    late = (
        f"The phone is stale: it has not fetched the switch of {_decided(desk, house)}."
    )
    if desk.fetched_at is None:
        return Finding(
            f"{late} It has never fetched a configuration.",
            f"Give it its URL: hotdesk device enrol {desk.device}. A phone that is set"
            " up by hand stays stale; only its display and keys lag behind.",
            wrong=True,
        )
    fetched = house.written(desk.fetched_at)
    if desk.registered is False:
        return Finding(
            f"{late} It last fetched at {fetched}, and is not registered.", wrong=True
        )
    if desk.in_emergency_call or desk.in_call:
        return Finding(
            f"{late} It is in a call, and told to fetch when that has ended.",
            wrong=True,
        )
    if desk.refreshed_at is None:
        return Finding(
            f"{late} It has not been told to fetch; it last did at {fetched}.",
            "The daemon tells it, also when it registers again; see: journalctl -u"
            " asterisk-hotdesk",
            wrong=True,
        )
    if desk.fetched_at >= decided_at:
        return Finding(
            f"{late} At {fetched} it fetched an older configuration (of switch"
            f" {desk.fetched_generation}, not {desk.generation}).",
            f"Is there a proxy before {house.base_url} that keeps answers?",
            wrong=True,
        )
    return Finding(
        f"{late} It was told to fetch at {house.written(desk.refreshed_at)}, and last"
        f" did at {fetched}: it still shows {desk.provisioned_extension or 'nobody'}.",
        f"See whether it reaches {house.base_url}, or restart it.",
        wrong=True,
    )


def _decided(desk: DeskStatus, house: House) -> str:
    return house.written(desk.decided_at) if desk.decided_at else "-"
