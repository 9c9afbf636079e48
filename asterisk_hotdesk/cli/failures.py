"""What an error means to the administrator: an exit code and a few plain lines."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import click

from asterisk_hotdesk.errors import ConfigError, Fenced, Refused, Unavailable

log = logging.getLogger(__name__)

MISTAKE = 70
"""Our own mistake; the number is EX_SOFTWARE of sysexits.h."""

INTERRUPTED = 130

_CODES: tuple[tuple[type[Exception], int], ...] = (
    (Fenced, 4),
    (ConfigError, 2),
    (Unavailable, 3),
    (Refused, 1),
)
"""In this order they are looked for among errors that happened together."""


def explained(error: BaseException) -> tuple[int, list[str]]:
    """Return the exit code for *error* and the lines that say what is wrong."""
    match error:
        case click.exceptions.Exit():
            return error.exit_code, []
        case SystemExit():
            return error.code if isinstance(error.code, int) else MISTAKE, []
        case click.exceptions.NoArgsIsHelpError():
            return error.exit_code, error.format_message().splitlines()
        case click.UsageError():
            return error.exit_code, _usage(error)
        case click.ClickException():
            return error.exit_code, _lines(error.format_message())
        case click.Abort() if not isinstance(error.__cause__, KeyboardInterrupt):
            return 1, ["hotdesk: not answered; nothing was changed"]
        case KeyboardInterrupt() | click.Abort():
            return INTERRUPTED, ["hotdesk: interrupted"]
    causes = list(_causes(error))
    for kind, code in _CODES:
        for cause in causes:
            if isinstance(cause, kind):
                return code, _lines(str(cause))
    log.debug("a mistake of ours", exc_info=error)
    return MISTAKE, _lines(_mistake(causes))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield *error*, or each of those that happened together."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _causes(inner)
    else:
        yield error


def _mistake(causes: list[BaseException]) -> str:
    # Only texts of the operating system are repeated: others may quote a secret.
    said = sorted(
        {str(c) if isinstance(c, OSError) else type(c).__name__ for c in causes}
    )
    return f"unexpected: {'; '.join(said)} (hotdesk --verbose shows where)"


def _usage(error: click.UsageError) -> list[str]:
    lines = _lines(error.format_message())
    if error.ctx is not None:
        lines.append(f"hotdesk: see {error.ctx.command_path} --help")
    return lines


def _lines(text: str) -> list[str]:
    return [f"hotdesk: {line}" for line in text.splitlines()]
