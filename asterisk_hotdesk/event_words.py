"""What an event is called when people read it: the one place with words for its codes.

What is not known here, such as an event of a newer release, is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_WITH_CODE = {
    *("emergency_call", "emergency_over"),
    *("device_claimed", "stale", "read_granted", "webhook_given_up"),
    *("admin_added", "admin_edited", "api_token_added"),
}
"""Whose code is shown: a number, a MAC address, the state of a phone, a role."""


@dataclass(frozen=True)
class EventWords:
    """What events are called in one language."""

    events: Mapping[str, str]
    logouts: Mapping[str, str]
    """By the reason."""
    refusals: Mapping[str, str]
    """Why something was refused, by the code."""
    all_unlocked: str

    def say(self, what: str, code: str) -> str:
        """Return what an event with *what* and *code* is called."""
        known = self.events.get(what, what)
        match what:
            case "logout" if code in self.logouts:
                return self.logouts[code]
            case "refused" | "web_refused":
                return f"{known}: {self.refusals.get(code, code)}"
            case "unlocked" if code == "all":
                return self.all_unlocked
        return f"{known}: {code}" if code and _shows_code(what) else known


def _shows_code(what: str) -> bool:
    return what in _WITH_CODE or what == "logout" or what not in ENGLISH.events


_WORDS = {
    "login": "logged in",
    "logout": "logged out",
    "refused": "refused",
    "unlocked": "wrong PINs forgotten",
    "pin_set": "PIN set",
    "pin_changed": "PIN changed by the user",
    "keys_edited": "function keys changed",
    "user_added": "user added",
    "user_edited": "user changed",
    "user_removed": "user removed",
    "user_allowed": "user may log in at hot desks",
    "user_denied": "user may not log in at hot desks",
    "device_added": "device added",
    "device_edited": "device changed",
    "device_removed": "device removed",
    "device_enabled": "device enabled",
    "device_disabled": "device disabled",
    "device_claimed": "a phone has become this device",
    "device_enrolled": "the phone has fetched with its own token",
    "enrolment_opened": "the phone may fetch its first configuration",
    "phone_assigned": "phone assigned",
    "phone_released": "device put back into the pool",
    "phones_allowed": "phones allowed to become devices",
    "phones_disallowed": "phones no longer allowed to become devices",
    "mac_sweep": "somebody asks for the configurations of many phones",
    "emergency_call": "emergency call",
    "emergency_over": "emergency call over",
    "stale": "the phone has not fetched in time",
    "fresh": "the phone has fetched after all",
    "webhook_given_up": "a webhook could not be told for too long",
    "read_granted": "views opened for reading",
    "web_login": "logged in to the web page",
    "web_logout": "logged out of the web page",
    "web_refused": "refused on the web page",
    "admin_added": "administrator added",
    "admin_edited": "administrator changed",
    "admin_removed": "administrator removed",
    "admin_password_set": "password of an administrator set",
    "api_token_added": "token for programs added",
    "api_token_removed": "token for programs removed",
}

_LOGOUTS = {
    "logged_out": "logged out",
    "replaced": "logged out: somebody else sat down",
    "moved": "logged out: sat down elsewhere",
    "forced": "logged out by somebody else",
    "removed": "logged out: user or device removed",
    "expired": "logged out by a rule",
}

_REFUSALS = {
    "refused": "no reason kept",
    "bad_credentials": "wrong PIN",
    "not_allowed": "may not use hot desks",
    "switched_off": "not switched on in the settings",
    "unknown_extension": "no such extension",
    "other_account": "of another account than the device",
    "no_phone_login": "cannot log in by phone",
    "pin_expired": "the PIN is too old",
    "pin_of_mailbox": "the PIN is that of the mailbox",
    "locked_out": "locked after too many wrong PINs",
    "not_a_hot_desk": "not a hot desk, or disabled",
    "already_logged_in": "logged in elsewhere already",
    "no_location": "the device has no location",
    "may_not_log_others_out": "may not log others out",
    "in_emergency": "the device is in an emergency call",
    "nobody_logged_in": "nobody was logged in",
    "conflict": "somebody else was faster",
    "not_found": "no such thing",
    "already_exists": "exists already",
    "invalid": "a value that cannot be accepted",
    "weak_pin": "the new PIN is too easy to guess, or has the wrong length",
    "weak_password": "the new password is too short, or is the name",
    "wrong_password": "wrong name or password",
    "not_permitted": "the role does not allow it",
    "not_json": "not JSON",
}

ENGLISH = EventWords(
    events=_WORDS,
    logouts=_LOGOUTS,
    refusals=_REFUSALS,
    all_unlocked="all wrong PINs forgotten",
)


def in_words(what: str, code: str) -> str:
    """Return what an event with *what* and *code* is called in English."""
    return ENGLISH.say(what, code)


def why_refused(code: str) -> str:
    """Return why something was refused with *code*."""
    return _REFUSALS.get(code, code)
