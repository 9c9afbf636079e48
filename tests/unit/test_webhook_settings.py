"""Webhooks in the settings: what is right, what is refused, and what nobody sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asterisk_hotdesk.config import WebhookConfig, load
from asterisk_hotdesk.model import EventKind
from tests.unit.settings_file import ENOUGH, complaints, written
from tests.webhook_receiver import SECRET

URL = "https://booking.example/hook?token=t0k3n"
HOOK = f'[webhooks.booking]\nurl = "{URL}"\n'
SIGNED = f'{HOOK}secret = "{SECRET}"\n'


def hook(folder: Path, text: str, **environ: str) -> WebhookConfig:
    """Return the webhook in a settings file."""
    return load(written(folder, ENOUGH + text), environ).webhooks["booking"]


def test_a_url_and_a_secret_are_enough(tmp_path: Path) -> None:
    found = hook(tmp_path, SIGNED)

    assert found.url.get_secret_value() == URL
    assert found.key == b"k3y-0f-a-receiver-in-tests"
    assert found.events == tuple(EventKind)


def test_a_webhook_may_want_some_events_only(tmp_path: Path) -> None:
    found = hook(tmp_path, SIGNED + 'events = ["login", "replaced"]\n')

    assert found.events == (EventKind.LOGIN, EventKind.REPLACED)


def test_the_secret_can_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    secret = written(tmp_path, f"{SECRET}\n", "secret")

    assert hook(tmp_path, f'{HOOK}secret_file = "{secret}"\n').key


def test_the_secret_can_stand_in_the_environment(tmp_path: Path) -> None:
    assert hook(tmp_path, HOOK, HOTDESK_WEBHOOK_BOOKING_SECRET=SECRET).key


def test_neither_the_secret_nor_the_path_of_the_url_is_shown(tmp_path: Path) -> None:
    config = load(written(tmp_path, ENOUGH + SIGNED), {})

    shown = json.dumps(config.shown(), ensure_ascii=False)

    assert "https://booking.example/…" in shown
    for text in (shown, repr(config)):
        assert "t0k3n" not in text
        assert SECRET not in text


def test_a_file_with_a_secret_that_everybody_can_read_is_warned_of(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, ENOUGH + SIGNED)
    path.chmod(0o644)

    warnings = load(path, {}).warnings

    assert any("it holds webhooks.booking.secret;" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            HOOK,
            "4: webhooks.booking.secret: missing; expected here, as the path"
            " secret_file, or in the environment variable"
            " HOTDESK_WEBHOOK_BOOKING_SECRET",
        ),
        (
            f'[webhooks.booking]\nsecret = "{SECRET}"',
            "4: webhooks.booking.url: missing",
        ),
        (
            f"{SIGNED}timeuot_seconds = 3",
            "7: webhooks.booking.timeuot_seconds: unknown; did you mean"
            " webhooks.booking.timeout_seconds?",
        ),
        (
            f'{SIGNED}events = ["login", "lunch"]',
            "7: webhooks.booking.events: should be 'login', 'logout', 'replaced',",
        ),
        (f"{SIGNED}events = []", "7: webhooks.booking.events: should not be empty"),
        (
            f"{SIGNED}timeout_seconds = 0",
            "7: webhooks.booking.timeout_seconds: should be greater than or equal to 1",
        ),
        ("[webhook.booking]", "4: webhook: unknown; did you mean webhooks?"),
        ('[webhooks]\nurl = "https://x"', "5: webhooks.url: should be a table"),
        ("[[webhooks]]", "4: webhooks: should be a table"),
        (
            SIGNED.replace("booking", "Booking"),
            "4: webhooks.Booking: should be a name: lower-case letters, digits, -",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_is_expected(
    tmp_path: Path, text: str, complaint: str
) -> None:
    told = complaints(written(tmp_path, ENOUGH + text + "\n"))

    assert any(line.startswith(complaint) for line in told), told


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("booking.example", "should be https://HOST[:PORT][/PATH][?QUERY]"),
        ("ftp://booking.example/s3cr3t", "should be https://HOST[:PORT][/PATH]"),
        ("https://booking.example:99999/s3cr3t", "should be https://HOST[:PORT]"),
        ("https://booking.example/#s3cr3t", "should be https://HOST[:PORT][/PATH]"),
        ("http://booking.example/s3cr3t", "should be https; http is for receivers on"),
        ("http://192.0.2.7/s3cr3t", "should be https; http is for receivers on this"),
        ("http://127.0.0.1.example/s3cr3t", "should be https; http is for receivers"),
    ],
)
def test_a_url_that_is_no_good_is_refused_without_being_repeated(
    tmp_path: Path, url: str, complaint: str
) -> None:
    (told,) = complaints(written(tmp_path, ENOUGH + SIGNED.replace(URL, url)))

    assert told.startswith(f"5: webhooks.booking.url: {complaint}")
    assert url.rpartition("/")[2] not in told


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_http_is_good_enough_for_this_machine(tmp_path: Path, host: str) -> None:
    found = hook(tmp_path, SIGNED.replace(URL, f"http://{host}:8080/hook"))

    assert found.origin == f"http://{host}:8080"


@pytest.mark.parametrize(
    "secret", ["password-of-mine", "whsec_c2hvcnQ=", "whsec_" + "A" * 100, "whsec_"]
)
def test_a_secret_of_another_kind_is_refused_with_how_to_make_one(
    tmp_path: Path, secret: str
) -> None:
    (told,) = complaints(written(tmp_path, ENOUGH + SIGNED.replace(SECRET, secret)))

    assert told.startswith("6: webhooks.booking.secret: should be whsec_ and 24 to 64")
    assert "openssl rand" in told
    assert secret not in told or secret == "whsec_"


def test_a_secret_under_a_wrong_name_is_not_repeated(tmp_path: Path) -> None:
    told = complaints(written(tmp_path, f'{ENOUGH}{HOOK}secert = "{SECRET}"\n'))

    assert "6: webhooks.booking.secert: unknown; did you mean" in "\n".join(told)
    assert SECRET not in "\n".join(told)
