"""`hotdesk device pool`: devices that wait for a phone."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from statistics import mode

import click

from asterisk_hotdesk.cli import device_adding
from asterisk_hotdesk.cli.device_options import desk_options
from asterisk_hotdesk.cli.opening import with_database
from asterisk_hotdesk.cli.options import account_option
from asterisk_hotdesk.cli.ranges import LARGEST
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import Invalid
from asterisk_hotdesk.store import Database, devices

_DIGITS = 4
"""Of the first name with a prefix, as in HD0001."""


@click.command()
@click.argument("count", type=click.IntRange(1, LARGEST))
@click.option(
    "--prefix",
    default="HD",
    show_default=True,
    help="Of the names, which have the lowest free numbers.",
)
@account_option
@desk_options
@with_database
async def pool(
    config: Config,
    database: Database,
    /,
    count: int,
    prefix: str,
    **given: str | None,
) -> None:
    """Add COUNT devices without phones.

    Each waits for an allowed phone of its account to claim it, or for: hotdesk device
    assign.
    """
    if not re.fullmatch(r"[A-Za-z0-9]*[A-Za-z]", prefix):
        raise Invalid(
            f"prefix {prefix!r}: expected letters or digits, a letter at last"
        )
    async with database.transaction() as tx:
        taken = {device.name for device in await devices.everything(tx)}
    names = free_names(prefix, count, taken)
    await device_adding.add(
        config, database, device_adding.without_phones(names, given)
    )


def free_names(prefix: str, count: int, taken: Collection[str]) -> list[str]:
    """Return the first *count* names with *prefix* and a number that nobody has.

    The numbers are as wide as most of those that there are.
    """
    numbers = [
        name.removeprefix(prefix)
        for name in taken
        if re.fullmatch(rf"{prefix}[0-9]+", name)
    ]
    width = mode(map(len, numbers)) if numbers else _DIGITS
    candidates = (f"{prefix}{number:0{width}}" for number in itertools.count(1))
    free = (name for name in candidates if name not in taken)
    return list(itertools.islice(free, count))
