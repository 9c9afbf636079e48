"""What an administrator may say about devices and users; each wrong value is named."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.model import DeviceOptions, LoggedOutTreatment

_LONGEST_TEXT = 80

_CODECS = (
    *("alaw", "g719", "g722", "g723", "g726", "g729", "gsm", "ilbc", "opus"),
    *("siren7", "siren14", "speex", "speex16", "speex32", "ulaw"),
)
"""Asterisk's names (`core show codecs`) of what phones speak."""

_MOST_KEYS = 200
"""On the largest phone with all its expansion modules; the database refuses more."""


def device_name(text: str) -> str:
    """Return the name of a device."""
    return like(r"[A-Za-z0-9]{1,32}", text, "device name", "1 to 32 letters or digits")


def mac_address(text: str) -> str:
    """Return a MAC address, written in any way, as twelve lower-case digits."""
    digits = re.sub(r"[:.\- ]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits) or int(digits, 16) in (0, 2**48 - 1):
        raise Invalid(
            f"MAC address {text!r}: expected twelve hexadecimal digits, for example"
            " 00:04:13:00:00:01"
        )
    return digits


def mac_shown(mac: str | None) -> str:
    """Return a MAC address as it is printed on phones."""
    if mac is None:
        return "-"
    return ":".join(mac[i : i + 2] for i in range(0, len(mac), 2)).upper()


def account_name(text: str) -> str:
    """Return the name of an account."""
    return like(
        r"[a-z0-9][a-z0-9-]{0,31}",
        text,
        "account",
        "1 to 32 lower-case letters, digits or -",
    )


def language(text: str | None) -> str | None:
    """Return a language, or None where none is given."""
    if not text:
        return None
    return like(
        r"[a-z]{2,3}([_-][A-Za-z]{2})?", text, "language", "such as en or de_CH"
    )


def location(text: str) -> str:
    """Return where a device stands."""
    if len(text) > _LONGEST_TEXT or not text.isprintable():
        raise Invalid(
            f"location {text!r}: expected at most {_LONGEST_TEXT} printable letters"
        )
    return text.strip()


def emergency_number(text: str) -> str:
    """Return the caller ID number of emergency calls; empty: the PBX's own."""
    return like(
        r"(\+?[0-9]{1,15})?", text, "emergency number", "digits, perhaps with +"
    )


def person_name(text: str) -> str:
    """Return the name of a user, which becomes a SIP display name."""
    bad = set(text) & set('"\\<>;')
    if not text.strip() or len(text) > _LONGEST_TEXT or not text.isprintable() or bad:
        raise Invalid(
            f"name {text!r}: expected 1 to {_LONGEST_TEXT} printable letters, without"
            ' " \\ < > ;'
        )
    return text.strip()


def context_name(text: str) -> str:
    """Return the dialplan context from which a user dials."""
    found = like(
        r"[A-Za-z0-9_-]{1,64}", text, "context", "a context of extensions.conf"
    )
    if found.startswith("hotdesk-"):
        raise Invalid(f"context {text!r}: these are ours; name one of the PBX's own")
    return found


def extension(config: Config, text: str) -> str:
    """Return an extension that can be dialled to log in, and nothing else."""
    if text == "0":
        raise Invalid("extension 0 means nobody: where a login asks, it logs out")
    like(r"[0-9]{2,10}", text, "extension", "2 to 10 digits")
    codes = config.codes
    for code, meaning in (
        (codes.ask_code(), "asks for an extension"),
        (codes.logout_code(), "logs out"),
        (codes.voicemail_code(), "opens a mailbox"),
        (codes.change_pin_code(), "changes a PIN"),
        (codes.menu_code(), "opens the menu"),
    ):
        if codes.login_code(text) == code:
            raise Invalid(
                f"extension {text}: its login code {code} is the one that {meaning}"
            )
    if text in config.emergency.all_numbers:
        raise Invalid(f"extension {text} is an emergency number")
    return text


def treatment(text: str, for_extension: str) -> tuple[LoggedOutTreatment, str]:
    """Return what a caller gets while the user sits nowhere; EXT is the extension."""
    kind, _, target = text.partition(":")
    target = target.replace("EXT", for_extension)
    if kind == "voicemail" and re.fullmatch(r"[A-Za-z0-9_-]+@[A-Za-z0-9_-]+", target):
        return LoggedOutTreatment.VOICEMAIL, target
    if kind in ("number", "extension") and re.fullmatch(r"[0-9]{1,20}", target):
        if target == for_extension:
            raise Invalid(f"when logged out {text!r}: this is the user's own extension")
        return LoggedOutTreatment(kind), target
    if text in ("", "unavailable", "busy"):
        return LoggedOutTreatment(text or "unavailable"), ""
    raise Invalid(
        f"when logged out {text!r}: expected unavailable, busy, voicemail:BOX@CONTEXT,"
        " number:DIGITS or extension:DIGITS"
    )


def transport(text: str) -> str:
    """Return how a phone speaks SIP; empty: as in the settings."""
    return like(r"(udp|tcp|tls)?", text.lower(), "transport", "udp, tcp or tls")


def srtp(text: str) -> bool:
    """Return whether a phone's calls are encrypted."""
    return yes(text, "srtp")


def codecs(text: str) -> tuple[str, ...]:
    """Return codecs by Asterisk's names, the best first."""
    found = tuple(re.findall(r"[^,\s]+", text.lower()))
    for name in found:
        if name not in _CODECS:
            raise Invalid(
                f"codec {name!r}: expected Asterisk's names, such as g722,alaw,ulaw"
            )
        if found.count(name) > 1:
            raise Invalid(f"codec {name!r} is named twice")
    return found


def time_zone(text: str) -> str:
    """Return a time zone by its IANA name; empty: as in the settings."""
    if text and text not in available_timezones():
        raise Invalid(
            f"time zone {text!r}: expected an IANA name such as Europe/Berlin"
        )
    return text


def outbound_proxy(text: str) -> str:
    """Return the SBC that a phone goes through; empty: none."""
    host, name = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)", "outbound proxy"
    found = like(
        rf"({host}(:[0-9]{{1,5}})?)?", text, name, "HOST or HOST:PORT, without sip:"
    )
    port = re.search(r":([0-9]+)$", found)
    if port and not 0 < int(port[1]) < 2**16:
        raise Invalid(f"{name} {text!r}: there is no such port")
    return found


