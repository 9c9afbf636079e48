"""Every page there is, for what must hold on all of them."""

from __future__ import annotations

from collections.abc import Sequence

from asterisk_hotdesk.model import Role

OUTSIDE = ("/login",)
INSIDE = (
    "/desks",
    "/desks?q=nothing+is+like+this",
    "/desks/HD0001/logout",
    "/desks/HD0010/login",
    "/desks/HD0001/login/101",
    "/desks/HD0001",
    "/desks/HD0001/disable",
    "/users",
    "/users?q=nobody+is+like+this",
    "/users/default/101",
    "/phones",
    "/phones/000413ffff01/assign",
    "/phones/000413ffff01/assign/HD0002",
    "/history",
    "/account",
)


def pages_for(role: Role | None) -> Sequence[str]:
    """Return the pages for whoever has *role*, or for whoever is not logged in."""
    return OUTSIDE if role is None else INSIDE
