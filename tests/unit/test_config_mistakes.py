"""What an administrator is told about a configuration that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from asterisk_hotdesk.config import load
from tests.unit.settings_file import ENOUGH, complaints, written


def test_everything_that_is_wrong_is_told_at_once_in_the_order_of_the_file(
    tmp_path: Path,
) -> None:
    path = written(
        tmp_path,
        '[refresh]\nper_second = true\n[asterisk]\nari_pasword = "x"\n'
        'ami_secret = "y"\n\n[pins]\n# at most 12\nlength = 20\n',
    )

    assert complaints(path) == [
        "2: refresh.per_second: should be a whole number, not true",
        "3: asterisk.ari_password: missing; expected here, as the path"
        " ari_password_file, or in the environment variable HOTDESK_ARI_PASSWORD",
        "4: asterisk.ari_pasword: unknown; did you mean asterisk.ari_password?",
        "9: pins.length: should be less than or equal to 12, not 20",
    ]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("[pins]\nlenght = 5", "5: pins.lenght: unknown; did you mean pins.length?"),
        ("[pin]\nlength = 5", "4: pin: unknown; did you mean pins?"),
        ('[asterisk.x]\ny = "z"', "4: asterisk.x: unknown; expected one of ami_host,"),
        (
            "[policy]\nuser_failures = 5",
            "5: policy.user_failures: unknown; did you mean pins.user_failures?",
        ),
        (
            '[policy]\nstate_dir = "/x"',
            "5: policy.state_dir: did you mean state_dir, above the first [table]?",
        ),
        (
            '[database]\nschema_name = "x"',
            "5: database.schema_name: unknown; did you mean database.schema?",
        ),
        ("[warnings]", "4: warnings: unknown; did you mean logout.warn_minutes?"),
        ("[zzz]", "4: zzz: unknown; expected one of ami, asterisk,"),
        ("[logout]\nidle_hours = -1", "5: logout.idle_hours: should be greater than"),
        ("[logout]\ntotal_hours = nan", "5: logout.total_hours: should be a finite"),
        (
            '[logout]\ndaily_at = "18:00"',
            "4: logout: should have timezone, such as Europe/Berlin, where it has",
        ),
        (
            '[logout]\ndaily_at = "24:00"',
            '5: logout.daily_at: should be a time such as 18:00, not "24:00"',
        ),
        (
            '[logout]\ntimezone = "Berlin"',
            "5: logout.timezone: should be a time zone such as Europe/Berlin, not",
        ),
        (
            '[logout]\nregion = "DE-XX"',
            "5: logout.region: should be a country or a part that is known, and of DE",
        ),
        (
            '[logout.hours]\nmon = "8-18"',
            '5: logout.hours.mon: should be such as 08:00-18:00, not "8-18"',
        ),
        ('[logout.hours]\nmo = "08:00-18:00"', "5: logout.hours.mo: should be 'mon',"),
        ("[logout]\nper_second = 11", "5: logout.per_second: should be less than or"),
        (
            '[logout.accounts.acme]\ndaily_at = "18:00"',
            "4: logout: should have timezone",
        ),
        ("[[pins]]\nlength = 5", "4: pins: should be a table"),
        ('[pins]\nlength = "5"', '5: pins.length: should be a whole number, not "5"'),
        (
            '[policy]\nsecond_login = "mvoe"',
            "5: policy.second_login: should be 'move' or 'refuse', not \"mvoe\"",
        ),
        (
            "[history]\nkeep_days = 30\npseudonymise_days = 30",
            "4: history: should have pseudonymise_days below keep_days",
        ),
        (
            "[history]\nkeep_days = -1",
            "5: history.keep_days: should be greater than or equal to 0, not -1",
        ),
        ("[emergency]\nnumbers = []", "5: emergency.numbers: should not be empty"),
        (
            '[emergency]\nnumbers = [\n  "112",\n  110,\n]',
            "5: emergency.numbers: should be text in quotes, not 110",
        ),
        (
            '[emergency]\nnumbers = "112"',
            '5: emergency.numbers: should be a list in [ ], not "112"',
        ),
        (
            '[emergency.accounts.acme]\ncontext = "us"\nnubmers = ["911"]',
            "6: emergency.accounts.acme.nubmers: unknown",
        ),
        (
            '[emergency]\ninternal_numbers = ["112"]',
            "4: emergency: should not have 112 in both numbers and internal_numbers",
        ),
        (
            '[emergency.accounts.acme]\nnumbers = ["7"]\ninternal_numbers = ["7"]',
            "4: emergency: should not have 7 in both numbers and internal_numbers",
        ),
        (
            '[emergency.civic_address]\ncity = "Berlin"',
            "4: emergency.civic_address: should not have city: expected elements of",
        ),
        (
            '[emergency.civic_address]\nRD = "a\\"b"',
            "4: emergency.civic_address: should have letters, digits, blanks and",
        ),
        (
            '[emergency]\nnotify_command = ["mail"]',
            "5: emergency.notify_command: should begin with the absolute path of a",
        ),
        (
            '[provisioning]\nbase_url = "phones.example"',
            "5: provisioning.base_url: should be http://HOST[:PORT][/PATH],",
        ),
        (
            '[provisioning]\nbase_url = "http://phones:99999"',
            "5: provisioning.base_url: should be http://HOST[:PORT][/PATH],",
        ),
        (
            '[pins]\npepper = """a\nlength = 99\n"""\nlength = 99',
            "8: pins.length: should be less than or equal to 12, not 99",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_is_expected(
    tmp_path: Path, lines: str, complaint: str
) -> None:
    assert any(
        told.startswith(complaint)
        for told in complaints(written(tmp_path, ENOUGH + lines))
    )


def test_a_relative_folder_is_refused(tmp_path: Path) -> None:
    assert complaints(written(tmp_path, 'state_dir = "state"\n' + ENOUGH)) == [
        '1: state_dir: should be an absolute path, not "state"'
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "[asterisk]\nari_password = x\n",
            "2: not valid TOML: Invalid value at column",
        ),
        ("a = 1\na = 2\n", "2: not valid TOML: Cannot overwrite a value"),
        ("a = [\n1,\n", "2: not valid TOML: "),
        ("a = " + "[" * 5000, "1: not valid TOML: "),
        ("a = " + "1" * 5000, "1: not valid TOML: "),
    ],
)
def test_text_that_is_not_toml_is_refused_with_its_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    (told,) = complaints(written(tmp_path, text))

    assert told.startswith(complaint)


def test_an_editor_on_windows_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "hotdesk.toml"
    path.write_bytes(b"\xef\xbb\xbf" + ENOUGH.replace("\n", "\r\n").encode())

    assert load(path, {}).asterisk.ami_secret.get_secret_value() == "ami-s3cret"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"a = 1\nb = '\xe4'\n", " line 2 is not UTF-8 text"),
        (b"#" * 70000, " is larger than 65536 bytes, so it is something else"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "hotdesk.toml"
    path.write_bytes(content)

    assert complaints(path) == [complaint]


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    assert complaints(tmp_path / "no.toml") == [
        " cannot be read: No such file or directory"
    ]
    assert complaints(tmp_path) == [" cannot be read: Is a directory"]
