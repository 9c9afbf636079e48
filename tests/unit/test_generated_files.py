"""What we write for Asterisk: every line as meant, whatever people are called."""

from __future__ import annotations

import errno
import os
import re
import stat
import string
import sysconfig
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asterisk_hotdesk.administration import values
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.endpoint import endpoint_fields
from asterisk_hotdesk.errors import ConfigError, Invalid
from asterisk_hotdesk.model import (
    DEFAULT_ACCOUNT,
    Desk,
    Device,
    LoggedOutTreatment,
    User,
)
from asterisk_hotdesk.pbx import files
from tests.unit.test_phones import ALICE, DEVICE

BOB = replace(
    ALICE,
    id=2,
    extension="101",
    name="Bob",
    context="sales",
    logged_out_treatment=LoggedOutTreatment.VOICEMAIL,
    logged_out_target="101@default",
)
CAROL = replace(
    ALICE,
    id=3,
    account="acme",
    name="Carol",
    logged_out_treatment=LoggedOutTreatment.NUMBER,
    logged_out_target="030123456",
)
NEXT_DESK = replace(
    DEVICE, id=2, name="HD0002", sip_secret="0ther", emergency_number="+493055501"
)

# As the constraints of the database allow them.
WORD = string.ascii_letters + string.digits + "_-"
words = st.text(WORD, min_size=1, max_size=12)
numbers = st.text(string.digits, min_size=2, max_size=10)
targets = st.one_of(
    st.just((LoggedOutTreatment.UNAVAILABLE, "")),
    st.tuples(
        st.just(LoggedOutTreatment.VOICEMAIL), st.builds("{}@{}".format, words, words)
    ),
    st.tuples(st.just(LoggedOutTreatment.NUMBER), numbers),
    st.tuples(st.just(LoggedOutTreatment.EXTENSION), numbers),
)
anything = st.text(st.characters(exclude_categories=[]), max_size=20)
users = st.builds(
    lambda target, **more: replace(
        ALICE, logged_out_treatment=target[0], logged_out_target=target[1], **more
    ),
    targets,
    account=st.text(string.ascii_lowercase + "-", min_size=1, max_size=8).map(
        "a".__add__
    ),
    extension=numbers,
    name=anything,
    context=words,
    language=st.none() | anything,
)
secret_letters = st.characters(
    min_codepoint=33, max_codepoint=126, exclude_characters=";"
)
devices = st.builds(
    replace,
    st.just(DEVICE),
    name=st.text(string.ascii_letters + string.digits, min_size=1, max_size=32),
    sip_secret=st.text(secret_letters, min_size=1).filter(lambda s: s[0] != ">"),
    emergency_number=st.just("") | numbers.map("+".__add__),
    location=anything,
    language=st.none() | anything,
)


def config(**tables: object) -> Config:
    return Config.model_validate(
        {"asterisk": {"ari_password": "x", "ami_secret": "y"}, **tables}
    )


