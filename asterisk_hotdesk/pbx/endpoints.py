"""The PJSIP endpoints of devices: written over ARI, kept by Asterisk in AstDB."""

from __future__ import annotations

import json
from collections.abc import Mapping

from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.pbx.ami import AmiRefused
from asterisk_hotdesk.pbx.ari import Ari, AriRefused
from asterisk_hotdesk.pbx.routes import Routes

_STORED = "hotdesk_endpoint/endpoint"
"""Where the line `endpoint=astdb,hotdesk_endpoint` of sorcery.conf puts them."""

_LONGEST_STORED = 900
"""An AMI line has at most 1,024 bytes."""


class Endpoints:
    """The endpoints of one Asterisk that are ours."""

    def __init__(self, ari: Ari, routes: Routes) -> None:
        self._ari = ari
        self._routes = routes

    async def read(self, name: str) -> dict[str, str] | None:
        """Return all fields of the endpoint *name*, or None."""
        return await self._ari.endpoint(name)

    async def write(self, name: str, fields: Mapping[str, str]) -> None:
        """Give the endpoint *name* these fields; in force for the next call.

        Raises `Unavailable` where Asterisk cannot store it.
        """
        try:
            await self._ari.put_endpoint(name, fields)
        except AriRefused as refused:
            raise Unavailable(
                f"Asterisk refuses to write the endpoint {name} (HTTP"
                f" {refused.status}); compare sorcery.conf with the README, and look"
                " for an endpoint of this name in pjsip.conf"
            ) from None

    async def delete(self, name: str) -> None:
        """Remove the endpoint *name*; it is no error if there is none."""
        await self._ari.delete_endpoint(name)

    async def tidy(self, name: str, fields: Mapping[str, str]) -> None:
        """Take from what Asterisk stored all that is not in *fields*.

        Asterisk stores every field there is, also the abolished `stir_shaken`, and
        then warns of it each time it reads the endpoint: six times for a REGISTER,
        eight times for a call (seen with 22.10.1).  The values stay in Asterisk's own
        words.  Where anything is unusual, everything stays as it is.
        """
        entry = f"{_STORED}/{name}"
        try:
            stored = json.loads(await self._routes.read(entry) or "")
        except ValueError:
            return
        if not isinstance(stored, dict) or "stir_shaken" not in stored:
            return
        # What is empty is so by default.
        kept = {field: stored[field] for field in fields if stored.get(field)}
        text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
        # `disallow` and `allow` are stored as one.
        if not {f for f in fields if fields[f]} - {"disallow"} <= set(kept):
            return
        if len(text.encode()) > _LONGEST_STORED or not text.isprintable():
            return
        try:
            await self._routes.write(entry, text)
        except AmiRefused:
            return
