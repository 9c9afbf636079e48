"""How users come in: from the command line, or many at once from a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asterisk_hotdesk.cli import changes, output, user_rows
from asterisk_hotdesk.cli.bringing_in import Brought, bring_in
from asterisk_hotdesk.cli.csv_files import Complaints, Given
from asterisk_hotdesk.cli.user_rows import UserRow
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database


def from_options(
    config: Config,
    extensions: Sequence[str],
    name: str,
    **common: str | None,
) -> list[Given[UserRow]]:
    """Return a user for each of *extensions*; EXT in *name* is the extension."""
    given = {key: text for key, text in common.items() if text is not None}
    return [
        Given(
            user_rows.checked(
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


def from_csv(config: Config, path: Path) -> list[Given[UserRow]]:
    """Return the users in a CSV file; raise `Invalid` that names every bad line."""
    complaints = Complaints()
    found = user_rows.from_csv(config, path, complaints)
    complaints.tell()
    return found


async def add(
    config: Config, database: Database, wanted: Sequence[Given[UserRow]]
) -> None:
    """Add all of *wanted*, or none and raise `Invalid` that says why."""
    await bring_in(config, database, Brought(users=wanted), Complaints())
    without_pin = sum(not given.what.pin for given in wanted)
    if len(wanted) == without_pin == 1:
        extension = wanted[0].what.extension
        output.say(
            f"User {extension} added; set a PIN with: hotdesk user set-pin {extension}"
        )
    elif len(wanted) == without_pin:
        output.say(f"{len(wanted)} users added; they have no PINs yet.")
    else:
        added = output.numbered(len(wanted), "user")
        output.say(f"{added} added, {without_pin} of them without a PIN.")
    await changes.say_if_nobody_follows(config, database)
