"""Custom device states of desks, for the lamps of whoever watches a desk.

`Custom:hotdesk-HD0001` is in use while somebody is logged in there, and not in use
while nobody is.  Asterisk keeps them in AstDB over restarts.
Source: Asterisk documentation, function DEVICE_STATE.
"""

from __future__ import annotations

from asterisk_hotdesk.pbx.ami import Ami, AmiRefused
from asterisk_hotdesk.pbx.ari import Ari

IN_USE, NOT_IN_USE = "INUSE", "NOT_INUSE"

_FAMILY = "CustomDevstate"
_PREFIX = "hotdesk-"


class DeviceStates:
    """The custom device states of one Asterisk that are ours."""

    def __init__(self, ari: Ari, slow: Ami) -> None:
        self._ari = ari
        self._slow = slow

    async def all(self) -> dict[str, str]:
        """Return the states that there are, by name of the device."""
        try:
            found = await self._slow.listing("DBGetTree", {"Family": _FAMILY})
        except AmiRefused:
            # Asterisk calls an empty tree an error.
            return {}
        start = f"/{_FAMILY}/{_PREFIX}"
        return {
            m["key"].removeprefix(start): m["val"]
            for m in found
            if m.get("key", "").startswith(start)
        }

    async def set(self, device: str, state: str) -> None:
        """Let everybody who watches *device* see *state*.

        Over ARI, which sets a function as it does a variable: AMI's Setvar needs the
        right `call`, with which one may do much more.
        """
        await self._ari.set_global_variable(
            f"DEVICE_STATE(Custom:{_PREFIX}{device})", state
        )

    async def forget(self, device: str) -> None:
        """Let *device*, which exists no more, have no state."""
        await self.set(device, "UNKNOWN")
        try:
            await self._slow.action(
                "DBDel", {"Family": _FAMILY, "Key": f"{_PREFIX}{device}"}
            )
        except AmiRefused:
            # There was none.
            return
