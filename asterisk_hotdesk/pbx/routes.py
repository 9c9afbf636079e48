"""What Asterisk needs to route calls without us: AstDB and hints, written over AMI.

A route is two entries that must agree, each with the generation of the switch that
made it; the dialplan follows it only then, so half a write rings nobody wrong:

    hotdesk/desk/HD0001      = 17:default/100     (17: when idle)
    hotdesk/user/default/100 = 17:HD0001          (17: when logged out)
"""

from __future__ import annotations

from collections.abc import Mapping

from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, Desk, Seating, User
from asterisk_hotdesk.pbx.ami import Ami, AmiRefused

_FAMILY = "hotdesk"


def desk_entry(device: str) -> str:
    """Return the AstDB path of a desk's entry."""
    return f"{_FAMILY}/desk/{device}"


def user_entry(key: str) -> str:
    """Return the AstDB path of the entry of the user with *key*."""
    return f"{_FAMILY}/user/{key}"


def hint_device(user: User, device: str | None) -> str:
    """Return what a user's hint watches: the phone at the desk, or nobody's.

    Nobody's is a device that does not exist, so lamps say "unavailable".  Each user has
    another: Asterisk is slow with very many hints on one device.
    """
    if device:
        return f"PJSIP/{device}"
    return f"PJSIP/hotdesk-nobody-{user.account}-{user.extension}"


def users_context(account: str) -> str:
    """Return the context with the extensions of an account's users."""
    if account == DEFAULT_ACCOUNT:
        return "hotdesk-users"
    return f"hotdesk-users-{account}"


class Routes:
    """AstDB entries and hints of one Asterisk.

    A write that Asterisk confirmed is in force, but not on disk: AstDB is committed
    about once a second, and a failed commit takes it back (main/db.c).  Read it again
    later.
    """

    def __init__(self, ami: Ami, slow: Ami) -> None:
        self._ami = ami
        # A connection serves one action after the other: what takes long goes where
        # no login waits behind it.
        self._slow = slow

    async def write(self, entry: str, value: str) -> None:
        """Set the AstDB *entry*, and read back that it is set."""
        family, _, key = entry.rpartition("/")
        await self._ami.action("DBPut", {"Family": family, "Key": key, "Val": value})

    async def delete(self, entry: str) -> None:
        """Delete the AstDB *entry*; it is no error if there is none."""
        family, _, key = entry.rpartition("/")
        try:
            await self._ami.action("DBDel", {"Family": family, "Key": key})
        except AmiRefused:
            if await self.read(entry) is not None:
                raise

    async def read(self, entry: str) -> str | None:
        """Return the value of the AstDB *entry*, or None."""
        family, _, key = entry.rpartition("/")
        try:
            found = await self._ami.listing("DBGet", {"Family": family, "Key": key})
        except AmiRefused:
            return None
        return next((m["val"] for m in found if "val" in m), None)

    async def all(self) -> dict[str, str]:
        """Return all our AstDB entries."""
        try:
            found = await self._slow.listing("DBGetTree", {"Family": _FAMILY})
        except AmiRefused:
            # Asterisk calls an empty tree an error.
            return {}
        return {m["key"].lstrip("/"): m["val"] for m in found if "key" in m}

    async def set_hint(self, user: User, device: str | None) -> None:
        """Let the lamps of *user* follow the phone *device*, from now on.

        `dialplan reload` takes this back, so the generated file must say the same.
        """
        context = users_context(user.account)
        try:
            await self._ami.action(
                "DialplanExtensionAdd",
                {
                    "Context": context,
                    "Extension": user.extension,
                    "Priority": "hint",
                    "Application": hint_device(user, device),
                    "Replace": "yes",
                },
            )
        except AmiRefused as refused:
            raise Unavailable(
                f"{refused}. Is there a context {context}? extensions.conf must include"
                " the generated extensions_hotdesk.conf"
            ) from None

    async def refresh(self, device: str) -> None:
        """Tell the phone to fetch its configuration again, without a restart.

        Asterisk confirms that the NOTIFY is on its way, not that it arrived.
        """
        await self._ami.action(
            "PJSIPNotify",
            {"Endpoint": device, "Variable": ["Event=check-sync;reboot=false"]},
        )

    async def reload(self, module: str) -> None:
        """Make Asterisk read the files of *module* again."""
        await self._slow.slow_action("Reload", {"Module": module})


def desk_value(generation: int, user_key: str) -> str:
    """Return what a desk's AstDB entry says; *user_key* is empty when idle."""
    return f"{generation}:{user_key}"


def wanted_entries(seating: Seating) -> dict[str, str]:
    """Return the AstDB entries that there must be."""
    wanted = {}
    for name, desk in seating.desks.items():
        if desk:
            sitting = desk.user.key if desk.user else ""
            wanted[desk_entry(name)] = desk_value(desk.generation, sitting)
    for key, found in seating.users.items():
        if found and found[1]:
            desk = found[1]
            wanted[user_entry(key)] = f"{desk.generation}:{desk.device.name}"
    return wanted


def absent_entries(seating: Seating) -> list[str]:
    """Return the AstDB entries that there must not be."""
    gone = [desk_entry(name) for name, desk in seating.desks.items() if not desk]
    out = [user_entry(k) for k, found in seating.users.items() if not _sits(found)]
    return gone + out


def _sits(found: tuple[User, Desk | None] | None) -> bool:
    return found is not None and found[1] is not None


def differing(wanted: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Return the entries of *wanted* that *found* lacks or has with another value."""
    return {k: v for k, v in wanted.items() if found.get(k) != v}
