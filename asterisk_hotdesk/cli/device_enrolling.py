"""`hotdesk device enrol`: the URLs with which phones begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

import click

from asterisk_hotdesk.administration import phones as given_phones
from asterisk_hotdesk.administration import recording
from asterisk_hotdesk.administration.finding import devices_named
from asterisk_hotdesk.administration.values import mac_shown
from asterisk_hotdesk.cli import output
from asterisk_hotdesk.cli.opening import now, source, with_database
from asterisk_hotdesk.cli.options import NAMES, account_option, json_option, names_given
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.errors import NotFound, Refused
from asterisk_hotdesk.model import Device
from asterisk_hotdesk.pepper import provisioning_key
from asterisk_hotdesk.phones import file_names, vendor_of_mac
from asterisk_hotdesk.store import Database, Tx, devices, phones
from asterisk_hotdesk.tokens import account_token, new_token, token_hash

_LONGEST_MINUTES = 7 * 24 * 60

_COLUMNS = ("Device", "MAC", "URL")


@dataclass(frozen=True)
class Invitation:
    """With what a phone fetches its first configuration."""

    name: str
    mac: str
    url: str = field(repr=False)
    """A folder; it holds a token."""
    file: str
    open_until: datetime
    deliveries_left: int


@click.command()
@click.argument("names", type=NAMES, metavar="[NAME|RANGE]...", nargs=-1)
@click.option(
    "--minutes",
    type=click.IntRange(1, _LONGEST_MINUTES),
    help="How long; else provisioning.enrolment_minutes.",
)
@account_option
@json_option
@with_database
async def enrol(
    config: Config,
    database: Database,
    names: tuple[list[str], ...],
    minutes: int | None,
    account: str,
    as_json: bool,
) -> None:
    """Let phones fetch a first configuration, and print where.

    Each URL holds a token: it works for this phone only, for a while, a few times, and
    until the phone has used what it got. snom's and Gigaset's phones want it as it is
    (Setting URL), others without the name of the file.

    Without NAME: print the one URL that DHCP may tell to all phones of an account. It
    lets in those whose enrolment is open, and allowed ones while the pool has devices.

    --json prints a list of objects with the keys name, mac, url (the folder, which ends
    with a slash), file (what the phone adds to it), open_until and deliveries_left;
    without NAME an object with account, url and dnsmasq (a line for its configuration).
    """
    if not names:
        if minutes:
            raise click.UsageError("--minutes is about devices: name them.")
        await _show_account(config, database, account, as_json)
        return
    async with database.transaction() as tx:
        found = await devices_named(tx, names_given(names))
        invitations = await _invite(tx, config, _with_phones(found), minutes)
        await recording.record_of_devices(
            tx, "enrolment_opened", found, source=source(), now=now()
        )
    if as_json:
        output.as_json([asdict(one) for one in invitations])
        return
    output.table(
        _COLUMNS,
        [[one.name, mac_shown(one.mac), one.url + one.file] for one in invitations],
    )
    output.note(
        f"open until {output.moment(invitations[0].open_until)}, for"
        f" {invitations[0].deliveries_left} deliveries each."
    )


async def _show_account(
    config: Config, database: Database, account: str, as_json: bool
) -> None:
    async with database.transaction() as tx:
        if account not in await devices.accounts(tx):
            raise NotFound(f"There is no account {account}.")
    url = _url(config, account_token(provisioning_key(config), account))
    # Option 66 of DHCP; snom's phones put their own address for {mac}.
    dnsmasq = f'dhcp-option=66,"{url}{{mac}}.xml"'
    if as_json:
        output.as_json({"account": account, "url": url, "dnsmasq": dnsmasq})
    else:
        output.fields(
            [("Account", account), ("URL", url), ("dnsmasq, for snom", dnsmasq)]
        )


def _with_phones(found: Sequence[Device]) -> list[tuple[Device, str]]:
    """Return the devices, each with its MAC address; raise `Refused` if it has none."""
    phones_of = [(device, device.mac) for device in found if device.mac]
    waiting = [device.name for device in found if device.mac is None]
    disabled = [device.name for device in found if not device.enabled]
    complaints = [
        *(f"{name} waits for a phone; see: hotdesk device assign" for name in waiting),
        *(f"{n} is disabled; see: hotdesk device enable {n}" for n in disabled),
    ]
    if complaints:
        raise Refused("\n".join(complaints))
    return phones_of


async def _invite(
    tx: Tx, config: Config, wanted: Sequence[tuple[Device, str]], minutes: int | None
) -> list[Invitation]:
    until = given_phones.enrolment_end(config.provisioning, now(), minutes)
    deliveries = config.provisioning.enrolment_deliveries
    ids = [device.id for device, _ in wanted]
    await phones.open_enrolment(tx, ids, until, deliveries)
    invitations = []
    for device, mac in wanted:
        token = new_token()
        await phones.add_token(tx, device, token_hash(token), "bootstrap", now())
        invitations.append(
            Invitation(
                name=device.name,
                mac=mac,
                url=_url(config, token),
                file=file_names(device.phone.vendor or vendor_of_mac(mac), mac)[0],
                open_until=until,
                deliveries_left=deliveries,
            )
        )
    return invitations


def _url(config: Config, token: str) -> str:
    return f"{config.provisioning.base_url}/p/{token}/"
