"""FreePBX's exports, in our columns.

The Bulk Handler's export of extensions has the columns of the table `users`, those of
the table `devices`, the settings of the device by their keywords, and those of other
modules, such as `voicemail_vmpwd` and `languages_language` (Core.class.php,
bulkhandlerExport).  In the mode "Devices and Users" the two tables say who is where:
users in the one, phones in the other (installlib/SQL/asterisk.sql).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

CONTEXT = "from-internal"
"""What FreePBX's extensions dial from, unless somebody has changed it."""

_TAKEN = {
    "context": "context",
    "languages_language": "language",
    "accountcode": "account_code",
    "callgroup": "call_groups",
    "pickupgroup": "pickup_groups",
    "namedcallgroup": "named_call_groups",
    "namedpickupgroup": "named_pickup_groups",
}
"""Columns that say the same as one of ours."""

USED_OF_USERS = ("extension", "name", "description", "voicemail", *_TAKEN)
"""Columns whose content is taken over, in lower case."""

PINS = ("password", "voicemail_vmpwd")
"""The columns of what users log in with at ad-hoc devices, and of mailboxes' PINs."""

OF_DEVICES = ("id", "devicetype")
"""Columns that the table `devices` has, and no export of extensions without others."""

USED_OF_DEVICES = (*OF_DEVICES, "user", "description", "emergency_cid")


def said(line: Mapping[str, str]) -> dict[str, str]:
    """Return *line* without the word that MySQL writes where there is nothing."""
    return {
        column: "" if text in ("NULL", r"\N") else text for column, text in line.items()
    }


def user(line: Mapping[str, str]) -> dict[str, str]:
    """Return a line about an extension as a line about a user of ours, without PIN.

    Callers of somebody with a mailbox are sent there while she sits nowhere, as FreePBX
    does.
    """
    extension = line["extension"]
    name = line.get("name") or line.get("description")
    row = {"extension": extension, "name": name or extension}
    row |= {ours: line[theirs] for theirs, ours in _TAKEN.items() if theirs in line}
    if "voicemail" in line:
        has_mailbox = line["voicemail"] not in ("", "novm", "disabled")
        box = f"{extension}@{line['voicemail']}" if has_mailbox else ""
        row["mailbox"] = box
        row["when_logged_out"] = f"voicemail:{box}" if box else ""
    return row


def is_hot_desk(line: Mapping[str, str]) -> bool:
    """Return whether anybody may log in at the device that a line is about."""
    return line["devicetype"].lower() == "adhoc"


def device(line: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return a line about an ad-hoc device as a line about a device of ours.

    It waits for a phone, for FreePBX knows no MAC addresses.  The default user of an
    ad-hoc device comes back whenever somebody logs out: this is our base user.
    """
    somebody = line.get("user", "")
    return {
        "name": f"{prefix}{line['id']}",
        "mac": "",
        "location": line.get("description", ""),
        "emergency_number": _number(line.get("emergency_cid", "")),
        "base_user": "" if somebody == "none" else somebody,
    }


def _number(caller_id: str) -> str:
    """Return the number of a caller ID, as in `"Front desk" <+493055501>`."""
    number = re.search(r"<([^>]*)>", caller_id)
    return re.sub(r"[ ().-]", "", number[1] if number else caller_id)
