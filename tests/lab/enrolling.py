"""Enrol the lab's devices as their phones would: a first fetch gives the steady URL."""

from __future__ import annotations

import json
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Callable
from subprocess import CompletedProcess


def steady_urls(
    hotdesk: Callable[..., CompletedProcess[str]], *devices: str
) -> dict[str, str]:
    """Return where the phones of *devices* fetch from now on, by device name.

    *hotdesk* runs the command with its arguments; the service must be running.  They
    ask for the file of a snom, which names that URL in a way that is easy to read.
    """
    opened = json.loads(hotdesk("device", "enrol", *devices, "--json").stdout)
    return {one["name"]: _steady(f"{one['url']}{one['mac']}.xml") for one in opened}


def _steady(bootstrap_url: str) -> str:
    with urllib.request.urlopen(bootstrap_url, timeout=10) as answer:  # noqa: S310
        settings = ET.fromstring(answer.read())  # noqa: S314 - our own server's
    found = settings.findtext(".//setting_server")
    assert found is not None
    return found
