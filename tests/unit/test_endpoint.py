"""What the endpoint of a device is: nothing of a user stays, and no name breaks it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asterisk_hotdesk.config import MANAGED_FIELDS, Config
from asterisk_hotdesk.endpoint import endpoint_fields, is_as_wanted
from asterisk_hotdesk.model import Desk, Device, DeviceOptions, User
from tests.unit.test_phones import ALICE, DEVICE, IDLE, USED

SECRETS = {"asterisk": {"ari_password": "x", "ami_secret": "y"}}

EVERYTHING = replace(
    ALICE,
    language="fr",
    account_code="cost-7",
    call_groups="1,3",
    pickup_groups="2",
    named_call_groups="hr,sales",
    named_pickup_groups="sales",
)

languages = st.sampled_from([None, "", "en", "de_CH"])
# As the constraints of the database allow them; a name may be anything.
users = st.builds(
    replace,
    st.just(ALICE),
    extension=st.from_regex(r"\A[0-9]{2,10}\Z"),
    name=st.text(st.characters(exclude_categories=[]), max_size=200),
    context=st.from_regex(r"\A[A-Za-z0-9_-]{1,64}\Z"),
    language=languages,
    call_groups=st.sampled_from(["", "1,3"]),
    pickup_groups=st.sampled_from(["", "2"]),
    named_call_groups=st.sampled_from(["", "hr,sales"]),
    named_pickup_groups=st.sampled_from(["", "sales"]),
    account_code=st.sampled_from(["", "cost-7"]),
)
devices = st.builds(
    replace,
    st.just(DEVICE),
    name=st.from_regex(r"\A[A-Za-z0-9]{1,32}\Z"),
    language=languages,
)
extras = st.dictionaries(
    st.sampled_from(["allow", "transport", "direct_media", "media_address"]),
    st.text(max_size=20),
)


def fields(
    device: Device, user: User | None, extra: dict[str, str] | None = None
) -> dict[str, str]:
    desk = Desk(device=device, user=user)
    return endpoint_fields(desk, default_language="en", extra=extra or {})


def caller_id(name: str) -> str:
    return fields(DEVICE, replace(ALICE, name=name))["callerid"]


def test_a_desk_that_nobody_uses_can_call_for_help_and_log_in() -> None:
    idle = fields(DEVICE, None)

    assert idle["context"] == idle["subscribe_context"] == "hotdesk-idle"
    assert idle["callerid"] == '"HD0001" <HD0001>'
    assert idle["aors"] == idle["auth"] == "HD0001"
    assert idle["language"] == "en"


def test_a_used_desk_is_the_user_with_emergency_calls_in_front() -> None:
    used = fields(DEVICE, ALICE)

    assert used["context"] == used["subscribe_context"] == "hotdesk-as-internal"
    assert used["callerid"] == '"Alice" <100>'


def test_whoever_sits_there_the_phone_registers_as_itself() -> None:
    idle, used = fields(DEVICE, None), fields(DEVICE, ALICE)

    assert {k: used[k] for k in ("aors", "auth")} == {
        k: idle[k] for k in ("aors", "auth")
    }


@pytest.mark.parametrize(
    ("of_user", "of_device", "spoken"),
    [
        ("fr", "de", "fr"),
        (None, "de", "de"),
        ("", "de", "de"),
        (None, None, "en"),
        ("", "", "en"),
    ],
)
def test_the_user_s_language_comes_before_the_desk_s_and_the_pbx_s(
    of_user: str | None, of_device: str | None, spoken: str
) -> None:
    device, user = replace(DEVICE, language=of_device), replace(ALICE, language=of_user)

    assert fields(device, user)["language"] == spoken


def test_the_administrator_can_change_the_codecs() -> None:
    assert fields(DEVICE, ALICE, {"allow": "opus"})["allow"] == "opus"
    assert fields(DEVICE, None, {"allow": "opus"})["allow"] == "opus"


def test_a_device_has_codecs_of_its_own_before_those_of_the_administrator() -> None:
    own = replace(DEVICE, options=DeviceOptions(codecs=("opus", "alaw")))

    for user in (None, ALICE):
        assert fields(own, user, {"allow": "g722"})["allow"] == "opus,alaw"
        assert fields(DEVICE, user, {"allow": "g722"})["allow"] == "g722"


def test_calls_of_a_device_are_encrypted_if_it_says_so() -> None:
    encrypted = replace(DEVICE, options=DeviceOptions(srtp=True))

    for user in (None, ALICE):
        assert fields(encrypted, user)["media_encryption"] == "sdes"
        assert fields(DEVICE, user)["media_encryption"] == "no"
        everywhere = fields(DEVICE, user, {"media_encryption": "dtls"})
        assert everywhere["media_encryption"] == "dtls"


def test_an_option_that_is_taken_back_is_written_back() -> None:
    """Asterisk merges what is written into what there was."""
    special = DeviceOptions(srtp=True, codecs=("opus",))
    endpoint = fields(replace(DEVICE, options=special), ALICE)

    assert endpoint | fields(DEVICE, ALICE) == fields(DEVICE, ALICE)


def test_what_a_login_changes_the_configuration_cannot_set() -> None:
    idle, used = fields(DEVICE, None), fields(DEVICE, EVERYTHING)

    changed = {name for name in used if used[name] != idle[name]}
    assert changed == {
        "context",
        "subscribe_context",
        "callerid",
        "language",
        "accountcode",
        "call_group",
        "pickup_group",
        "named_call_group",
        "named_pickup_group",
    }
    assert changed | {"aors", "auth"} <= MANAGED_FIELDS
    with pytest.raises(ValueError, match="hot desking manages it"):
        Config.model_validate({**SECRETS, "endpoint": {"callerid": '"x" <911>'}})


def test_groups_are_the_same_in_asterisks_words() -> None:
    wanted = fields(DEVICE, EVERYTHING)
    said = {"call_group": "1, 3", "named_call_group": "sales, hr", "timers": "yes"}

    assert is_as_wanted(wanted | said, wanted)
    for field in ("call_group", "named_pickup_group", "accountcode", "callerid"):
        assert not is_as_wanted(wanted | {field: ""}, wanted)
    assert not is_as_wanted(wanted | {"pickup_group": "2, 5"}, wanted)
    assert not is_as_wanted(wanted, fields(DEVICE, None))


def test_an_endpoint_from_before_there_were_groups_is_right_without_any() -> None:
    wanted = fields(DEVICE, ALICE)
    found = {name: value for name, value in wanted.items() if "group" not in name}

    assert is_as_wanted(found, wanted)


@settings(deadline=None)
@given(device=devices, user=users, extra=extras)
def test_idle_and_used_have_the_same_fields_and_all_are_text(
    device: Device, user: User, extra: dict[str, str]
) -> None:
    idle, used = fields(device, None, extra), fields(device, user, extra)

    assert list(idle) == list(used)
    for value in (*idle.values(), *used.values()):
        assert type(value) is str
    # It travels as JSON, in UTF-8.
    assert json.dumps(used, ensure_ascii=False).encode()


@settings(deadline=None)
@given(device=devices, sitting=st.lists(users, max_size=4), extra=extras)
def test_after_the_last_logout_a_device_is_as_if_never_used(
    device: Device, sitting: list[User], extra: dict[str, str]
) -> None:
    """Asterisk merges what is written into what there was."""
    never_used = fields(device, None, extra)
    endpoint = dict(never_used)
    for user in sitting:
        endpoint |= fields(device, user, extra)
    endpoint |= fields(device, None, extra)

    assert endpoint == never_used


def test_a_device_is_idle_or_used_by_what_the_desk_says() -> None:
    assert endpoint_fields(IDLE, default_language="en", extra={})["context"] == (
        "hotdesk-idle"
    )
    assert endpoint_fields(USED, default_language="en", extra={})["context"] == (
        "hotdesk-as-internal"
    )


# What Asterisk 22.10.1 made of each name when it was written as it was: the name was
# kept with a backslash before each of these letters, so that what Asterisk said of the
# endpoint never again was what it had been told; a line break became part of a SIP
# header; a name of 60 two-byte letters was refused with HTTP 500.
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Alice", "Alice"),
        ("Zoë Müller-O'Brien, Jr. (ext)", "Zoë Müller-O'Brien, Jr. (ext)"),
        ("王小明", "王小明"),
        ("Al😀ce", "Al😀ce"),
        ("${SHELL(id)}", "${SHELL(id)}"),
        ('Al"ice', "Al'ice"),
        ('Al\\"ice', "Al 'ice"),
        ("Alice\\", "Alice"),
        ('x" <911>', "x'  911"),
        ("x> <911", "x   911"),
        ("<911>", "911"),
        ("Alice\r\nBob", "Alice  Bob"),
        ("Al\0ice\x1b[31m\x7f\x85", "Al ice [31m"),
        ("Al\u202eice\u2028", "Al ice"),
        ("  Alice  ", "Alice"),
        ("Al\ud800ice", "Al ice"),
        ("a" * 200, "a" * 79),
        ("é" * 60, "é" * 39),
        ("😀" * 40, "😀" * 19),
        ("a" * 78 + " b", "a" * 78),
    ],
)
def test_other_phones_show_a_name_that_asterisk_keeps_as_it_is(
    name: str, shown: str
) -> None:
    assert caller_id(name) == f'"{shown}" <100>'


@pytest.mark.parametrize("name", ["", "   ", "\r\n", "<>", "\\", "\0", "\u200d"])
def test_who_has_no_name_to_show_is_shown_as_the_extension(name: str) -> None:
    assert caller_id(name) == '"100" <100>'


@settings(deadline=None)
@given(user=users)
def test_no_name_breaks_out_of_the_caller_id(user: User) -> None:
    shown = fields(DEVICE, user)["callerid"]

    found = re.fullmatch(r'"([^"\\<>]+)" <([0-9]+)>', shown)
    assert found is not None
    name, number = found.groups()
    assert number == user.extension
    assert name.isprintable()
    assert name == name.strip()
    assert len(name.encode()) <= 79