def sections(text: str) -> dict[str, list[str]]:
    """Return the lines of each section, without comments, as Asterisk reads them."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in text.split("\n"):
        if not line or line.startswith(";"):
            continue
        if match := re.fullmatch(r"\[([^\]]+)\]", line):
            name = match[1]
            # The same name twice: an AOR and an auth, or a mistake.
            while name in found:
                name += "'"
            found[name] = []
        else:
            found.setdefault(name, []).append(line)
    return found


def users_sections(*sitting: tuple[User, str | None]) -> dict[str, list[str]]:
    return sections(files.users_file(sitting))


def dialplan(
    settings: Config,
    phones: Iterable[Device] = (),
    contexts: Iterable[str] = (),
) -> dict[str, list[str]]:
    phones = list(phones)
    places = {(DEFAULT_ACCOUNT, context) for context in contexts}
    places |= files.places_of(phones, [])
    return sections(files.extensions_file(settings, phones, places))


# hotdesk_users.conf ----------------------------------------------------------


def test_each_user_has_an_extension_and_a_hint() -> None:
    assert users_sections((ALICE, "HD0001"), (BOB, None)) == {
        "hotdesk-users": [
            "exten => 100,1,Gosub(hotdesk-dial,s,1(default,100,unavailable,,internal))",
            "exten => 100,hint,PJSIP/HD0001",
            "exten => 101,1,Gosub(hotdesk-dial,s,1(default,101,voicemail,101@default,"
            "sales))",
            "exten => 101,hint,PJSIP/hotdesk-nobody-default-101",
        ]
    }


def test_each_account_has_a_context_of_its_own() -> None:
    assert users_sections((CAROL, None), (ALICE, None), (BOB, None)) == {
        "hotdesk-users": [
            "exten => 100,1,Gosub(hotdesk-dial,s,1(default,100,unavailable,,internal))",
            "exten => 100,hint,PJSIP/hotdesk-nobody-default-100",
            "exten => 101,1,Gosub(hotdesk-dial,s,1(default,101,voicemail,101@default,"
            "sales))",
            "exten => 101,hint,PJSIP/hotdesk-nobody-default-101",
        ],
        "hotdesk-users-acme": [
            "exten => 100,1,Gosub(hotdesk-dial,s,1(acme,100,number,030123456,"
            "internal))",
            "exten => 100,hint,PJSIP/hotdesk-nobody-acme-100",
        ],
    }


def test_a_phone_of_her_own_rings_and_lights_as_well() -> None:
    own = replace(ALICE, fixed_endpoint="snom-12")

    assert users_sections((own, "HD0001"), (replace(own, extension="101"), None)) == {
        "hotdesk-users": [
            "exten => 100,1,Gosub(hotdesk-dial,s,1(default,100,unavailable,,internal,"
            "&PJSIP/snom-12))",
            "exten => 100,hint,PJSIP/HD0001&PJSIP/snom-12",
            "exten => 101,1,Gosub(hotdesk-dial,s,1(default,101,unavailable,,internal,"
            "&PJSIP/snom-12))",
            "exten => 101,hint,PJSIP/snom-12",
        ]
    }


def test_each_account_has_mailboxes_of_its_own() -> None:
    mine, hers = replace(ALICE, mailbox="1@a"), replace(CAROL, mailbox="1@b")
    found = users_sections((mine, None), (hers, None), (BOB, None))

    assert found["hotdesk-mailboxes-default"] == [
        "exten => 100,1,VoiceMailMain(1@a)",
        " same => n,Hangup()",
    ]
    assert found["hotdesk-mailboxes-acme"] == [
        "exten => 100,1,VoiceMailMain(1@b)",
        " same => n,Hangup()",
    ]


def test_the_context_that_the_pbx_includes_is_there_before_the_first_user() -> None:
    assert users_sections() == {"hotdesk-users": []}


@settings(deadline=None)
@given(users, anything, st.none() | anything)
def test_what_somebody_is_called_is_not_in_the_dialplan(
    user: User, name: str, language: str | None
) -> None:
    other = replace(user, name=name, language=language)

    assert files.users_file([(user, "HD0001")]) == files.users_file([(other, "HD0001")])


@settings(deadline=None)
@given(st.lists(st.tuples(users, st.none() | st.just("HD0001")), max_size=6))
def test_no_user_makes_more_lines_than_two(
    sitting: list[tuple[User, str | None]],
) -> None:
    found = users_sections(*sitting)

    lines = [line for section in found.values() for line in section]
    assert len(lines) == 2 * len(sitting)
    assert set(found) - {"hotdesk-users"} == {
        f"hotdesk-users-{user.account}"
        for user, _ in sitting
        if user.account != "default"
    }
    arguments = ",".join([r"[A-Za-z0-9_@-]*"] * 5)
    for line in lines:
        assert re.fullmatch(
            rf"exten => [0-9]+,(1,Gosub\(hotdesk-dial,s,1\({arguments}\)\)"
            r"|hint,PJSIP/[A-Za-z0-9-]+)",
            line,
        )


@pytest.mark.parametrize(
    "target",
    [
        "100@default)\nexten => 112,1,Hangup(",
        "100@default,u)",
        "100@default&200@default",
        "100@default;",
        "${SHELL(id)}@default",
        "100@default\n",
        "100 @default",
        "100",
        "@default",
        "",
    ],
)
def test_no_mailbox_that_could_be_dialplan_comes_in(target: str) -> None:
    """Nor past the command line: see test_migrations."""
    with pytest.raises(Invalid):
        values.treatment(f"voicemail:{target}", "100")


@pytest.mark.parametrize(
    "target", ["101,1)", "1\n2", "101;", "${EXTEN}", "*77*5*", "+4930", "", "1" * 21]
)
def test_no_number_that_could_be_dialplan_comes_in(target: str) -> None:
    for treatment in ("number", "extension"):
        with pytest.raises(Invalid):
            values.treatment(f"{treatment}:{target}", "100")


# extensions_hotdesk.conf -----------------------------------------------------


def test_a_phone_that_nobody_uses_can_dial_this_and_nothing_else() -> None:
    assert dialplan(config())["hotdesk-idle"] == [
        "include => hotdesk-emergency",
        "include => hotdesk-codes",
    ]


def test_a_used_phone_dials_for_help_first_and_then_as_the_user() -> None:
    found = dialplan(config(), contexts=["sales", "internal", "sales"])

    used = {name: lines for name, lines in found.items() if "-as-" in name}
    assert used == {
        f"hotdesk-as-{context}": [
            "include => hotdesk-emergency",
            "include => hotdesk-codes",
            f"include => {context}",
        ]
        for context in ("internal", "sales")
    }


ON_THE_WAY = re.compile(r"(exten => \w+,1|[ ]same => n(\(\w+\))?),(\w+)\(")
"""An application before an emergency call is placed."""


def test_nothing_on_the_way_of_an_emergency_call_can_be_missing() -> None:
    settings = config(emergency={"numbers": ["911"], "context": "from-desk"})
    found = dialplan(settings, [DEVICE])

    way = [
        *found["hotdesk-emergency"],
        *found["hotdesk-emergency-desk"],
        *found["hotdesk-emergency-call"],
    ]
    applications = {m[3] for line in way if (m := ON_THE_WAY.match(line))}
    # All but one are in Asterisk's core; that one is passed over where it is missing.
    assert applications == {"Set", "MSet", "GotoIf", "Goto", "UserEvent"}
    event = next(n for n, line in enumerate(way) if ",UserEvent(" in line)
    assert way[event - 1].endswith(",GotoIf(${IFMODULE(app_userevent.so)}?:pin)")
    assert found["hotdesk-emergency"][-1] == " same => n,Goto(from-desk,911,1)"
    assert way[-1] == " same => n(call),Goto(from-desk,${HOTDESK_EMERGENCY},1)"


def test_an_emergency_call_shows_the_desk_it_comes_from() -> None:
    found = dialplan(config(), [DEVICE, NEXT_DESK])

    set_for = [line for line in found["hotdesk-emergency-desk"] if "MSet" in line]
    assert set_for == [
        " same => n,MSet(CALLERID(name)=HD0001,CALLERID(num)=,HOTDESK_DEVICE=HD0001,"
        "HOTDESK_ACCOUNT=default,HOTDESK_LOCATION=Room 1,HOTDESK_SHARED=)",
        " same => n,MSet(CALLERID(name)=HD0002,CALLERID(num)=+493055501,"
        "HOTDESK_DEVICE=HD0002,HOTDESK_ACCOUNT=default,HOTDESK_LOCATION=Room 1,"
        "HOTDESK_SHARED=)",
    ]


ACME_DESK = replace(DEVICE, id=3, name="A1", account="acme")


def test_an_account_calls_its_own_emergency_numbers_by_its_own_way() -> None:
    acme = {"numbers": ["911"], "context": "us", "internal_numbers": ["300"]}
    found = dialplan(config(emergency={"accounts": {"acme": acme}}), [ACME_DESK])

    assert found["hotdesk-idle.acme"] == [
        "include => hotdesk-emergency.acme",
        "include => hotdesk-codes",
        "include => hotdesk-internal.acme",
    ]
    assert found["hotdesk-internal.acme"] == ["exten => 300,1,Goto(internal,300,1)"]
    assert starts(found["hotdesk-emergency.acme"], every=3) == ["911"]
    assert starts(found["hotdesk-emergency"], every=3) == ["112", "110"]
    assert found["hotdesk-emergency-desk"][-1] == (
        " same => n,Goto(hotdesk-emergency-call.acme,s,1)"
    )
    assert found["hotdesk-emergency-call.acme"][-1].endswith(
        "Goto(us,${HOTDESK_EMERGENCY},1)"
    )


def test_the_context_of_an_endpoint_is_always_one_that_there_is() -> None:
    for account, context in (("default", "internal"), ("acme", "a-b"), ("as-a", "b")):
        user = replace(ALICE, account=account, context=context)
        device = replace(DEVICE, account=account)
        text = files.extensions_file(
            config(), [device], files.places_of([device], [user])
        )
        for desk in (Desk(device=device), Desk(device=device, user=user)):
            fields = endpoint_fields(desk, default_language="en", extra={})
            assert fields["context"] in sections(text)


@given(
    st.sets(st.tuples(st.sampled_from(["default", "acme", "a-c"]), words | st.just("")))
)
def test_the_contexts_of_a_dialplan_are_found_again(places: set[files.Place]) -> None:
    text = files.extensions_file(config(), [], places)

    assert files.places_in(text) >= places
    assert {p for p in files.places_in(text) if p[1]} == {p for p in places if p[1]}


def test_who_shares_a_number_is_found_by_who_called_last() -> None:
    shared = replace(NEXT_DESK, id=4, name="HD0003")
    alone = replace(DEVICE, emergency_number="03055502")
    found = dialplan(config(), [alone, NEXT_DESK, shared])

    calls = "".join(found["hotdesk-emergency-desk"])
    assert calls.count("HOTDESK_SHARED=493055501)") == 2
    callback = found["hotdesk-emergency-callback"]
    assert [line for line in callback if "HOTDESK_ONLY" in line] == [
        "exten => 03055502,1,Set(HOTDESK_ONLY=HD0001)",
        "exten => 493055501,1,Set(HOTDESK_ONLY=)",
    ]


def test_the_provider_may_send_the_last_digits_only() -> None:
    settings = config(emergency={"callback_digits": 4})
    other_city = replace(NEXT_DESK, id=4, name="HD0003", emergency_number="+49895501")
    found = dialplan(settings, [NEXT_DESK, other_city])

    assert starts(found["hotdesk-emergency-callback"]) == ["5501"]
    assert "HOTDESK_SHARED=5501)" in "".join(found["hotdesk-emergency-desk"])


def starts(lines: list[str], *, every: int = 2) -> list[str]:
    return [line.split(",")[0].removeprefix("exten => ") for line in lines[::every]]


def test_the_codes_are_the_configured_ones() -> None:
    codes = dialplan(config())["hotdesk-codes"]

    assert codes[:3] == [
        "exten => *77,1,Set(HOTDESK_EXTENSION=)",
        " same => n,Goto(hotdesk-ivr,login,1)",
        "exten => *77*5*,1,Goto(hotdesk-ivr,logout,1)",
    ]
    assert "exten => *77*9*,1,Goto(hotdesk-ivr,change_pin,1)" in codes
    assert "exten => *77*1*,1,Goto(hotdesk-menu,s,1)" in codes
    logins = codes[next(n for n, line in enumerate(codes) if "_" in line[:10]) :]
    assert logins[4:6] == [
        "exten => _*77*XXX*,1,Set(HOTDESK_EXTENSION=${EXTEN:4:3})",
        " same => n,Goto(hotdesk-ivr,login,1)",
    ]
    assert starts(logins)[:10] == [f"_*77*{'X' * n}*" for n in range(1, 11)]
    others = logins[20:]
    assert others[4:6] == [
        "exten => _*77*6*XXX*,1,Set(HOTDESK_EXTENSION=${EXTEN:6:3})",
        " same => n,Goto(hotdesk-ivr,log_other_out,1)",
    ]
    assert starts(others)[:10] == [f"_*77*6*{'X' * n}*" for n in range(1, 11)]
    assert codes[-1] == "exten => *77*8*,1,Goto(hotdesk-voicemail,s,1)"


@pytest.mark.parametrize(
    ("codes", "ask", "logout", "log_in"),
    [
        ({"prefix": "#9"}, "#9", "#9*5*", "_#9*X*"),
        ({"login": "PREFIXEXT"}, "*77", "*77*5*", "_*77X"),
        ({"ask": "*70", "login": "*71EXT#", "logout": "*72"}, "*70", "*72", "_*71X#"),
    ],
)
def test_other_codes_lead_to_the_same_places(
    codes: dict[str, str], ask: str, logout: str, log_in: str
) -> None:
    lines = dialplan(config(codes=codes))["hotdesk-codes"]

    assert lines[0].startswith(f"exten => {ask},1,")
    assert lines[2] == f"exten => {logout},1,Goto(hotdesk-ivr,logout,1)"
    assert any(line.startswith(f"exten => {log_in},1,") for line in lines)


@settings(deadline=None)
@given(st.text("059*#", max_size=4), st.text("059*#", max_size=3), numbers)
def test_what_a_login_code_dials_is_the_extension(
    prefix: str, suffix: str, extension: str
) -> None:
    settings = config(codes={"ask": "*70*70", "login": f"{prefix}EXT{suffix}"})
    dialled = settings.codes.login_code(extension)
    (line,) = (
        line
        for line in dialplan(settings)["hotdesk-codes"]
        if f"_{prefix}{'X' * len(extension)}{suffix}," in line
    )

    cut = re.search(r"\$\{EXTEN:(\d+):(\d+)\}", line)
    assert cut is not None
    start, length = int(cut[1]), int(cut[2])
    assert dialled[start : start + length] == extension


def test_our_application_is_asked_and_its_absence_is_said() -> None:
    found = dialplan(
        config(
            asterisk={"ari_password": "x", "ami_secret": "y", "application": "desks"},
            pins={"call_seconds": 77},
            prompts={"unavailable": ["im-sorry", "beep"]},
        )
    )

    ivr = found["hotdesk-ivr"]
    assert ivr[0] == "exten => login,1,Set(TIMEOUT(absolute)=77)"
    assert [line for line in ivr if "Stasis(" in line] == [
        " same => n,Stasis(desks,login,${HOTDESK_EXTENSION},${CHANNEL(endpoint)},"
        "${CHANNEL(language)})",
        *(
            f" same => n,Stasis(desks,{what},,${{CHANNEL(endpoint)}},"
            "${CHANNEL(language)})"
            for what in ("logout", "change_pin")
        ),
        " same => n,Stasis(desks,log_other_out,${HOTDESK_EXTENSION},"
        "${CHANNEL(endpoint)},${CHANNEL(language)})",
    ]
    assert sum('"${STASISSTATUS}" = "FAILED"' in line for line in ivr) == 4
    assert found["hotdesk-unavailable"][1] == (" same => n,Playback(im-sorry&beep)")


def test_the_menu_needs_asterisk_alone_and_its_absence_is_said() -> None:
    menu = dialplan(config())["hotdesk-menu"]

    script = Path(sysconfig.get_path("scripts"), "hotdesk-menu.agi")
    assert f" same => n,AGI({script},${{CHANNEL(endpoint)}})" in menu
    assert os.access(script, os.X_OK)
    assert not any("Stasis" in line for line in menu)
    assert any('"${AGISTATUS}" != "SUCCESS"' in line for line in menu)


def test_no_secret_is_in_the_dialplan() -> None:
    text = files.extensions_file(config(), [DEVICE], {("default", "internal")})

    assert DEVICE.sip_secret not in text
    assert str(DEVICE.mac) not in text


def test_the_users_are_included_from_where_they_are_written(tmp_path: Path) -> None:
    folder = {"ari_password": "x", "ami_secret": "y", "generated_dir": str(tmp_path)}
    text = files.extensions_file(config(asterisk=folder), [], [])

    assert text.rstrip().endswith(f"#include {tmp_path}/{files.USERS}")


@settings(deadline=None)
@given(st.lists(devices, max_size=4))
def test_no_device_makes_more_lines_than_three(phones: list[Device]) -> None:
    lines = dialplan(config(), phones)["hotdesk-emergency-desk"]

    assert len(lines) == 3 * len(phones)
    for line in lines[1::3]:
        arguments = re.fullmatch(r" same => n,MSet\((.*)\)", line)
        assert arguments
        assert len(arguments[1].split(",")) == 6
        assert not set('";$\\[]{}') & set(arguments[1])


# pjsip_hotdesk.conf ----------------------------------------------------------


def test_each_device_has_an_aor_and_a_secret() -> None:
    assert sections(files.pjsip_file(config(), [DEVICE, NEXT_DESK])) == {
        "HD0001": [
            "type=aor",
            "max_contacts=1",
            "remove_existing=yes",
            "qualify_frequency=60",
        ],
        "HD0001'": [
            "type=auth",
            "auth_type=userpass",
            "username=HD0001",
            "password=pass<&word",
        ],
        "HD0002": [
            "type=aor",
            "max_contacts=1",
            "remove_existing=yes",
            "qualify_frequency=60",
        ],
        "HD0002'": [
            "type=auth",
            "auth_type=userpass",
            "username=HD0002",
            "password=0ther",
        ],
    }


@settings(deadline=None)
@given(devices)
def test_a_secret_stays_whole_and_on_its_line(device: Device) -> None:
    found = sections(files.pjsip_file(config(), [device]))

    assert list(found) == [device.name, f"{device.name}'"]
    assert found[f"{device.name}'"][-1] == f"password={device.sip_secret}"


def test_no_devices_is_a_file_too() -> None:
    assert sections(files.pjsip_file(config(), [])) == {}


# Writing ---------------------------------------------------------------------


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterable[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_a_new_file_can_be_read_by_owner_and_group_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "hotdesk.d"

    assert files.write_if_changed(folder, "x.conf", "[Zoë]\n")

    assert (folder / "x.conf").read_bytes() == "[Zoë]\n".encode()
    assert stat.S_IMODE((folder / "x.conf").stat().st_mode) == 0o640


def test_what_is_equal_is_not_touched(tmp_path: Path) -> None:
    files.write_if_changed(tmp_path, "x.conf", "[Zoë]\n")
    before = (tmp_path / "x.conf").stat()

    assert not files.write_if_changed(tmp_path, "x.conf", "[Zoë]\n")
    after = (tmp_path / "x.conf").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("found", [b"", b"[b]\r\n", b"\xff\xfe", b"[b]\n\n", b"[b]"])
def test_what_differs_is_replaced_whatever_it_is(tmp_path: Path, found: bytes) -> None:
    path = tmp_path / "x.conf"
    path.write_bytes(found)
    path.chmod(0o644)

    assert files.write_if_changed(tmp_path, "x.conf", "[b]\n")
    assert path.read_bytes() == b"[b]\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_whoever_reads_meanwhile_reads_all_of_the_old_file(tmp_path: Path) -> None:
    files.write_if_changed(tmp_path, "x.conf", "old\n" * 100)
    with (tmp_path / "x.conf").open() as reader:
        first = reader.readline()
        files.write_if_changed(tmp_path, "x.conf", "new\n")

        assert first + reader.read() == "old\n" * 100
    assert os.listdir(tmp_path) == ["x.conf"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write_if_changed(tmp_path, "x.conf", "old\n")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(ConfigError, match=r"x\.conf cannot be written \(No space left"):
        files.write_if_changed(tmp_path, "x.conf", "new\n")
    assert (tmp_path / "x.conf").read_text() == "old\n"
    assert os.listdir(tmp_path) == ["x.conf"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "hotdesk.d"

    with pytest.raises(ConfigError, match=rf"generated_dir: {folder / 'x.conf'} "):
        files.write_if_changed(folder, "x.conf", "x")


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.conf").mkdir()

    with pytest.raises(ConfigError, match=str(tmp_path / "x.conf")):
        files.write_if_changed(tmp_path, "x.conf", "x")
    assert os.listdir(tmp_path) == ["x.conf"]
