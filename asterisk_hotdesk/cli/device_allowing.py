"""`hotdesk device allow`, `allowed` and `disallow`: which phones may become devices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from asterisk_hotdesk.administration import recording, values
from asterisk_hotdesk.administration.values import mac_shown
from asterisk_hotdesk.cli import csv_files, mac_ranges, output
from asterisk_hotdesk.cli.csv_files import Complaints, Given
from asterisk_hotdesk.cli.mac_ranges import MacRange, macs_in
from asterisk_hotdesk.cli.opening import now, source, with_database
from asterisk_hotdesk.cli.options import account_option, csv_option, json_option
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import NotFound
from asterisk_hotdesk.store import Database, Tx, allowed_phones, devices
from asterisk_hotdesk.store.allowed_phones import AllowedPhones

Named = tuple[str, MacRange]
"""An account, and phones for it."""

_STORED = -1
"""Before the first line of any file."""

_COLUMNS = ("First", "Last", "Phones", "Account")


@click.command()
@click.argument("macs", metavar="[MAC|RANGE|PREFIX]...", nargs=-1)
@account_option
@csv_option
@with_database
async def allow(
    config: Config,
    database: Database,
    macs: tuple[str, ...],
    account: str,
    csv_path: Path | None,
) -> None:
    """Let phones become devices.

    Each that asks claims a device that waits in the pool. Name a MAC address in any
    notation, a range (00:04:13:00:00:00-00:04:13:00:00:ff) or a prefix (00:04:13, or
    0004130*).

    A CSV file has the column mac, with the same in each line, and perhaps account,
    where an empty one is that of --account. If any line is wrong, all wrong lines are
    told and nothing is added.
    """
    if bool(macs) == bool(csv_path):
        raise click.UsageError("Name MAC addresses, or use --csv.")
    values.account_name(account)
    wanted = (
        _from_csv(csv_path, account)
        if csv_path
        else [Given((account, macs_in(text))) for text in macs]
    )
    async with database.transaction() as tx:
        before = await allowed_phones.hold(tx)
        _complain_of_others(wanted, before)
        for name in sorted({given.what[0] for given in wanted}):
            new = [given.what[1] for given in wanted if given.what[0] == name]
            await devices.ensure_account(tx, name)
            await _replace(tx, name, mac_ranges.merged(_of(before, name) + new))
            await recording.record_of_account(
                tx, "phones_allowed", name, source=source(), now=now()
            )
    phones = sum(map(len, mac_ranges.merged(given.what[1] for given in wanted)))
    output.say(f"{_counted(phones)} may become devices.")


@click.command()
@json_option
@with_database
async def allowed(config: Config, database: Database, as_json: bool) -> None:
    """List which phones may become devices, by MAC address.

    --json prints a list of objects with the keys first_mac, last_mac (twelve lower-case
    digits each), phones (how many) and account.
    """
    async with database.transaction() as tx:
        found = await allowed_phones.everything(tx)
    if as_json:
        output.as_json([asdict(one) | {"phones": len(_range(one))} for one in found])
    elif not found:
        output.say("No phones but those of devices; see: hotdesk device allow --help")
    else:
        output.table(
            _COLUMNS,
            [
                [
                    mac_shown(one.first_mac),
                    mac_shown(one.last_mac),
                    str(len(_range(one))),
                    one.account,
                ]
                for one in found
            ],
        )


@click.command()
@click.argument("macs", metavar="MAC|RANGE|PREFIX...", nargs=-1, required=True)
@with_database
async def disallow(config: Config, database: Database, macs: tuple[str, ...]) -> None:
    """Let phones no longer become devices, in whatever account.

    Those that are devices already stay so; see: hotdesk device release.
    """
    gone = mac_ranges.merged(map(macs_in, macs))
    async with database.transaction() as tx:
        before = await allowed_phones.hold(tx)
        if not any(_range(one).overlaps(hole) for one in before for hole in gone):
            raise NotFound(f"{', '.join(map(str, gone))}: not allowed as it is.")
        phones = 0
        for name in sorted({one.account for one in before}):
            had = _of(before, name)
            left = mac_ranges.without(had, gone)
            fewer = sum(map(len, had)) - sum(map(len, left))
            if fewer:
                await _replace(tx, name, left)
                await recording.record_of_account(
                    tx, "phones_disallowed", name, source=source(), now=now()
                )
            phones += fewer
    output.say(f"{_counted(phones)} may no longer become devices.")


def _from_csv(path: Path, account: str) -> list[Given[Named]]:
    def check(row: dict[str, str]) -> Named:
        return values.account_name(row.get("account") or account), macs_in(row["mac"])

    complaints = Complaints()
    found = csv_files.checked(
        csv_files.rows(path, ("mac",), ("account",), complaints), check, complaints
    )
    complaints.tell()
    return found


def _complain_of_others(
    wanted: Sequence[Given[Named]], before: Sequence[AllowedPhones]
) -> None:
    """Raise `Invalid` that tells which of *wanted* are another account's."""
    complaints = Complaints()
    known = [Given((one.account, _range(one)), line=_STORED) for one in before]
    furthest: dict[str, Given[Named]] = {}
    for given in sorted([*known, *wanted], key=lambda given: given.what[1]):
        account, macs = given.what
        for other in furthest.values():
            if other.what[0] != account and other.what[1].overlaps(macs):
                earlier, later = sorted((given, other), key=lambda given: given.line)
                owner, theirs = earlier.what
                complaints.note(
                    later, f"{later.what[1]}: account {owner} has {theirs} already"
                )
        if account not in furthest or furthest[account].what[1].last < macs.last:
            furthest[account] = given
    complaints.tell()


def _range(one: AllowedPhones) -> MacRange:
    return MacRange.between(one.first_mac, one.last_mac)


def _of(known: Iterable[AllowedPhones], account: str) -> list[MacRange]:
    return [_range(one) for one in known if one.account == account]


async def _replace(tx: Tx, account: str, ranges: Iterable[MacRange]) -> None:
    allowed = [
        AllowedPhones(account=account, first_mac=one.first_mac, last_mac=one.last_mac)
        for one in ranges
    ]
    await allowed_phones.replace(tx, account, allowed)


def _counted(phones: int) -> str:
    return "1 phone" if phones == 1 else f"{phones} phones"
