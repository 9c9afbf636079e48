"""`hotdesk install` and `uninstall` on the files of a PBX that has grown."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from asterisk_hotdesk.config import load
from asterisk_hotdesk.pbx.conf import read_conf

HOTDESK = (sys.executable, "-m", "asterisk_hotdesk")

FILES = {
    "extensions.conf": (
        b"[general]\nstatic=yes\n\n[internal]\nexten => 200,1,Dial(PJSIP/200)\n"
        b"[outside]\nexten => 112,1,Dial(PJSIP/112@trunk)"
    ),
    "http.conf": b"[general]\nenabled=no ; caf\xe9\n",
    "manager.conf": b"[general]\nenabled=yes\nport=5039\n[boss]\nsecret=top-s3cret\n",
    "pjsip.conf": b"[200]\r\ntype=endpoint\r\n",
    "ari.conf": b"[general]\n",
}


@dataclass(frozen=True)
class Machine:
    """A machine with these files of Asterisk, below a folder of the test."""

    root: Path

    @property
    def asterisk(self) -> Path:
        """Return the folder with Asterisk's files."""
        return self.root / "etc/asterisk"

    @property
    def config(self) -> Path:
        """Return our settings."""
        return self.root / "etc/asterisk-hotdesk/hotdesk.toml"

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run the command in a process of its own; return all that it says."""
        done = subprocess.run(
            [*HOTDESK, *arguments, "--root", str(self.root)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def install(self, *arguments: str) -> str:
        """Install without a question."""
        return self.run("install", "--yes", *arguments)

    def tree(self) -> dict[str, tuple[bytes, int]]:
        """Return what every file says, and its mode."""
        return {
            str(path.relative_to(self.root)): (
                path.read_bytes(),
                stat.S_IMODE(path.stat().st_mode),
            )
            for path in self.root.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine with a PBX and without us."""
    machine = Machine(tmp_path)
    machine.asterisk.mkdir(parents=True)
    for name, content in FILES.items():
        (machine.asterisk / name).write_bytes(content)
    (machine.asterisk / "manager.conf").chmod(0o600)
    return machine


INCLUDES = ("--apply-includes", "--context", "internal")


def test_a_dry_run_shows_everything_and_writes_nothing(machine: Machine) -> None:
    before = machine.tree()
    told = machine.run("install", "--dry-run", *INCLUDES)
    assert machine.tree() == before
    for name in ("hotdesk.toml", "manager_hotdesk.conf", "asterisk-hotdesk.service"):
        assert name in told
    assert "+#tryinclude hotdesk.d/pjsip_hotdesk.conf" in told
    assert "Nothing was written" in told


def test_own_files_only_unless_asked(machine: Machine) -> None:
    before = machine.tree()
    told = machine.install("--context", "internal")
    after = machine.tree()
    assert {name: after[name] for name in before} == before
    assert "manager.conf, at the end: our account at AMI" in told
    assert "  include => hotdesk-users" in told


def test_without_a_yes_nothing_is_written(machine: Machine) -> None:
    before = machine.tree()
    machine.run("install", *INCLUDES, code=1)
    assert machine.tree() == before


def test_a_second_run_has_nothing_to_do(machine: Machine) -> None:
    machine.install(*INCLUDES)
    before = machine.tree()
    assert machine.install(*INCLUDES) == "Nothing to do.\n"
    assert machine.tree() == before


def test_what_was_removed_is_put_back(machine: Machine) -> None:
    machine.install(*INCLUDES)
    before = machine.tree()
    (machine.asterisk / "hotdesk.d/manager_hotdesk.conf").unlink()
    machine.install(*INCLUDES)
    assert machine.tree() == before


def test_no_secret_is_shown(machine: Machine) -> None:
    told = machine.install(*INCLUDES)
    config = load(machine.config, {}).asterisk
    assert config.ari_password.get_secret_value() not in told
    assert config.ami_secret.get_secret_value() not in told
    assert "top-s3cret" not in told


def test_both_sides_know_the_same_secrets(machine: Machine) -> None:
    machine.install(*INCLUDES)
    config = load(machine.config, {})
    account = read_conf(machine.asterisk / "manager.conf").section("hotdesk")
    assert account is not None
    assert account.get("secret") == config.asterisk.ami_secret.get_secret_value()
    assert account.get("write") == "system,reporting,user"
    assert account.get("permit") == "127.0.0.1"
    account = read_conf(machine.asterisk / "ari.conf").section("hotdesk")
    assert account is not None
    assert account.get("password") == config.asterisk.ari_password.get_secret_value()
    assert config.asterisk.ami_port == 5039
    assert config.asterisk.generated_dir == Path("/etc/asterisk/hotdesk.d")


