"""`hotdesk install`: puts hot desking beside the PBX, and shows each step before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from asterisk_hotdesk.cli import asking, output, placing
from asterisk_hotdesk.cli.options import yes_option
from asterisk_hotdesk.config import EmergencyConfig
from asterisk_hotdesk.install import installing
from asterisk_hotdesk.install.including import Insertion
from asterisk_hotdesk.install.installing import Installation, Wishes


@click.command()
@placing.place_options
@click.option(
    "--apply-includes",
    is_flag=True,
    help="Put the lines that the PBX's files need into them, with a backup.",
)
@click.option(
    "--context",
    "contexts",
    multiple=True,
    metavar="NAME",
    help="A context that colleagues dial from; may be given several times.",
)
@click.option(
    "--emergency-context",
    default=EmergencyConfig().context,
    show_default=True,
    help="Your context that takes emergency calls outside.",
)
@click.option(
    "--address",
    default="127.0.0.1",
    show_default=True,
    help="Of this machine, as phones reach it.",
)
@click.option(
    "--queues",
    is_flag=True,
    help="Pause members of queues while they sit nowhere (the AMI right agent).",
)
@click.option("--user", help="Whom the service runs as; else Asterisk's user.")
@yes_option
def install(
    root: Path,
    asterisk_dir: Path,
    unit_dir: Path,
    dry_run: bool,
    apply_includes: bool,
    contexts: tuple[str, ...],
    emergency_context: str,
    address: str,
    queues: bool,
    user: str | None,
    yes: bool,
) -> None:
    """Put hot desking beside this PBX.

    Writes files of our own only: hotdesk.d/ beside Asterisk's files, the settings
    (unless there are some), and a unit for systemd. Each is shown before. Lines that
    the PBX's own files need are printed, or put in with --apply-includes, between
    comments that `hotdesk uninstall` finds. A second run does what is missing.
    """
    where = placing.places(root, asterisk_dir, unit_dir, user)
    plan = installing.planned(
        where,
        Wishes(
            address=address,
            emergency_context=emergency_context,
            contexts=contexts,
            queues=queues,
        ),
    )
    changes = plan.own + (plan.included if apply_includes else [])
    placing.show(changes)
    if plan.insertions and not apply_includes:
        _say_lines(plan.insertions)
    if not changes:
        if not plan.insertions:
            output.say("Nothing to do.")
        return
    if dry_run:
        output.say(f"Nothing was written; files to write: {len(changes)}.")
        return
    asking.confirm(f"Write {len(changes)} files?", yes=yes)
    placing.make(changes)
    output.say(f"Files written: {len(changes)}.")
    _say_what_is_left(plan, contexts, where.user, apply_includes=apply_includes)


def _say_lines(insertions: Sequence[Insertion]) -> None:
    output.say("Your own files need these lines (--apply-includes puts them in):")
    for one in insertions:
        click.echo()
        click.secho(f"{one.file}, {one.where}: {one.why}", bold=True)
        for line in one.lines:
            click.echo(f"  {line}")
    click.echo()


def _say_what_is_left(
    plan: Installation, contexts: Sequence[str], user: str, *, apply_includes: bool
) -> None:
    steps = []
    if plan.insertions and not apply_includes:
        steps.append("put the lines above into your files")
    if not contexts:
        steps.append(
            "add include => hotdesk-users and include => hotdesk-codes to the context"
            " that colleagues dial from (--context does so)"
        )
    if user != "root":
        steps.append(
            f"run hotdesk as the user of the service: sudo -u {user} hotdesk …"
        )
    steps += [
        "restart Asterisk when no call would be cut",
        "systemctl daemon-reload && systemctl enable --now asterisk-hotdesk",
        "hotdesk check",
    ]
    output.say("What is left:")
    for number, step in enumerate(steps, 1):
        output.say(f"  {number}. {step}")
