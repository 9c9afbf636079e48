"""What the caller hears next: the conversation of one call, without a telephone.

`Dialogue` is told what the caller pressed and what came of it, and answers with the
next step.  It knows nothing of channels, sounds or databases.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from asterisk_hotdesk.errors import (
    AlreadyLoggedIn,
    BadCredentials,
    InEmergency,
    LockedOut,
    MayNotLogOthersOut,
    NobodyLoggedIn,
    NoLocation,
    NotAHotDesk,
    PinExpired,
    PinOfMailbox,
    Refused,
    WeakPin,
)
from asterisk_hotdesk.model import LONGEST_EXTENSION
from asterisk_hotdesk.pin_rules import check_pin

LOG_OUT_EXTENSION = "0"
"""Typed in place of an extension, it logs out, without a PIN."""


class Prompt(StrEnum):
    """Something that is said; which sounds that are is the PBX's affair."""

    ASK_EXTENSION = "ask_extension"
    ASK_PIN = "ask_pin"
    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    NOBODY_LOGGED_IN = "nobody_logged_in"
    BAD_CREDENTIALS = "bad_credentials"
    LOCKED_OUT = "locked_out"
    NOT_A_HOT_DESK = "not_a_hot_desk"
    ALREADY_LOGGED_IN = "already_logged_in"
    NO_LOCATION = "no_location"
    IN_EMERGENCY = "in_emergency"
    UNAVAILABLE = "unavailable"
    GOODBYE = "goodbye"
    ASK_NEW_PIN = "ask_new_pin"
    ASK_NEW_PIN_AGAIN = "ask_new_pin_again"
    PIN_EXPIRED = "pin_expired"
    WEAK_PIN = "weak_pin"
    PINS_DIFFER = "pins_differ"
    PIN_CHANGED = "pin_changed"
    PIN_OF_MAILBOX = "pin_of_mailbox"
    MAY_NOT_LOG_OTHERS_OUT = "may_not_log_others_out"
    MENU = "menu"


@dataclass(frozen=True)
class Ask:
    """Say the prompts (any digit interrupts them) and collect digits."""

    prompts: tuple[Prompt, ...]
    most_digits: int


@dataclass(frozen=True)
class TryLogin:
    """Try to log in."""

    extension: str
    pin: str = field(repr=False)


@dataclass(frozen=True)
class TryLogout:
    """Log out whoever sits here."""


@dataclass(frozen=True)
class TryLogoutEverywhere:
    """Log the user out, wherever that is."""

    extension: str
    pin: str = field(repr=False)


@dataclass(frozen=True)
class TryLogOtherOut:
    """Log somebody else out, wherever that is."""

    extension: str
    by: str
    pin: str = field(repr=False)


@dataclass(frozen=True)
class CheckPin:
    """Find out whether the PIN is right, before a new one is asked for."""

    extension: str
    pin: str = field(repr=False)


@dataclass(frozen=True)
class ChangePin:
    """Make a new PIN the user's only one."""

    extension: str
    old: str = field(repr=False)
    new: str = field(repr=False)


@dataclass(frozen=True)
class Finish:
    """Say the prompts, then the number, and hang up."""

    prompts: tuple[Prompt, ...]
    number: str = ""


Act = TryLogin | TryLogout | TryLogoutEverywhere | TryLogOtherOut | CheckPin | ChangePin
Step = Ask | Act | Finish


class End(StrEnum):
    """What ended an answer."""

    COMPLETE = "complete"
    """`#`, or as many digits as were asked for."""
    START_OVER = "start_over"
    """`*`."""
    SILENCE = "silence"


@dataclass(frozen=True)
class Answer:
    """What the caller pressed; the digits may be a PIN, so they are never shown."""

    digits: str = field(repr=False)
    end: End


def prompt_for(refusal: Refused) -> Prompt:
    """Return what a caller hears of *refusal*.

    Unknown and forbidden extensions are kinds of `BadCredentials`: they sound alike.
    """
    match refusal:
        case BadCredentials():
            return Prompt.BAD_CREDENTIALS
        case LockedOut():
            return Prompt.LOCKED_OUT
        case NotAHotDesk():
            return Prompt.NOT_A_HOT_DESK
        case NoLocation():
            return Prompt.NO_LOCATION
        case InEmergency():
            return Prompt.IN_EMERGENCY
        case AlreadyLoggedIn():
            return Prompt.ALREADY_LOGGED_IN
        case NobodyLoggedIn():
            return Prompt.NOBODY_LOGGED_IN
        case WeakPin():
            return Prompt.WEAK_PIN
        case PinExpired():
            return Prompt.PIN_EXPIRED
        case PinOfMailbox():
            return Prompt.PIN_OF_MAILBOX
        case MayNotLogOthersOut():
            return Prompt.MAY_NOT_LOG_OTHERS_OUT
        case _:
            return Prompt.UNAVAILABLE


class _Wish(Enum):
    LOG_IN = auto()
    CHANGE_PIN = auto()
    LOG_OUT_EVERYWHERE = auto()
    LOG_OTHER_OUT = auto()


