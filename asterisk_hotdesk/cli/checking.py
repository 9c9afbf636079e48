"""`hotdesk check`: what is wrong here, and what helps."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from asterisk_hotdesk.cli import output
from asterisk_hotdesk.cli.opening import opened, settings
from asterisk_hotdesk.cli.options import asterisk_dir_option, json_option
from asterisk_hotdesk.doctor import Finding, Severity, examine
from asterisk_hotdesk.doctor.findings import error
from asterisk_hotdesk.doctor.looking import look
from asterisk_hotdesk.errors import ConfigError

WARNINGS, ERRORS = 5, 6
"""Exit codes; with notes only, all is well."""

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


@click.command()
@json_option
@asterisk_dir_option
@click.pass_context
def check(ctx: click.Context, as_json: bool, asterisk_dir: Path | None) -> None:
    """Look for what is wrong, and say what helps.

    Changes nothing. Looks at the settings, Asterisk's files, Asterisk itself (over AMI
    and ARI), the database, and the URL that phones are given. What cannot be looked at
    is a finding, too.

    Exit code: 0 if there are no findings but notes, 5 if there are warnings, 6 if there
    are errors.

    --json prints an object with the keys errors, warnings and notes (how many), and
    findings, a list of objects with the keys code, severity (error, warning or note),
    what and remedy. A code keeps its meaning for ever.
    """
    findings = _found(asterisk_dir)
    if as_json:
        output.as_json(_summary(findings))
    else:
        _print(findings)
    ctx.exit(_exit_code(findings))


def _found(asterisk_dir: Path | None) -> list[Finding]:
    try:
        config = settings()
    except ConfigError as problem:
        return [
            error(
                "settings-invalid",
                f"{problem} (nothing else was looked at)",
                "Put it right, or let hotdesk install write the settings.",
            )
        ]
    folder = asterisk_dir or config.asterisk.generated_dir.parent
    return examine(asyncio.run(look(config, folder, lambda: opened(config))))


def _count(findings: list[Finding], severity: Severity) -> int:
    return sum(finding.severity is severity for finding in findings)


def _summary(findings: list[Finding]) -> dict[str, Any]:
    counts = {f"{severity}s": _count(findings, severity) for severity in Severity}
    return {**counts, "findings": [vars(finding) for finding in findings]}


def _print(findings: list[Finding]) -> None:
    for finding in findings:
        severity = click.style(finding.severity, fg=_COLOURS[finding.severity])
        click.echo(f"{severity}: {output.printable(finding.what)} [{finding.code}]")
        click.echo(f"  -> {output.printable(finding.remedy)}")
    counts = [f"{severity}s: {_count(findings, severity)}" for severity in Severity]
    output.say("; ".join(counts) if findings else "Nothing is wrong.")


def _exit_code(findings: list[Finding]) -> int:
    if _count(findings, Severity.ERROR):
        return ERRORS
    return WARNINGS if _count(findings, Severity.WARNING) else 0
