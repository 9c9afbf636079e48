"""docs/settings.md names every setting, with the default that it has."""

from __future__ import annotations

import json
import re
from enum import Enum
from pathlib import Path

from pydantic import BaseModel

from asterisk_hotdesk.config import Config

TEXT = (Path(__file__).parents[2] / "docs/settings.md").read_text()


def written(default: object) -> str:
    """Return how the page writes *default*."""
    match default:
        case None:
            return "not set"
        case dict():
            return "empty"
        case Enum():
            return f"`{json.dumps(default.value)}`"
        case Path():
            return f'`"{default}"`'
        case _:
            return f"`{json.dumps(default)}`"


def settings(table: type[BaseModel]) -> dict[str, str]:
    """Return the default of each key of *table*, as the page writes it."""
    return {
        field.alias or name: "must be set"
        if field.is_required()
        else written(field.get_default(call_default_factory=True))
        for name, field in table.model_fields.items()
    }


def described(part: str) -> dict[str, str]:
    """Return the defaults that a part of the page tells, by key."""
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]*?) \| [^|\s]", part, re.MULTILINE))


def test_every_setting_is_described_with_its_default() -> None:
    tables = {
        f"[{name}]": field.annotation
        for name, field in Config.model_fields.items()
        if isinstance(field.annotation, type)
        and issubclass(field.annotation, BaseModel)
    }
    parts = dict(re.findall(r"^## (\[\w+\])\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))

    for name, table in tables.items():
        assert described(parts.pop(name)) == settings(table), name
    # Tables in which the administrator chooses the keys.
    assert set(parts) == {"[endpoint]"}
