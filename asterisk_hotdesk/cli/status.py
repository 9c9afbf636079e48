"""`hotdesk status`: who sits where, and which phones lag behind."""

from __future__ import annotations

import click

from asterisk_hotdesk.cli import output, status_showing, status_watching
from asterisk_hotdesk.cli.opening import with_database
from asterisk_hotdesk.cli.options import as_csv_option, json_option
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.store import Database


@click.command()
@json_option
@as_csv_option
@click.option("--watch", is_flag=True, help="Stay, and show every change.")
@with_database
async def status(
    config: Config, database: Database, as_json: bool, as_csv: bool, watch: bool
) -> None:
    """Show who sits where, and which phones lag behind.

    A phone is stale if a login or logout was decided more than refresh.stale_seconds
    ago, and it has not fetched the configuration of it since.  It restarts if it did
    so within its last three switches, where it was only asked to fetch: its firmware
    is too old to take new settings in its stride.

    --json prints an object with daemon_running (true or false) and devices, a list of
    objects with the keys device, account, extension and name (of the user, or null),
    since (or null), in_force (whether the PBX has followed the last switch), confirmed
    (whether the phone has fetched since; both null where nobody ever sat), stale,
    registered, reachable, in_call (null: unknown), address, user_agent, restarted_at
    (null: the phone did not restart), mac (or null), location, enabled, vendor, model,
    firmware, generation (the number of the last switch, or null), decided_at,
    routed_at, refreshed_at and confirmed_at (the times of its steps, or null),
    registered_since, round_trip_ms (null: unknown), in_emergency_call, last_call_at,
    seen_at, booted_at, fetched_at and fetched_generation (or null), routed_extension
    and routed_since (whose calls ring there), provisioned_extension (whom the phone
    shows), pbx_answers (if false, nobody knows what the phones do; null: nobody has
    asked). --csv prints the same, a line for each device.
    """
    output.only_one(json=as_json, csv=as_csv, watch=watch)
    if watch:
        await status_watching.watch(config, database)
        return
    picture = await status_showing.look(config, database)
    if as_csv:
        output.csv_head(status_showing.OF_PROGRAMS)
        output.csv_lines(status_showing.OF_PROGRAMS, picture.for_programs())
        return
    if as_json:
        output.as_json(
            {
                "daemon_running": picture.daemon_running,
                "devices": picture.for_programs(),
            }
        )
        return
    if picture.desks:
        output.table(status_showing.COLUMNS, picture.rows())
    output.say(picture.counted())
    for sentence in status_showing.advice(picture.desks):
        output.say(sentence)
    lost = [desk.device for desk in picture.desks if not desk.location]
    for sentence in status_showing.location_advice(lost):
        output.note(sentence)
