"""Do-not-disturb and call forwards, as the PBX's own dialplan keeps them in AstDB."""

from __future__ import annotations

from dataclasses import dataclass

from asterisk_hotdesk.config import FeaturesConfig
from asterisk_hotdesk.model import User
from asterisk_hotdesk.pbx.routes import Routes

_OFF = frozenset({"", "0", "no", "off", "false"})


@dataclass(frozen=True)
class CallsOf:
    """What becomes of somebody's calls."""

    do_not_disturb: bool = False
    forwarded_to: str = ""
    """Empty: they are not forwarded."""


class Features:
    """What the PBX has switched on for its users; read only."""

    def __init__(self, routes: Routes, config: FeaturesConfig) -> None:
        self._routes = routes
        self._config = config

    async def calls_of(self, user: User) -> CallsOf:
        """Return what is on now.  Raises `Unavailable`."""
        silent = self._config.do_not_disturb
        return CallsOf(
            do_not_disturb=silent is not None
            and (await self._value(silent, user)).lower() not in _OFF,
            forwarded_to=await self._target(user),
        )

    async def _target(self, user: User) -> str:
        for entry in self._config.forward:
            if (target := await self._value(entry, user)).lower() not in _OFF:
                return target
        return ""

    async def _value(self, entry: str, user: User) -> str:
        path = entry.replace("EXTENSION", user.extension)
        return await self._routes.read(path.replace("ACCOUNT", user.account)) or ""
