"""Two administrators at once: what one has not seen, he must not overwrite."""

from __future__ import annotations

import hashlib

from asterisk_hotdesk.errors import Conflict


def version(seen: object) -> str:
    """Return a short text that is another one once *seen* has changed.

    *seen* is made of our frozen values; what their `repr` leaves out (PINs, secrets)
    does not count.
    """
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def require_unchanged(current: object, seen_version: str | None) -> None:
    """Raise `Conflict` unless *current* is what had *seen_version*; None: never."""
    if seen_version is not None and version(current) != seen_version:
        raise Conflict(
            "Somebody else has changed this meanwhile; look at it, and try again."
        )
