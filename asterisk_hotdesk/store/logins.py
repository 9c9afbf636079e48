"""Logins and switches: who sits where, since when, and how far the PBX followed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from asterisk_hotdesk.errors import NotAHotDesk
from asterisk_hotdesk.model import Desk, Device, EndReason, Login, Switch, User
from asterisk_hotdesk.store.database import Tx
from asterisk_hotdesk.store.devices import COLUMNS as DEVICE_COLUMNS
from asterisk_hotdesk.store.devices import device_of
from asterisk_hotdesk.store.users import COLUMNS as USER_COLUMNS
from asterisk_hotdesk.store.users import user_of

# Asked for as JSON, so that one row carries three objects without renaming columns.
DESKS = f"""
    SELECT {DEVICE_COLUMNS}, to_jsonb(users) AS user,
           switches.id AS switch_id, switches.login_id, switches.decided_at,
           switches.routed_at, switches.refreshed_at, switches.confirmed_at,
           switches.restarted_at
    FROM devices
    LEFT JOIN switches ON switches.id = devices.switch_id
    LEFT JOIN logins ON logins.device_id = devices.id AND logins.until IS NULL
    LEFT JOIN users ON users.id = logins.user_id
"""  # noqa: S608


def desk_of(row: DictRow) -> Desk:
    """Return the desk in a row of `DESKS`."""
    device = device_of(row)
    switch = None
    if row["switch_id"] is not None:
        switch = Switch(
            id=row["switch_id"],
            device_id=device.id,
            login_id=row["login_id"],
            decided_at=row["decided_at"],
            routed_at=row["routed_at"],
            refreshed_at=row["refreshed_at"],
            confirmed_at=row["confirmed_at"],
            restarted_at=row["restarted_at"],
        )
    user = user_of(row["user"]) if row["user"] else None
    return Desk(device=device, user=user, switch=switch)


async def desk(tx: Tx, device_name: str) -> Desk | None:
    """Return who sits at a device, or None if there is no such device."""
    rows = await tx.execute(DESKS + "WHERE devices.name = %s", [device_name])
    row = await rows.fetchone()
    return desk_of(row) if row else None


async def desk_by_mac(tx: Tx, mac: str) -> Desk | None:
    """Return who sits at the device with this MAC address, or None."""
    rows = await tx.execute(DESKS + "WHERE devices.mac = %s", [mac])
    row = await rows.fetchone()
    return desk_of(row) if row else None


async def desks(tx: Tx) -> list[Desk]:
    """Return every device with who sits there, unfinished switches first.

    Whoever brings the PBX in line after a crash starts with what the crash cut short.
    """
    rows = await tx.execute(
        DESKS + "ORDER BY switches.id IS NULL, switches.routed_at IS NOT NULL,"
        " switches.id DESC, devices.name"
    )
    return [desk_of(row) for row in await rows.fetchall()]


async def user_desk(tx: Tx, account: str, extension: str) -> Desk | None:
    """Return the desk where the user of *extension* sits, or None."""
    rows = await tx.execute(
        DESKS + "WHERE users.account = %s AND users.extension = %s",
        [account, extension],
    )
    row = await rows.fetchone()
    return desk_of(row) if row else None


async def touched(
    tx: Tx, device_names: Collection[str], user_keys: Collection[str]
) -> tuple[list[Desk], list[User]]:
    """Return the desks so named or where those users sit, and those users."""
    accounts, extensions = [], []
    for key in user_keys:
        account, _, extension = key.partition("/")
        accounts.append(account)
        extensions.append(extension)
    people = await tx.execute(
        f"""
        SELECT {USER_COLUMNS} FROM users
        JOIN unnest(%s::text[], %s::text[]) AS wanted (account, extension)
            USING (account, extension)
        """,  # noqa: S608
        [accounts, extensions],
    )
    rows = await tx.execute(
        DESKS  # noqa: S608
        + """
        WHERE devices.id = ANY (
            ARRAY (SELECT id FROM devices WHERE name = ANY(%(names)s))
            || ARRAY (
                SELECT device_id FROM logins JOIN users ON users.id = user_id
                JOIN unnest(%(accounts)s::text[], %(extensions)s::text[])
                    AS wanted (account, extension) USING (account, extension)
                WHERE until IS NULL))
        """,
        {
            "names": list(device_names),
            "accounts": accounts,
            "extensions": extensions,
        },
    )
    found = [desk_of(row) for row in await rows.fetchall()]
    return found, [user_of(row) for row in await people.fetchall()]


@dataclass(frozen=True)
class Held:
    """The open logins around a decision, and numbers for what it makes."""

    open: list[tuple[Login, User, Device]]
    login_id: int
    generations: tuple[int, int]
    """Drawn under the lock, so that on each device a later switch has a higher one."""
    calling: frozenset[int]
    """Ids of those of the devices that are in an emergency call."""


HELD_COLUMNS = """
    (SELECT jsonb_agg(jsonb_build_object(
                'id', open.id, 'since', open.since,
                'user', to_jsonb(sitters), 'device', to_jsonb(seats)) ORDER BY open.id)
     FROM logins AS open
     JOIN users AS sitters ON sitters.id = open.user_id
     JOIN devices AS seats ON seats.id = open.device_id
     WHERE open.until IS NULL
       AND (open.user_id = users.id OR open.device_id = devices.id)) AS open,
    (SELECT jsonb_agg(device_id) FROM emergency_calls
     WHERE ended_at IS NULL
       AND (device_id = devices.id
            OR device_id IN (SELECT device_id FROM logins
                             WHERE user_id = users.id AND until IS NULL))) AS calling,
    nextval('logins_id_seq') AS new_login,
    nextval('switches_id_seq') AS first_switch,
    nextval('switches_id_seq') AS second_switch
