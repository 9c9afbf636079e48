"""AGI(hotdesk-dial.agi): what a dialplan of the PBX's own can ask.  A public interface.

    same => n,AGI(hotdesk-dial.agi,100)
    same => n,GotoIf($["${HOTDESKSTATUS}" = "LOGGED_IN"]?dial)

sets two channel variables: HOTDESKSTATUS, one of `Status`, and HOTDESKDIAL, what Dial()
needs to ring the desk (`PJSIP/HD0001`), empty unless the user is logged in.  It asks
AstDB alone, so it works while the service and the database are away.
"""

from __future__ import annotations

import re
import sys
from enum import StrEnum

from asterisk_hotdesk.agi.line import HUNG_UP, AstDb, Line, entry
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, user_key
from asterisk_hotdesk.pbx.routes import desk_entry, user_entry


class Status(StrEnum):
    """What HOTDESKSTATUS says."""

    LOGGED_IN = "LOGGED_IN"
    LOGGED_OUT = "LOGGED_OUT"
    INVALID = "INVALID"
    """The script was not given an extension."""


def run() -> None:
    """Serve one AGI call on standard input and output."""
    try:
        agi = Line()
        extension, account = (*sys.argv[1:3], "", "")[:2]
        status, dial = desk_route(agi, extension, account or DEFAULT_ACCOUNT)
        agi.set_variable("HOTDESKSTATUS", status)
        agi.set_variable("HOTDESKDIAL", dial)
    except HUNG_UP:
        sys.exit(0)


def desk_route(astdb: AstDb, extension: str, account: str) -> tuple[Status, str]:
    """Return whether the user is logged in, and what to dial; as our dialplan does.

    A route counts only if the desk's entry and the user's agree.
    """
    if not re.fullmatch("[0-9]{2,10}", extension):
        return Status.INVALID, ""
    key = user_key(account, extension)
    generation, _, device = entry(astdb, user_entry(key)).partition(":")
    if not device:
        return Status.LOGGED_OUT, ""
    if entry(astdb, desk_entry(device)) != f"{generation}:{key}":
        return Status.LOGGED_OUT, ""
    return Status.LOGGED_IN, f"PJSIP/{device}"