class Dialogue:
    """One call.  Begin with what the caller wishes, then tell it what happens.

    *most_digits* is how long anybody's PIN may be, *pin_length* how long a new one is.
    """

    def __init__(self, *, most_digits: int, pin_length: int, tries: int) -> None:
        self._most_digits = most_digits
        self._pin_length = pin_length
        self._tries = self._tries_left = tries
        self._extension = ""
        self._extension_dialled = False
        self._wish = _Wish.LOG_IN
        self._other = ""
        """Who is to be logged out, by the user of the extension."""
        self._pin = ""
        self._pin_is_right = False
        """From then on, a new one is asked for."""
        self._new_pin = ""

    def log_in(self, extension: str) -> Step:
        """Begin with the dialled *extension*; empty: it has to be asked for."""
        if extension == LOG_OUT_EXTENSION:
            return TryLogout()
        self._extension = extension
        self._extension_dialled = bool(extension)
        return self._ask()

    def log_out(self) -> Step:
        """Begin with the code that gives the desk back."""
        return TryLogout()

    def change_pin(self, extension: str) -> Step:
        """Begin with the code for another PIN, where the user of *extension* sits.

        Empty where nobody does; it is asked for then, and after a `*`.
        """
        self._wish = _Wish.CHANGE_PIN
        self._extension = extension
        return self._ask()

    def log_out_everywhere(self, extension: str) -> Step:
        """Begin with a logout from wherever that is, as with `change_pin`."""
        self._wish = _Wish.LOG_OUT_EVERYWHERE
        self._extension = extension
        return self._ask()

    def log_other_out(self, extension: str, by: str) -> Step:
        """Begin with a logout of *extension* by the user of *by*, who sits here."""
        self._wish = _Wish.LOG_OTHER_OUT
        self._other = extension
        self._extension = by
        self._extension_dialled = True
        return self._ask()

    def heard(self, answer: Answer) -> Step:
        """Go on after the caller answered, or did not."""
        if answer.end is End.START_OVER:
            return self._start_over()
        if not answer.digits:
            return self._next_try(())
        if self._pin_is_right:
            return self._heard_new_pin(answer.digits)
        if self._extension:
            return self._try(answer.digits)
        if answer.digits == LOG_OUT_EXTENSION and self._wish is _Wish.LOG_IN:
            return TryLogout()
        self._extension = answer.digits
        return self._ask()

    def logged_in(self, extension: str) -> Step:
        """Finish: the login is decided and routed."""
        return Finish((Prompt.LOGGED_IN,), extension)

    def logged_out(self, extension: str) -> Step:
        """Finish: the desk is idle; *extension* sat there."""
        return Finish((Prompt.LOGGED_OUT,), extension)

    def pin_is_right(self) -> Step:
        """Ask for the new PIN: whoever calls knows the old one."""
        return self._ask_new_pin(())

    def pin_changed(self) -> Step:
        """Go on with the login that the old PIN was too old for, or finish."""
        if self._wish is _Wish.CHANGE_PIN:
            return Finish((Prompt.PIN_CHANGED,))
        self._pin_is_right = False
        return self._try(self._new_pin)

    def refused(self, refusal: Refused) -> Step:
        """Ask again after a wrong extension or PIN, if tries are left; else finish."""
        match refusal:
            case BadCredentials():
                self._pin_is_right = False
                if not self._extension_dialled:
                    self._extension = ""
                return self._next_try((prompt_for(refusal),))
            case PinExpired():
                return self._ask_new_pin((prompt_for(refusal),))
            case WeakPin():
                self._new_pin = ""
                return self._next_try((prompt_for(refusal),))
        meant = self._other or self._extension
        return Finish((prompt_for(refusal), Prompt.GOODBYE), meant)

    def unavailable(self) -> Step:
        """Finish: the database or the PBX did not do its part."""
        return Finish((Prompt.UNAVAILABLE,))

    def _try(self, pin: str) -> Step:
        self._pin = pin
        match self._wish:
            case _Wish.LOG_IN:
                return TryLogin(self._extension, pin)
            case _Wish.CHANGE_PIN:
                return CheckPin(self._extension, pin)
            case _Wish.LOG_OUT_EVERYWHERE:
                return TryLogoutEverywhere(self._extension, pin)
            case _Wish.LOG_OTHER_OUT:
                return TryLogOtherOut(self._other, self._extension, pin)

    def _ask_new_pin(self, before: tuple[Prompt, ...]) -> Step:
        self._pin_is_right = True
        self._tries_left = self._tries
        return self._ask(before)

    def _heard_new_pin(self, digits: str) -> Step:
        if not self._new_pin:
            try:
                check_pin(digits, length=self._pin_length, extension=self._extension)
            except WeakPin as refusal:
                return self._next_try((prompt_for(refusal),))
            self._new_pin = digits
            return self._ask()
        if digits != self._new_pin:
            self._new_pin = ""
            return self._next_try((Prompt.PINS_DIFFER,))
        return ChangePin(self._extension, self._pin, digits)

    def _start_over(self) -> Step:
        # A call has an absolute end, so starting over needs no count of its own.
        self._new_pin = ""
        if not self._extension_dialled and not self._pin_is_right:
            self._extension = ""
        return self._ask()

    def _next_try(self, before: tuple[Prompt, ...]) -> Step:
        self._tries_left -= 1
        if self._tries_left <= 0:
            return Finish((*before, Prompt.GOODBYE))
        return self._ask(before)

    def _ask(self, before: tuple[Prompt, ...] = ()) -> Step:
        if self._new_pin:
            return Ask((*before, Prompt.ASK_NEW_PIN_AGAIN), self._pin_length)
        if self._pin_is_right:
            return Ask((*before, Prompt.ASK_NEW_PIN), self._pin_length)
        if self._extension:
            return Ask((*before, Prompt.ASK_PIN), self._most_digits)
        return Ask((*before, Prompt.ASK_EXTENSION), LONGEST_EXTENSION)
