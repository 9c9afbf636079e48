"""3CX's export of extensions, in our columns.

Users > Export writes a CSV file with a line for each extension.  Version 15 has some
sixty columns, which https://www.3cx.com/blog/docs/bulk-extension-import/ lists; other
versions have more or fewer, so all but the number may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping

USED = ("number", "firstname", "lastname", "enablevoicemail", "disabled")
"""Columns whose content is taken over, in lower case."""

PINS = ("pin",)
"""The column of mailboxes' PINs, with which people log in at 3CX's hot desks."""


def user(line: Mapping[str, str]) -> dict[str, str]:
    """Return a line about an extension as a line about a user of ours, without PIN.

    Who has a mailbox there gets the one of the same number in the context default.
    """
    number = line["number"]
    names = (line.get("firstname", ""), line.get("lastname", ""))
    row = {"extension": number, "name": " ".join(filter(None, names)) or number}
    if "enablevoicemail" in line:
        row["mailbox"] = f"{number}@default" if _is_on(line["enablevoicemail"]) else ""
    if "disabled" in line:
        row["allowed"] = "no" if _is_on(line["disabled"]) else "yes"
    return row


def _is_on(text: str) -> bool:
    return text.lower() in ("1", "true", "yes")
