"""Templates: the administrator's own before ours, and what they may write."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from asterisk_hotdesk.errors import HotdeskError


class TemplateProblem(HotdeskError):
    """A template of the administrator's cannot be used; names file, line and why."""


@cache
def environment(templates_dir: Path | None) -> jinja2.Environment:
    """Return where templates come from: *templates_dir* first, then this package."""
    loaders: list[jinja2.BaseLoader] = [
        jinja2.PackageLoader("asterisk_hotdesk.templates", "")
    ]
    if templates_dir:
        loaders.insert(0, jinja2.FileSystemLoader(templates_dir))
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
