"""Templates: the administrator's own before ours, and what they may write."""

from __future__ import annotations

import re
import traceback
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from asterisk_hotdesk.errors import HotdeskError


class TemplateProblem(HotdeskError):
    """A template of the administrator's cannot be used; names file, line and why."""


def fill(name: str, variables: dict[str, Any], templates_dir: Path | None) -> str:
    """Return the template *name* (`yealink/settings.cfg.j2`) with its *variables*.

    A file of that name in *templates_dir* wins over ours; there, `ours/NAME` is our
    template, to extend.  Raise TemplateProblem if the administrator's cannot be used.
    """
    is_xml = ".xml." in name
    if templates_dir is not None:
        try:
            return (
                _overrides(templates_dir, is_xml).get_template(name).render(variables)
            )
        except jinja2.TemplateNotFound as error:
            if error.name != name:
                raise TemplateProblem(
                    f"{templates_dir / name} needs {error.name}, which does not exist"
                ) from None
        except Exception as error:
            raise TemplateProblem(
                f"{_place(error, templates_dir) or templates_dir / name}:"
                f" {_reason(error)}; correct it, or remove it to use ours"
            ) from None
    return _ours(is_xml).get_template(name).render(variables)


def one_line(text: str) -> str:
    """Return *text* on one line, without the characters that XML 1.0 forbids."""
    # Nearly all of a configuration is like this, and so is done in half the time.
    if text.isascii() and text.isprintable():
        return text
    text = re.sub("[\t\n\r]+", " ", text)
    return re.sub("[^ -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


@cache
def _ours(is_xml: bool) -> jinja2.Environment:
    return _environment(_our_loader(), is_xml)


@cache
def _overrides(templates_dir: Path, is_xml: bool) -> jinja2.Environment:
    # Ours are not simply behind theirs: Jinja would not look for a new override of a
    # template that it has loaded before.
    return _environment(
        jinja2.ChoiceLoader(
            [
                jinja2.FileSystemLoader(templates_dir),
                jinja2.PrefixLoader({"ours": _our_loader()}),
            ]
        ),
        is_xml,
    )


def _our_loader() -> jinja2.BaseLoader:
    return jinja2.PackageLoader("asterisk_hotdesk.templates", "")


def _environment(loader: jinja2.BaseLoader, is_xml: bool) -> jinja2.Environment:
    return jinja2.Environment(
        loader=loader,
        autoescape=is_xml,  # noqa: S701 - what is not XML has an escape of its own
        finalize=_xml_text if is_xml else _cfg_value,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _xml_text(value: object) -> str:
    return value if isinstance(value, Markup) else one_line(str(value))


def _cfg_value(value: object) -> str:
    """Return *value* so that it stays one value of a `key = value` line.

    An empty one becomes `%NULL%`, by which Yealink empties a setting; nobody's name
    can be a word of this kind.
    """
    text = re.sub("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+", " ", str(value))
    text = re.sub(r"^%(\w*)%$", r"\1", text.strip())
    return text or "%NULL%"


def _place(error: Exception, templates_dir: Path) -> str | None:
    """Return file and line of the administrator's template where *error* arose."""
    if isinstance(error, jinja2.TemplateSyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if Path(frame.filename).is_relative_to(templates_dir):
            return f"{frame.filename}, line {frame.lineno}"
    return None


def _reason(error: Exception) -> str:
    """Return what is wrong, but no text that may quote a value: it may be a secret."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.message or "is not a template"
    if isinstance(error, jinja2.UndefinedError):
        name = re.match(r"'\w+' is undefined$", error.message or "")
        return name[0] if name else "uses an attribute that does not exist"
    return type(error).__name__
