"""What Asterisk needs to route calls without us: AstDB and hints, written over AMI.

A route is two entries that must agree, each with the generation of the switch that
made it; the dialplan follows it only then, so half a write rings nobody wrong:

    hotdesk/desk/HD0001      = 17:default/100     (17: when idle)
    hotdesk/user/default/100 = 17:HD0001          (17: when logged out)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.model import DEFAULT_ACCOUNT, Desk, Seating, User
from asterisk_hotdesk.pbx.ami import Ami, AmiRefused, Reply

_FAMILY = "hotdesk"

LONGEST_LINE = 1000
"""Bytes of a page's line as AMI carries it."""


def desk_entry(device: str) -> str:
    """Return the AstDB path of a desk's entry."""
    return f"{_FAMILY}/desk/{device}"


def emergency_entry(device: str) -> str:
    """Return the AstDB path that keeps when a desk called for help."""
    return f"{_FAMILY}/emergency/{device}"


def user_entry(key: str) -> str:
    """Return the AstDB path of the entry of the user with *key*."""
    return f"{_FAMILY}/user/{key}"


def hint_device(user: User, device: str | None) -> str:
    """Return what a user's hint watches: the phone at the desk, or nobody's.

    And the fixed endpoint, if the user has one.  Nobody's is a device that does not
    exist, so lamps say "unavailable".  Each user has another: Asterisk is slow with
    very many hints on one device.
    """
    phones = [f"PJSIP/{name}" for name in (device, user.fixed_endpoint) if name]
    return "&".join(phones) or f"PJSIP/hotdesk-nobody-{user.account}-{user.extension}"


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

    async def bring_about(
        self, wanted: Mapping[str, str], absent: Sequence[str]
    ) -> None:
        """Set the AstDB entries *wanted*, delete those *absent*, and read them back.

        Raises `Unavailable` if one of them is not as it should be.
        """
        puts = [("DBPut", _put(entry, value)) for entry, value in wanted.items()]
        deletions = [("DBDel", _key(entry)) for entry in absent]
        entries = [*wanted, *absent]
        replies = await self._ami.together([*puts, *deletions, *_reads(entries)])
        for reply in replies[: len(puts)]:
            if isinstance(reply, AmiRefused):
                raise reply
        # A deletion is refused also where there was nothing: reading it back decides.
        _prove(wanted, dict(zip(entries, replies[-len(entries) :], strict=True)))

    async def check(self, wanted: Mapping[str, str]) -> None:
        """Raise `Unavailable` if AstDB does not say what is *wanted*."""
        replies = await self._ami.together(_reads(wanted))
        _prove(wanted, dict(zip(wanted, replies, strict=True)))

    async def write(self, entry: str, value: str) -> None:
        """Set the AstDB *entry*."""
        await self._ami.action("DBPut", _put(entry, value))

    async def read(self, entry: str) -> str | None:
        """Return the value of the AstDB *entry*, or None."""
        (reply,) = await self._ami.together(_reads([entry]))
        return _value(reply)

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

    async def show(
        self, device: str, event: str, content_type: str, content: str
    ) -> None:
        """Send the phone a page that it did not ask for.

        As with `refresh`, Asterisk confirms only that it is on its way.  Raises
        ValueError for a page that AMI cannot carry.
        """
        lines = [f"Content={_quoted(line)}" for line in content.splitlines()]
        # Over a type without a content Asterisk reads memory that is not its own
        # (res_pjsip_notify.c), and of a header it takes 1,024 bytes (manager.c).
        if not lines or any(len(line.encode()) > LONGEST_LINE for line in lines):
            raise ValueError(f"a page has lines, of at most {LONGEST_LINE} bytes")
        await self._ami.action(
            "PJSIPNotify",
            {
                "Endpoint": device,
                "Variable": [
                    f"Event={event}",
                    f"Content-Type={content_type}",
                    *lines,
                ],
            },
        )

    async def reload(self, module: str) -> None:
        """Make Asterisk read the files of *module* again."""
        await self._slow.slow_action("Reload", {"Module": module})


def _key(entry: str) -> dict[str, str]:
    family, _, key = entry.rpartition("/")
    return {"Family": family, "Key": key}


def _put(entry: str, value: str) -> dict[str, str]:
    return {**_key(entry), "Val": value}


def _reads(entries: Iterable[str]) -> list[tuple[str, dict[str, str]]]:
    return [("DBGet", _key(entry)) for entry in entries]


def _value(reply: Reply) -> str | None:
    # Asterisk refuses to read what is not there.
    if isinstance(reply, AmiRefused):
        return None
    return next((m["val"] for m in reply if "val" in m), None)


def _prove(wanted: Mapping[str, str], replies: Mapping[str, Reply]) -> None:
    """Raise `Unavailable` if what was read is not what is *wanted*, and no more."""
    wrong = [e for e, reply in replies.items() if _value(reply) != wanted.get(e)]
    if wrong:
        raise Unavailable(f"AstDB lost what was written: {', '.join(sorted(wrong))}")


def _quoted(value: str) -> str:
    """Return *value* so that one AMI `Variable` brings it unchanged.

    Asterisk splits the header at commas and takes quotation marks and backslashes
    away (main/app.c).
    """
    return re.sub(r'([\\",])', r"\\\1", value)


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
    removed = [name for name, desk in seating.desks.items() if not desk]
    gone = [entry(name) for name in removed for entry in (desk_entry, emergency_entry)]
    out = [user_entry(k) for k, found in seating.users.items() if not _sits(found)]
    return gone + out


def _sits(found: tuple[User, Desk | None] | None) -> bool:
    return found is not None and found[1] is not None


def differing(wanted: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Return the entries of *wanted* that *found* lacks or has with another value."""
    return {k: v for k, v in wanted.items() if found.get(k) != v}
