"""What the caller hears next: the conversation of one call, without a telephone.

`Dialogue` is told what the caller pressed and what came of it, and answers with the
next step.  It knows nothing of channels, sounds or databases.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from asterisk_hotdesk.errors import (
    AlreadyLoggedIn,
    BadCredentials,
    InEmergency,
    LockedOut,
    NobodyLoggedIn,
    NoLocation,
    NotAHotDesk,
    Refused,
)
from asterisk_hotdesk.model import LONGEST_EXTENSION

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
class Finish:
    """Say the prompts, then the number, and hang up."""

    prompts: tuple[Prompt, ...]
    number: str = ""


Step = Ask | TryLogin | TryLogout | Finish


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
        case _:
            return Prompt.UNAVAILABLE


class Dialogue:
    """One call.  Start it with `log_in` or `log_out`, then tell it what happens."""

    def __init__(self, *, pin_length: int, tries: int) -> None:
        self._pin_length = pin_length
        self._tries_left = tries
        self._extension = ""
        self._extension_dialled = False

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

    def heard(self, answer: Answer) -> Step:
        """Go on after the caller answered, or did not."""
        if answer.end is End.START_OVER:
            return self._start_over()
        if not answer.digits:
            return self._next_try(())
        if self._extension:
            return TryLogin(self._extension, answer.digits)
        if answer.digits == LOG_OUT_EXTENSION:
            return TryLogout()
        self._extension = answer.digits
        return self._ask()

    def logged_in(self, extension: str) -> Step:
        """Finish: the login is decided and routed."""
        return Finish((Prompt.LOGGED_IN,), extension)

    def logged_out(self, extension: str) -> Step:
        """Finish: the desk is idle; *extension* sat there."""
        return Finish((Prompt.LOGGED_OUT,), extension)

    def refused(self, refusal: Refused) -> Step:
        """Ask again after a wrong extension or PIN, if tries are left; else finish."""
        if isinstance(refusal, BadCredentials):
            if not self._extension_dialled:
                self._extension = ""
            return self._next_try((prompt_for(refusal),))
        return Finish((prompt_for(refusal), Prompt.GOODBYE), self._extension)

    def unavailable(self) -> Step:
        """Finish: the database or the PBX did not do its part."""
        return Finish((Prompt.UNAVAILABLE,))

    def _start_over(self) -> Step:
        # A call has an absolute end, so starting over needs no count of its own.
        if not self._extension_dialled:
            self._extension = ""
        return self._ask()

    def _next_try(self, before: tuple[Prompt, ...]) -> Step:
        self._tries_left -= 1
        if self._tries_left <= 0:
            return Finish((*before, Prompt.GOODBYE))
        return self._ask(before)

    def _ask(self, before: tuple[Prompt, ...] = ()) -> Step:
        if self._extension:
            return Ask((*before, Prompt.ASK_PIN), self._pin_length)
        return Ask((*before, Prompt.ASK_EXTENSION), LONGEST_EXTENSION)
