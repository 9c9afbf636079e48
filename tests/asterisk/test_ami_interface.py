"""What a program learns, and may do, with nothing but a login at Asterisk's AMI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.asterisk.conftest import UNROUTED, Office, eventually, press_pin
from tests.asterisk.trouble import (
    kill_service,
    phone_of,
    service_log,
    start_service,
    until,
)
from tests.lab.ami_client import AmiClient, ami_login


@pytest.fixture
async def program(office: Office) -> AsyncIterator[AmiClient]:
    """Yield an AMI client that may send and read user events, and read AstDB."""
    ami = office.facts["ami"]
    async with ami_login(
        ami["host"], ami["port"], "wallboard", ami["secret"]
    ) as client:
        yield client


# Asking ----------------------------------------------------------------------


async def test_a_desk_is_described(office: Office, program: AmiClient) -> None:
    desk = await office.desk("HD0001")
    await office.sit_down(desk, "100")
    await eventually(lambda: not office.rows(UNROUTED), "the login is in force")

    program.ask("HotdeskStatus", "ActionID: 17", "RequestID: x", "Device: HD0001")
    entry = await program.hears("HotdeskStatusEntry", ActionID="17")
    complete = await program.hears("HotdeskStatusComplete", ActionID="17")

    assert (entry["Device"], entry["Extension"], entry["Name"]) == (
        "HD0001",
        "100",
        "Alice",
    )
    assert (entry["RoutedExtension"], entry["ProvisionedExtension"]) == ("100", "100")
    assert (entry["Registered"], entry["InForce"], entry["Confirmed"]) == ("yes",) * 3
    assert entry["UserAgent"] == phone_of(desk).user_agent
    assert int(entry["RoutedAge"]) < 60
    assert entry["RequestID"] == complete["RequestID"] == "x"
    assert (complete["Result"], complete["ListItems"]) == ("Success", "1")


async def test_all_desks_are_listed_once(office: Office, program: AmiClient) -> None:
    program.ask("HotdeskStatus", "ActionID: all")
    complete = await program.hears("HotdeskStatusComplete", ActionID="all")

    devices = [e["Device"] for e in program.user_events("HotdeskStatusEntry")]
    assert len(devices) == int(complete["ListItems"]) > 4
    assert len(set(devices)) == len(devices)


async def test_a_person_is_found_where_she_sits(
    office: Office, program: AmiClient
) -> None:
    await office.sit_down(await office.desk("HD0002"), "101")

    program.ask("HotdeskStatus", "Extension: 101")
    entry = await program.hears("HotdeskStatusEntry", Extension="101")

    assert entry["Device"] == "HD0002"
    assert "ActionID" not in entry


async def test_a_desk_that_does_not_exist_is_an_answer(program: AmiClient) -> None:
    program.ask("HotdeskStatus", "Device: HD9999", "ActionID: 3")

    complete = await program.hears("HotdeskStatusComplete", ActionID="3")

    assert (complete["Result"], complete["Code"]) == ("Error", "not_found")
    assert complete["Message"] == "There is no device HD9999."


async def test_routes_are_read_with_dbgettree(
    office: Office, program: AmiClient
) -> None:
    await office.sit_down(await office.desk("HD0001"), "100")

    program.send("Action: DBGetTree", "Family: hotdesk", "ActionID: tree")
    await program.until({"Event": "DBGetTreeComplete"})

    found = {m["Key"]: m["Val"] for m in program.heard if "Key" in m}
    generation, _, sits = found["/hotdesk/desk/HD0001"].partition(":")
    assert sits == "default/100"
    assert found["/hotdesk/user/default/100"] == f"{generation}:HD0001"


# Hearing ---------------------------------------------------------------------


async def test_who_logs_in_is_told_at_once(office: Office, program: AmiClient) -> None:
    await office.sit_down(await office.desk("HD0001"), "100")

    told = await program.hears("HotdeskLogin", Device="HD0001")

    assert (told["Extension"], told["Account"], told["By"]) == (
        "100",
        "default",
        "phone",
    )
    assert int(told["EventID"]) > 0
    assert told["At"].endswith("Z")


async def test_who_is_replaced_is_told_and_by_whom(
    office: Office, program: AmiClient
) -> None:
    desk = await office.desk("HD0001")
    await office.sit_down(desk, "100")
    await office.sit_down(desk, "101")

    replaced = await program.hears("HotdeskReplaced", Extension="100")
    came = await program.hears("HotdeskLogin", Extension="101")

    assert (replaced["Device"], replaced["ReplacedBy"]) == ("HD0001", "101")
    assert int(replaced["EventID"]) < int(came["EventID"])
    assert not program.user_events("HotdeskLogout")


async def test_a_logout_by_the_command_is_told_too(
    office: Office, program: AmiClient
) -> None:
    await office.sit_down(await office.desk("HD0001"), "100")

    await office.hotdesk("logout", "HD0001", "--yes")
    told = await program.hears("HotdeskLogout", Device="HD0001")

    assert (told["Extension"], told["By"]) == ("100", "command")


async def test_a_wrong_pin_is_told_without_it(
    office: Office, program: AmiClient
) -> None:
    desk = await office.desk("HD0001")
    wrong = office.wrong_pin("100")

    call = await desk.dial("*77*100*")
    await press_pin(call, wrong)
    told = await program.hears("HotdeskAuthFail", Device="HD0001")
    await call.hangup()

    assert (told["Extension"], told["Code"]) == ("100", "bad_credentials")
    assert str.__str__(wrong) not in str(program.heard)


async def test_what_happened_while_the_service_was_away_is_told_later(
    office: Office, program: AmiClient
) -> None:
    await office.sit_down(await office.desk("HD0001"), "100")
    await program.hears("HotdeskLogin", Device="HD0001")
    await kill_service(office.lab)

    await office.hotdesk("logout", "HD0001", "--yes")
    await start_service(office.lab)

    await program.hears("HotdeskLogout", Device="HD0001", within=10)


# Lamps -----------------------------------------------------------------------


async def test_a_lamp_shows_whether_somebody_sits_at_a_desk(office: Office) -> None:
    add = "dialplan add extension 8001,hint,Custom:hotdesk-HD0001 into internal"
    await asyncio.to_thread(office.lab.pbx.cli, add)
    desk, watcher = await office.desk("HD0001"), await office.phone("200")
    lamp = await watcher.subscribe_dialog("8001")

    await lamp.becomes("terminated", "idle")
    await office.sit_down(desk, "100")
    await lamp.becomes("confirmed")
    await office.hotdesk("logout", "HD0001", "--yes")
    await lamp.becomes("terminated", "idle")


async def test_a_lamp_that_somebody_else_has_switched_is_put_right(
    office: Office,
) -> None:
    await office.sit_down(await office.desk("HD0001"), "100")
    cli = office.lab.pbx.cli
    await until(lambda: "INUSE" in _state(office), "the lamp is lit")

    await asyncio.to_thread(cli, "devstate change Custom:hotdesk-HD0001 NOT_INUSE")
    await kill_service(office.lab)
    await start_service(office.lab)

    await until(lambda: _state(office) == "INUSE", "the lamp is lit again")


async def test_a_removed_desk_leaves_no_lamp(office: Office) -> None:
    await office.hotdesk("device", "add", "HD0077", "--mac", "000413000077")
    await until(lambda: _state(office, "HD0077") == "NOT_INUSE", "there is a lamp")

    await office.hotdesk("device", "remove", "HD0077", "--yes")

    await until(lambda: _state(office, "HD0077") == "", "there is none")


def _state(office: Office, device: str = "HD0001") -> str:
    """Return what AstDB keeps of the lamp of a desk."""
    shown = office.lab.pbx.cli("database show CustomDevstate")
    pairs = (line.split(":") for line in shown.splitlines() if line[:1] == "/")
    found = {key.strip(): value.strip() for key, value in pairs}
    return found.get(f"/CustomDevstate/hotdesk-{device}", "")


# Logging out -----------------------------------------------------------------


async def test_nobody_is_logged_out_on_request_unless_it_is_allowed(
    office: Office, program: AmiClient
) -> None:
    await office.sit_down(await office.desk("HD0001"), "100")

    program.ask("HotdeskLogoutRequest", "Device: HD0001", "ActionID: 5")
    told = await program.hears("HotdeskLogoutResponse", ActionID="5")

    assert (told["Result"], told["Code"]) == ("Error", "switched_off")
    assert "ami.logout_requests" in told["Message"]
    assert office.sitting() == {"HD0001": "100"}


async def test_a_program_logs_people_out_by_desk_and_by_extension(
    office: Office,
) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            office.settings("[ami]\nlogout_requests = true\n")
        )
        ami = office.facts["ami"]
        program = await stack.enter_async_context(
            ami_login(ami["host"], ami["port"], "wallboard", ami["secret"])
        )
        await office.sit_down(await office.desk("HD0001"), "100")
        await office.sit_down(await office.desk("HD0002"), "101")

        program.ask("HotdeskLogoutRequest", "Device: HD0001", "ActionID: 1")
        by_desk = await program.hears("HotdeskLogoutResponse", ActionID="1")
        program.ask("HotdeskLogoutRequest", "Extension: 101", "ActionID: 2")
        by_extension = await program.hears("HotdeskLogoutResponse", ActionID="2")
        program.ask("HotdeskLogoutRequest", "Extension: 101", "ActionID: 3")
        again = await program.hears("HotdeskLogoutResponse", ActionID="3")
        told = await program.hears("HotdeskLogout", Device="HD0001")

    assert (by_desk["Result"], by_desk["Extension"]) == ("Success", "100")
    assert (by_extension["Result"], by_extension["Device"]) == ("Success", "HD0002")
    assert again["Code"] == "nobody_logged_in"
    assert (told["Reason"], told["By"]) == ("forced", "ami")
    assert office.sitting() == {}


# What nobody should send -----------------------------------------------------


async def test_hostile_events_neither_forge_anything_nor_stop_the_listener(
    office: Office, program: AmiClient
) -> None:
    await office.desk("HD0001")
    registered = "SELECT 1 FROM status WHERE device = 'HD0001' AND registered"
    await until(lambda: office.rows(registered), "the phone is known to be there")
    pid, said = office.lab.service_pid(), service_log(office.lab)
    for lines in (
        ("event: Shutdown",),
        ("Event: ContactStatus", "EndpointName: HD0001", "ContactStatus: Removed"),
        ("event: FullyBooted", "ActionID: action/1/1"),
        ("Device: " + "A" * 900, "ActionID: " + "ä" * 450),
        ("Device: HD0001; DROP TABLE devices", "Response: Error"),
        ("Device:HD0001", "Device", ": ", "Extension: \x1b[31m\x07"),
        ("Device: \udcff\udcfe", "ActionID: \udce4"),
        ("Extension: " + "9" * 800,),
    ):
        raw = [line.encode(errors="surrogateescape") for line in lines]
        program.send("Action: UserEvent", "UserEvent: HotdeskStatus", *raw)
        program.send("Action: UserEvent", "UserEvent: HotdeskLogoutRequest", *raw)

    call = ("Uniqueid: 1.1", "Device: HD0001", "Number: 112")
    program.send("Action: UserEvent", "UserEvent: HotdeskEmergency", *call)
    program.send("Action: UserEvent", *call, "UserEvent: HotdeskEmergency")

    program.ask("HotdeskStatus", "Device: HD0001", "ActionID: after")
    entry = await program.hears("HotdeskStatusEntry", ActionID="after", within=10)

    assert entry["Registered"] == "yes"
    assert entry["InEmergencyCall"] == "no"
    assert office.recorded("emergency_call") == []
    assert office.lab.service_pid() == pid
    assert "AMI is" not in said.text(), "the connection was not lost"
