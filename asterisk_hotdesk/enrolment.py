"""Which phone gets a device's configuration, and with which token.

A MAC address is no secret, so it opens nothing.  A phone's first fetch needs a token
of the enrolment (the one that PnP or an administrator gave it, or the account's, which
DHCP tells everybody) and an enrolment that is open: for some minutes, for some
deliveries.  What it gets holds a steady token of its own; the first fetch with that
ends the enrolment, and from then on nothing else opens the configuration.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from asterisk_hotdesk.config import ProvisioningConfig
from asterisk_hotdesk.model import Change, Desk, PhoneKind, Source, UserKey
from asterisk_hotdesk.store import (
    Database,
    Tx,
    discovered,
    events,
    phones,
)
from asterisk_hotdesk.store.events import Event
from asterisk_hotdesk.tokens import account_token, new_token, token_hash

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A phone asks for its configuration."""

    mac: str
    token: str = field(repr=False)
    kind: PhoneKind
    address: str
    believable: bool
    """Whether all that it says of itself names the same MAC address."""
    may_enrol: bool
    """Whether it may use a token of the enrolment, too."""


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """What a phone may have."""

    desk: Desk
    keys: tuple[UserKey, ...]
    token: str = field(repr=False)
    """The one that it shall use from now on."""


class Enrolment:
    """Decides over requests; every decision is one transaction."""

    def __init__(
        self,
        database: Database,
        config: ProvisioningConfig,
        key: bytes,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._config = config
        self._key = key
        self._now = now

    async def admit(self, request: Request) -> Admitted | None:
        """Return what the phone may have; None: nothing.

        Unknown, disabled and wrong cost the same question to the database.
        """
        async with self._database.question() as tx:
            phone, allowed_in = await phones.find(tx, request.mac)
        if phone and request.believable and _has_settled(phone, request):
            return Admitted(desk=phone.desk, keys=phone.keys, token=request.token)
        account = phone.desk.device.account if phone else allowed_in
        knows_a_token = self._is_of_account(request.token, account) | (
            phone is not None and _knows(phone, request.token)
        )
        if not request.believable or not knows_a_token:
            return None
        return await self._admit_newcomer(request)

    async def _admit_newcomer(self, request: Request) -> Admitted | None:
        async with self._database.transaction() as tx:
            phone, allowed_in = await phones.find(tx, request.mac)
            if phone is None and allowed_in and self._may_claim(request, allowed_in):
                asked = Source("http", address=request.address)
                await self._claim(tx, request.mac, allowed_in, asked)
                phone, _ = await phones.find(tx, request.mac)
            if phone is None or not phone.desk.device.enabled:
                return None
            token = await self._opened(tx, request, phone)
            if token is None:
                return None
            if request.kind.vendor:
                await phones.note_kind(tx, phone.desk.device, request.kind)
        return Admitted(desk=phone.desk, keys=phone.keys, token=token)

    async def opens(self, mac: str, token: str) -> Desk | None:
        """Return the desk of the phone with *mac* if *token* is its steady one."""
        async with self._database.question() as tx:
            phone, _ = await phones.find(tx, mac)
        if phone is None or not phone.desk.device.enabled:
            return None
        return phone.desk if _known(phone, token_hash(token), "steady") else None

    async def bootstrap_token(self, mac: str, address: str = "") -> str | None:
        """Return a token for the first fetch of the phone with *mac* at *address*.

        None: it is no device and may not become one, or its enrolment is over.
        """
        now = self._now()
        async with self._database.transaction() as tx:
            phone, allowed_in = await phones.find(tx, mac)
            if phone is None and allowed_in:
                asked = Source("pnp", address=address)
                await self._claim(tx, mac, allowed_in, asked)
                phone, _ = await phones.find(tx, mac)
            if phone is None or not _is_open(phone, now):
                return None
            token = new_token()
            device = phone.desk.device
            await phones.add_token(tx, device, token_hash(token), "bootstrap", now)
        return token

    async def note_stranger(
        self, mac: str, kind: PhoneKind, *, address: str, by: discovered.By
    ) -> None:
        """Keep that a phone asked which is no device, for administrators to assign."""
        async with self._database.transaction() as tx:
            phone, _ = await phones.find(tx, mac)
            if phone is None:
                await discovered.note(
                    tx, mac, kind, address=address, by=by, now=self._now()
                )

    async def note_sweep(self, address: str) -> None:
        """Keep that *address* asks for one phone after the other."""
        log.warning("%s asks for the configurations of many phones", address)
        async with self._database.transaction() as tx:
            await events.record(
                tx,
                Event(at=self._now(), what="mac_sweep", by="http", address=address),
            )

    def _may_claim(self, request: Request, account: str) -> bool:
        return (
            request.believable
            and request.may_enrol
            and self._is_of_account(request.token, account)
        )

    def _is_of_account(self, token: str, account: str | None) -> bool:
        """Return whether *token* is the account's; None takes as long and is not."""
        right = hmac.compare_digest(token, account_token(self._key, account or ""))
        return right and account is not None

    async def _claim(self, tx: Tx, mac: str, account: str, asked: Source) -> None:
        now = self._now()
        until = now + timedelta(minutes=self._config.enrolment_minutes)
        deliveries = self._config.enrolment_deliveries
        name = await phones.claim(tx, mac, account, until, deliveries)
        if name is None:
            return
        await discovered.forget(tx, mac)
        await events.record(
            tx,
            Event(
                at=now,
                what="device_claimed",
                code=mac,
                account=account,
                device=name,
                by=asked.by,
                address=asked.address,
            ),
        )
        await _tell_everybody(tx, name)
        log.info("%s is %s from now on", mac, name)

    async def _opened(
        self, tx: Tx, request: Request, phone: phones.Phone
    ) -> str | None:
        """Return the token that the phone shall use from now on; None: a wrong one."""
        now, device = self._now(), phone.desk.device
        asked = token_hash(request.token)
        steady = _known(phone, asked, "steady")
        enrolling = _known(phone, asked, "bootstrap") is not None
        enrolling |= self._is_of_account(request.token, device.account)
        if steady:
            if not steady.used:
                await phones.use_steady(tx, device, asked, now)
                await events.record(
                    tx,
                    Event(
                        at=now,
                        what="device_enrolled",
                        account=device.account,
                        device=device.name,
                        by="http",
                        address=request.address,
                    ),
                )
                await _tell_everybody(tx, device.name)
            return request.token
        if not (enrolling and request.may_enrol):
            return None
        if not await phones.take_delivery(tx, device, now):
            return None
        token = new_token()
        await phones.add_token(tx, device, token_hash(token), "steady", now)
        return token


async def _tell_everybody(tx: Tx, device_name: str) -> None:
    """Announce that a device has changed, to our own process too."""
    change = Change(devices=frozenset({device_name}))
    await events.announce(tx, change, origin="enrolment")


def _has_settled(phone: phones.Phone, request: Request) -> bool:
    """Return whether the phone may fetch, and the fetch changes nothing."""
    steady = _known(phone, token_hash(request.token), "steady")
    device = phone.desk.device
    return (
        device.enabled
        and steady is not None
        and steady.used
        and request.kind in (device.phone, PhoneKind())
    )


def _knows(phone: phones.Phone, token: str) -> bool:
    asked = token_hash(token)
    return any(hmac.compare_digest(one.hash, asked) for one in phone.tokens)


def _known(
    phone: phones.Phone, asked: bytes, kind: phones.TokenKind
) -> phones.Token | None:
    found = None
    for token in phone.tokens:
        if hmac.compare_digest(token.hash, asked) and token.kind == kind:
            found = token
    return found


def _is_open(phone: phones.Phone, now: datetime) -> bool:
    return (
        phone.desk.device.enabled
        and phone.enrol_until is not None
        and now < phone.enrol_until
        and phone.deliveries_left > 0
    )
