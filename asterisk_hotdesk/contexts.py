"""The dialplan contexts that a device's endpoint can be in, by name.

Each account has its own, so that its desks call its own emergency numbers.  The default
account's have no suffix.  No context of a user and no account has a dot, so no two are
alike.
"""

from __future__ import annotations

from asterisk_hotdesk.model import DEFAULT_ACCOUNT

LONGEST = 79
"""Letters; Asterisk cuts what a longer context has more (AST_MAX_CONTEXT - 1)."""


def idle_context(account: str) -> str:
    """Return the context of a device that nobody uses.

    Emergency numbers, the hot-desk codes and the listed internal numbers, nothing else.
    """
    return of_account("hotdesk-idle", account)


def used_context(account: str, user_context: str) -> str:
    """Return the context of a used device: emergency, our codes, then the user's own.

    A device never points straight at a context of the PBX, so nothing there can shadow
    an emergency number or the code to log out.
    """
    return of_account(f"hotdesk-as-{user_context}", account)


def of_account(context: str, account: str) -> str:
    """Return *context* as *account* has it."""
    return context if account == DEFAULT_ACCOUNT else f"{context}.{account}"