def test_secrets_are_for_the_service_only(machine: Machine) -> None:
    machine.install()
    modes = {name: mode for name, (_, mode) in machine.tree().items()}
    assert modes["etc/asterisk-hotdesk/hotdesk.toml"] == 0o600
    assert modes["etc/asterisk/hotdesk.d/ari_hotdesk.conf"] == 0o640
    assert modes["etc/asterisk/hotdesk.d/manager_hotdesk.conf"] == 0o640


def test_edited_files_keep_their_mode_and_have_a_backup(machine: Machine) -> None:
    machine.install(*INCLUDES)
    files = machine.tree()
    assert files["etc/asterisk/manager.conf"][1] == 0o600
    (backup,) = [name for name in files if "manager.conf." in name]
    assert files[backup] == (FILES["manager.conf"], 0o600)
    assert not backup.endswith(".conf")


def test_asterisk_reads_what_was_put_in(machine: Machine) -> None:
    machine.install(*INCLUDES)
    confs = {path.name: read_conf(path) for path in machine.asterisk.glob("*.conf")}
    assert not [conf.problems for conf in confs.values() if conf.problems]
    http = confs["http.conf"].section("general")
    assert http is not None
    assert (http.get("enabled"), http.get("bindaddr")) == ("yes", "127.0.0.1")
    sorcery = confs["sorcery.conf"].section("res_pjsip")
    assert sorcery is not None
    assert [setting.value for setting in sorcery.settings] == [
        "config,pjsip.conf,criteria=type=endpoint",
        "astdb,hotdesk_endpoint",
    ]
    internal = confs["extensions.conf"].section("internal")
    assert internal is not None
    assert [s.value for s in internal.settings][:2] == [
        "hotdesk-users",
        "hotdesk-codes",
    ]


def test_endpoints_in_a_database_stay_there(machine: Machine) -> None:
    text = "[res_pjsip]\nendpoint=realtime,ps_endpoints\naor=realtime,ps_aors\n"
    (machine.asterisk / "sorcery.conf").write_text(text)
    machine.install(*INCLUDES)
    section = read_conf(machine.asterisk / "sorcery.conf").section("res_pjsip")
    assert section is not None
    assert [setting.value for setting in section.settings] == [
        "realtime,ps_endpoints",
        "astdb,hotdesk_endpoint",
        "realtime,ps_aors",
    ]


def test_freepbx_has_files_for_our_lines(machine: Machine) -> None:
    """It writes pjsip.conf anew at each change, and leaves pjsip_custom.conf alone."""
    with (machine.asterisk / "pjsip.conf").open("a") as file:
        file.write("#include pjsip_custom.conf\n")
    (machine.asterisk / "pjsip_custom.conf").write_text("; yours\n")
    before = (machine.asterisk / "pjsip.conf").read_bytes()
    machine.install(*INCLUDES)
    assert (machine.asterisk / "pjsip.conf").read_bytes() == before
    own = (machine.asterisk / "pjsip_custom.conf").read_text()
    assert "#tryinclude hotdesk.d/pjsip_hotdesk.conf" in own


def test_a_linked_file_stays_a_link(machine: Machine) -> None:
    elsewhere = machine.root / "shared.conf"
    (machine.asterisk / "manager.conf").rename(elsewhere)
    (machine.asterisk / "manager.conf").symlink_to(elsewhere)
    machine.install(*INCLUDES)
    assert (machine.asterisk / "manager.conf").is_symlink()
    assert b"manager_hotdesk.conf" in elsewhere.read_bytes()


def test_an_account_that_somebody_made_is_used(machine: Machine) -> None:
    with (machine.asterisk / "manager.conf").open("a") as file:
        file.write("[hotdesk]\nsecret=made-by-hand\n")
    machine.install(*INCLUDES)
    assert not (machine.asterisk / "hotdesk.d/manager_hotdesk.conf").exists()
    secret = load(machine.config, {}).asterisk.ami_secret
    assert secret.get_secret_value() == "made-by-hand"


