"""`hotdesk status`: who sits where, and which phones lag behind."""

from __future__ import annotations

from datetime import timedelta

import click

from asterisk_hotdesk.cli import changes, output, status_showing
from asterisk_hotdesk.cli.opening import now, with_database
from asterisk_hotdesk.cli.options import json_option
from asterisk_hotdesk.cli.status_showing import Seat
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database, logins
from asterisk_hotdesk.store import status as seen


@click.command()
@json_option
@with_database
async def status(config: Config, database: Database, as_json: bool) -> None:
    """Show who sits where, and which phones lag behind.

    A phone is stale if a login or logout was decided more than refresh.stale_seconds
    ago, and it has not fetched the configuration of it since.  It restarts if it did
    so within its last three switches, where it was only asked to fetch: its firmware
    is too old to take new settings in its stride.

    --json prints an object with daemon_running (true or false) and devices, a list of
    objects with the keys device, account, extension and name (of the user, or null),
    since (or null), in_force (whether the PBX has followed the last switch), confirmed
    (whether the phone has fetched since; both null where nobody ever sat), stale,
    registered, reachable, in_call (null: unknown), address, user_agent and
    restarted_at (null: the phone did not restart).
    """
    async with database.transaction() as tx:
        desks = await logins.desks(tx)
        known = await seen.all_known(tx)
    stale_before = now() - timedelta(seconds=config.refresh.stale_seconds)
    seats = [Seat(d, known.get(d.device.name), stale_before) for d in desks]
    seats.sort(key=lambda seat: (seat.desk.user is None, seat.desk.device.name))
    running = await changes.daemon_is_running(config, database)
    if as_json:
        output.as_json(
            {
                "daemon_running": running,
                "devices": [status_showing.summary(seat) for seat in seats],
            }
        )
        return
    if seats:
        output.table(status_showing.COLUMNS, map(status_showing.row, seats))
    output.say(status_showing.counted(seats, daemon_running=running))
    for sentence in status_showing.advice(seats):
        output.say(sentence)
    for sentence in status_showing.location_advice(desks):
        output.note(sentence)