"""
"""What `held_of` needs of the row of one device and, perhaps, one user, both held."""


def held_of(row: DictRow) -> Held:
    """Return what is held from a row with `HELD_COLUMNS`."""
    found = []
    for login in row["open"] or ():
        sitter, seat = user_of(login["user"]), device_of(login["device"])
        since = datetime.fromisoformat(login["since"])
        opened = Login(
            id=login["id"], user_id=sitter.id, device_id=seat.id, since=since
        )
        found.append((opened, sitter, seat))
    return Held(
        open=found,
        login_id=row["new_login"],
        generations=(row["first_switch"], row["second_switch"]),
        calling=frozenset(row["calling"] or ()),
    )


async def hold(tx: Tx, device_name: str, extension: str | None) -> None:
    """Hold *extension*, then the device and where its user sits, until *tx* ends.

    Always in this order, devices ordered by id: whoever wants the same waits, and
    nobody waits in a circle.  What is decided upon takes a statement of its own: one
    sees nothing that is committed while it waits.
    """
    await tx.execute("SELECT hold(%s, %s)", [device_name, extension])


async def held(tx: Tx, user: User | None, device: Device) -> Held:
    """Hold *user*, then *device*, until *tx* ends; return what is decided upon.

    Raises `NotAHotDesk` if the device has just been removed.
    """
    await hold(tx, device.name, user.extension if user else None)
    rows = await tx.execute(
        f"SELECT {HELD_COLUMNS} FROM devices LEFT JOIN users ON users.id = %s"  # noqa: S608
        " WHERE devices.id = %s",
        [user.id if user else None, device.id],
    )
    row = await rows.fetchone()
    if row is None:
        raise NotAHotDesk
    return held_of(row)


async def open_logins(
    tx: Tx, *, user: User | None = None, device: Device | None = None
) -> list[tuple[Login, User, Device]]:
    """Return the open logins of *user* or at *device*, the oldest first."""
    rows = await tx.execute(
        """
        SELECT logins.id, logins.since, to_jsonb(users) AS user,
               to_jsonb(devices) AS device
        FROM logins
        JOIN users ON users.id = logins.user_id
        JOIN devices ON devices.id = logins.device_id
        WHERE until IS NULL AND (user_id = %s OR device_id = %s)
        ORDER BY logins.id
        """,
        [user.id if user else None, device.id if device else None],
    )
    found = []
    for row in await rows.fetchall():
        sitter, seat = user_of(row["user"]), device_of(row["device"])
        login = Login(
            id=row["id"], user_id=sitter.id, device_id=seat.id, since=row["since"]
        )
        found.append((login, sitter, seat))
    return found


async def end(tx: Tx, login: Login, reason: EndReason, now: datetime) -> None:
    """End *login*; what becomes of its device is for a switch to say."""
    await tx.execute(
        "UPDATE logins SET until = %s, end_reason = %s WHERE id = %s",
        [now, reason, login.id],
    )


async def make_idle(tx: Tx, device: Device, generation: int, now: datetime) -> Desk:
    """Switch *device*, where no login is open any more, to idle."""
    await tx.execute(
        """
        WITH switch AS (
            INSERT INTO switches (id, device_id, decided_at)
            VALUES (%(generation)s, %(device)s, %(now)s))
        UPDATE devices SET switch_id = %(generation)s WHERE id = %(device)s
        """,
        {"generation": generation, "device": device.id, "now": now},
    )
    switch = Switch(id=generation, device_id=device.id, login_id=None, decided_at=now)
    return Desk(device=device, switch=switch)


async def begin(
    tx: Tx, user: User, device: Device, login_id: int, generation: int, now: datetime
) -> Desk:
    """Log *user* in at *device*, where nobody sits, and switch the device."""
    await tx.execute(
        """
        WITH login AS (
            INSERT INTO logins (id, user_id, device_id, since)
            VALUES (%(login)s, %(user)s, %(device)s, %(now)s)),
        switch AS (
            INSERT INTO switches (id, device_id, login_id, decided_at)
            VALUES (%(generation)s, %(device)s, %(login)s, %(now)s))
        UPDATE devices SET switch_id = %(generation)s WHERE id = %(device)s
        """,
        {
            "login": login_id,
            "generation": generation,
            "user": user.id,
            "device": device.id,
            "now": now,
        },
    )
    switch = Switch(
        id=generation, device_id=device.id, login_id=login_id, decided_at=now
    )
    return Desk(device=device, user=user, switch=switch)


async def note_routed(tx: Tx, routed: Mapping[int, datetime]) -> None:
    """Record when each switch was routed; the first time counts.

    A crash of PostgreSQL may forget it, which costs no more than doing it again.
    """
    await tx.execute("SET LOCAL synchronous_commit = off")
    await tx.execute(
        """
        UPDATE switches SET routed_at = noted.at
        FROM unnest(%s::bigint[], %s::timestamptz[]) AS noted (id, at)
        WHERE switches.id = noted.id AND routed_at IS NULL
        """,
        [list(routed), list(routed.values())],
    )


async def note_refreshed(tx: Tx, generation: int, now: datetime) -> None:
    """Record when the phone was told of a switch; the first time counts."""
    await tx.execute("SET LOCAL synchronous_commit = off")
    await tx.execute(
        "UPDATE switches SET refreshed_at = %s WHERE id = %s AND refreshed_at IS NULL",
        [now, generation],
    )


async def note_confirmed(tx: Tx, confirmed: Mapping[int, datetime]) -> None:
    """Record when the phone fetched what names each switch; the first time counts."""
    await tx.execute("SET LOCAL synchronous_commit = off")
    await tx.execute(
        """
        UPDATE switches SET confirmed_at = noted.at
        FROM unnest(%s::bigint[], %s::timestamptz[]) AS noted (id, at)
        WHERE switches.id = noted.id AND confirmed_at IS NULL
        """,
        [list(confirmed), list(confirmed.values())],
    )


async def want_fetch(tx: Tx, *device_names: str) -> None:
    """Let the phones at these devices fetch again: their configuration has changed."""
    await tx.execute(
        """
        UPDATE switches SET refreshed_at = NULL, confirmed_at = NULL
        FROM devices WHERE switches.id = devices.switch_id AND devices.name = ANY(%s)
        """,
        [list(device_names)],
    )


async def everyone_logged_in(tx: Tx) -> list[tuple[User, Device]]:
    """Return who sits where, by device name."""
    rows = await tx.execute(DESKS + "WHERE users.id IS NOT NULL ORDER BY devices.name")
    desks = [desk_of(row) for row in await rows.fetchall()]
    return [(desk.user, desk.device) for desk in desks if desk.user]


async def devices_with_mailboxes(tx: Tx, mailboxes: Collection[str]) -> list[str]:
    """Return the names of the devices where somebody with one of *mailboxes* sits."""
    rows = await tx.execute(
        DESKS + "WHERE users.mailbox = ANY(%s)",
        [list(mailboxes)],
    )
    return [row["name"] for row in await rows.fetchall()]


async def unrouted(tx: Tx, device_names: Collection[str]) -> set[str]:
    """Return which devices' last switch is not in force in the PBX yet."""
    rows = await tx.execute(
        """
        SELECT devices.name FROM devices
        JOIN switches ON switches.id = devices.switch_id
        WHERE devices.name = ANY(%s) AND switches.routed_at IS NULL
        """,
        [list(device_names)],
    )
    return {row["name"] for row in await rows.fetchall()}
