"""The settings: which are in force, where secrets come from, who may see them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from asterisk_hotdesk.config import CodesConfig, Config, load
from tests.unit.settings_file import ENOUGH, complaints, written


def test_two_secrets_are_enough(tmp_path: Path) -> None:
    config = load(written(tmp_path, ENOUGH), {})

    assert config.asterisk.ari_password.get_secret_value() == "ari-s3cret"
    assert config.asterisk.ari_url == "http://127.0.0.1:8088"
    assert config.database.dsn is None
    assert config.database.schema_name == "hotdesk"
    assert config.emergency.numbers == ("112", "110")
    assert config.state_dir == Path("/var/lib/asterisk-hotdesk")
    assert config.warnings == ()


def test_every_kind_of_value_can_be_set(tmp_path: Path) -> None:
    config = load(
        written(
            tmp_path,
            'state_dir = "/srv/hotdesk"\n' + ENOUGH + '[database]\nschema = "desks"\n'
            '[emergency]\nnumbers = ["911"]\n[policy]\nsecond_login = "refuse"\n'
            '[provisioning]\nbase_url = "https://phones.example/hd/"\n'
            "[refresh]\nper_second = 3\n",
        ),
        {},
    )

    assert config.state_dir == Path("/srv/hotdesk")
    assert config.database.schema_name == "desks"
    assert config.emergency.numbers == ("911",)
    assert config.policy.second_login == "refuse"
    assert config.provisioning.base_url == "https://phones.example/hd"
    assert config.refresh.per_second == 3


def test_the_command_line_wins_over_the_environment_over_etc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = written(tmp_path, ENOUGH + "[pins]\nlength = 4\n", "given.toml")
    named = written(tmp_path, ENOUGH + "[pins]\nlength = 5\n", "named.toml")
    usual = written(tmp_path, ENOUGH + "[pins]\nlength = 7\n", "usual.toml")
    monkeypatch.setattr("asterisk_hotdesk.config.DEFAULT_PATH", usual)

    assert load(given, {"HOTDESK_CONFIG": str(named)}).pins.length == 4
    assert load(None, {"HOTDESK_CONFIG": str(named)}).pins.length == 5
    assert load(None, {}).pins.length == 7


def test_nobody_can_change_the_settings_in_force(tmp_path: Path) -> None:
    config = load(written(tmp_path, ENOUGH), {})

    with pytest.raises(ValidationError):
        config.pins.length = 4  # type: ignore[misc]


# Codes


def test_codes_are_what_people_dial() -> None:
    codes = CodesConfig()

    assert codes.ask_code() == "*77"
    assert codes.login_code("100") == "*77*100*"
    assert codes.logout_code() == "*77*5*"
    assert codes.voicemail_code() == "*77*8*"
    assert codes.force_logout_code("100") == "*77*6*100*"


def test_codes_follow_the_prefix(tmp_path: Path) -> None:
    codes = load(
        written(tmp_path, ENOUGH + '[codes]\nprefix = "#8"\nlogout = "PREFIX0"\n'), {}
    ).codes

    assert codes.ask_code() == "#8"
    assert codes.login_code("100") == "#8*100*"
    assert codes.logout_code() == "#80"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            'login = "PREFIX**"',
            "codes.login: should be made of PREFIX, digits, * and #",
        ),
        ('login = "EXTPREFIXEXT"', "codes.login: should be made of PREFIX, digits"),
        ('logout = "PREFIX"', "codes: should all be different"),
        ('voicemail = "*77*5*"', "codes: should all be different"),
        ('force_logout = "PREFIX*EXT*"', "codes: should have a force_logout that no"),
        ('force_logout = "PREFIX*6"', "codes.force_logout: should be made of PREFIX"),
        (
            'login = "PREFIXEXT"\nforce_logout = "PREFIX6EXT"',
            "codes: should have a force_logout that no",
        ),
        (
            'force_logout = "PREFIXEXT*"\nlogout = "PREFIX55*"',
            "codes: should have a force_logout that no",
        ),
        ('ask = "*77*5*"', "codes: should all be different"),
        (
            'prefix = "77x"',
            'codes.prefix: should be made of digits, * and #, not "77x"',
        ),
        ('prefix = ""', 'codes.prefix: should be made of digits, * and #, not ""'),
    ],
)
def test_codes_that_nobody_could_dial_are_refused(
    tmp_path: Path, line: str, complaint: str
) -> None:
    (told,) = complaints(written(tmp_path, f"{ENOUGH}[codes]\n{line}\n"))

    assert complaint in told


# Secrets


def test_a_secret_can_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    secret = written(tmp_path, "from-a-file\n", "ami")
    config = load(
        written(
            tmp_path, f'[asterisk]\nari_password = "x"\nami_secret_file = "{secret}"\n'
        ),
        {},
    )

    assert config.asterisk.ami_secret.get_secret_value() == "from-a-file"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    config = load(
        written(tmp_path, ENOUGH + '[pins]\npepper_file = "/nowhere"\n'),
        {
            "HOTDESK_AMI_SECRET": "from-outside",
            "HOTDESK_PIN_PEPPER": "salt",
            "HOTDESK_DATABASE_DSN": "postgresql:///pbx",
        },
    )

    assert config.asterisk.ami_secret.get_secret_value() == "from-outside"
    assert config.asterisk.ari_password.get_secret_value() == "ari-s3cret"
    assert config.pins.pepper is not None
    assert config.pins.pepper.get_secret_value() == "salt"
    assert config.database.dsn is not None
    assert config.database.dsn.get_secret_value() == "postgresql:///pbx"


def test_a_missing_secret_is_asked_for_with_all_three_ways_to_give_it(
    tmp_path: Path,
) -> None:
    told = complaints(written(tmp_path, '# nothing\n[asterisk]\nari_password = "x"\n'))

    assert told == [
        "2: asterisk.ami_secret: missing; expected here, as the path ami_secret_file,"
        " or in the environment variable HOTDESK_AMI_SECRET"
    ]


def test_an_empty_file_has_no_line_to_point_at(tmp_path: Path) -> None:
    told = complaints(written(tmp_path, ""))

    assert [line.split(";")[0] for line in told] == [
        " asterisk.ami_secret: missing",
        " asterisk.ari_password: missing",
    ]


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ENOUGH + 'ami_secret_file = "/run/secrets/ami"\n')

    assert complaints(path) == [
        "4: asterisk.ami_secret_file: expected this or ami_secret, not both"
    ]


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("relative/ami", "should be an absolute path in quotes"),
        ("/nowhere/ami", "this file cannot be read: No such file or directory"),
        ("/tmp", "this file cannot be read: Is a directory"),  # noqa: S108
        ("/bin\\u0000/ami", "should be an absolute path in quotes"),
    ],
)
def test_a_secret_file_that_cannot_be_read(
    tmp_path: Path, value: str, complaint: str
) -> None:
    path = written(
        tmp_path, f'[asterisk]\nari_password = "x"\nami_secret_file = "{value}"\n'
    )

    assert complaints(path) == [f"3: asterisk.ami_secret_file: {complaint}"]


def test_an_empty_secret_from_outside_is_named_after_its_variable(
    tmp_path: Path,
) -> None:
    assert complaints(written(tmp_path, ENOUGH), {"HOTDESK_ARI_PASSWORD": ""}) == [
        "environment variable HOTDESK_ARI_PASSWORD:"
        " should be printable text on one line, and not empty"
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[asterisk]\nari_password = "hunter2\\r\\nAction: Originate"\n',
        '[asterisk]\nari_password = ["hunter2"]\n',
        '[asterisk]\nari_password_file = "hunter2"\n',
        '[asterisk]\nari_pasword = "hunter2"\n',
        "[asterisk]\nari_password = hunter2\n",
        '[asterisk]\nari_password = "hunter2\n',
        'asterisk = "hunter2"\n',
        'ari_password = "hunter2"\n',
        '[asterisk]\nari_url = "http://hotdesk:hunter2@127.0.0.1:8088"\n',
        '[database]\ndsn = 5\ndsn_file = "hunter2"\n',
    ],
)
def test_no_complaint_repeats_a_secret(tmp_path: Path, text: str) -> None:
    told = complaints(written(tmp_path, text))

    assert told
    assert "hunter2" not in "".join(told)


def test_what_is_shown_says_which_secrets_are_set_but_not_what_they_are(
    tmp_path: Path,
) -> None:
    config = load(written(tmp_path, ENOUGH), {"HOTDESK_PIN_PEPPER": "salt-s3cret"})
    shown = config.shown()

    assert shown["asterisk"]["ami_secret"] == "********"
    assert shown["pins"]["pepper"] == "********"
    assert shown["database"] == {"dsn": None, "schema": "hotdesk"}
    assert shown["emergency"]["numbers"] == ["112", "110"]
    assert shown["state_dir"] == "/var/lib/asterisk-hotdesk"
    assert "s3cret" not in json.dumps(shown) + repr(config)


def test_a_secret_that_everybody_can_read_is_worth_a_warning(tmp_path: Path) -> None:
    pepper = written(tmp_path, "salt", "pepper")
    path = written(tmp_path, f'{ENOUGH}[pins]\npepper_file = "{pepper}"\n')
    pepper.chmod(0o644)
    path.chmod(0o644)

    warnings = load(path, {}).warnings

    assert [warning.split(":")[0] for warning in warnings] == [
        str(path),
        str(path),
        str(pepper),
    ]
    assert "asterisk.ari_password" in warnings[0]
    assert "chmod o-r" in warnings[2]


def test_a_readable_file_without_secrets_is_fine(tmp_path: Path) -> None:
    path = written(tmp_path, "[pins]\nlength = 5\n")
    path.chmod(0o644)
    environ = {"HOTDESK_ARI_PASSWORD": "x", "HOTDESK_AMI_SECRET": "y"}

    assert load(path, environ).warnings == ()


def test_settings_made_in_a_program_are_checked_alike() -> None:
    with pytest.raises(ValidationError) as caught:
        Config.model_validate({"asterisk": {"ari_password": "hunter2\n"}})

    assert "hunter2" not in str(caught.value)
