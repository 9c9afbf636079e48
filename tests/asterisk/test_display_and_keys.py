"""What the phone on the desk shows, what its first key does, and who may fetch it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp

from tests.asterisk.conftest import (
    Office,
    eventually,
    press_pin,
    rings,
    sip_phone,
)
from tests.lab.phone import Party
from tests.lab.snom import Key

IDLE_KEY = Key("Log in", "speed", "*77")
USED_KEY = Key("Log out", "speed", "*77*5*")
COLLEAGUE = Party("Fixed phone 200", "200")
STEPS = ("decided_at", "routed_at", "refreshed_at", "confirmed_at")


async def test_the_display_and_the_first_key_follow(office: Office) -> None:
    desk = await office.desk("HD0001")
    idle = dict(desk.values)
    assert desk.display() == ["HD0001", "HD0001"]
    assert desk.keys()[0] == IDLE_KEY

    # The first key of an idle desk asks who comes.
    voice = office.voice(desk)
    call = await desk.press(0)
    assert call is not None
    await voice.says("agent-newlocation")
    await call.dtmf("100#", tone_ms=100, gap_ms=60)
    await voice.says("agent-pass")
    await press_pin(call, office.pin("100"))
    await voice.says("vm-extension")
    await call.hangup()

    await desk.shows("Alice 100")
    assert desk.display() == ["Alice 100", "100"]
    assert desk.keys()[0] == USED_KEY
    assert set(desk.keys()[1:]) == {Key("", "none", "")}
    assert sip_phone(desk).registered

    # The first key of a used desk gives it back.
    voice = office.voice(desk)
    call = await desk.press(0)
    assert call is not None
    await voice.says("vm-extension")
    await call.hangup()

    await desk.shows("HD0001")
    assert desk.display() == ["HD0001", "HD0001"]
    assert desk.keys()[0] == IDLE_KEY
    # Nothing of her remains, and no switch made the phone restart.
    assert desk.values == idle
    assert desk.reboots == 0
    assert sip_phone(desk).registered


async def test_nothing_of_a_replaced_user_remains(office: Office) -> None:
    desk = await office.desk("HD0001")
    await office.sit_down(desk, "100")
    await office.sit_down(desk, "101")

    shown = "\n".join(desk.values.values())
    assert "Bob" in shown
    assert "Alice" not in shown
    assert "100" not in desk.values.values()
    assert desk.reboots == 0


async def test_a_german_users_phone_and_voice_are_german(office: Office) -> None:
    desk = await office.desk("HD0001")
    office.afterwards("user", "edit", "102", "--language", "")
    await office.hotdesk("user", "edit", "102", "--language", "de")
    await office.sit_down(desk, "102")

    assert desk.display() == ["Çiğdem Öz 102", "102"]
    assert desk.keys()[0] == Key("Abmelden", "speed", "*77*5*")
    assert desk.setting("language") == "Deutsch"

    voice = office.voice(desk)
    call = await desk.dial("*77*5*")
    await voice.says("vm-extension", "digits/1", "digits/0", "digits/2")
    await call.hangup()
    assert voice.languages() == {"de"}

    await desk.shows("HD0001")
    assert desk.keys()[0] == IDLE_KEY
    assert desk.setting("language") == "English"
    voice = office.voice(desk)
    call = await desk.dial("*77*5*")
    await voice.says("beeperr")
    await call.hangup()
    assert voice.languages() == {"en"}


async def test_a_german_desk_is_german_before_anybody_comes(office: Office) -> None:
    office.afterwards("device", "edit", "HD0001", "--language", "")
    await office.hotdesk("device", "edit", "HD0001", "--language", "de")
    desk = await office.desk("HD0001")
    assert desk.keys()[0] == Key("Anmelden", "speed", "*77")
    await eventually(
        lambda: (
            "language : de"
            in " ".join(office.lab.pbx.cli("pjsip show endpoint HD0001").split())
        ),
        "the endpoint is German",
    )

    voice = office.voice(desk)
    call = await desk.dial("*77*100*")
    await voice.says("agent-pass")
    await call.hangup()
    assert voice.languages() == {"de"}


async def test_only_the_phone_with_its_token_gets_its_configuration(
    office: Office,
) -> None:
    first, second = office.facts["devices"][:2]
    url: str = first["provisioning_url"]
    token, mac = url.split("/")[-2:]
    base = url.removesuffix(f"/{token}/{mac}")
    wrong = [
        f"{base}/{'0' * len(token)}/{mac}",
        f"{base}/{token}/{second['mac']}.xml",
        f"{base}/{token}/000413ffffff.xml",
        f"{base}/{'0' * len(token)}/000413ffffff.xml",
        f"{base}/{token[:-1]}/{mac}",
        f"{base}/{mac}",
        f"{base}//{mac}",
    ]
    looks = set()
    async with aiohttp.ClientSession() as http:
        async with http.get(url) as answer:
            assert answer.status == 200
            assert f'<user_name idx="1" perm="R">{first["name"]}<' in (
                await answer.text()
            )
        for guess in wrong:
            async with http.get(guess) as answer:
                names = tuple(sorted(answer.headers))
                looks.add((answer.status, names, await answer.text()))
    assert [status for status, _, _ in looks] == [404]


async def test_the_steps_of_a_switch_are_recorded_until_the_fetch(
    office: Office,
) -> None:
    desk = await office.desk("HD0001")
    await office.sit_down(desk, "100")
    await confirmed(office, "HD0001")

    shown = await show(office, "HD0001")
    steps = [shown["switch"][step] for step in STEPS]
    assert None not in steps
    assert steps == sorted(steps)
    assert shown["user"] == "100"
    assert shown["status"]["fetched_generation"] == shown["switch"]["generation"]
    assert "snomD785" in shown["status"]["fetched_user_agent"]


async def test_a_phone_without_power_is_stale_and_right_once_it_is_back(
    office: Office, tmp_path: Path
) -> None:
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    await desk.close(politely=False)

    await office.hotdesk("login", "100", "HD0001")

    # The login holds although the phone is away.
    assert office.sitting() == {"HD0001": "100"}
    seat = await status(office, tmp_path, stale_seconds=3600)
    assert (seat["stale"], seat["confirmed"], seat["in_force"]) == (False, False, True)
    office.rows(
        "UPDATE switches SET decided_at = decided_at - '2 s'::interval"
        " WHERE id = (SELECT max(id) FROM switches) RETURNING id"
    )
    seat = await status(office, tmp_path, stale_seconds=1)
    assert (seat["stale"], seat["extension"], seat["name"]) == (True, "100", "Alice")

    desk = await office.desk("HD0001")
    await desk.shows("Alice 100", within=10)
    assert desk.keys()[0] == USED_KEY
    await confirmed(office, "HD0001")
    seat = await status(office, tmp_path, stale_seconds=1)
    assert (seat["stale"], seat["confirmed"]) == (False, True)
    call = await colleague.call("100")
    await rings(desk, caller=COLLEAGUE)
    await call.hangup()


async def test_a_phone_whose_cable_was_out_is_told_when_it_is_back(
    office: Office,
) -> None:
    """It kept its power, so it does not fetch by itself."""
    desk = await office.desk("HD0001")
    await sip_phone(desk).unregister()
    await office.hotdesk("login", "100", "HD0001")
    assert desk.display()[0] == "HD0001"

    await sip_phone(desk).register()

    await desk.shows("Alice 100", within=10)
    await confirmed(office, "HD0001")


async def test_what_an_administrator_changes_is_shown(office: Office) -> None:
    desk = await office.desk("HD0001")
    await office.sit_down(desk, "104")
    office.afterwards("user", "edit", "104", "--name", "Emil")

    await office.hotdesk("user", "edit", "104", "--name", "Emilia")

    await desk.shows("Emilia 104", within=10)


async def show(office: Office, device: str) -> dict[str, Any]:
    """Return what `hotdesk device show` says."""
    done = await office.hotdesk("device", "show", device, "--json")
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


async def confirmed(office: Office, device: str) -> None:
    """Return once the last switch of *device* is confirmed, and known as routed.

    Which of the two is written first is open: neither waits for the other.
    """
    await eventually(
        lambda: office.rows(
            "SELECT 1 FROM devices JOIN switches ON switches.id = switch_id"
            " WHERE name = %s AND routed_at IS NOT NULL AND confirmed_at IS NOT NULL",
            device,
        ),
        f"the switch of {device} is confirmed",
    )


async def status(office: Office, folder: Path, *, stale_seconds: int) -> dict[str, Any]:
    """Return what `hotdesk status` says of HD0001 with that setting."""
    config = folder / "hotdesk.toml"
    config.touch(mode=0o600)
    refresh = f"\n[refresh]\nstale_seconds = {stale_seconds}\n"
    config.write_text(office.lab.config.read_text() + refresh)
    done = await office.hotdesk("--config", str(config), "status", "--json")
    seats = json.loads(done.stdout)["devices"]
    return next(dict(seat) for seat in seats if seat["device"] == "HD0001")
