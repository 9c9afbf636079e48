"""Tokens: nobody guesses one, and one account's is no use in another."""

from __future__ import annotations

import hashlib
import re

from asterisk_hotdesk.tokens import account_token, new_token, token_hash

KEY = b"a key of the installation"


def test_a_token_is_160_bits_that_were_never_there_before() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch("[0-9a-f]{40}", token) for token in tokens)


def test_only_the_hash_of_a_token_is_kept() -> None:
    token = new_token()
    assert token_hash(token) == hashlib.sha256(token.encode()).digest()


def test_an_account_keeps_its_token_and_has_its_own() -> None:
    token = account_token(KEY, "north")
    assert re.fullmatch("[0-9a-f]{40}", token)
    assert token == account_token(KEY, "north")
    assert token not in {account_token(KEY, "south"), account_token(b"other", "north")}
