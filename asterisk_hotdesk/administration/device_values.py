"""What an administrator may say about a device; each wrong value is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from asterisk_hotdesk.administration import logout_values, values
from asterisk_hotdesk.errors import Invalid

_OF_DESKS: dict[str, Callable[[str], Any]] = {
    "location": values.location,
    "emergency_number": values.emergency_number,
    "language": values.language,
}

_OF_PHONES: dict[str, Callable[[str], Any]] = {
    "transport": values.transport,
    "srtp": values.srtp,
    "codecs": values.codecs,
    "timezone": values.time_zone,
    "outbound_proxy": values.outbound_proxy,
    "hot_desk_key": values.hot_desk_key,
    "keep_key_positions": values.keep_key_positions,
    **logout_values.CHECKS,
}

OF_PHONES = tuple(_OF_PHONES)
"""The columns of a CSV file for what `model.DeviceOptions` holds."""

OF_SITTERS = ("first_user", "base_user")
"""And for who sits at a device from its phone's first start on."""


def of_desk(given: Mapping[str, str]) -> dict[str, Any]:
    """Return fields of `Device` for what is *given* of its desk.

    Raises `Invalid` that names what is wrong.
    """
    return {
        name: check(given[name]) for name, check in _OF_DESKS.items() if name in given
    }


def options(given: Mapping[str, str]) -> dict[str, Any]:
    """Return fields of `DeviceOptions` for what is *given*; an empty text is a default.

    Raises `Invalid` that names what is wrong.
    """
    return {
        name: check(given[name]) for name, check in _OF_PHONES.items() if name in given
    }


def sitter(given: Mapping[str, str]) -> tuple[str, bool] | None:
    """Return whose extension is *given*, and whether that user comes back; else None.

    An empty extension is nobody.
    """
    first, base = given.get("first_user"), given.get("base_user")
    if first and base:
        raise Invalid("first user and base user: expected only one of them")
    if first is None and base is None:
        return None
    return values.somebody(base or first or ""), bool(base)
