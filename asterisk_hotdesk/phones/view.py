"""What a template is given: its variables, the same for every vendor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from asterisk_hotdesk.model import Desk, KeyKind, PhoneKind, UserKey
from asterisk_hotdesk.phones.codecs import codec_names, other_codecs
from asterisk_hotdesk.phones.keys import Key, KeyPlan, plan
from asterisk_hotdesk.phones.settings import DEFAULT_PORTS, PhoneSettings
from asterisk_hotdesk.phones.templating import one_line
from asterisk_hotdesk.phones.timezones import zone
from asterisk_hotdesk.phones.traits import traits
from asterisk_hotdesk.phones.words import language_name, words_of


class Display(NamedTuple):
    """What a phone shows, and sends as its display name."""

    name: str
    text: str
    """Name and extension."""
    number: str


class Host(NamedTuple):
    """Where a phone sends SIP."""

    name: str
    port: int

    @property
    def address(self) -> str:
        """Return both in the way of SIP URIs, for IPv6 too."""
        return f"{f'[{self.name}]' if ':' in self.name else self.name}:{self.port}"


class Place(NamedTuple):
    """The directory of a phone's files, for vendors that want its URL in parts."""

    scheme: str
    host: str
    """With the port, where the URL names one."""
    path: str
    """Without a slash at either end."""


def variables(
    mac: str,
    desk: Desk,
    keys: Sequence[UserKey],
    settings: PhoneSettings,
    kind: PhoneKind,
) -> dict[str, Any]:
    """Return the variables of a template, by name.

    device, settings, kind, traits and mac are what they are elsewhere.  sip, transport
    and proxy (a Host or None) say where the phone registers; srtp whether calls are
    encrypted; codecs and other_codecs what to offer and what not, in the vendor's
    words; zone is a Zone or None; place the directory of the phone's files.
    desk_language is the vendor's name for the language of the desk.  All these stay
    when a user comes or goes.  Of the person are: display, words, language, ringtone
    (1 to 9, or None: the phone's own) and keys (a PlacedKey or None for each slot).
    """
    device, user = desk.device, desk.user
    options = device.options
    transport = options.transport or settings.sip_transport
    codecs = codec_names(options.codecs, kind.vendor)
    url = urlsplit(settings.setting_url)
    desk_language = device.language or settings.default_language
    return {
        "mac": mac,
        "device": device,
        "settings": settings,
        "kind": kind,
        "traits": traits(kind),
        "sip": Host(settings.sip_server, settings.port_for(transport)),
        "transport": transport,
        "proxy": _host(options.outbound_proxy, DEFAULT_PORTS[transport]),
        "srtp": options.srtp,
        "codecs": codecs,
        "other_codecs": other_codecs(codecs, kind.vendor),
        "zone": zone(options.timezone or settings.timezone or ""),
        "place": Place(url.scheme, url.netloc, url.path.strip("/")),
        "desk_language": language_name(desk_language, kind),
        "display": _display(desk),
        "words": words_of(_language(desk, settings)),
        "language": language_name(_language(desk, settings), kind),
        "ringtone": user.ringtone if user else None,
        "keys": key_plan(desk, keys, settings, kind).placed,
    }


def key_plan(
    desk: Desk, keys: Sequence[UserKey], settings: PhoneSettings, kind: PhoneKind
) -> KeyPlan:
    """Return which key is where on the phone of *kind* at *desk*, and which is not."""
    words = words_of(_language(desk, settings))
    if desk.user:
        ours = Key(KeyKind.SPEED_DIAL, settings.logout_code, words.log_out)
    else:
        ours = Key(KeyKind.SPEED_DIAL, settings.ask_code, words.log_in)
    can = traits(kind)
    return plan(
        keys, desk.device.options, can.function_keys, ours, possible=can.key_kinds
    )


def _display(desk: Desk) -> Display:
    if desk.user is None:
        return Display(desk.device.name, desk.device.name, desk.device.name)
    name, extension = one_line(desk.user.name), desk.user.extension
    return Display(name, f"{name} {extension}".strip(), extension)


def _language(desk: Desk, settings: PhoneSettings) -> str:
    """Return the user's language, else the device's, else the default."""
    of_user = desk.user.language if desk.user else None
    return of_user or desk.device.language or settings.default_language


def _host(text: str, default_port: int) -> Host | None:
    """Return `HOST[:PORT]` in parts, IPv6 in brackets; None: nothing is given."""
    found = re.fullmatch(r"\[?(?P<name>.+?)]?(?::(?P<port>\d+))?", text)
    if not found:
        return None
    return Host(found["name"], int(found["port"] or default_port))
