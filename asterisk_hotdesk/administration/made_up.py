"""Secrets that nobody chooses: made up for each device."""

from __future__ import annotations

import secrets


def sip_secret() -> str:
    """Return with what a phone registers."""
    return secrets.token_urlsafe(18)


def web_password() -> str:
    """Return what opens a phone's own web page."""
    return secrets.token_urlsafe(12)
