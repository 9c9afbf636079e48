"""The variables in a snom's Action URLs and key URLs.

Sources: snom's wiki ("Web Interface/V8/Action URL Settings", "Triggering an XML
Minibrowser application").
"""

import re
import urllib.parse
from collections.abc import Mapping

from tests.lab.snom_settings import (
    IDENTITY_SETTINGS,
    PHONE_SETTINGS,
    SECRETS,
    BadSettings,
    Setting,
)

RUNTIME = frozenset(
    """
    mac local remote active_url active_user active_host csta_id call-id display_local
    display_remote expansion_module active_key phone_ip nr_ongoing_calls context_url
    cancel_reason
    """.split()  # noqa: SIM905
)
VARIABLE = re.compile(r"\$([A-Za-z][\w-]*)(&?)")


def resolved(
    url: str, runtime: Mapping[str, str], values: Mapping[Setting, str]
) -> str:
    """The URL with its variables filled in, secrets with nothing, as snom does it.

    Raises BadSettings for a variable that a snom would not recognise.
    """
    path, question, query = url.partition("?")

    def in_path(found: re.Match[str]) -> str:
        if not found[2]:  # "/$mac/x": snom needs "/$mac&/x"
            raise BadSettings(f"${found[1]} in a path has no & after it")
        return _value(found[1], runtime, values)

    def in_query(found: re.Match[str]) -> str:
        return _value(found[1], runtime, values) + found[2]

    return VARIABLE.sub(in_path, path) + question + VARIABLE.sub(in_query, query)


def _value(name: str, runtime: Mapping[str, str], values: Mapping[Setting, str]) -> str:
    if name in RUNTIME:
        return urllib.parse.quote(runtime.get(name, ""), safe="")
    setting = name.rstrip("0123456789")
    identity = name.removeprefix(setting)
    if setting in SECRETS:
        return ""
    if setting in IDENTITY_SETTINGS and identity:
        return urllib.parse.quote(values.get((setting, int(identity)), ""), safe="")
    if name in PHONE_SETTINGS:
        return urllib.parse.quote(values.get((name, 0), ""), safe="")
    raise BadSettings(f"unknown variable ${name}")
