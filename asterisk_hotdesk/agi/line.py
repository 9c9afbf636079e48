"""One AGI call: Asterisk at the other end of standard input and output.

Only this module knows pyst2, and puts right what it does badly.  It copies to standard
error, which Asterisk shows, each command and each answer, and those hold pressed keys.
It takes a sound that is missing for a caller who has hung up.
"""

from __future__ import annotations

from typing import Protocol

from asterisk.agi import AGI, AGIAppError, AGIDBError, AGIException, AGIHangup

HUNG_UP = (AGIException, OSError, ValueError)
"""What may be raised once the caller is gone: nobody is left to tell.

pyst2 takes the end of its input for a number, which gives the ValueError.
"""

KEYS = "0123456789*#"


class AstDb(Protocol):
    """What is asked of AstDB."""

    def database_get(self, family: str, key: str) -> str:
        """Return a value of AstDB; raise AGIDBError if there is none."""


class Line(AGI):  # type: ignore[misc]  # pyst2 is untyped
    """The channel that runs the script.  Whatever it is told may raise `HUNG_UP`."""

    def __init__(self) -> None:
        super().__init__(stderr=_Silence())

    def play(self, sound: str) -> str | None:
        """Return which key interrupted *sound*, or nothing; None: it is missing."""
        try:
            return str(self.stream_file(sound, KEYS))
        except AGIHangup:
            raise
        except AGIAppError:
            self.execute("CHANNEL STATUS")
            return None

    def spell(self, digits: str) -> str:
        """Return which key interrupted *digits*, or nothing."""
        return str(self.say_digits(digits, KEYS))

    def key(self, within_seconds: float) -> str:
        """Return the next key, or nothing if there is none in time."""
        return str(self.wait_for_digit(int(within_seconds * 1000)))

    def value(self, function: str) -> str:
        """Return what a dialplan function says, such as `CHANNEL(language)`."""
        return str(self.get_variable(function))


class _Silence:
    def write(self, text: str) -> None:
        """Let nobody read *text*."""


def entry(astdb: AstDb, path: str) -> str:
    """Return what AstDB has at *path*, or nothing."""
    family, _, key = path.rpartition("/")
    try:
        return astdb.database_get(family, key)
    except AGIDBError:
        return ""