def hot_desk_key(text: str) -> int:
    """Return which function key logs in and out; 0: none."""
    if not text:
        return DeviceOptions.hot_desk_key
    if text.lower() == "off":
        return 0
    return number(text, "hot-desk key", _MOST_KEYS, " or off")


def keep_key_positions(text: str) -> bool:
    """Return whether a user's keys stay where they are."""
    return yes(text, "keep key positions")


def ringtone(text: str) -> int | None:
    """Return a ringtone by number, or None: the phone's own."""
    return number(text, "ringtone", 9) if text else None


def somebody(text: str) -> str:
    """Return the extension of a user that should exist; empty: nobody."""
    return user_extension(text) if text else ""


def user_extension(text: str) -> str:
    """Return the extension of a user that should exist."""
    return like(r"[0-9]{2,10}", text, "extension", "2 to 10 digits")


def yes(text: str, what: str) -> bool:
    """Return whether *text* is yes, not no or empty; else *what* is refused."""
    return like(r"(yes|no)?", text.lower(), what, "yes or no") == "yes"


def number(text: str, what: str, most: int, otherwise: str = "") -> int:
    """Return the number from 1 to *most* that *text* is; else *what* is refused."""
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= most:
        raise Invalid(f"{what} {text!r}: expected 1 to {most}{otherwise}")
    return int(text)


def like(pattern: str, text: str, what: str, expected: str) -> str:
    """Return *text* if all of it has the form of *pattern*; else *what* is refused."""
    if not re.fullmatch(pattern, text):
        raise Invalid(f"{what} {text!r}: expected {expected}")
    return text
