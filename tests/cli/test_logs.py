"""What the daemon logs."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from asterisk_hotdesk.cli.logs import log_to_stderr
from tests.cli.command import _logging_as_it_was


@pytest.fixture(autouse=True)
def _no_traces() -> Iterator[None]:
    with _logging_as_it_was():
        yield


log = logging.getLogger("asterisk_hotdesk.test")


def test_one_line_each_whatever_a_stranger_sends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log_to_stderr(logging.INFO)
    log.info("fetched by %s", "snom\n2026-01-01 ERROR we are hacked\x1b[2J")
    log.debug("a detail")
    logging.getLogger("aiohttp").info("a library's detail")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "INFO asterisk_hotdesk.test: fetched by snom 2026" in lines[0]
    assert "\x1b" not in lines[0]


def test_a_traceback_only_where_every_detail_is_wanted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for level in (logging.INFO, logging.DEBUG):
        log_to_stderr(level)
        try:
            raise ValueError("why")
        except ValueError:
            log.exception("it failed")
    brief, *_, last = capsys.readouterr().err.splitlines()
    assert brief.endswith("it failed (ValueError)")
    assert last == "ValueError: why"


def test_the_journal_has_its_own_clock(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    log_to_stderr(logging.INFO)
    log.info("ready")
    assert capsys.readouterr().err == "INFO asterisk_hotdesk.test: ready\n"
