"""The connection pool, transactions, and what PostgreSQL's errors mean to us."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from asterisk_hotdesk.errors import (
    AlreadyExists,
    ConfigError,
    Conflict,
    HotdeskError,
    Invalid,
    NotFound,
    Unavailable,
)

Tx = psycopg.AsyncConnection[DictRow]
"""A connection inside a transaction; rows come as dictionaries."""

_TRUSTED_SECONDS = 1.0

WAIT_SECONDS = 3.0
"""How long a caller on the phone may wait for a connection."""

ANSWER_SECONDS = 6.0
"""How long a caller may wait for a transaction; more than `statement_timeout`."""

_REFUSALS: dict[str, HotdeskError] = {
    "device_name_once": AlreadyExists("A device with this name exists already."),
    "device_mac_once": AlreadyExists("A device with this MAC address exists already."),
    "device_name_form": Invalid(
        "A device name has 1 to 32 letters and digits, for example HD0001."
    ),
    "device_mac_form": Invalid(
        "A MAC address has twelve hexadecimal digits, for example 00:04:13:00:00:01."
    ),
    "device_secret_form": Invalid(
        "A SIP secret has printable ASCII characters without spaces and semicolons,"
        " and does not begin with '>'."
    ),
    "device_emergency_number_form": Invalid(
        "An emergency number has at most 15 digits, perhaps with a plus before them."
    ),
    "account_name_form": Invalid(
        "An account name has 1 to 32 lower-case letters, digits or hyphens."
    ),
    "devices_account_fkey": NotFound("There is no such account."),
    "users_account_fkey": NotFound("There is no such account."),
    "user_extension_once": AlreadyExists(
        "A user with this extension exists already in this account."
    ),
    "user_extension_form": Invalid("An extension has 2 to 10 digits."),
    "user_context_form": Invalid(
        "A context has 1 to 64 letters, digits, '-' or '_', as in extensions.conf."
    ),
    "user_context_fits": Invalid(
        "A context and the name of an account have at most 67 letters together."
    ),
    "user_treatment_known": Invalid(
        "Whoever dials a user that sits nowhere gets unavailable, busy, voicemail,"
        " number or extension."
    ),
    "user_treatment_target": Invalid(
        "Voicemail needs a mailbox, for example 100@default, number and extension need"
        " digits, and unavailable and busy nothing."
    ),
    "user_groups_form": Invalid("Groups are numbers, for example 1,3."),
    "user_named_groups_form": Invalid("Named groups are words, for example sales,hr."),
    "user_account_code_form": Invalid(
        "An account code has at most 40 letters, digits, '.', '-' or '_'."
    ),
    "user_fixed_endpoint_form": Invalid(
        "A fixed endpoint is the name of a PJSIP endpoint, for example 100."
    ),
    "user_queue_interface_form": Invalid(
        "A queue interface is that of a queue's member, for example Local/100@internal."
    ),
    "user_ringtone_known": Invalid("A ringtone is a number from 1 to 9."),
    "user_mailbox_form": Invalid("A mailbox is BOX@CONTEXT, for example 100@default."),
    "user_login_method_known": Invalid(
        "A user logs in with pin or voicemail, or none."
    ),
    "user_login_method_mailbox": Invalid(
        "Whoever logs in with the PIN of a mailbox needs a mailbox; see --mailbox."
    ),
    "user_logout_form": Invalid(
        "A user is logged out after hours or minutes, for example 4h or 90m, or daily"
        " at a time, for example 18:00."
    ),
    "device_base_user": NotFound("There is no such user to sit at the device."),
    "administrator_name_once": AlreadyExists(
        "An administrator with this name exists already."
    ),
    "administrator_name_form": Invalid(
        "An administrator's name has 1 to 64 lower-case letters, digits, '.', '-', '_'"
        " or '@'."
    ),
    "administrator_role_known": Invalid("A role is viewer, operator or admin."),
    "administrator_language_known": Invalid("The web page speaks en and de."),
    "api_token_name_once": AlreadyExists("A token with this name exists already."),
    "api_token_name_form": Invalid(
        "A token's name has 1 to 64 lower-case letters, digits, '.', '-', '_' or '@'."
    ),
    "api_token_role_known": Invalid("A role is viewer, operator or admin."),
    "login_one_per_device": Conflict(),
    "login_one_per_user": Conflict(),
}

_NOT_AT_ONCE = (
    psycopg.errors.DeadlockDetected,
    # Of a row that was there a moment before.
    psycopg.errors.ForeignKeyViolation,
)
"""What comes only of two transactions at the same moment; either goes well later."""


class Database:
    """Transactions on one PostgreSQL schema.

    Only errors of `asterisk_hotdesk.errors` come out: `Unavailable` where PostgreSQL
    cannot be reached or is too slow, a `Refused` where a named constraint says no.
    """

    def __init__(
        self,
        dsn: str,
        schema: str,
        *,
        most_connections: int = 8,
        patience_seconds: float | None = None,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._patience = patience_seconds
        self.conninfo = conninfo(dsn, schema)
        self.schema = schema
        self._pool: AsyncConnectionPool[Tx] = AsyncConnectionPool(
            self.conninfo,
            connection_class=psycopg.AsyncConnection[DictRow],
            # Every change is in a transaction of our own making.
            kwargs={"row_factory": dict_row, "autocommit": True},
            min_size=1,
            max_size=most_connections,
            timeout=wait_seconds,
            open=False,
            check=self._check,
        )
        self._used_at: WeakKeyDictionary[Tx, float] = WeakKeyDictionary()

    async def open(self) -> None:
        """Start the pool; connections are made in the background and as needed."""
        await self._pool.open()

    async def close(self) -> None:
        """Give every connection back."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """Yield a connection in a transaction that commits unless the block raises.

        Statements are sent without waiting for the answers to those before, so an
        error may show at a later statement, but always inside the block or at its end.
        """
        # psycopg's own transaction() waits for two answers more (0.3 ms).  Whatever is
        # raised, the pool rolls back.
        async with self._connection() as connection, connection.pipeline():
            await connection.execute("BEGIN")
            yield connection
            await connection.execute("COMMIT")

    @asynccontextmanager
    async def question(self) -> AsyncIterator[Tx]:
        """Yield a connection for one statement that changes nothing.

        Saves beginning and ending a transaction, which takes longer than the answer.
        """
        async with self._connection() as connection:
            yield connection

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Tx]:
        task = asyncio.current_task()
        cancellations = task.cancelling() if task else 0
        with translated_errors():
            async with self._pool.connection() as connection:
                # Python 3.11's `wait_for`, which the pool uses, forgets a cancellation
                # that arrives together with the connection.
                if task and task.cancelling() > cancellations:
                    raise asyncio.CancelledError
                with cut_off_after(connection, self._patience):
                    yield connection
                self._used_at[connection] = time.monotonic()

    async def _check(self, connection: Tx) -> None:
        # A connection that has just served needs no question of its own.
        if time.monotonic() - self._used_at.get(connection, 0.0) > _TRUSTED_SECONDS:
            with cut_off_after(connection, WAIT_SECONDS):
                await AsyncConnectionPool.check_connection(connection)


@contextmanager
def cut_off_after(connection: Tx, seconds: float | None) -> Iterator[None]:
    """Break *connection* if the block takes longer, so that whoever waits need not.

    PostgreSQL's own time limits help only while PostgreSQL runs: a server that is
    frozen, or behind a dead disk or network, never answers.
    """
    if seconds is None:
        yield
        return
    watchdog = asyncio.get_running_loop().call_later(seconds, _cut_off, connection)
    try:
        yield
    finally:
        watchdog.cancel()


def _cut_off(connection: Tx) -> None:
    with (
        suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)


class translated_errors:  # noqa: N801 - reads as a context manager
    """Turn what psycopg raises inside the block into our own errors."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, psycopg.IntegrityError):
            refusal = _REFUSALS.get(error.diag.constraint_name or "")
            if refusal is not None:
                raise type(refusal)(str(refusal)) from None
        if isinstance(error, _NOT_AT_ONCE):
            raise Conflict from None
        if isinstance(error, psycopg.DataError):
            # Its text may quote the value, which may be a secret.
            raise Invalid(
                "A value is too large, or has a letter that PostgreSQL cannot store."
            ) from None
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            raise ConfigError(
                "The user of database.dsn lacks a right in PostgreSQL:"
                f" {error.diag.message_primary}"
            ) from None
        if isinstance(error, psycopg.OperationalError | PoolTimeout):
            # The text of a connection error may quote the DSN: keep only its kind.
            raise Unavailable(
                f"PostgreSQL cannot be reached ({type(error).__name__})"
            ) from None


