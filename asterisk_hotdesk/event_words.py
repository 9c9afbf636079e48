"""What an event is called when people read it: the one place with words for its codes.

What is not known here, such as an event of a newer release, is shown as it is.
"""

from __future__ import annotations

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
    "read_granted": "views opened for reading",
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
    "unknown_extension": "no such extension",
    "other_account": "of another account than the device",
    "no_phone_login": "cannot log in by phone",
    "pin_expired": "the PIN is too old",
    "pin_of_mailbox": "the PIN is that of the mailbox",
    "locked_out": "locked after too many wrong PINs",
    "not_a_hot_desk": "not a hot desk, or disabled",
    "already_logged_in": "logged in elsewhere already",
    "no_location": "the device has no location",
    "in_emergency": "the device is in an emergency call",
    "nobody_logged_in": "nobody was logged in",
    "may_not_log_others_out": "may not log others out",
    "conflict": "somebody else was faster",
    "not_found": "no such thing",
    "already_exists": "exists already",
    "invalid": "a value that cannot be accepted",
    "weak_pin": "the new PIN is too easy to guess, or has the wrong length",
}

_WITH_CODE = {
    *("emergency_call", "emergency_over"),
    *("device_claimed", "stale", "read_granted"),
}
"""Whose code is shown: a number, a MAC address, the state of a phone, a role."""


def in_words(what: str, code: str) -> str:
    """Return what an event with *what* and *code* is called."""
    match what:
        case "logout" if code:
            return _LOGOUTS.get(code, f"logged out: {code}")
        case "refused":
            return f"refused: {why_refused(code)}"
        case "unlocked" if code == "all":
            return "all wrong PINs forgotten"
    known = _WORDS.get(what, what)
    return f"{known}: {code}" if code and _shows_code(what) else known


def why_refused(code: str) -> str:
    """Return why something was refused with *code*."""
    return _REFUSALS.get(code, code)


def _shows_code(what: str) -> bool:
    return what in _WITH_CODE or what not in _WORDS
