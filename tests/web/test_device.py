"""The page of one device: how it is, its last switches, and whether it can be used."""

from __future__ import annotations

from datetime import timedelta

from tests.postgres.office import DESKS
from tests.web.conftest import Served

FIRST, SECOND, _ = DESKS
PAGE = f"/desks/{FIRST}"
DISABLE = f"{PAGE}/disable"


async def take(served: Served, **steps: timedelta) -> None:
    """Let the last switch of the device have taken so long until each step."""
    told = ", ".join(f"{step}_at = decided_at + %s" for step in steps)
    await served.office.rows(
        f"UPDATE switches SET {told} WHERE id = (SELECT max(id) FROM switches)"  # noqa: S608
        " RETURNING 1",
        *steps.values(),
    )


async def test_it_tells_who_sits_there_and_what_is_known_of_the_phone(
    served: Served,
) -> None:
    visitor = await served.logged_in("viewer")
    await served.office.rows(
        "UPDATE devices SET location = 'Floor 1', emergency_number = '+493055501',"
        " vendor = 'snom', model = 'D735' WHERE name = %s RETURNING 1",
        FIRST,
    )
    await served.office.log_in("100", FIRST)

    shown = await visitor.get(PAGE)

    assert shown.has(
        "Who User default/100 (100) since 09:00 PBX in force Phone waiting",
        "Phone snom D735",
        "MAC address 00:04:13:00:00:01",
        "Location Floor 1",
        "Number of emergency calls +493055501",
        f"logged in User default/100 (100) {FIRST} phone",
    )
    assert "s1p-s3cret" not in shown.text
    assert "w3b-s3cret" not in shown.text
    assert "Log in …" not in shown.plain


async def test_each_switch_is_shown_step_by_step(served: Served) -> None:
    visitor = await served.logged_in()
    await served.office.log_in("100", FIRST)
    await take(
        served,
        routed=timedelta(milliseconds=8.4),
        refreshed=timedelta(milliseconds=120),
        confirmed=timedelta(seconds=1.42),
    )
    served.office.later(1800)
    await served.office.log_out(FIRST)
    await take(served, routed=timedelta(milliseconds=9))

    shown = await visitor.get(PAGE)

    assert shown.has(
        "2026-01-02 09:30:00 nobody (idle) 9 ms not yet not yet"
        " 2026-01-02 09:00:00 User default/100 (100) 8 ms 120 ms 1.4 s"
    )
    said = "Calls follow after 9 ms, the phone is told after not yet"
    assert f'role="img" aria-label="Last switches: {said}' in shown.text
    assert " style=" not in shown.text


async def test_where_nobody_ever_sat_there_is_no_switch(served: Served) -> None:
    visitor = await served.logged_in()

    assert (await visitor.get(f"/desks/{SECOND}")).has("Nobody has ever sat there.")


async def test_a_disabled_device_is_left_and_says_so(served: Served) -> None:
    visitor = await served.logged_in()
    await served.office.log_in("100", FIRST)

    question = await visitor.get(DISABLE)
    done = await visitor.fill(question, DISABLE)
    enabled = await visitor.fill(done, f"{PAGE}/enable")

    assert question.has(
        f"Disable {FIRST}?", "User default/100 (100) sits there and is logged out."
    )
    assert done.has(f"{FIRST} is disabled.", f"{FIRST} disabled", "nobody", "Enable")
    assert enabled.has(f"{FIRST} is enabled.", "Disable …")
    assert await served.office.sitting() == {}
    assert await served.told("logout") == [
        ("forced", "web", "admin", "127.0.0.1", "User default/100")
    ]
    assert len(await served.told("device_disabled")) == 1
    assert len(await served.told("device_enabled")) == 1


async def test_who_sat_down_meanwhile_is_not_thrown_out(served: Served) -> None:
    visitor = await served.logged_in()
    question = await visitor.get(DISABLE)
    await served.office.log_in("100", FIRST)

    refused = await visitor.fill(question, DISABLE)

    assert refused.status == 409
    assert refused.has(
        "Somebody else has changed this in the meantime",
        "User default/100 (100) sits there and is logged out.",
    )
    assert await served.office.sitting() == {FIRST: "100"}
    assert (await served.office.device(FIRST)).enabled


async def test_during_an_emergency_call_it_stays_enabled(served: Served) -> None:
    visitor = await served.logged_in()
    device = await served.office.device(FIRST)
    await served.office.rows(
        "INSERT INTO emergency_calls (channel, device_id, number, began_at)"
        " VALUES ('1.1', %s, '112', now()) RETURNING 1",
        device.id,
    )

    refused = await visitor.fill(await visitor.get(DISABLE), DISABLE)

    assert refused.has("An emergency call is on at this desk.")
    assert (await visitor.get(PAGE)).has("Emergency call")
    assert (await served.office.device(FIRST)).enabled


async def test_a_device_that_is_not_there(served: Served) -> None:
    visitor = await served.logged_in()

    for path in ("/desks/NOPE", "/desks/NOPE/disable"):
        assert (await visitor.get(path)).status == 404
