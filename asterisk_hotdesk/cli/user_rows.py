"""Users as lines of a CSV file: what a line says, and the line that says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from asterisk_hotdesk.administration import user_values, values
from asterisk_hotdesk.cli import csv_files
from asterisk_hotdesk.cli.csv_files import Complaints, Given, Row
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, User
from asterisk_hotdesk.pin_rules import check_pin
from asterisk_hotdesk.store.users import NewUser

DEFAULT_CONTEXT = "internal"

COLUMNS = (
    "account",
    "extension",
    "name",
    "context",
    "language",
    "when_logged_out",
    "ringtone",
    *user_values.TAKEN_ALONG,
    "allowed",
)
"""All that is exported: everything that an administrator says, but the PIN."""

_REQUIRED = ("extension", "name")
_OPTIONAL = (*(column for column in COLUMNS if column not in _REQUIRED), "pin")


@dataclass(frozen=True, kw_only=True)
class UserRow:
    """What an administrator says about a user who may be there already."""

    account: str
    extension: str
    fields: Mapping[str, Any]
    """Of `User`, as far as anything is said of them."""
    context: str
    """Of a new user of whom nothing else is said."""
    pin: str = field(default="", repr=False)
    """Empty: nothing is said of it."""

    @property
    def key(self) -> tuple[str, str]:
        """Return the one name of the user among all accounts."""
        return self.account, self.extension

    def new(self) -> NewUser:
        """Return the user to be added."""
        fields = {"context": self.context, **self.fields}
        return NewUser(account=self.account, extension=self.extension, **fields)

    def changed(self, user: User) -> User:
        """Return what becomes of *user*; what is not said stays."""
        return replace(user, **self.fields)


def from_csv(
    config: Config,
    path: Path,
    complaints: Complaints,
    encoding: str | None = None,
    *,
    account: str | None = None,
    context: str | None = None,
) -> list[Given[UserRow]]:
    """Return the users in a CSV file with `COLUMNS`, and perhaps pin.

    *account* and *context* are those of lines that name none.
    """
    rows = csv_files.rows(path, _REQUIRED, _OPTIONAL, complaints, encoding)
    return checked_all(
        config,
        csv_files.filled_in(rows, account=account, context=context),
        complaints,
    )


def checked_all(
    config: Config,
    rows: Iterable[Row],
    complaints: Complaints,
    context: str = DEFAULT_CONTEXT,
) -> list[Given[UserRow]]:
    """Return the users of *rows*, each of whom may be there once; note what is wrong.

    *context* is that of new users whose line names none.
    """
    found = csv_files.checked(
        rows, lambda row: checked(config, row, context), complaints
    )
    csv_files.complain_of_doubles(
        found, lambda row: row.key, lambda row: f"extension {row.extension}", complaints
    )
    return found


def checked(
    config: Config, row: Mapping[str, str], context: str = DEFAULT_CONTEXT
) -> UserRow:
    """Return what a line says; raise `Invalid` that names what is wrong.

    No error text repeats a PIN.
    """
    extension = values.extension(config, row["extension"])
    fields: dict[str, Any] = {"name": values.person_name(row["name"])}
    if row.get("context"):
        fields["context"] = values.context_name(row["context"])
    if "language" in row:
        fields["language"] = values.language(row["language"])
    if "when_logged_out" in row:
        treatment, target = values.treatment(row["when_logged_out"], extension)
        fields |= {"logged_out_treatment": treatment, "logged_out_target": target}
    if "ringtone" in row:
        fields["ringtone"] = values.ringtone(row["ringtone"])
    if row.get("allowed"):
        fields["allowed"] = values.yes(row["allowed"], "allowed")
    if pin := row.get("pin", ""):
        check_pin(pin, length=config.pins.length, extension=extension)
    return UserRow(
        account=values.account_name(row.get("account") or DEFAULT_ACCOUNT),
        extension=extension,
        fields=fields | user_values.taken_along(row, extension),
        context=context,
        pin=pin,
    )


def of(user: User | NewUser) -> dict[str, str]:
    """Return the line that says what *user* is."""
    return {
        "account": user.account,
        "extension": user.extension,
        "name": user.name,
        "context": user.context,
        "language": csv_files.cell(user.language),
        "when_logged_out": ":".join(
            filter(None, (user.logged_out_treatment, user.logged_out_target))
        ),
        "ringtone": csv_files.cell(user.ringtone),
        **{
            name: csv_files.cell(getattr(user, name))
            for name in user_values.TAKEN_ALONG
        },
        "allowed": csv_files.cell(user.allowed),
    }
