"""[web] of the settings: off unless asked for, no passwords in the clear."""

from __future__ import annotations

from pathlib import Path

import pytest

from asterisk_hotdesk.config import load
from tests.unit.settings_file import ENOUGH, complaints, written


def test_the_page_is_off_unless_asked_for(tmp_path: Path) -> None:
    web = load(written(tmp_path, ENOUGH), {}).web

    assert not web.enabled
    assert (web.listen_host, web.listen_port) == ("127.0.0.1", 8082)


@pytest.mark.parametrize(
    "settings",
    [
        "",
        'base_url = "http://localhost:9000"',
        'base_url = "https://desks.example"',
        'listen_host = "0.0.0.0"\nbase_url = "https://desks.example"',
    ],
)
def test_where_nobody_else_reads_it_can_be_switched_on(
    tmp_path: Path, settings: str
) -> None:
    text = f"{ENOUGH}[web]\nenabled = true\n{settings}\n"

    assert load(written(tmp_path, text), {}).web.enabled


@pytest.mark.parametrize(
    "settings",
    [
        'base_url = "http://desks.example"',
        'base_url = "http://192.0.2.10:8082"',
        'listen_host = "0.0.0.0"',
        'listen_host = "192.0.2.10"\nbase_url = "http://127.0.0.1:8082"',
    ],
)
def test_passwords_never_travel_in_the_clear(tmp_path: Path, settings: str) -> None:
    text = f"{ENOUGH}[web]\nenabled = true\n{settings}\n"

    (complaint,) = complaints(written(tmp_path, text))

    assert "base_url with https" in complaint
    assert "in the clear" in complaint


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    text = f'{ENOUGH}[web]\ntls_certificate = "/etc/web.pem"\n'

    (complaint,) = complaints(written(tmp_path, text))

    assert "both tls_certificate and tls_key" in complaint
