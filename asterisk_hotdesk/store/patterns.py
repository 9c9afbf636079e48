"""Patterns for LIKE, made of what somebody searches for."""

from __future__ import annotations


def containing(text: str) -> str:
    """Return a pattern for whatever has *text* in it, letter by letter."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, f"\\{special}")
    return f"%{text}%"
