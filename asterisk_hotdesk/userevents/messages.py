"""The events that we send over AMI, header by header; docs/ami.md describes them.

The names of events and headers are part of the public interface: never rename one.
What nobody knows is an empty value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from asterisk_hotdesk.errors import HotdeskError, Refused
from asterisk_hotdesk.login import Outcome
from asterisk_hotdesk.model import EventKind
from asterisk_hotdesk.pbx.ami import Message
from asterisk_hotdesk.public_events import public_event
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.feed import Recorded
from asterisk_hotdesk.store.overview import DeskStatus

LONGEST_VALUE = 900
"""Bytes: Asterisk refuses an action with a line of more than 1,024 (manager.c)."""

ECHOED = {"actionid": "ActionID", "requestid": "RequestID"}
"""What comes back as it was sent, so that whoever asks knows his answer."""

TOLD_BY_THE_DIALPLAN = frozenset({EventKind.EMERGENCY, EventKind.EMERGENCY_OVER})
"""What needs no word of ours: the dialplan sends it also while we are away."""

_HEADERS = {
    "device": "Device",
    "account": "Account",
    "extension": "Extension",
    "name": "Name",
    "by": "By",
    "actor": "Actor",
    "address": "Address",
    "reason": "Reason",
    "code": "Code",
    "phone": "Phone",
}
"""By field of a public event, the name of its header."""

Value = str | int | float | bool | datetime | None


def event(name: str, values: Mapping[str, Value]) -> dict[str, str]:
    """Return the headers of the event *name*, the name first."""
    return {"UserEvent": name} | {header: shown(v) for header, v in values.items()}


def shown(value: Value) -> str:
    """Return *value* as one line of text; None is nobody's knowledge, and empty."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            moment = value.astimezone(UTC).isoformat(timespec="milliseconds")
            return moment.replace("+00:00", "Z")
        case _:
            text = "".join(c if c.isprintable() else " " for c in str(value))
            return text.encode()[:LONGEST_VALUE].decode(errors="ignore")


def echo_of(question: Message) -> dict[str, Value]:
    """Return what has to come back of *question*."""
    return {
        header: question[name] for name, header in ECHOED.items() if question.get(name)
    }


def status_entry(
    desk: DeskStatus, echo: Mapping[str, Value], stale_before: datetime, now: datetime
) -> dict[str, str]:
    """Return what is known of one desk."""
    return event(
        "HotdeskStatusEntry",
        {
            **echo,
            "Device": desk.device,
            "Account": desk.account,
            "MAC": desk.mac,
            "Location": desk.location,
            "Enabled": desk.enabled,
            "Extension": desk.extension,
            "Name": desk.name,
            "Since": desk.since,
            "Generation": desk.generation,
            "DecidedAt": desk.decided_at,
            "DecidedAge": _age(desk.decided_at, now),
            "RoutedExtension": desk.routed_extension,
            "RoutedGeneration": desk.routed_generation,
            "RoutedAt": desk.routed_since,
            "RoutedAge": _age(desk.routed_since, now),
            "ProvisionedExtension": desk.provisioned_extension,
            "ProvisionedGeneration": desk.fetched_generation,
            "ProvisionedAt": desk.fetched_at,
            "ProvisionedAge": _age(desk.fetched_at, now),
            "InForce": desk.in_force,
            "Confirmed": desk.confirmed,
            "Stale": desk.is_stale(stale_before),
            "PBXAnswers": desk.pbx_answers,
            "Registered": desk.registered,
            "RegisteredSince": desk.registered_since,
            "Reachable": desk.reachable,
            "RoundTripMs": desk.round_trip_ms,
            "Address": desk.address,
            "InCall": desk.in_call,
            "InEmergencyCall": desk.in_emergency_call,
            "LastCallAt": desk.last_call_at,
            "SeenAt": desk.seen_at,
            "UserAgent": desk.user_agent,
            "Vendor": desk.vendor,
            "Model": desk.model,
            "Firmware": desk.firmware,
            "BootedAt": desk.booted_at,
            "RestartedAt": desk.restarted_at,
        },
    )


def status_complete(count: int, echo: Mapping[str, Value]) -> dict[str, str]:
    """Return the end of a list of *count* entries."""
    return event(
        "HotdeskStatusComplete",
        {
            **echo,
            "Result": "Success",
            "EventList": "Complete",
            "ListItems": count,
        },
    )


def status_failed(error: HotdeskError, echo: Mapping[str, Value]) -> dict[str, str]:
    """Return the end of a list that could not be made."""
    return event(
        "HotdeskStatusComplete",
        {**echo, **_failure(error), "EventList": "Complete", "ListItems": 0},
    )


def logged_out(outcome: Outcome, echo: Mapping[str, Value]) -> dict[str, str]:
    """Return that a request to log somebody out was granted."""
    return event(
        "HotdeskLogoutResponse",
        {
            **echo,
            "Result": "Success",
            "Code": "logged_out",
            "Message": f"{outcome.user.extension} is logged out"
            f" at {outcome.device.name}.",
            "Device": outcome.device.name,
            "Account": outcome.device.account,
            "Extension": outcome.user.extension,
            "InForce": outcome.routed,
        },
    )


def logout_failed(error: HotdeskError, echo: Mapping[str, Value]) -> dict[str, str]:
    """Return why nobody was logged out."""
    return event("HotdeskLogoutResponse", {**echo, **_failure(error)})


def announcement(
    recorded: Recorded, around: Sequence[Recorded]
) -> dict[str, str] | None:
    """Return what is sent because *recorded* happened; None: nothing is.

    *around* are the events that were recorded at about the same time.
    """
    public = public_event(recorded)
    if public is None or public.kind in TOLD_BY_THE_DIALPLAN:
        return None
    facts: dict[str, Value] = {"EventID": public.id, "At": public.at}
    facts |= {
        header: public.fields[name]
        for name, header in _HEADERS.items()
        if name in public.fields
    }
    if public.kind is EventKind.REPLACED:
        facts["ReplacedBy"] = _replacing(recorded.event, around)
    return event(public.kind.ami_name, facts)


def _replacing(left: Event, around: Sequence[Recorded]) -> str:
    """Return who sat down where somebody *left*, in the same moment."""
    for recorded in around:
        came = recorded.event
        if (came.what, came.device, came.at) == ("login", left.device, left.at):
            return came.extension
    return ""


def _failure(error: HotdeskError) -> dict[str, Value]:
    code = error.code if isinstance(error, Refused) else "unavailable"
    return {"Result": "Error", "Code": code, "Message": str(error)}


def _age(at: datetime | None, now: datetime) -> int | None:
    return None if at is None else max(0, int((now - at).total_seconds()))
