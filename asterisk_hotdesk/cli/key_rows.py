"""Function keys as lines of a CSV file: whose they are, and what they do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asterisk_hotdesk.administration import key_values, values
from asterisk_hotdesk.cli import csv_files
from asterisk_hotdesk.cli.csv_files import Complaints, Given
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, UserKey

COLUMNS = ("account", "extension", "position", "kind", "value", "label", "priority")

_REQUIRED = ("extension", "position", "kind")
_OPTIONAL = ("account", "value", "label", "priority")


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    """A function key, and whose it is."""

    account: str
    extension: str
    key: UserKey

    @property
    def owner(self) -> tuple[str, str]:
        """Return the one name of the user among all accounts."""
        return self.account, self.extension


def from_csv(
    path: Path,
    complaints: Complaints,
    encoding: str | None = None,
    *,
    account: str | None = None,
) -> list[Given[KeyRow]]:
    """Return the keys in a CSV file with `COLUMNS`, each of which may be there once.

    *account* is that of lines that name none.  What is wrong is noted.
    """
    rows = csv_files.rows(path, _REQUIRED, _OPTIONAL, complaints, encoding)
    found = csv_files.checked(
        csv_files.filled_in(rows, account=account), checked, complaints
    )
    csv_files.complain_of_doubles(
        found,
        lambda row: (row.owner, row.key.position),
        lambda row: f"position {row.key.position} of {row.extension}",
        complaints,
    )
    return found


def checked(row: dict[str, str]) -> KeyRow:
    """Return what a line says; raise `Invalid` that names what is wrong."""
    return KeyRow(
        account=values.account_name(row.get("account") or DEFAULT_ACCOUNT),
        extension=values.user_extension(row["extension"]),
        key=key_values.key(row),
    )


def of(owner: tuple[str, str], key: UserKey) -> dict[str, str]:
    """Return the line that says what *key* of its *owner* does."""
    account, extension = owner
    return {
        "account": account,
        "extension": extension,
        "position": str(key.position),
        "kind": key.kind,
        "value": key.value,
        "label": key.label,
        "priority": str(key.priority),
    }
