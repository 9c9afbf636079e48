"""Phones say by themselves that they have started, or registered.

Source: snom's Action URLs, `action_setup_url` and `action_log_on_url`.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from aiohttp import web

from asterisk_hotdesk.model import Desk
from asterisk_hotdesk.networks import Networks
from asterisk_hotdesk.tokens import TOKEN_DIGITS

PATH = (
    f"/a/{{token:[0-9a-f]{{{TOKEN_DIGITS}}}}}/{{mac:[0-9a-f]{{12}}}}"
    "/{sign:boot|registered}"
)


class Tokens(Protocol):
    """Who knows the phones' tokens."""

    async def opens(self, mac: str, token: str) -> Desk | None:
        """Return the desk of the phone with *mac* if *token* is its steady one."""


class Proof(Protocol):
    """Who keeps what phones have proven."""

    def started(self, device_name: str) -> None:
        """The phone says that it has just started."""


class Registered(Protocol):
    """Who tells phones what they missed or forgot."""

    def note_registered(self, device: str) -> None:
        """The phone is back."""


class Signs:
    """Hears what phones say by themselves."""

    def __init__(
        self,
        networks: Networks,
        tokens: Tokens,
        proof: Proof,
        *tellers: Registered,
    ) -> None:
        self._networks = networks
        self._tokens = tokens
        self._proof = proof
        self._tellers = tellers
        # Logins share the connections to the database with whoever asks here.
        self._turn = asyncio.Lock()

    async def hear(self, request: web.Request) -> web.Response:
        """Take a sign; a phone shows nothing of an empty answer."""
        about = request.match_info
        if not self._networks.allow(request.remote or ""):
            raise web.HTTPNotFound
        async with self._turn:
            desk = await self._tokens.opens(about["mac"], about["token"])
        if desk is None:
            raise web.HTTPNotFound
        if about["sign"] == "boot":
            self._proof.started(desk.device.name)
        else:
            for teller in self._tellers:
                teller.note_registered(desk.device.name)
        return web.Response(text="", headers={"Cache-Control": "no-store"})
