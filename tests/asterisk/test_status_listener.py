"""`device_status` says of each phone what is true: there, reachable, in a call."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from tests.asterisk.conftest import Office
from tests.asterisk.trouble import kill_service, phone_of, start_service, until


def _status(office: Office, name: str) -> dict[str, Any]:
    rows = office.rows(
        "SELECT device_status.* FROM device_status"
        " JOIN devices ON devices.id = device_id WHERE name = %s",
        name,
    )
    return dict(rows[0]) if rows else {}


async def _becomes(
    office: Office, name: str, *, within: float = 6, **wanted: object
) -> None:
    def is_so() -> bool:
        known = _status(office, name)
        return all(known.get(column) == value for column, value in wanted.items())

    try:
        await until(is_so, "", within)
    except TimeoutError:
        known = _status(office, name)
        found = {column: known.get(column) for column in wanted}
        raise AssertionError(f"{name} is {found}, not {wanted}") from None


async def test_a_phone_comes_calls_and_goes(office: Office) -> None:
    desk, fixed = await office.desk("HD0001"), await office.phone("200")
    host, port = phone_of(desk).address
    await _becomes(
        office,
        "HD0001",
        registered=True,
        address=f"{host}:{port}",
        user_agent=phone_of(desk).user_agent,
        in_call=False,
    )
    await office.sit_down(desk, "100")
    await _becomes(office, "HD0001", in_call=False)
    call = await fixed.call("100")
    incoming = await phone_of(desk).ringing()
    await _becomes(office, "HD0001", in_call=True)
    await incoming.answer()
    await call.answered()
    await _becomes(office, "HD0001", in_call=True)
    await call.hangup()
    await _becomes(office, "HD0001", in_call=False)
    await phone_of(desk).unregister()
    await _becomes(office, "HD0001", registered=False)


async def test_a_power_failure(office: Office) -> None:
    desk = await office.desk("HD0002")
    await _becomes(office, "HD0002", registered=True)
    await asyncio.to_thread(office.lab.pbx.cli, "pjsip qualify HD0002")
    await _becomes(office, "HD0002", reachable=True)
    await desk.close(politely=False)
    await asyncio.to_thread(office.lab.pbx.cli, "pjsip qualify HD0002")
    await _becomes(office, "HD0002", reachable=False, within=10)
    # The contact is still there: only it does not answer.
    assert _status(office, "HD0002")["registered"] is True
    back = await office.desk("HD0002")
    host, port = phone_of(back).address
    await _becomes(office, "HD0002", registered=True, address=f"{host}:{port}")


async def test_right_after_what_happened_while_nobody_listened(office: Office) -> None:
    """The service restarts, then Asterisk: a snapshot replaces the missed events."""
    stays, goes = await office.desk("HD0003"), await office.desk("HD0004")
    fixed = await office.phone("200")
    await office.sit_down(stays, "103")
    for name in ("HD0003", "HD0004"):
        await _becomes(office, name, registered=True)
    await kill_service(office.lab)
    call = await fixed.call("103")
    await phone_of(stays).ringing()
    await phone_of(goes).unregister()
    await start_service(office.lab)
    await _becomes(office, "HD0004", registered=False)
    await _becomes(office, "HD0003", registered=True, in_call=True)
    await call.hangup()
    await _becomes(office, "HD0003", in_call=False)

    call = await fixed.call("103")
    await phone_of(stays).ringing()
    await _becomes(office, "HD0003", in_call=True)
    await asyncio.to_thread(office.lab.pbx.kill)
    await asyncio.to_thread(office.lab.pbx.start)
    for lost in (*phone_of(stays).calls, *fixed.calls):
        lost.drop()
    await phone_of(stays).register()
    await phone_of(goes).register()
    await _becomes(office, "HD0003", registered=True, in_call=False, within=12)
    await _becomes(office, "HD0004", registered=True, within=12)


async def test_while_asterisk_is_away_nobody_pretends_to_know(office: Office) -> None:
    await office.desk("HD0001")
    await _becomes(office, "HD0001", registered=True)

    await asyncio.to_thread(office.lab.pbx.kill)
    shown = await _shown(office, registered=None)
    said = (await office.hotdesk("status")).stdout
    await asyncio.to_thread(office.lab.pbx.start)
    await _shown(office, registered=True)

    assert (shown["pbx_answers"], shown["in_call"]) == (False, None)
    assert "Asterisk does not answer since" in " ".join(said.split())


async def _shown(office: Office, *, registered: bool | None) -> dict[str, Any]:
    """Return what the command shows of HD0001 once that is so."""
    deadline = time.monotonic() + 15
    while True:
        told = json.loads((await office.hotdesk("status", "--json")).stdout)
        shown = next(d for d in told["devices"] if d["device"] == "HD0001")
        if shown["registered"] is registered:
            return dict(shown)
        assert time.monotonic() < deadline, shown
