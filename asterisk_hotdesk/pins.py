"""PINs: kept as Argon2id hashes, mixed with a pepper from outside the database.

A PIN has so few digits that its hash alone could be tried out by whoever steals the
database; the pepper is what such a thief lacks.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP, Password Storage Cheat Sheet: Argon2id with m=12288 (12 MiB), t=3, p=1, which
# it calls as strong as m=19456, t=2: in less memory two hashes at once slow each other
# down less.
_MEMORY_KIB = 12288
_ROUNDS = 3

# Each running hash holds 12 MiB: a flood of guesses may not take all memory.
_WORKERS = 4


class Pins:
    """Makes and checks PIN hashes, away from the event loop."""

    def __init__(self, pepper: bytes) -> None:
        self._pepper = pepper
        self._hasher = PasswordHasher(
            time_cost=_ROUNDS, memory_cost=_MEMORY_KIB, parallelism=1
        )
        self._threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix="pin")
        self._turns = asyncio.Semaphore(_WORKERS)
        # Checked where there is no user, so that a guess takes as long as ever.
        self._nobody = self._hash(secrets.token_hex(8))

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Return what to hold while a guess is checked, for as many as can be at once.

        Whoever waits for a turn waits without anything else in hand, so a flood of
        guesses takes the database from nobody.
        """
        return self._turns

    async def hash(self, pin: str) -> str:
        """Return what to store of *pin*."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hash, pin)

    async def match(self, pin: str, pin_hash: str | None) -> bool:
        """Return whether *pin* is the one hashed; None never matches, as slowly."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._match, pin, pin_hash)

    def blind(self, text: str) -> str:
        """Return a name for *text* that does not tell what it is.

        What somebody typed where an extension was asked for may have been the PIN.
        """
        return hmac.digest(self._pepper, _bytes(text), hashlib.sha256).hex()[:32]

    def _hash(self, pin: str) -> str:
        return self._hasher.hash(self._peppered(pin))

    def _match(self, pin: str, pin_hash: str | None) -> bool:
        try:
            self._hasher.verify(pin_hash or self._nobody, self._peppered(pin))
        except (VerificationError, InvalidHashError):
            return False
        return pin_hash is not None

    def _peppered(self, pin: str) -> bytes:
        return hmac.digest(self._pepper, _bytes(pin), hashlib.sha256)


def _bytes(text: str) -> bytes:
    # Not every text has a form in UTF-8, and an error about it would quote the PIN.
    return text.encode(errors="surrogatepass")
