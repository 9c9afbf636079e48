"""`hotdesk check`: the laboratory is sound, and each fault made there is found."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.asterisk.conftest import Office
from tests.asterisk.trouble import changed

FAULTS = [
    (
        "extensions.conf",
        "[internal]",
        "[internal]\nexten => _*7X.,1,Hangup()",
        "dialplan reload",
        {"dial-code-shadowed", "dial-code-takes-over"},
    ),
    (
        "extensions.conf",
        "[internal]",
        "[internal]\nexten => 100,1,Dial(PJSIP/100)",
        "dialplan reload",
        {"user-extension-shadowed"},
    ),
    (
        "extensions.conf",
        "#tryinclude",
        ";",
        "core show version",
        {"include-missing"},
    ),
    (
        "manager.conf",
        "write = system,reporting,user",
        "write = system,command",
        "manager reload",
        {"ami-right-missing", "ami-too-many-rights"},
    ),
    (
        "ari.conf",
        "read_only = no",
        "read_only = yes",
        "module reload res_ari.so",
        {"ari-read-only"},
    ),
    (
        "sorcery.conf",
        "endpoint = astdb",
        ";endpoint = astdb",
        "core show version",
        {"sorcery-mapping-missing", "asterisk-restart-needed"},
    ),
    (
        "logger.conf",
        "notice,warning",
        "dtmf,notice,warning",
        "logger reload",
        {"log-shows-pins"},
    ),
]


@pytest.fixture(autouse=True)
def _private(office: Office) -> None:
    """Let nobody else read the PBX's secrets, as on a machine of one's own."""
    office.lab.pbx.config_dir.chmod(0o750)


async def codes(office: Office) -> set[str]:
    """Return what the doctor finds."""
    done = await office.hotdesk("check", "--json", check=False)
    assert done.returncode in (0, 5, 6), done.stderr
    return {finding["code"] for finding in json.loads(done.stdout)["findings"]}


async def test_the_laboratory_is_sound(office: Office) -> None:
    done = await office.hotdesk("check", check=False)
    assert (done.returncode, done.stdout) == (0, "Nothing is wrong.\n")


@pytest.mark.parametrize(("name", "old", "new", "command", "expected"), FAULTS)
async def test_a_fault_is_found(
    office: Office, name: str, old: str, new: str, command: str, expected: set[str]
) -> None:
    async with changed(office, name, old, new, command):
        assert await codes(office) == expected


async def test_a_module_that_is_not_loaded(office: Office) -> None:
    pbx = office.lab.pbx
    pbx.cli("module unload func_dialplan.so")
    try:
        assert await codes(office) == {"module-missing"}
    finally:
        pbx.cli("module load func_dialplan.so")


async def test_a_hint_that_is_gone(office: Office) -> None:
    pbx = office.lab.pbx
    pbx.cli("dialplan remove extension 104@hotdesk-users hint")
    try:
        assert await codes(office) == {"hint-missing"}
    finally:
        pbx.cli("dialplan reload")


async def test_a_prompt_that_asterisk_lacks(office: Office) -> None:
    before = office.lab.config.read_text()
    office.lab.config.write_text(f'{before}\n[prompts]\ngoodbye = ["no-such-sound"]\n')
    try:
        assert await codes(office) == {"prompt-missing"}
    finally:
        office.lab.config.write_text(before)


async def test_settings_that_everybody_can_read(office: Office) -> None:
    office.lab.config.chmod(0o644)
    try:
        assert await codes(office) == {"secret-readable"}
    finally:
        office.lab.config.chmod(0o600)


async def test_a_service_that_was_stopped(office: Office) -> None:
    await asyncio.to_thread(office.lab.stop_service)
    assert await codes(office) == {"daemon-not-running"}


async def test_an_asterisk_that_was_stopped(office: Office) -> None:
    await asyncio.to_thread(office.lab.pbx.stop)
    assert await codes(office) == {"ami-unreachable", "ari-unreachable"}
