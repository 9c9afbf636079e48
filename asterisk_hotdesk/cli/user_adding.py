"""How users come in: from the command line, or many at once from a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asterisk_hotdesk.administration import recording, user_values, values
from asterisk_hotdesk.administration.finding import refuse_hot_desks
from asterisk_hotdesk.cli import changes, csv_files, output
from asterisk_hotdesk.cli.csv_files import Complaints, Given
from asterisk_hotdesk.cli.opening import now, source
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, Change, user_key
from asterisk_hotdesk.store import Database, Tx, devices, users
from asterisk_hotdesk.store.users import NewUser

DEFAULT_CONTEXT = "internal"

_OPTIONAL = (
    "context",
    "account",
    "language",
    "when_logged_out",
    "ringtone",
    *user_values.TAKEN_ALONG,
)


def from_options(
    config: Config,
    extensions: Sequence[str],
    name: str,
    **common: str | None,
) -> list[Given[NewUser]]:
    """Return a user for each of *extensions*; EXT in *name* is the extension."""
    given = {key: text for key, text in common.items() if text is not None}
    return [
        Given(
            _checked(
                config,
                {
                    **given,
                    "extension": extension,
                    "name": name.replace("EXT", extension),
                },
            )
        )
        for extension in extensions
    ]


def from_csv(config: Config, path: Path) -> list[Given[NewUser]]:
    """Return the users in a CSV file; raise `Invalid` that names every bad line."""
    complaints = Complaints()
    rows = csv_files.rows(path, ("extension", "name"), _OPTIONAL)
    found = csv_files.checked(rows, lambda row: _checked(config, row), complaints)
    csv_files.complain_of_doubles(
        found,
        lambda u: (u.account, u.extension),
        lambda u: f"extension {u.extension}",
        complaints,
    )
    complaints.tell()
    return found


async def add(
    config: Config, database: Database, wanted: Sequence[Given[NewUser]]
) -> None:
    """Add all of *wanted*, or none and raise `Invalid` that says why."""
    new = [given.what for given in wanted]
    async with database.transaction() as tx:
        await _complain_of_taken(tx, wanted)
        await refuse_hot_desks(tx, {one.fixed_endpoint for one in new})
        for account in sorted({one.account for one in new}):
            await devices.ensure_account(tx, account)
        await users.add(tx, new)
        await recording.record_of_users(
            tx, "user_added", new, source=source(), now=now()
        )
        named = frozenset(user_key(one.account, one.extension) for one in new)
        await recording.tell_daemon(tx, Change(users=named, directory=True))
    if len(new) == 1:
        output.say(
            f"User {new[0].extension} added; set a PIN with: hotdesk user"
            f" set-pin {new[0].extension}"
        )
    else:
        output.say(f"{len(new)} users added; they have no PINs yet.")
    await changes.say_if_nobody_follows(config, database)


def _checked(config: Config, row: dict[str, str]) -> NewUser:
    extension = values.extension(config, row["extension"])
    treatment, target = values.treatment(row.get("when_logged_out", ""), extension)
    return NewUser(
        extension=extension,
        name=values.person_name(row["name"]),
        context=values.context_name(row.get("context") or DEFAULT_CONTEXT),
        account=values.account_name(row.get("account") or DEFAULT_ACCOUNT),
        language=values.language(row.get("language")),
        logged_out_treatment=treatment,
        logged_out_target=target,
        ringtone=values.ringtone(row.get("ringtone", "")),
        **user_values.taken_along(row, extension),
    )


async def _complain_of_taken(tx: Tx, wanted: Sequence[Given[NewUser]]) -> None:
    complaints = Complaints()
    taken = await users.ids(
        tx, [(given.what.account, given.what.extension) for given in wanted]
    )
    for given in wanted:
        account, extension = given.what.account, given.what.extension
        if (account, extension) in taken:
            complaints.note(
                given, f"extension {extension} exists already in account {account}"
            )
    complaints.tell()
