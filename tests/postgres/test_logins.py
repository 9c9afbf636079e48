"""Who sits where is decided by the database, however many decide at once."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from asterisk_hotdesk import login
from asterisk_hotdesk.errors import (
    AlreadyLoggedIn,
    BadCredentials,
    Conflict,
    NobodyLoggedIn,
    NotAHotDesk,
    NotAllowed,
    OtherAccount,
    Refused,
    UnknownExtension,
)
from asterisk_hotdesk.login import Outcome
from asterisk_hotdesk.model import BY_COMMAND, EndReason
from asterisk_hotdesk.store import Database, devices, logins, users
from tests.postgres.office import (
    ACME_DESK,
    ACME_EXTENSION,
    DESKS,
    PEOPLE,
    PIN,
    WRONG,
    Office,
    opened,
)

A, B, C = DESKS
ALICE, BOB, CAROL, _ = PEOPLE


@pytest.fixture
async def strict_office(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """Yield an office where nobody may sit at two desks."""
    async with opened(database, monkeypatch, second_login="refuse") as office:
        yield office


async def assert_consistent(office: Office) -> None:
    """Each device says who sits there by its last switch, and by that alone."""
    wrong = await office.rows(
        """
        SELECT devices.name FROM devices
        LEFT JOIN switches ON switches.id = devices.switch_id
        LEFT JOIN logins ON logins.device_id = devices.id AND logins.until IS NULL
        WHERE switches.login_id IS DISTINCT FROM logins.id
           OR switches.id IS DISTINCT FROM (
               SELECT max(id) FROM switches AS made WHERE made.device_id = devices.id)
        """
    )
    assert wrong == []
    twice = await office.rows(
        "SELECT 1 FROM logins WHERE until IS NULL GROUP BY user_id HAVING count(*) > 1"
    )
    assert twice == []


# One after the other ---------------------------------------------------------


async def test_a_login_is_there_with_its_time_and_its_event(office: Office) -> None:
    outcome = await office.log_in(ALICE, A)

    assert (outcome.user.extension, outcome.device.name) == (ALICE, A)
    assert await office.sitting() == {A: ALICE}
    assert await office.rows("SELECT since, until FROM logins") == [(office.now, None)]
    assert await office.events() == [("login", "", ALICE, A)]
    await assert_consistent(office)


async def test_without_a_daemon_nothing_is_said_to_be_in_force(office: Office) -> None:
    assert not (await office.log_in(ALICE, A)).routed
    assert not (await office.log_out(A)).routed


async def test_a_logout_makes_the_desk_idle(office: Office) -> None:
    await office.log_in(ALICE, A)
    office.later(60)
    outcome = await office.log_out(A)

    assert outcome.user.extension == ALICE
    assert await office.sitting() == {}
    assert await office.history() == [(ALICE, A, "logged_out")]
    assert await office.rows("SELECT until FROM logins") == [(office.now,)]
    await assert_consistent(office)


async def test_whoever_logs_in_where_somebody_sits_replaces_them(
    office: Office,
) -> None:
    await office.log_in(ALICE, A)
    await office.log_in(BOB, A)

    assert await office.sitting() == {A: BOB}
    assert await office.history() == [(ALICE, A, "replaced")]
    assert await office.events() == [
        ("login", "", ALICE, A),
        ("logout", "replaced", ALICE, A),
        ("login", "", BOB, A),
    ]
    await assert_consistent(office)


async def test_whoever_logs_in_elsewhere_moves(office: Office) -> None:
    await office.log_in(ALICE, A)
    await office.log_in(ALICE, B)

    assert await office.sitting() == {B: ALICE}
    assert await office.history() == [(ALICE, A, "moved")]
    await assert_consistent(office)


async def test_moving_to_a_used_desk_ends_two_logins(office: Office) -> None:
    await office.log_in(ALICE, A)
    await office.log_in(BOB, B)
    await office.log_in(ALICE, B)

    assert await office.sitting() == {B: ALICE}
    assert sorted(await office.history()) == [
        (ALICE, A, "moved"),
        (BOB, B, "replaced"),
    ]
    await assert_consistent(office)


async def test_logging_in_again_where_one_sits_changes_nothing(office: Office) -> None:
    await office.log_in(ALICE, A)
    before = await office.everything_stored()
    office.later(60)
    outcome = await office.log_in(ALICE, A)

    assert outcome.user.extension == ALICE
    assert await office.everything_stored() == before


async def test_a_forced_logout_is_told_from_one_s_own(office: Office) -> None:
    await office.log_in(ALICE, A)
    await login.log_out(
        office.desks,
        device_name=A,
        now=office.now,
        reason=EndReason.FORCED,
        source=BY_COMMAND,
    )

    assert await office.history() == [(ALICE, A, "forced")]
    assert await office.rows("SELECT by FROM events ORDER BY id") == [
        ("phone",),
        ("command",),
    ]


async def test_an_administrator_needs_no_pin(office: Office) -> None:
    await login.log_in_by_administrator(
        office.desks,
        user=await office.user(ALICE),
        device=await office.device(A),
        now=office.now,
    )

    assert await office.sitting() == {A: ALICE}


async def test_an_administrator_is_bound_by_the_other_rules(office: Office) -> None:
    alice, desk = await office.user(ALICE), await office.device(A)
    async with office.database.transaction() as tx:
        await users.set_allowed(tx, "default", [BOB], False)
    bob, stranger = await office.user(BOB), await office.user(ACME_EXTENSION, "acme")

    for user, refusal in ((bob, NotAllowed), (stranger, OtherAccount)):
        with pytest.raises(refusal):
            await login.log_in_by_administrator(
                office.desks, user=user, device=desk, now=office.now
            )
    assert await office.sitting() == {}
    assert alice.allowed


async def test_accounts_do_not_meet(office: Office) -> None:
    await office.log_in(ALICE, A)
    await office.log_in(ALICE, ACME_DESK)

    assert await office.sitting() == {A: ALICE, ACME_DESK: ALICE}
    assert await office.history() == []


# Refusals --------------------------------------------------------------------


async def refused(office: Office, extension: str, device: str, pin: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await office.log_in(extension, device, pin)
    return caught.value


@pytest.mark.parametrize(
    ("extension", "device", "pin", "kind", "recorded"),
    [
        (ALICE, A, WRONG, BadCredentials, ALICE),
        (ALICE, A, "", BadCredentials, ALICE),
        ("999", A, PIN, UnknownExtension, ""),
        ("", A, PIN, UnknownExtension, ""),
        (ACME_EXTENSION, A, PIN, OtherAccount, ACME_EXTENSION),
        (ACME_EXTENSION, A, WRONG, OtherAccount, ACME_EXTENSION),
        (BOB, A, PIN, NotAllowed, BOB),
        (BOB, A, WRONG, BadCredentials, BOB),
        (ALICE, "SIP1", PIN, NotAHotDesk, ALICE),
        ("999", "SIP1", PIN, NotAHotDesk, ""),
    ],
)
async def test_a_refusal_changes_nothing_and_is_recorded(
    office: Office,
    extension: str,
    device: str,
    pin: str,
    kind: type[Refused],
    recorded: str,
) -> None:
    async with office.database.transaction() as tx:
        await users.set_allowed(tx, "default", [BOB], False)

    refusal = await refused(office, extension, device, pin)

    assert type(refusal) is kind
    assert await office.sitting() == {}
    assert await office.events() == [("refused", kind.code, recorded, device)]


async def test_a_user_without_a_pin_cannot_log_in(office: Office) -> None:
    async with office.database.transaction() as tx:
        await tx.execute("UPDATE users SET pin_hash = NULL")

    for pin in ("", PIN, "None"):
        assert type(await refused(office, ALICE, A, pin)) is BadCredentials


async def test_whoever_is_refused_leaves_the_others_where_they_are(
    office: Office,
) -> None:
    await office.log_in(ALICE, A)
    await refused(office, BOB, A, WRONG)

    assert await office.sitting() == {A: ALICE}


@pytest.mark.parametrize("device", [B, "SIP1"])
async def test_logging_out_where_nobody_sits_is_recorded(
    office: Office, device: str
) -> None:
    await office.log_in(ALICE, A)
    kind = NobodyLoggedIn if device == B else NotAHotDesk

    with pytest.raises(kind):
        await office.log_out(device)
    assert await office.sitting() == {A: ALICE}
    assert (await office.events())[1:] == [("refused", kind.code, "", device)]


async def test_where_nobody_may_sit_twice_the_second_login_is_refused(
    strict_office: Office,
) -> None:
    office = strict_office
    await office.log_in(ALICE, A)
    await office.log_in(BOB, B)

    assert type(await refused(office, ALICE, B, PIN)) is AlreadyLoggedIn
    assert await office.sitting() == {A: ALICE, B: BOB}
    assert (await office.events())[-1] == ("refused", "already_logged_in", ALICE, B)

    await office.log_out(A)
    await office.log_in(ALICE, B)
    assert await office.sitting() == {B: ALICE}


# Who is removed --------------------------------------------------------------


async def test_a_removed_user_sits_nowhere(office: Office) -> None:
    await office.log_in(ALICE, A)
    alice = await office.user(ALICE)
    async with office.database.transaction() as tx:
        await users.remove(tx, alice)

    assert await office.sitting() == {}
    async with office.database.transaction() as tx:
        desk = await logins.desk(tx, A)
    assert desk is not None
    assert desk.user is None
    await assert_consistent(office)
    assert type(await refused(office, ALICE, A, PIN)) is OtherAccount
    assert (await office.events())[0] == ("login", "", ALICE, A)


async def test_who_is_removed_while_the_pin_is_checked_is_refused(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await office.user(ALICE)

    async def match(pin: str, pin_hash: str | None) -> bool:
        async with office.database.transaction() as tx:
            await users.remove(tx, alice)
        return True

    monkeypatch.setattr(office.desks.pins, "match", match)
    assert type(await refused(office, ALICE, A, PIN)) is Conflict
    assert await office.sitting() == {}


async def test_a_removed_desk_has_nobody(office: Office) -> None:
    await office.log_in(ALICE, A)
    desk = await office.device(A)
    async with office.database.transaction() as tx:
        await devices.remove(tx, desk)

    assert await office.sitting() == {}
    assert type(await refused(office, ALICE, A, PIN)) is NotAHotDesk
    await office.log_in(ALICE, B)
    assert await office.sitting() == {B: ALICE}
    await assert_consistent(office)


# All at once -----------------------------------------------------------------

ROUNDS = 30


@pytest.mark.parametrize(
    ("second", "constraint"),
    [((ALICE, B), "login_one_per_user"), ((BOB, A), "login_one_per_device")],
)
async def test_the_indexes_hold_where_nobody_asked_for_a_lock(
    office: Office, second: tuple[str, str], constraint: str
) -> None:
    inserted = asyncio.Event()
    sql = """
        INSERT INTO logins (user_id, device_id, since)
        SELECT users.id, devices.id, now() FROM users, devices
        WHERE users.account = 'default' AND extension = %s AND devices.name = %s
        RETURNING id
    """

    async def first() -> None:
        async with office.database.transaction() as tx:
            done = await tx.execute(sql, [ALICE, A])
            assert await done.fetchone() is not None
            inserted.set()
            # The other now waits for us, because only our end decides.
            await until_somebody_waits(office)

    async def other() -> None:
        await inserted.wait()
        async with office.database.transaction() as tx:
            await tx.execute(sql, second)

    done, refusal = await asyncio.gather(first(), other(), return_exceptions=True)

    assert done is None
    assert isinstance(refusal, Conflict)
    assert await office.sitting() == {A: ALICE}
    assert await office.rows(
        "SELECT count(*) FROM pg_indexes WHERE schemaname = current_schema()"
        " AND indexname = %s",
        constraint,
    ) == [(1,)]


async def until_somebody_waits(office: Office) -> None:
    async with asyncio.timeout(3):
        while not await office.rows("SELECT 1 FROM pg_locks WHERE NOT granted"):
            pass


async def test_one_user_at_two_desks_at_once_ends_at_one(office: Office) -> None:
    for _ in range(ROUNDS):
        await asyncio.gather(office.log_in(ALICE, A), office.log_in(ALICE, B))

        assert list((await office.sitting()).values()) == [ALICE]
    assert {reason for _, _, reason in await office.history()} == {"moved"}
    await assert_consistent(office)


async def test_two_users_at_one_desk_at_once_leave_one(office: Office) -> None:
    for _ in range(ROUNDS):
        await asyncio.gather(office.log_in(ALICE, A), office.log_in(BOB, A))

        assert list(await office.sitting()) == [A]
    assert {reason for _, _, reason in await office.history()} == {"replaced"}
    await assert_consistent(office)


async def test_two_users_who_swap_desks_at_once_both_succeed(office: Office) -> None:
    await office.log_in(ALICE, A)
    await office.log_in(BOB, B)
    for number in range(ROUNDS):
        mine, theirs = (B, A) if number % 2 == 0 else (A, B)
        await asyncio.gather(office.log_in(ALICE, mine), office.log_in(BOB, theirs))

        assert await office.sitting() == {mine: ALICE, theirs: BOB}
    await assert_consistent(office)


async def test_three_users_who_go_round_all_succeed(office: Office) -> None:
    for number in range(ROUNDS):
        seats = [DESKS[(number + n) % 3] for n in range(3)]
        await asyncio.gather(
            *(office.log_in(e, d) for e, d in zip(PEOPLE, seats, strict=False))
        )

        expected = dict(zip(seats, (ALICE, BOB, CAROL), strict=True))
        assert await office.sitting() == expected
    await assert_consistent(office)


async def test_a_login_and_a_logout_at_once_are_one_after_the_other(
    office: Office,
) -> None:
    for _ in range(ROUNDS):
        await office.log_in(ALICE, A)
        came, left = await asyncio.gather(office.log_in(BOB, A), office.log_out(A))

        assert came.user.extension == BOB
        sitting = await office.sitting()
        assert sitting == ({A: BOB} if left.user.extension == ALICE else {})
    await assert_consistent(office)


@pytest.mark.parametrize("seed", range(5))
async def test_a_storm_of_logins_and_logouts_leaves_everybody_in_one_place(
    office: Office, seed: int
) -> None:
    """Nothing but the rules may refuse: no deadlock, no time-out, no conflict."""
    chance = random.Random(seed)
    for _ in range(ROUNDS // 3):
        storm = [
            office.log_out(chance.choice(DESKS))
            if chance.random() < 0.2
            else office.log_in(chance.choice(PEOPLE), chance.choice(DESKS))
            for _ in range(12)
        ]
        for result in await asyncio.gather(*storm, return_exceptions=True):
            assert isinstance(result, Outcome | NobodyLoggedIn), result
    await assert_consistent(office)
    started = await office.rows("SELECT count(*) FROM events WHERE what = 'login'")
    assert started == await office.rows("SELECT count(*) FROM logins")


async def test_on_each_device_later_switches_have_higher_numbers(
    office: Office,
) -> None:
    for number in range(ROUNDS):
        office.now += timedelta(seconds=1)
        people = PEOPLE[number % 2 :][:2]
        await asyncio.gather(*(office.log_in(e, A) for e in people))

    earlier_than_the_one_before = await office.rows(
        """
        SELECT id FROM (
            SELECT id, decided_at, lag(decided_at) OVER (ORDER BY id) AS before
            FROM switches) AS made
        WHERE decided_at < before
        """
    )
    assert earlier_than_the_one_before == []
    assert await office.rows("SELECT count(*) > %s FROM switches", ROUNDS) == [(True,)]


# Stopping --------------------------------------------------------------------


class ForgetfulPool:
    """Forgets a cancellation that arrives together with the connection.

    That is what Python 3.11's `wait_for` does in psycopg_pool, if rarely.
    """

    def __init__(self, real: Any) -> None:
        self.real = real
        self.waiting = asyncio.Event()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        self.waiting.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        async with self.real.connection() as connection:
            yield connection


async def test_who_is_stopped_while_waiting_for_a_connection_stops(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the daemon would run on, and nobody stops it a second time."""
    pool = ForgetfulPool(vars(office.database)["_pool"])
    monkeypatch.setattr(office.database, "_pool", pool)
    logging_in = asyncio.create_task(office.log_in(ALICE, A))
    await pool.waiting.wait()

    logging_in.cancel()
    await asyncio.wait({logging_in}, timeout=5)

    assert logging_in.cancelled()
    monkeypatch.undo()
    assert await office.sitting() == {}
