"""`hotdesk check` where nothing of Asterisk is there."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import Command


async def test_what_cannot_be_looked_at_is_a_finding(
    hotdesk: Command, tmp_path: Path
) -> None:
    done = await hotdesk("check", "--json", "--asterisk-dir", str(tmp_path))
    assert done.code == 6
    codes = {finding["code"] for finding in done.json["findings"]}
    assert {"ami-unreachable", "ari-unreachable", "files-not-found"} <= codes
    assert done.json["errors"] >= 2


async def test_settings_that_cannot_be_read(hotdesk: Command) -> None:
    hotdesk.config.write_text("[asterisk]\nari_pasword = 's3cret'\n")
    done = await hotdesk("check", "--json")
    assert done.code == 6
    (finding,) = done.json["findings"]
    assert finding["code"] == "settings-invalid"
    assert "ari_password" in finding["what"]
    assert "s3cret" not in done.out


async def test_people_read_a_remedy_below_each_finding(hotdesk: Command) -> None:
    done = await hotdesk("check")
    assert done.code == 6
    first, remedy, *_, last = done.out.splitlines()
    assert first.startswith("error: ")
    assert remedy.startswith("  -> ")
    assert last.startswith("errors: ")
    assert done.err == ""