def conninfo(dsn: str, schema: str) -> str:
    """Return *dsn* with our schema, and with an end to every wait, added."""
    try:
        return make_conninfo(
            dsn,
            connect_timeout=3,
            application_name="asterisk-hotdesk",
            options=(
                f"-c search_path={schema} -c statement_timeout=5000"
                " -c lock_timeout=4000 -c idle_in_transaction_session_timeout=10000"
            ),
            target_session_attrs="read-write",
            keepalives_idle=10,
            tcp_user_timeout=10000,
        )
    except psycopg.ProgrammingError:
        # Its text quotes the DSN.
        raise ConfigError(
            "database.dsn should be postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from None


@asynccontextmanager
async def open_database(
    dsn: str,
    schema: str,
    *,
    most_connections: int = 8,
    patience_seconds: float | None = None,
    wait_seconds: float = WAIT_SECONDS,
) -> AsyncIterator[Database]:
    """Yield an open `Database`; its connections are closed after the block.

    A transaction that takes longer than *patience_seconds* is cut off; whoever waits
    for a connection longer than *wait_seconds* gets `Unavailable`.
    """
    database = Database(
        dsn,
        schema,
        most_connections=most_connections,
        patience_seconds=patience_seconds,
        wait_seconds=wait_seconds,
    )
    await database.open()
    try:
        yield database
    finally:
        await database.close()
