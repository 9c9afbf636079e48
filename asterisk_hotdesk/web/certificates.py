"""What a phone's client certificate says: a genuine phone with this MAC address."""

from __future__ import annotations

import re
from typing import Literal

from aiohttp import web


def names_mac(
    request: web.Request, mac: str, wanted: Literal["off", "optional", "required"]
) -> bool:
    """Return whether the client's certificate allows it to ask for *mac*.

    TLS has checked the chain.  The vendors write the MAC address into the subject,
    each in its own way (bare, with colons, as part of a name), so every value of the
    subject is searched.
    """
    if wanted == "off":
        return True
    transport = request.transport
    shown = transport.get_extra_info("peercert") if transport else None
    if not shown:
        return wanted == "optional"
    values = (value for group in shown.get("subject", ()) for _, value in group)
    return any(mac in re.sub("[:.-]", "", value).lower() for value in values)
