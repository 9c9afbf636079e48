"""A phone fetches its configuration, and the fetch is the proof of a switch."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal, Protocol

from aiohttp import web

from asterisk_hotdesk.config import Config, ProvisioningConfig
from asterisk_hotdesk.enrolment import Admitted, Request
from asterisk_hotdesk.model import PhoneKind
from asterisk_hotdesk.phones import (
    Document,
    PhoneFile,
    PhoneSettings,
    TemplateProblem,
    kind_of_user_agent,
    mac_in_user_agent,
    phone_file,
    render,
)
from asterisk_hotdesk.tokens import TOKEN_DIGITS, token_hash
from asterisk_hotdesk.web.certificates import names_mac
from asterisk_hotdesk.web.guard import Guard
from asterisk_hotdesk.web.urls import phone_settings

log = logging.getLogger(__name__)

MOST_KEPT = 2000
"""Configurations in memory, about 8 kB each."""

MOST_AT_ONCE = 6
"""Questions to the database: fewer than it has connections, so that logins find one."""

USER_AGENT_LENGTH = 200

PATH = f"/p/{{token:[0-9a-f]{{{TOKEN_DIGITS}}}}}/{{file:[0-9A-Za-z._-]{{1,64}}}}"


class Enrolment(Protocol):
    """Who decides which phone gets what."""

    async def admit(self, request: Request) -> Admitted | None:
        """Return what the phone may have; None: nothing."""

    async def note_stranger(
        self, mac: str, kind: PhoneKind, *, address: str, by: Literal["http"]
    ) -> None:
        """Keep that a phone asked which got nothing."""

    async def note_sweep(self, address: str) -> None:
        """Keep that *address* asks for one phone after the other."""


class Proof(Protocol):
    """Who keeps what phones have proven."""

    def fetched(
        self, device_name: str, generation: int, user_agent: str, address: str
    ) -> None:
        """The phone has the configuration of *generation*."""


@dataclass(frozen=True, kw_only=True)
class _Kept:
    token_hash: bytes = field(repr=False)
    kind: PhoneKind
    device_name: str
    generation: int
    document: Document = field(repr=False)


class Configurations:
    """Serves configurations; keeps those that nothing has changed since."""

    def __init__(self, config: Config, enrolment: Enrolment, proof: Proof) -> None:
        provisioning: ProvisioningConfig = config.provisioning
        self._config = config
        self._enrolment = enrolment
        self._proof = proof
        self._guard = Guard(
            provisioning.allowed_networks,
            misses_per_minute=provisioning.misses_per_minute,
            sweep_macs=provisioning.sweep_macs,
        )
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._kept: OrderedDict[PhoneFile, _Kept] = OrderedDict()
        self._kept_of: dict[str, set[PhoneFile]] = {}
        self._forgotten = 0
        self.hears_changes = False
        """Whether every change of the database comes to `forget`; else nothing is
        kept."""

    def forget(self, device_names: Collection[str]) -> None:
        """Serve these devices anew: something about them is different now."""
        self._forgotten += 1
        for name in device_names:
            for file in self._kept_of.pop(name, ()):
                self._kept.pop(file, None)

    def forget_all(self) -> None:
        """Serve every device anew."""
        self._forgotten += 1
        self._kept.clear()
        self._kept_of.clear()

    async def serve(self, http: web.Request) -> web.StreamResponse:
        """Answer a phone's request for a file.

        Whoever has no right to it gets the same 404, whether there is such a phone or
        not.
        """
        user_agent = _printable(http.headers.get("User-Agent", ""))
        file = phone_file(http.match_info["file"])
        if file is None or not self._guard.allows(http.remote or ""):
            raise web.HTTPNotFound
        token = http.match_info["token"]
        kind = kind_of_user_agent(user_agent)
        kept = self._kept_for(http, file, token, kind)
        if kept is None:
            kept = await self._served_anew(http, file, token, kind, user_agent)
        if kept is None:
            return await self._nothing(http, file, kind)
        answer = _answer(http, kept.document)
        await answer.prepare(http)
        await answer.write_eof()
        if http.method == "GET" and kept.document.names_login:
            self._proof.fetched(
                kept.device_name, kept.generation, user_agent, http.remote or ""
            )
        return answer

    def _kept_for(
        self, http: web.Request, file: PhoneFile, token: str, kind: PhoneKind
    ) -> _Kept | None:
        kept = self._kept.get(file)
        if kept is None or not self.hears_changes or kept.kind != kind:
            return None
        # Not in constant time: what is compared is a hash.
        if kept.token_hash != token_hash(token) or not names_mac(
            http, file.mac, self._config.provisioning.client_certificates
        ):
            return None
        self._kept.move_to_end(file)
        return kept

    async def _served_anew(
        self,
        http: web.Request,
        file: PhoneFile,
        token: str,
        kind: PhoneKind,
        user_agent: str,
    ) -> _Kept | None:
        claimed_mac = mac_in_user_agent(user_agent)
        believable = claimed_mac in (None, file.mac) and names_mac(
            http, file.mac, self._config.provisioning.client_certificates
        )
        async with self._turns:
            forgotten = self._forgotten
            admitted = await self._enrolment.admit(
                Request(
                    mac=file.mac,
                    token=token,
                    kind=kind,
                    address=http.remote or "",
                    believable=believable,
                    may_enrol=self._guard.trusts(http.remote or ""),
                )
            )
        if admitted is None:
            return None
        served = _Kept(
            token_hash=token_hash(admitted.token),
            kind=kind,
            device_name=admitted.desk.device.name,
            generation=admitted.desk.generation,
            document=self._rendered(file, admitted, kind),
        )
        # What was read before a change must not be kept after it, and the first use of
        # a new token must not be answered from memory: it ends the enrolment.
        if (
            self.hears_changes
            and forgotten == self._forgotten
            and admitted.token == token
        ):
            self._keep(file, served)
        return served

    def _rendered(
        self, file: PhoneFile, admitted: Admitted, kind: PhoneKind
    ) -> Document:
        settings: PhoneSettings = phone_settings(
            self._config, admitted.token, file.mac, admitted.desk.device.account
        )
        try:
            return render(file, admitted.desk, admitted.keys, settings, kind)
        except TemplateProblem as problem:
            log.error("%s; our own template is used", problem)
            return render(
                file, admitted.desk, admitted.keys, settings, kind, overrides=False
            )

    def _keep(self, file: PhoneFile, served: _Kept) -> None:
        self._kept[file] = served
        self._kept_of.setdefault(served.device_name, set()).add(file)
        if len(self._kept) > MOST_KEPT:
            oldest, gone = self._kept.popitem(last=False)
            self._kept_of.get(gone.device_name, set()).discard(oldest)

    async def _nothing(
        self, http: web.Request, file: PhoneFile, kind: PhoneKind
    ) -> web.StreamResponse:
        address = http.remote or ""
        trusted = self._guard.trusts(address)
        sweeps = self._guard.missed(address, file.mac)
        if not trusted:
            raise web.HTTPTooManyRequests(headers={"Retry-After": "60"})
        # Answered first: how long it takes to keep it must tell nothing.
        answer = web.Response(status=404, text="404: Not Found")
        await answer.prepare(http)
        await answer.write_eof()
        if sweeps:
            await self._enrolment.note_sweep(address)
        if kind.vendor:
            await self._enrolment.note_stranger(
                file.mac, kind, address=address, by="http"
            )
        return answer


def _answer(http: web.Request, document: Document) -> web.Response:
    answer = web.Response(
        text=document.text,
        content_type=document.content_type,
        charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )
    # A phone asks once and goes; thousands of open connections would be kept for it.
    answer.force_close()
    return answer


def _printable(user_agent: str) -> str:
    return "".join(filter(str.isprintable, user_agent))[:USER_AGENT_LENGTH]
