"""What can go wrong, split by whose fault it is.

`Refused` is the caller's (or administrator's) doing: it has a stable code and a prompt,
and nothing has changed.  `Unavailable` is ours or a neighbour's: try again later.
"""

from __future__ import annotations

from typing import ClassVar


class HotdeskError(Exception):
    """The root of everything that this project raises on purpose."""


class Unavailable(HotdeskError):
    """Postgres or Asterisk cannot be reached, or did not answer in time."""


class ConfigError(HotdeskError):
    """The configuration is wrong; the text names file, line, key and remedy."""


class Fenced(HotdeskError):
    """Another daemon owns this PBX; this one must stop."""


class Refused(HotdeskError):
    """A request that the rules forbid.

    The codes are part of the public interface (events, history, `--json`): never
    rename one.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or self.code).partition("\n")[0])


class BadCredentials(Refused):
    """The extension or the PIN is wrong."""

    code = "bad_credentials"


class NotAllowed(BadCredentials):
    """This user may not use hot desks.

    A caller must not learn that the extension exists, so this sounds like a wrong
    PIN; only the record tells them apart.
    """

    code = "not_allowed"


class UnknownExtension(BadCredentials):
    """No user has this extension."""

    code = "unknown_extension"


class OtherAccount(BadCredentials):
    """The user belongs to another account than the device."""

    code = "other_account"


class NoPhoneLogin(BadCredentials):
    """This user cannot log in by phone, whatever the PIN.

    Like `NotAllowed`, it sounds like a wrong PIN.
    """

    code = "no_phone_login"


class PinExpired(Refused):
    """The PIN is right, but too old; dial the code to log in, and choose another."""

    code = "pin_expired"


class PinOfMailbox(Refused):
    """The PIN is that of the user's mailbox, and changed there."""

    code = "pin_of_mailbox"


class LockedOut(Refused):
    """Too many wrong PINs; wait, or ask an administrator to unlock."""

    code = "locked_out"


class NotAHotDesk(Refused):
    """This phone is not a hot desk."""

    code = "not_a_hot_desk"


class AlreadyLoggedIn(Refused):
    """The user is logged in at another desk, and the policy forbids a second login."""

    code = "already_logged_in"


class NoLocation(Refused):
    """Nobody can log in at a device without a location; give it one."""

    code = "no_location"


class InEmergency(Refused):
    """The device is in an emergency call; try again when it has ended."""

    code = "in_emergency"


class NobodyLoggedIn(Refused):
    """Nobody is logged in there."""

    code = "nobody_logged_in"


class MayNotLogOthersOut(Refused):
    """Nobody sits here who may log others out; see: hotdesk user edit --help."""

    code = "may_not_log_others_out"


class Conflict(Refused):
    """Somebody else changed the same thing at the same moment; try again."""

    code = "conflict"


class NotFound(Refused):
    """There is no such thing."""

    code = "not_found"


class AlreadyExists(Refused):
    """There is one with this name already."""

    code = "already_exists"


class Invalid(Refused):
    """A value that cannot be accepted; the text says which and what is expected."""

    code = "invalid"


class WeakPin(Invalid):
    """This cannot be a PIN, or is one that everybody tries first."""

    code = "weak_pin"


class WeakPassword(Invalid):
    """An administrator's password has 12 to 200 characters, and is not the name."""

    code = "weak_password"


class WrongPassword(Refused):
    """The name or the password is wrong."""

    code = "wrong_password"


class NotPermitted(Refused):
    """The role does not allow this; ask an administrator with more rights."""

    code = "not_permitted"
