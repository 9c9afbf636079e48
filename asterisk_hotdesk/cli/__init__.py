"""The command `hotdesk`: what an administrator types.

Its exit codes are part of the public interface: 0 done, 1 refused or not found, 2 wrong
usage or configuration, 3 PostgreSQL or Asterisk cannot be reached, 4 another daemon
serves this PBX, 5 `hotdesk check` has warnings, 6 it has errors, 70 a mistake of ours,
130 interrupted.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from pathlib import Path

import click

from asterisk_hotdesk import __version__
from asterisk_hotdesk.cli.failures import explained
from asterisk_hotdesk.cli.logs import log_to_stderr

COMMANDS = {
    "run": ("running:run", "Serve calls and phones until stopped."),
    "migrate": ("upkeep:migrate", "Bring the database up to date."),
    "config": ("upkeep:config", "Show the settings in force."),
    "device": (
        "devices:device",
        "Add, edit, list and remove devices; enrol their phones.",
    ),
    "user": (
        "users:user",
        "Add, edit, list and remove users; set PINs and function keys.",
    ),
    "status": ("status:status", "Show who sits where, and which phones lag behind."),
    "history": ("history:history", "Show what happened, the newest last."),
    "explain": ("explaining:explain", "Say why a login fails or a phone lags behind."),
    "login": ("seats:login", "Log a user in at a device, without a PIN."),
    "logout": ("seats:logout", "Make devices idle."),
    "webhook": ("webhooks:webhook", "See how webhooks fare, and send a test."),
    "admin": (
        "administrators:admin",
        "Add, edit, list and remove administrators of the web page; API tokens.",
    ),
    "install": ("installing:install", "Put hot desking beside this PBX."),
    "uninstall": ("uninstalling:uninstall", "Leave this PBX as it was."),
    "check": ("checking:check", "Look for what is wrong, and say what helps."),
    "import": (
        "importing:import_",
        "Add users, devices and keys of a CSV file, or of another PBX.",
    ),
    "export": ("exporting:export", "Write users, devices or keys to a CSV file."),
    "unlock": ("seats:unlock", "Forget wrong PINs, so that logins work again."),
}
"""Where each command is, and what it says of itself in the list of all."""


class _LateGroup(click.Group):
    """Imports a command when it is called: `hotdesk --help` needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        found = importlib.import_module(f"asterisk_hotdesk.cli.{module}")
        command: click.Command = getattr(found, name)
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


@click.group(cls=_LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PATH",
    help="The settings; else $HOTDESK_CONFIG, else /etc/asterisk-hotdesk/hotdesk.toml.",
)
@click.option("--verbose", "-v", is_flag=True, help="Log every detail to stderr.")
def hotdesk(config_path: Path | None, verbose: bool) -> None:
    """Hot desking for an existing Asterisk PBX."""
    log_to_stderr(logging.DEBUG if verbose else logging.ERROR)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal cannot show is no reason to fail.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    code = _code_of(sys.argv[1:])
    sys.exit(code)


def _code_of(arguments: list[str]) -> int:
    try:
        code = hotdesk.main(arguments, prog_name="hotdesk", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has seen enough.
        _write_no_more()
        return 0
    except BaseException as error:
        code, lines = explained(error)
        for line in lines:
            click.echo(line, err=True)
        try:
            sys.stdout.flush()
        except OSError:
            _write_no_more()
    return code if isinstance(code, int) else 0


def _write_no_more() -> None:
    """Let Python's exit not try once more to write what cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
