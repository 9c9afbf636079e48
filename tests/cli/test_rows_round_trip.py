"""What an administrator may say of a user, a device or a key survives a CSV file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asterisk_hotdesk.cli import csv_files, device_rows, key_rows, user_rows
from asterisk_hotdesk.cli.csv_files import Complaints
from asterisk_hotdesk.config import Config, load
from tests.unit.settings_file import ENOUGH, written

TEXTS = (
    st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=40)
    .map(str.strip)
    .filter(str.isprintable)
)
NAMES = TEXTS.filter(lambda text: text and not set(text) & set('"\\<>;'))
WORDS = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True).filter(
    lambda word: "EXT" not in word and not word.startswith("hotdesk-")
)
USER_LINES = st.fixed_dictionaries(
    {
        "account": st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True),
        "extension": st.from_regex(r"[1-9][0-9]{4,9}", fullmatch=True),
        "name": NAMES,
        "context": WORDS,
        "language": st.sampled_from(["", "de", "en_GB"]),
        "when_logged_out": st.sampled_from(
            ["unavailable", "busy", "voicemail:1@default", "number:0301", "extension:7"]
        ),
        "ringtone": st.sampled_from(["", "1", "9"]),
        "mailbox": st.builds("{}@{}".format, WORDS, WORDS),
        "call_groups": st.sampled_from(["", "0", "1,3,63"]),
        "pickup_groups": st.sampled_from(["", "5"]),
        "named_call_groups": WORDS | st.just(""),
        "named_pickup_groups": st.sampled_from(["", "hr,sales"]),
        "account_code": WORDS | st.just(""),
        "fixed_endpoint": WORDS | st.just(""),
        "queue_interface": st.sampled_from(["", "Local/1@a/n"]),
        "login_method": st.sampled_from(["", "pin", "voicemail", "none"]),
        "never_logout": st.sampled_from(["yes", "no"]),
        "logout_after_idle": st.sampled_from(["", "90m"]),
        "logout_after": st.sampled_from(["", "10h"]),
        "logout_at": st.sampled_from(["", "18:00"]),
        "may_log_others_out": st.sampled_from(["yes", "no"]),
        "allowed": st.sampled_from(["yes", "no"]),
    }
)

DEVICE_LINES = st.fixed_dictionaries(
    {
        "name": st.from_regex(r"[A-Za-z0-9]{1,32}", fullmatch=True),
        "mac": st.sampled_from(["", "00:04:13:00:00:0A"]),
        "account": st.from_regex(r"[a-z][a-z0-9-]{0,5}", fullmatch=True),
        "location": TEXTS,
        "emergency_number": st.from_regex(r"(\+?[0-9]{1,15})?", fullmatch=True),
        "language": st.sampled_from(["", "de"]),
        "enabled": st.sampled_from(["yes", "no"]),
        "transport": st.sampled_from(["", "tls"]),
        "srtp": st.sampled_from(["yes", "no"]),
        "codecs": st.sampled_from(["", "g722,alaw"]),
        "timezone": st.sampled_from(["", "Europe/Berlin"]),
        "outbound_proxy": st.sampled_from(["", "sbc.example:5061", "[2001:db8::1]"]),
        "hot_desk_key": st.sampled_from(["off", "1", "200"]),
        "keep_key_positions": st.sampled_from(["yes", "no"]),
        "never_logout": st.sampled_from(["yes", "no"]),
        "logout_after_idle": st.sampled_from(["", "90m"]),
        "logout_after": st.sampled_from(["", "10h"]),
        "logout_at": st.sampled_from(["", "18:00"]),
        "first_user": st.just(""),
        "base_user": st.sampled_from(["", "100"]),
    }
)

KEY_LINES = st.fixed_dictionaries(
    {
        "account": st.just("default"),
        "extension": st.from_regex(r"[0-9]{2,10}", fullmatch=True),
        "position": st.integers(1, 200).map(str),
        "kind": st.just("speed"),
        "value": st.from_regex(r"\+?[0-9*#]{1,40}", fullmatch=True),
        "label": TEXTS.map(lambda text: text[:40].strip()),
        "priority": st.integers(1, 9).map(str),
    }
)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    return load(written(tmp_path_factory.mktemp("settings"), ENOUGH), {})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines") / "lines.csv"


@given(line=USER_LINES)
def test_users(config: Config, file: Path, line: dict[str, str]) -> None:
    file.write_text(csv_files.text_of(user_rows.COLUMNS, [line]), encoding="utf-8")
    complaints = Complaints()
    (row,) = user_rows.from_csv(config, file, complaints)
    complaints.tell()
    assert user_rows.of(row.what.new()) == line


@given(line=DEVICE_LINES)
def test_devices(file: Path, line: dict[str, str]) -> None:
    file.write_text(csv_files.text_of(device_rows.COLUMNS, [line]), encoding="utf-8")
    complaints = Complaints()
    (row,) = device_rows.from_csv(file, complaints)
    complaints.tell()
    assert device_rows.of(row.what.new(None), row.what.sits) == line


@given(line=KEY_LINES)
def test_keys(file: Path, line: dict[str, str]) -> None:
    file.write_text(csv_files.text_of(key_rows.COLUMNS, [line]), encoding="utf-8")
    complaints = Complaints()
    (row,) = key_rows.from_csv(file, complaints)
    complaints.tell()
    assert key_rows.of(row.what.owner, row.what.key) == line
