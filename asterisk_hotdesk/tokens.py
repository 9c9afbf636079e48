"""Tokens: what a phone's URL carries, and opens its configuration.

Only their hashes are stored: whoever steals the database cannot fetch with it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN_DIGITS = 40
"""Hexadecimal: 160 bits, so that nobody finds one by trying."""


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_hex(TOKEN_DIGITS // 2)


def token_hash(token: str) -> bytes:
    """Return what to store of *token*: SHA-256, for there are too many to try out."""
    return hashlib.sha256(token.encode()).digest()


def account_token(key: bytes, account: str) -> str:
    """Return the token with which all phones of *account* may begin their enrolment.

    It is derived from *key* (`pepper.provisioning_key`): DHCP tells it to every phone,
    so it stays the same, and one account's says nothing about another's.
    """
    digest = hmac.digest(key, b"enrol:" + account.encode(), hashlib.sha256)
    return digest.hex()[:TOKEN_DIGITS]
