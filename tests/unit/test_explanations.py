"""Why a login fails or a phone lags behind: what is said, and what helps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.explanations import (
    DeviceFacts,
    Finding,
    House,
    UserFacts,
    about_device,
    about_user,
)
from asterisk_hotdesk.model import (
    Device,
    Failures,
    LoggedOutTreatment,
    LoginMethod,
    User,
)
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.store.overview import DeskStatus

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SOON, LATELY = NOW - timedelta(seconds=20), NOW - timedelta(minutes=10)
BEFORE = NOW - timedelta(hours=2)

ALICE = User(
    id=1,
    account="default",
    extension="100",
    name="Alice",
    context="internal",
    language=None,
    allowed=True,
    pin_hash="hash",
    logged_out_treatment=LoggedOutTreatment.UNAVAILABLE,
    logged_out_target="",
    pin_set_at=NOW - timedelta(days=10),
)
PHONE = Device(
    id=1,
    account="default",
    name="HD0001",
    mac="000413000001",
    sip_secret="s",
    web_password="w",
    language=None,
    emergency_number="",
    location="Floor 1",
)
IDLE = DeskStatus(
    account="default",
    device="HD0001",
    mac="000413000001",
    location="Floor 1",
    enabled=True,
    vendor="snom",
    model="D785",
    firmware="10.1.33.33",
    extension=None,
    name=None,
    login=None,
    since=None,
    generation=None,
    decided_at=None,
    routed_at=None,
    refreshed_at=None,
    confirmed_at=None,
    restarted_at=None,
    registered=True,
    registered_since=BEFORE,
    reachable=True,
    round_trip_ms=2.5,
    address="192.0.2.7",
    user_agent="snom",
    in_call=False,
    in_emergency_call=False,
    last_call_at=None,
    seen_at=NOW,
    booted_at=BEFORE,
    fetched_at=BEFORE,
    fetched_generation=6,
    routed_generation=6,
    routed_extension=None,
    routed_since=BEFORE,
    provisioned_extension=None,
    pbx_answers=True,
    pbx_since=BEFORE,
)
USED = replace(
    IDLE,
    extension="100",
    name="Alice",
    login=3,
    since=LATELY,
    generation=7,
    decided_at=LATELY,
    routed_at=LATELY,
    refreshed_at=LATELY,
    confirmed_at=LATELY + timedelta(seconds=2),
    fetched_at=LATELY + timedelta(seconds=2),
    fetched_generation=7,
)
STALE = replace(USED, confirmed_at=None, fetched_at=BEFORE, fetched_generation=6)

HOUSE = House(
    now=NOW,
    written=lambda time: f"{time:%H:%M:%S}",
    limits=PinsConfig(),
    location_required=False,
    stale_after=timedelta(seconds=60),
    base_url="https://phones.example",
    daemon_running=True,
    wrong_pins=Failures(),
)
SEATED = UserFacts(
    user=ALICE,
    desk=USED,
    last=None,
    refused=None,
    tried_at=None,
    wrong_pins=Failures(),
    wrong_pins_there=Failures(),
)
AWAY = replace(SEATED, desk=None)


def event(
    what: str,
    code: str = "",
    *,
    at: datetime = LATELY,
    account: str = "default",
    device: str = "HD0001",
    name: str = "",
    by: str = "phone",
    actor: str = "",
) -> Event:
    return Event(
        at=at,
        what=what,
        code=code,
        account=account,
        extension="100",
        name=name,
        device=device,
        by=by,
        actor=actor,
    )


def refused(
    code: str, *, account: str = "default", device: str = "HD0001"
) -> UserFacts:
    told = event("refused", code, account=account, device=device)
    return replace(AWAY, refused=told, tried_at=IDLE)


def of_user(facts: UserFacts, **house: object) -> str:
    return text(about_user(facts, replace(HOUSE, **house)))  # type: ignore[arg-type]


def of_device(
    desk: DeskStatus,
    device: Device = PHONE,
    there: Failures = Failures(),  # noqa: B008 - it is frozen
    last: Event | None = None,
    **house: object,
) -> str:
    facts = DeviceFacts(device=device, desk=desk, last=last, wrong_pins=there)
    return text(about_device(facts, replace(HOUSE, **house)))  # type: ignore[arg-type]


def text(found: list[Finding]) -> str:
    """Return all findings as lines, with a mark before what is wrong."""
    return "\n".join(
        f"{'! ' if one.wrong else ''}{one.text}"
        + (f" -> {one.remedy}" if one.remedy else "")
        for one in found
    )


# Where somebody is


def test_somebody_who_sits_somewhere_and_all_is_well() -> None:
    assert of_user(SEATED).splitlines() == [
        "100 (Alice) sits at HD0001 since 08:50:00.",
        "Nothing keeps 100 from logging in with the right PIN.",
        "The phone has fetched the last switch (08:50:00) at 08:50:02.",
    ]


def test_somebody_who_has_never_logged_in() -> None:
    assert "sits nowhere, and has never logged in" in of_user(AWAY)


def test_somebody_who_was_thrown_out_hears_by_whom() -> None:
    last = event("logout", "forced", by="command", actor="frida", device="HD0007")

    assert of_user(replace(AWAY, last=last)).splitlines()[0] == (
        "100 (Alice) sits nowhere. Last at HD0007: logged out by somebody else,"
        " 08:50:00 (command: frida)."
    )


def test_somebody_of_another_account_is_named_so() -> None:
    facts = replace(AWAY, user=replace(ALICE, account="acme", pin_hash=None))

    assert "acme/100 (Alice)" in of_user(facts)
    assert "hotdesk user set-pin 100 --account acme" in of_user(facts)


# What was refused last


def test_a_wrong_pin() -> None:
    facts = replace(refused("bad_credentials"), wrong_pins=Failures(2, LATELY))

    told = of_user(facts).splitlines()

    assert told[1:] == [
        "Last refused: 08:50:00 at HD0001, wrong PIN."
        " -> If the PIN is forgotten: hotdesk user set-pin 100",
        "Wrong PINs for 100 in a row: 2.",
        "Nothing keeps 100 from logging in with the right PIN.",
    ]


def test_a_refusal_before_the_last_login_is_of_no_interest() -> None:
    facts = replace(refused("bad_credentials"), last=event("login", at=SOON))

    assert "Last refused" not in of_user(facts)


@pytest.mark.parametrize(
    ("code", "helps"),
    [
        ("already_logged_in", "policy.second_login"),
        ("weak_pin", "Choose another"),
        ("pin_of_mailbox", "changed in the mailbox"),
        ("conflict", "Try again"),
    ],
)
def test_what_helps_against_a_refusal(code: str, helps: str) -> None:
    assert helps in of_user(refused(code))


def test_a_desk_of_another_account() -> None:
    told = of_user(refused("other_account", account="acme", device="ACME1"))

    assert "ACME1 belongs to account acme, 100 to default." in told
    assert "hotdesk device edit ACME1 --account default" in told


def test_a_phone_that_is_no_device() -> None:
    facts = replace(refused("not_a_hot_desk", device="200"), tried_at=None)

    assert "There is no device 200" in of_user(facts)


def test_a_device_that_is_disabled() -> None:
    facts = replace(refused("not_a_hot_desk"), tried_at=replace(IDLE, enabled=False))

    assert "! HD0001 is disabled. -> hotdesk device enable HD0001" in of_user(facts)


def test_an_emergency_call_at_the_desk() -> None:
    there = replace(IDLE, in_emergency_call=True)

    told = of_user(replace(refused("in_emergency"), tried_at=there))

    assert "! HD0001 is in an emergency call" in told
    assert "Nothing keeps" not in told


def test_a_desk_without_a_location_where_one_is_required() -> None:
    facts = replace(refused("no_location"), tried_at=replace(IDLE, location=""))

    assert "hotdesk device edit HD0001 --location" in of_user(
        facts, location_required=True
    )
    assert "--location" not in of_user(facts)


# What keeps somebody from logging in


@pytest.mark.parametrize(
    ("user", "told"),
    [
        (
            replace(ALICE, allowed=False),
            "! 100 may not log in at hot desks. -> hotdesk user allow 100",
        ),
        (
            replace(ALICE, pin_hash=None),
            "! 100 has no PIN. -> hotdesk user set-pin 100",
        ),
        (
            replace(ALICE, login_method=LoginMethod.NONE),
            "! 100 cannot log in by phone: the login method is none."
            " -> hotdesk user edit 100 --login-method pin",
        ),
        (
            replace(ALICE, login_method=LoginMethod.VOICEMAIL),
            "! 100 logs in with the PIN of a mailbox, and has none."
            " -> hotdesk user edit 100 --mailbox BOX@CONTEXT",
        ),
    ],
)
def test_somebody_who_cannot_log_in_by_phone(user: User, told: str) -> None:
    found = of_user(replace(AWAY, user=user))

    assert told in found.splitlines()
    assert "Nothing keeps" not in found


def test_the_pin_of_a_mailbox_is_changed_there() -> None:
    user = replace(ALICE, login_method=LoginMethod.VOICEMAIL, mailbox="100@default")

    told = of_user(replace(refused("bad_credentials"), user=user))

    assert "the PIN of mailbox 100@default" in told
    assert "set-pin" not in told


def test_a_pin_that_is_too_old() -> None:
    limits = PinsConfig(expire_days=9)

    assert "! The PIN of 100 is older than 9 days." in of_user(AWAY, limits=limits)
    assert "older" not in of_user(AWAY, limits=PinsConfig(expire_days=11))


def test_too_many_wrong_pins_lock_for_a_while() -> None:
    told = of_user(replace(AWAY, wrong_pins=Failures(5, SOON)))

    assert (
        "! 100 is locked until 09:00:10, after 5 wrong PINs in a row."
        " -> Wait, or: hotdesk unlock 100"
    ) in told.splitlines()


def test_a_lock_that_is_over_is_none() -> None:
    told = of_user(replace(AWAY, wrong_pins=Failures(5, LATELY)))

    assert "locked" not in told
    assert "Nothing keeps" in told


def test_far_too_many_wrong_pins_lock_until_somebody_unlocks() -> None:
    told = of_user(replace(AWAY, wrong_pins=Failures(20, BEFORE)))

    assert "! 100 is locked after 20 wrong PINs, until an administrator" in told
    assert "-> hotdesk unlock 100" in told


def test_too_many_wrong_pins_at_a_device() -> None:
    many = Failures(10, SOON)

    by_user = of_user(replace(refused("locked_out"), wrong_pins_there=many))
    by_device = of_device(IDLE, there=many)

    for told in (by_user, by_device):
        assert "! HD0001 takes no PIN until 09:00:10" in told
        assert "hotdesk unlock HD0001" in told


def test_too_many_wrong_pins_everywhere() -> None:
    many = Failures(100, SOON)

    for told in (of_user(AWAY, wrong_pins=many), of_device(IDLE, wrong_pins=many)):
        assert "! No PIN is taken anywhere until 09:00:10" in told
        assert "hotdesk unlock --all" in told


# Desks


def test_a_desk_where_nobody_ever_sat() -> None:
    assert of_device(IDLE).splitlines() == [
        "Nobody sits at HD0001, and nothing is known of before."
    ]


def test_a_desk_that_somebody_has_left() -> None:
    last = event("logout", "replaced", name="Alice")

    assert of_device(IDLE, last=last).splitlines()[0] == (
        "Nobody sits at HD0001. Last there: 100 Alice, logged out: somebody else sat"
        " down, 08:50:00."
    )


def test_a_desk_that_waits_for_a_phone() -> None:
    told = of_device(replace(IDLE, mac=None), replace(PHONE, mac=None))

    assert "! HD0001 has no phone yet" in told
    assert "hotdesk device assign MAC HD0001" in told


# Phones that lag behind


def test_a_phone_that_still_has_time() -> None:
    desk = replace(STALE, decided_at=SOON, since=SOON)

    told = of_device(desk)

    assert "has not fetched the switch of 08:59:40 yet; it may take until" in told
    assert "stale" not in told


@pytest.mark.parametrize(
    ("desk", "told", "helps"),
    [
        (
            replace(STALE, registered=False),
            "It last fetched at 07:00:00, and is not registered.",
            "power and network",
        ),
        (
            replace(STALE, fetched_at=None, fetched_generation=None),
            "It has never fetched a configuration.",
            "hotdesk device enrol HD0001",
        ),
        (
            STALE,
            "It was told to fetch at 08:50:00, and last did at 07:00:00",
            "https://phones.example",
        ),
        (
            replace(STALE, fetched_at=SOON),
            "At 08:59:40 it fetched an older configuration (of switch 6, not 7).",
            "proxy",
        ),
        (
            replace(STALE, refreshed_at=None),
            "It has not been told to fetch; it last did at 07:00:00.",
            "journalctl",
        ),
        (
            replace(STALE, in_call=True),
            "It is in a call, and told to fetch when that has ended.",
            "",
        ),
    ],
)
def test_why_a_phone_is_stale(desk: DeskStatus, told: str, helps: str) -> None:
    found = of_device(desk)

    assert "! The phone is stale: it has not fetched the switch of 08:50:00." in found
    assert told in found
    assert helps in found


def test_a_phone_that_does_not_answer() -> None:
    told = of_device(replace(USED, reachable=False))

    assert "! The phone is registered from 192.0.2.7, and does not answer" in told


def test_nobody_knows_of_phones_while_asterisk_is_away() -> None:
    desk = replace(USED, pbx_answers=False, pbx_since=SOON, registered=None)

    told = of_device(desk)

    assert "! Asterisk does not answer since 08:59:40" in told
    assert "registered" not in told


def test_a_stale_phone_shows_who_sat_there_before() -> None:
    assert "it still shows 101." in of_device(
        replace(STALE, provisioned_extension="101")
    )
    assert "it still shows nobody." in of_device(
        replace(STALE, provisioned_extension=None)
    )


def test_the_pbx_has_not_followed() -> None:
    desk = replace(STALE, routed_at=None)

    assert "! The PBX has not followed the switch of 08:50:00." in of_device(desk)
    assert "hotdesk check" in of_device(desk)


def test_nothing_follows_without_the_daemon() -> None:
    told = of_device(replace(STALE, routed_at=None), daemon_running=False)

    assert "! The daemon is not running" in told
    assert "systemctl start" in told
    assert "hotdesk check" not in told


def test_a_phone_that_restarts() -> None:
    told = of_device(replace(USED, restarted_at=SOON))

    assert "! The phone restarted at 08:59:40" in told
    assert "Update the firmware of snom D785 10.1.33.33." in told


def test_the_phone_where_somebody_sits_is_looked_at_too() -> None:
    assert "is stale" in of_user(replace(SEATED, desk=STALE))
