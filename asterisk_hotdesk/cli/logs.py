"""What the daemon logs, on stderr: one line for each thing that happened."""

from __future__ import annotations

import logging
import os
import sys

_COLOURS = {logging.WARNING: "33", logging.ERROR: "31", logging.CRITICAL: "31"}


def log_to_stderr(level: int) -> None:
    """Log to stderr: our own steps from *level* on, and what libraries warn of."""
    writer = logging.StreamHandler(sys.stderr)
    writer.setFormatter(
        _OneLine(
            # The journal has its own clock.
            with_time="JOURNAL_STREAM" not in os.environ,
            with_traces=level == logging.DEBUG,
            coloured=sys.stderr.isatty() and "NO_COLOR" not in os.environ,
        )
    )
    logging.basicConfig(
        handlers=[writer], level=max(level, logging.WARNING), force=True
    )
    logging.getLogger("asterisk_hotdesk").setLevel(level)
    # The pool tells of each attempt to connect; our own errors say it once.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)


class _OneLine(logging.Formatter):
    """Keeps what strangers sent from looking like lines of our own."""

    def __init__(self, *, with_time: bool, with_traces: bool, coloured: bool) -> None:
        time = "%(asctime)s " if with_time else ""
        super().__init__(f"{time}%(levelname)s %(name)s: %(message)s")
        self._with_traces = with_traces
        self._coloured = coloured

    def format(self, record: logging.LogRecord) -> str:
        line = self.formatMessage(self._filled(record))
        line = "".join(c if c.isprintable() else " " for c in line)
        if record.exc_info and record.exc_info[1]:
            if self._with_traces:
                line += "\n" + self.formatException(record.exc_info)
            else:
                line += f" ({type(record.exc_info[1]).__name__})"
        colour = _COLOURS.get(record.levelno)
        return f"\033[{colour}m{line}\033[0m" if self._coloured and colour else line

    def _filled(self, record: logging.LogRecord) -> logging.LogRecord:
        record.message = record.getMessage()
        record.asctime = self.formatTime(record)
        return record
