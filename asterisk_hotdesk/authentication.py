"""Is it her?  PINs of ours and of mailboxes are checked here, and wrong ones counted.

Whoever guesses cannot tell what was wrong, nor learn it from the time that it takes:
an extension that nobody has, a user who may not log in by phone, and a wrong PIN of
either kind cost one hash each.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from asterisk_hotdesk import rules
from asterisk_hotdesk.config import PinsConfig
from asterisk_hotdesk.errors import (
    BadCredentials,
    NoPhoneLogin,
    NotAHotDesk,
    NotAllowed,
    OtherAccount,
    Unavailable,
    UnknownExtension,
)
from asterisk_hotdesk.model import Failures, LoginMethod, User
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.store import Tx, attempts, credentials
from asterisk_hotdesk.store.credentials import Known

TOTAL = "total"
"""The subject under which all wrong PINs are counted."""

AskMailboxPin = Callable[[str], Awaitable[str]]
"""Returns what Asterisk's voicemail keeps as the PIN of a mailbox; empty: none."""


@dataclass(frozen=True)
class Authentication:
    """How a PIN is checked."""

    pins: Pins
    limits: PinsConfig
    ask_mailbox_pin: AskMailboxPin | None = None
    """None where Asterisk cannot be asked."""

    async def check(
        self, tx: Tx, extension: str, pin: str, device_name: str, now: datetime
    ) -> tuple[Known, BadCredentials | None]:
        """Return who is meant, and what speaks against her.

        A wrong PIN is counted in *tx*, so nothing may be raised before that ends.
        Raises `NotAHotDesk`, `LockedOut`, and `Unavailable` where the PIN of a mailbox
        cannot be asked for.
        """
        blinded = self.pins.blind(extension)
        known = await credentials.look(tx, device_name, extension, blinded)
        if known is None or not known.device.enabled:
            raise NotAHotDesk
        of_user = _user_subject(known.device.account, blinded)
        of_device = device_subject(known.device.name)
        _check_limits(self.limits, known.failures, of_user, of_device, now)
        right = await self._match(pin, known.user)
        if right and of_user in known.failures:
            await attempts.forgive(tx, of_user)
        if not right:
            await _count(tx, self.limits, of_user, of_device, now)
        return known, self._refusal(known, right)

    def is_expired(self, user: User, now: datetime) -> bool:
        """Return whether *user* must choose another PIN."""
        if self.method(user) is not LoginMethod.PIN:
            return False
        return rules.pin_is_expired(user.pin_set_at, self.limits.expire_days, now)

    def method(self, user: User) -> LoginMethod:
        """Return what *user* gives to log in by phone."""
        return user.login_method or self.limits.method

    def user_subject(self, account: str, extension: str) -> str:
        """Return the subject under which wrong PINs for *extension* are counted."""
        return _user_subject(account, self.pins.blind(extension))

    async def _match(self, pin: str, user: User | None) -> bool:
        match self.method(user) if user else LoginMethod.NONE:
            case LoginMethod.PIN if user:
                return await self.pins.match(pin, user.pin_hash)
            case LoginMethod.VOICEMAIL if user and user.mailbox:
                # Asterisk answers long before the hash is done, whose outcome is no.
                asked, _ = await asyncio.gather(
                    self._mailbox_pin(user.mailbox), self.pins.match(pin, None)
                )
                return bool(asked) and hmac.compare_digest(
                    asked.encode(errors="surrogatepass"),
                    pin.encode(errors="surrogatepass"),
                )
            case _:
                return await self.pins.match(pin, None)

    async def _mailbox_pin(self, mailbox: str) -> str:
        if self.ask_mailbox_pin is None:
            raise Unavailable("Asterisk's voicemail cannot be asked from here")
        kept = await self.ask_mailbox_pin(mailbox)
        # voicemail.conf: before a PIN that its owner may not change stands a "-".
        return kept.removeprefix("-")

    def _refusal(self, known: Known, right: bool) -> BadCredentials | None:
        if known.user is None:
            return OtherAccount() if known.elsewhere else UnknownExtension()
        if self.method(known.user) is LoginMethod.NONE:
            return NoPhoneLogin()
        if not right:
            return BadCredentials()
        return None if known.user.allowed else NotAllowed()


def device_subject(device_name: str) -> str:
    """Return the subject under which wrong PINs at a device are counted."""
    return f"device:{device_name}"


def _user_subject(account: str, blinded: str) -> str:
    return f"user:{account}/{blinded}"


async def _count(
    tx: Tx, limits: PinsConfig, of_user: str, of_device: str, now: datetime
) -> None:
    forget = now - timedelta(seconds=limits.forget_seconds)
    await attempts.count(tx, of_user, now, forget_before=None)
    for subject in (of_device, TOTAL):
        await attempts.count(tx, subject, now, forget_before=forget)


def _check_limits(
    limits: PinsConfig,
    failures: Mapping[str, Failures],
    of_user: str,
    of_device: str,
    now: datetime,
) -> None:
    none = Failures()
    rules.check_hard_lock(failures.get(of_user, none), limits.hard_lock_failures)
    for subject, limit in (
        (of_user, limits.user_failures),
        (of_device, limits.device_failures),
        (TOTAL, limits.total_failures),
    ):
        until = rules.locked_until(
            failures.get(subject, none),
            limit=limit,
            first_lock=timedelta(seconds=limits.first_lock_seconds),
            longest_lock=timedelta(seconds=limits.longest_lock_seconds),
        )
        rules.check_lock(until, now)
