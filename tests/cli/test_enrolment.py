"""How phones come in, are exchanged and go, by an administrator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from asterisk_hotdesk.config import load
from asterisk_hotdesk.model import Change, PhoneKind
from asterisk_hotdesk.pepper import provisioning_key
from asterisk_hotdesk.store import devices, discovered, phones
from asterisk_hotdesk.tokens import account_token, token_hash
from tests.cli.command import Command
from tests.cli.conftest import Rows, daemon

OLD, NEW = "000413000001", "0004130000fe"
D785 = PhoneKind(vendor="snom", model="D785", firmware="10.1.175.16")


async def enrolment(office: Command, name: str = "HD0001") -> dict[str, object]:
    found: dict[str, object] = (await office.json("device", "show", name))["enrolment"]
    return found


async def come_in(office: Command, name: str = "HD0001") -> None:
    """Be the phone of a device that uses what it got."""
    async with office.database.transaction() as tx:
        device = await devices.find(tx, name)
        assert device is not None
        now = datetime.now(UTC)
        await phones.add_token(tx, device, b"steady", "steady", now)
        await phones.use_steady(tx, device, b"steady", now)
        await phones.note_kind(tx, device, D785)


async def ask(office: Command, mac: str = NEW) -> None:
    """Be a phone that is no device, and asks."""
    async with office.database.transaction() as tx:
        now = datetime.now(UTC)
        await discovered.note(tx, mac, D785, "192.0.2.7", "pnp", now)


# What is known -----------------------------------------------------------------


async def test_a_new_device_may_be_enrolled_for_a_while(office: Command) -> None:
    found = await enrolment(office)
    assert (found["state"], found["done_at"], found["deliveries_left"]) == (
        ("open", None, 5)
    )
    until = datetime.fromisoformat(str(found["open_until"]))
    hour = timedelta(minutes=60)
    assert abs(until - datetime.now(UTC) - hour) < timedelta(minutes=1)
    text = (await office.succeeds("device", "show", "HD0001")).out
    assert "(5 deliveries left)" in text


async def test_a_phone_that_came_in_is_shown(office: Command) -> None:
    await come_in(office)
    found = await enrolment(office)
    assert (found["state"], found["open_until"], found["deliveries_left"]) == (
        ("done", None, 0)
    )
    shown = await office.json("device", "show", "HD0001")
    assert (shown["vendor"], shown["model"], shown["firmware"]) == (
        ("snom", "D785", "10.1.175.16")
    )
    assert "snom D785" in (await office.succeeds("device", "list")).out
    (warning,) = shown["warnings"]
    assert warning in (await office.succeeds("device", "show", "HD0001")).out


async def test_an_enrolment_that_nobody_used_is_closed(
    office: Command, rows: Rows
) -> None:
    for change in ("enrol_until = now() - interval '1 s'", "deliveries_left = 0"):
        await office.succeeds("device", "enrol", "HD0001")
        await rows(f"UPDATE devices SET {change} RETURNING 1")  # noqa: S608
        assert (await enrolment(office))["state"] == "closed"
    text = (await office.succeeds("device", "show", "HD0001")).out
    assert "closed; see: hotdesk device enrol HD0001" in text


# Enrol -------------------------------------------------------------------------


async def test_an_enrolment_is_opened_again_with_a_fresh_url(
    office: Command, rows: Rows
) -> None:
    await come_in(office)
    (found,) = await office.json("device", "enrol", "HD0001", "--minutes", "5")
    assert (found["name"], found["mac"], found["file"]) == (
        ("HD0001", OLD, f"{OLD}.xml")
    )
    base, _, token = found["url"].rstrip("/").rpartition("/")
    assert base == "https://phones.example/p"
    assert len(token) == 40
    kept = await rows("SELECT hash FROM provisioning_tokens WHERE kind = 'bootstrap'")
    assert [row["hash"] for row in kept] == [token_hash(token)]
    assert (await enrolment(office))["state"] == "open"
    until = datetime.fromisoformat(found["open_until"])
    assert timedelta(minutes=4) < until - datetime.now(UTC) <= timedelta(minutes=5)


async def test_a_url_is_there_to_be_copied(office: Command) -> None:
    done = await office.succeeds("device", "enrol", "HD0001-HD0002", "HD0003")
    lines = [line.split() for line in done.out.splitlines()]
    assert [line[0] for line in lines] == ["Device", "HD0001", "HD0002", "HD0003"]
    assert lines[1][2].startswith("https://phones.example/p/")
    assert lines[1][2].endswith(f"/{OLD}.xml")
    assert len({line[2] for line in lines}) == 4
    assert "5 deliveries each" in done.err


async def test_enrolments_are_opened_all_or_none(office: Command) -> None:
    await office.succeeds("device", "pool", "1")
    await office.succeeds("device", "disable", "HD0002")
    refused = await office("device", "enrol", "HD0001-HD0004")
    assert (refused.code, refused.out) == (1, "")
    assert refused.lines == [
        "HD0004 waits for a phone; see: hotdesk device assign",
        "HD0002 is disabled; see: hotdesk device enable HD0002",
    ]
    missing = await office("device", "enrol", "HD0001", "HD0008")
    assert missing.lines == ["There is no device HD0008."]
    for minutes in ("0", "99999", "x"):
        assert (
            await office("device", "enrol", "HD0001", "--minutes", minutes)
        ).code == 2


async def test_one_url_for_the_dhcp_of_an_account(office: Command) -> None:
    key = provisioning_key(load(office.config, {}))
    url = f"https://phones.example/p/{account_token(key, 'default')}/"
    line = f'dhcp-option=66,"{url}{{mac}}.xml"'
    expected = {"account": "default", "url": url, "dnsmasq": line}
    assert await office.json("device", "enrol") == expected
    assert line in (await office.succeeds("device", "enrol")).out
    assert (await office("device", "enrol", "--account", "north")).lines == [
        "There is no account north."
    ]
    assert (await office("device", "enrol", "--minutes", "5")).code == 2


# The pool ----------------------------------------------------------------------


async def test_devices_of_the_pool_wait_for_a_phone(office: Command) -> None:
    done = await office.succeeds(
        "device", "pool", "2", "--transport", "tls", "--location", "Store"
    )
    assert done.out == "2 devices added.\n"
    listed = await office.json("device", "list")
    assert [(d["name"], d["mac"]) for d in listed[3:]] == [
        ("HD0004", None),
        ("HD0005", None),
    ]
    found = await office.json("device", "show", "HD0005")
    assert (found["options"]["transport"], found["location"]) == ("tls", "Store")
    assert found["enrolment"]["state"] == "waiting"
    table = (await office.succeeds("device", "list")).out.splitlines()
    assert "waiting for a phone" in table[4]


@pytest.mark.parametrize(
    ("there", "prefix", "expected"),
    [
        ("Lobby", "HD", ["HD0001", "HD0002"]),
        ("HD002", "HD", ["HD001", "HD003"]),
        ("A1B7-A1B9", "A1B", ["A1B1", "A1B2"]),
        ("R8-R10", "R", ["R1", "R2"]),
    ],
)
async def test_names_of_the_pool_are_the_next_free_ones(
    hotdesk: Command, there: str, prefix: str, expected: list[str]
) -> None:
    await hotdesk.succeeds("device", "add", there, "--mac", OLD)
    await hotdesk.succeeds("device", "pool", "2", "--prefix", prefix)
    listed = await hotdesk.json("device", "list")
    assert [d["name"] for d in listed if d["mac"] is None] == expected


async def test_what_is_no_pool(hotdesk: Command) -> None:
    for arguments in (["0"], ["x"], ["10001"], []):
        assert (await hotdesk("device", "pool", *arguments)).code == 2
    for prefix in ("", "HD-", "HD1", "x" * 40):
        assert (await hotdesk("device", "pool", "1", "--prefix", prefix)).code == 1
    assert await hotdesk.json("device", "list") == []


# Discovered phones, assigned and released ----------------------------------------


async def test_phones_that_asked_are_listed(office: Command) -> None:
    assert await office.json("device", "discovered") == []
    await ask(office)
    (found,) = await office.json("device", "discovered")
    assert {found.pop("first_seen_at"), found.pop("seen_at")} != {None}
    assert found == {
        "mac": NEW,
        "vendor": "snom",
        "model": "D785",
        "firmware": "10.1.175.16",
        "address": "192.0.2.7",
        "by": "pnp",
    }
    table = (await office.succeeds("device", "discovered")).out.splitlines()
    assert table[1].startswith("00:04:13:00:00:FE  snom D785  10.1.175.16  192.0.2.7")


async def test_a_discovered_phone_becomes_a_device_of_the_pool(
    office: Command,
) -> None:
    await ask(office)
    await office.succeeds("device", "pool", "1")
    async with daemon(office.database) as heard:
        done = await office.succeeds("device", "assign", "00:04:13:00:00:FE", "HD0004")
    assert done.out.startswith("00:04:13:00:00:FE is HD0004.\n")
    assert heard == [Change(devices=frozenset({"HD0004"}), directory=True)]
    found = await office.json("device", "show", "HD0004")
    assert (found["mac"], found["model"]) == (NEW, "D785")
    assert found["enrolment"]["state"] == "open"
    assert await office.json("device", "discovered") == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([OLD, "HD0001"], "00:04:13:00:00:01 is HD0001 already"),
        ([OLD, "HD0002", "--replace"], "00:04:13:00:00:01 is HD0001; see: hotdesk de"),
        ([NEW, "HD0001"], "HD0001 is the phone 00:04:13:00:00:01; to exchange it, say"),
        ([NEW, "HD0009"], "There is no device HD0009."),
        (["nonsense", "HD0001"], "MAC address 'nonsense': expected twelve"),
    ],
)
async def test_a_phone_that_cannot_be_assigned(
    office: Command, arguments: list[str], complaint: str
) -> None:
    before = await office.json("device", "list")
    refused = await office("device", "assign", *arguments)
    assert (refused.code, refused.out) == (1, "")
    assert refused.lines[0].startswith(complaint)
    assert await office.json("device", "list") == before


@pytest.mark.parametrize(
    "exchange",
    [["assign", NEW, "HD0001", "--replace"], ["edit", "HD0001", "--mac", NEW]],
)
async def test_a_phone_that_is_exchanged_keeps_nothing_that_works(
    office: Command, rows: Rows, exchange: list[str]
) -> None:
    await come_in(office)
    await office.succeeds("login", "100", "HD0001")
    (before,) = await rows("SELECT * FROM devices WHERE name = 'HD0001'")
    done = await office.succeeds("device", *exchange)
    assert "hotdesk device enrol HD0001" in done.out
    (after,) = await rows("SELECT * FROM devices WHERE name = 'HD0001'")
    assert after["mac"] == NEW
    assert after["sip_secret"] != before["sip_secret"]
    assert after["web_password"] != before["web_password"]
    assert await rows("SELECT 1 FROM provisioning_tokens") == []
    found = await office.json("device", "show", "HD0001")
    assert (found["user"], found["model"]) == ("100", "")
    assert found["enrolment"]["state"] == "open"


async def test_a_released_device_is_left_and_waits(office: Command, rows: Rows) -> None:
    await come_in(office)
    await office.succeeds("device", "edit", "HD0001", "--first-user", "101")
    await rows("UPDATE devices SET base_user_due = false RETURNING 1")
    await office.succeeds("login", "100", "HD0001")
    (before,) = await rows("SELECT sip_secret FROM devices WHERE name = 'HD0001'")
    async with daemon(office.database) as heard:
        done = await office.succeeds("device", "release", "HD0001")
    assert done.out == (
        "100 is logged out at HD0001.\nHD0001 waits for a phone.\nIn force.\n"
    )
    assert heard[0] == Change(devices=frozenset({"HD0001"}), directory=True)
    found = await office.json("device", "show", "HD0001")
    assert (found["mac"], found["model"], found["user"]) == (None, "", None)
    assert found["enrolment"] == {
        "state": "waiting",
        "done_at": None,
        "open_until": None,
        "deliveries_left": 0,
    }
    (after,) = await rows("SELECT * FROM devices WHERE name = 'HD0001'")
    assert after["sip_secret"] != before["sip_secret"]
    assert after["base_user_due"]
    assert (await office("device", "release", "HD0009")).code == 1


async def test_a_device_that_is_added_is_no_longer_discovered(office: Command) -> None:
    await ask(office)
    await office.succeeds("device", "add", "HD0009", "--mac", NEW)
    assert await office.json("device", "discovered") == []


# Disabled ----------------------------------------------------------------------


async def test_a_disabled_device_is_left_and_shown(office: Command) -> None:
    await office.succeeds("login", "100", "HD0001")
    async with daemon(office.database) as heard:
        done = await office.succeeds("device", "disable", "HD0001-HD0002")
    assert done.out == (
        "100 is logged out at HD0001.\n2 devices disabled.\nIn force.\n"
    )
    both = frozenset({"HD0001", "HD0002"})
    assert heard[0] == Change(devices=both, directory=True)
    listed = await office.json("device", "list")
    assert [(d["enabled"], d["user"]) for d in listed] == [
        (False, None),
        (False, None),
        (True, None),
    ]
    assert "disabled" in (await office.succeeds("device", "list")).out.splitlines()[1]
    assert "Enabled           no" in (
        (await office.succeeds("device", "show", "HD0001")).out
    )
    await office.succeeds("device", "enable", "HD0001", "HD0002")
    assert all(d["enabled"] for d in await office.json("device", "list"))


async def test_devices_are_disabled_all_or_none(office: Command) -> None:
    refused = await office("device", "disable", "HD0001", "HD0009")
    assert (refused.code, refused.lines) == (1, ["There is no device HD0009."])
    assert all(d["enabled"] for d in await office.json("device", "list"))
