"""Hot desking comes to a PBX that runs without it, works, and leaves no trace."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.asterisk.conftest import Office, eventually, refusal, rings
from tests.asterisk.trouble import changed
from tests.lab.lab import Lab
from tests.lab.pbx import Pbx
from tests.lab.phone import Party

OUR_LINES = re.compile(
    r"^\[hotdesk\]\n(?:[^\[].*\n|\n)*|^(?:include => hotdesk-|; So that).*\n"
    r"|^#tryinclude hotdesk.*\n",
    re.MULTILINE,
)


@dataclass(frozen=True)
class InstalledLab(Lab):
    """A laboratory whose PBX knew nothing of hot desking before `hotdesk install`."""

    def write_config(self, pbx: Pbx, settings: str) -> None:
        """Take our lines out, see that the PBX works, and let the installer come."""
        pbx.stop()
        for path in pbx.config_dir.glob("*.conf"):
            path.write_text(OUR_LINES.sub("", path.read_text()))
        for name in ("sorcery.conf", "pjsip_notify.conf"):
            (pbx.config_dir / name).unlink()
        shutil.rmtree(pbx.generated_dir)
        shutil.copytree(pbx.config_dir, self.before)
        pbx.start()
        assert "Context 'hotdesk-users'" not in pbx.cli("dialplan show")
        assert "hotdesk" not in pbx.cli("manager show users")
        self.hotdesk(
            "install", "--yes", "--apply-includes", "--context", "internal", *self.where
        )
        pbx.restart()
        text = self.config.read_text()
        text = text.replace("/var/lib/asterisk-hotdesk", str(self.directory / "state"))
        text = text.replace(":8081", f":{pbx.ports.web}")
        self.config.write_text(
            f"{text}listen_port = {pbx.ports.web}\nsip_port = {pbx.ports.sip}\n"
            f'[endpoint]\nmedia_address = "127.0.0.1"\n{settings}'
        )

    @property
    def before(self) -> Path:
        """Return a copy of what the PBX's files were."""
        return self.directory / "before"

    @property
    def where(self) -> list[str]:
        """Return the options that say where everything is."""
        etc = self.directory / "asterisk/etc"
        units = self.directory / "units"
        units.mkdir(exist_ok=True)
        return ["--asterisk-dir", str(etc), "--unit-dir", str(units)]


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    """Yield an office of its own, where hot desking has just been installed."""
    folder = Path(tempfile.mkdtemp(prefix="hotdesk-", dir="/tmp"))
    lab = InstalledLab(folder)
    try:
        await asyncio.to_thread(lab.up, settings="[pins]\nsilence_seconds = 2\n")
        office = Office(lab, lab.facts, AsyncExitStack())
        async with office._stack:
            yield office
    finally:
        await asyncio.to_thread(lab.down)
        shutil.rmtree(folder)


async def test_it_comes_works_and_goes(office: Office) -> None:
    lab = office.lab
    assert isinstance(lab, InstalledLab)
    desk, colleague = await office.desk("HD0001"), await office.phone("200")
    await office.log_in(desk, "100")
    call = await colleague.call("100")
    await rings(desk, caller=Party("Fixed phone 200", "200"))
    await call.hangup()
    lab.pbx.config_dir.chmod(0o750)
    checked = await office.hotdesk("check", check=False)
    assert checked.returncode == 5
    assert "[callback-not-included]" in checked.stdout
    # The line that only the administrator can add.
    head = "[from-outside]\n"
    included = f"{head}include => hotdesk-emergency-callback\n"
    async with changed(office, "extensions.conf", head, included, "dialplan reload"):
        checked = await office.hotdesk("check")
    # What comes from outside was not to reach people at hot desks.
    assert "from-outside. [phones-cannot-call-users]" in checked.stdout
    assert "errors: 0; warnings: 0; notes: 1" in checked.stdout

    refused = await office.hotdesk("uninstall", "--yes", *lab.where, check=False)
    assert refused.returncode == 1
    assert "Stop it first" in refused.stderr
    await asyncio.to_thread(lab.stop_service)
    done = await office.hotdesk("uninstall", "--yes", *lab.where)
    assert "Endpoints removed from Asterisk: 5." in done.stdout

    assert contents(lab.pbx.config_dir) == contents(lab.before)
    await asyncio.to_thread(lab.pbx.restart)
    assert "HD0001" not in lab.pbx.cli("pjsip show endpoints")
    assert not re.search("/hotdesk|HD0001", lab.pbx.cli("database show"))
    assert "Context 'hotdesk-users'" not in lab.pbx.cli("dialplan show")
    await works_without_us(office)


async def works_without_us(office: Office) -> None:
    """Return once one fixed phone has called another, and nobody is called 100."""
    await office._stack.aclose()
    colleague, other = await office.phone("200"), await office.phone("201")
    assert await refusal(await colleague.call("100")) == 404
    call = await colleague.call("201")
    await rings(other, caller=Party("Fixed phone 200", "200"))
    await call.hangup()
    await eventually(lambda: not office.channels(), "no call is left")


def contents(folder: Path) -> dict[str, bytes]:
    """Return what every file below *folder* says."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
