"""Who types the commands, for the history."""

from __future__ import annotations

import os
import pwd
import re


def unix_login() -> str:
    """Return the Unix login of whoever types; behind `sudo`, the one before it.

    It is no proof: whoever may run `hotdesk` can write to its database as well.
    """
    return _before_sudo() or _login()


def _before_sudo() -> str:
    # Anybody can set this variable, so it may hold anything.
    found = re.fullmatch(r"[\w.@\\$-]{1,64}", os.environ.get("SUDO_USER", ""))
    return found[0] if found else ""


def _login() -> str:
    user = os.getuid()
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
