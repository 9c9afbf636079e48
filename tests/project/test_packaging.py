"""Installed from a wheel, somewhere else, everything that we need is found."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from asterisk_hotdesk import __version__
from asterisk_hotdesk.config import PromptsConfig
from asterisk_hotdesk.dialogue import Prompt, prompt_for
from asterisk_hotdesk.errors import Refused

ROOT = Path(__file__).resolve().parents[2]
NOT_SOURCE = shutil.ignore_patterns(
    ".*", "build", "dist", "*.egg-info", "__pycache__", "tests"
)


@dataclass(frozen=True)
class Installed:
    """A virtual environment with our wheel in it, and a folder to be in."""

    environment: Path
    elsewhere: Path

    def run(
        self, program: str, *arguments: str, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, from a folder that has nothing of ours."""
        ours = ("HOTDESK_", "PYTHON", "VIRTUAL_ENV")
        done = subprocess.run(
            [self.environment / "bin" / program, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.elsewhere,
            env={k: v for k, v in os.environ.items() if not k.startswith(ours)},
        )
        assert done.returncode == 0, done.stderr
        return done


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    """Yield our wheel, built from a copy of the sources and installed with pip.

    What we depend on is not installed again: a .pth file leads to it. That file does
    not bring the editable installation of the checkout along.
    """
    # A short path: PostgreSQL's socket is in it.
    folder = Path(tempfile.mkdtemp(prefix="hotdesk-wheel-", dir="/tmp"))
    # Root's PostgreSQL runs as somebody else, who has to get there.
    folder.chmod(0o755)
    try:
        source, wheels = folder / "source", folder / "wheels"
        shutil.copytree(ROOT, source, ignore=NOT_SOURCE)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        offline = ("--no-deps", "--no-index")
        # As `pip install .` does: with the build tools that pyproject.toml asks for.
        _run(*pip, "wheel", "--no-deps", "--wheel-dir", str(wheels), str(source))
        shutil.rmtree(source)
        environment, elsewhere = folder / "venv", folder / "elsewhere"
        elsewhere.mkdir()
        _run(sys.executable, "-m", "venv", "--without-pip", str(environment))
        (wheel,) = wheels.glob("*.whl")
        python = environment / "bin" / "python"
        _run(*pip, "--python", str(python), "install", *offline, str(wheel))
        (site,) = environment.glob("lib/python*/site-packages")
        (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
        yield Installed(environment, elsewhere)
    finally:
        shutil.rmtree(folder)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_command(installed: Installed) -> None:
    helped = installed.run("hotdesk", "--help").stdout
    for command in ("run", "migrate", "config", "device", "user", "status", "login"):
        assert re.search(rf"^ +{command} ", helped, re.MULTILINE)
    assert __version__ in installed.run("hotdesk", "--version").stdout


def test_migrations_are_found(installed: Installed) -> None:
    folder = installed.elsewhere
    config = folder / "hotdesk.toml"
    config.touch(mode=0o600)
    config.write_text(
        f'state_dir = "{folder / "state"}"\n'
        '[asterisk]\nari_password = "a"\nami_secret = "b"\n'
        f'generated_dir = "{folder / "generated"}"\n'
    )
    first = installed.run("hotdesk", "--config", str(config), "migrate")
    assert "0001_initial" in first.stdout
    again = installed.run("hotdesk", "--config", str(config), "migrate")
    assert "0001_initial" not in again.stdout


def test_templates_and_dialplan_are_found(installed: Installed) -> None:
    program = """
import asterisk_hotdesk, sys
from importlib import resources
from asterisk_hotdesk.pbx import files
from asterisk_hotdesk.store.migrate import known_migrations
assert asterisk_hotdesk.__file__.startswith(sys.prefix), asterisk_hotdesk.__file__
for name in (files.PJSIP, files.EXTENSIONS, files.USERS):
    assert files._templates.get_template(name + ".j2")
snom = list((resources.files("asterisk_hotdesk.templates") / "snom").iterdir())
print(len(known_migrations()), len(snom), "hotdesk-users" in files.users_file([]))
"""
    migrations, snom, has_context = installed.run(
        "python", "-c", program
    ).stdout.split()
    assert int(migrations) == len(
        list((ROOT / "asterisk_hotdesk/store/migrations").glob("*.sql"))
    )
    assert int(snom) == len(list((ROOT / "templates/snom").iterdir()))
    assert has_context == "True"


def test_the_installer_finds_its_templates(installed: Installed) -> None:
    root = installed.elsewhere / "machine"
    (root / "etc/asterisk").mkdir(parents=True)
    told = installed.run("hotdesk", "install", "--root", str(root), "--dry-run").stdout
    assert f"+ExecStart={installed.environment}/bin/hotdesk run" in told


def test_the_agi_script_is_found(installed: Installed) -> None:
    """As Asterisk runs it: headers, then an answer to each command."""
    asked = "agi_request: hotdesk-dial.agi\n\n" + "200 result=1\n" * 4
    said = installed.run("hotdesk-dial.agi", "not a number", stdin=asked).stdout
    assert re.search(r'SET VARIABLE "?HOTDESKSTATUS"? "?INVALID"?', said)


def test_the_spoken_menu_is_found(installed: Installed) -> None:
    asked = "agi_request: hotdesk-menu.agi\n\n" + "200 result=0\n" * 40
    said = installed.run("hotdesk-menu.agi", "HD0001", stdin=asked).stdout
    assert "STREAM FILE vm-goodbye" in said


def test_the_version_is_that_of_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    if released:
        assert released[0] == __version__


def _kinds(root: type[Refused]) -> Iterator[type[Refused]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _kinds(kind)


@pytest.mark.parametrize("kind", [Refused, *_kinds(Refused)])
def test_every_refusal_has_a_prompt_and_a_code(kind: type[Refused]) -> None:
    prompt = prompt_for(kind())
    assert getattr(PromptsConfig(), prompt.value)
    assert re.fullmatch(r"[a-z_]+", kind.code)


def test_every_prompt_has_sounds() -> None:
    assert {prompt.value for prompt in Prompt} == set(PromptsConfig.model_fields)
    assert all(vars(PromptsConfig()).values())


def test_each_refusal_has_its_own_code() -> None:
    codes = [kind.code for kind in _kinds(Refused)]
    assert len(codes) == len(set(codes))


def test_continuous_integration_runs_what_a_person_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in script if line and not line.startswith("#")]
    assert commands[-1] == "exec make test"
    assert commands[:-1] == ["set -eu", 'cd "$(dirname "$0")/.."']
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
