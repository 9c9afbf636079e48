"""Times as administrators write them: a date, a time, or how long ago."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import click

from asterisk_hotdesk.cli.opening import now

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

_EXPECTED = "expected 2026-11-23, 2026-11-23T08:30, or how long ago: 90m, 12h, 7d, 2w"


def moment_given(text: str, now: datetime) -> datetime:
    """Return the moment that *text* means; raise `ValueError` that says what is wrong.

    A date is its beginning, in the time zone of this machine unless it names one.
    """
    ago = re.fullmatch(r"([0-9]{1,4}) *([mhdw])", text.strip())
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r}: {_EXPECTED}") from None


class _Moment(click.ParamType[datetime]):
    name = "when"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            return moment_given(str(value), now())
        except ValueError as error:
            self.fail(str(error), param, ctx)


MOMENT = _Moment()