def test_settings_that_there_are_stay(machine: Machine) -> None:
    machine.config.parent.mkdir(parents=True)
    machine.config.write_text(
        '[asterisk]\nari_password = "one"\nami_secret = "two"\nami_username = "desk"\n'
    )
    before = machine.config.read_bytes()
    machine.install(*INCLUDES)
    assert machine.config.read_bytes() == before
    account = read_conf(machine.asterisk / "manager.conf").section("desk")
    assert account is not None
    assert account.get("secret") == "two"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--context", "sales"), "There is no context [sales]"),
        (("--user", "no-such-user"), "There is no user no-such-user"),
        (("--asterisk-dir", "/etc/astersik"), "--asterisk-dir"),
    ],
)
def test_a_mistake_is_told(
    machine: Machine, arguments: tuple[str, ...], told: str
) -> None:
    before = machine.tree()
    assert told in machine.run("install", "--yes", *arguments, code=1)
    assert machine.tree() == before


def test_a_file_that_cannot_be_written_is_named(machine: Machine) -> None:
    (machine.asterisk / "hotdesk.d").write_text("in the way")
    told = machine.run("install", "--yes", code=2)
    assert "hotdesk.d" in told
    assert "Traceback" not in told


def test_the_right_to_pause_queue_members_is_given_on_demand_and_stays(
    machine: Machine,
) -> None:
    def rights() -> str:
        account = read_conf(machine.asterisk / "hotdesk.d/manager_hotdesk.conf")
        section = account.section("hotdesk")
        return section.get("write") if section else ""

    machine.install()
    assert rights() == "system,reporting,user"

    machine.install("--queues")
    assert rights() == "system,reporting,user,agent"
    assert "Nothing to do." in machine.install("--apply-includes") + machine.install()


def test_the_unit_has_no_more_rights_than_it_needs(machine: Machine) -> None:
    machine.install("--user", "daemon")
    unit = (machine.root / "etc/systemd/system/asterisk-hotdesk.service").read_text()
    for line in (
        "Type=notify",
        "User=daemon",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "ReadWritePaths=/etc/asterisk/hotdesk.d",
        "StateDirectory=asterisk-hotdesk",
        "Restart=always",
    ):
        assert line in unit.splitlines()


def test_uninstalled_everything_is_as_it_was(machine: Machine) -> None:
    before = machine.tree()
    machine.install(*INCLUDES)
    machine.run("uninstall", "--yes")
    after = machine.tree()
    settings = str(machine.config.relative_to(machine.root))
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {settings}


def test_uninstalling_shows_itself_first(machine: Machine) -> None:
    machine.install(*INCLUDES)
    before = machine.tree()
    told = machine.run("uninstall", "--dry-run")
    assert machine.tree() == before
    assert "-#tryinclude hotdesk.d/pjsip_hotdesk.conf" in told
    assert "+++ /dev/null" in told


def test_what_somebody_wrote_since_stays(machine: Machine) -> None:
    machine.install(*INCLUDES)
    with (machine.asterisk / "sorcery.conf").open("a") as file:
        file.write("[res_pjsip_endpoint]\n")
    machine.run("uninstall", "--yes")
    left = (machine.asterisk / "sorcery.conf").read_text()
    assert left == "[res_pjsip_endpoint]\n"


def test_a_purge_leaves_nothing_of_us(machine: Machine) -> None:
    before = machine.tree()
    machine.install(*INCLUDES)
    state = machine.root / "var/lib/asterisk-hotdesk"
    state.mkdir(parents=True)
    (state / "pepper").write_text("s3cret")
    machine.run("uninstall", "--yes", "--purge")
    assert machine.tree() == before


def test_uninstalling_where_nothing_is(machine: Machine) -> None:
    assert machine.run("uninstall", "--yes") == "Nothing to do.\n"


def test_the_doctor_agrees_with_the_installer(machine: Machine) -> None:
    machine.install(*INCLUDES)
    text = machine.config.read_text()
    moved = machine.asterisk / "hotdesk.d"
    machine.config.write_text(
        text.replace("/etc/asterisk/hotdesk.d", str(moved)).replace(
            "/var/lib/", f"{machine.root}/var/lib/"
        )
    )
    done = subprocess.run(
        [*HOTDESK, "--config", str(machine.config), "check", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = {finding["code"] for finding in json.loads(done.stdout)["findings"]}
    assert not found & {
        "include-missing",
        "sorcery-mapping-missing",
        "ami-event-right-missing",
        "secret-readable",
        "file-broken",
        "file-not-followed",
    }
