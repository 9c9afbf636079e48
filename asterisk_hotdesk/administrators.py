"""Administrators of the web page, and programs that use the API: who they are.

Passwords are kept as PINs are: Argon2id, mixed with the pepper.  Cookies and tokens are
256 random bits, of which the database has SHA-256.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from asterisk_hotdesk import rules
from asterisk_hotdesk.config import WebConfig
from asterisk_hotdesk.errors import (
    LockedOut,
    NotFound,
    Refused,
    WeakPassword,
    WrongPassword,
)
from asterisk_hotdesk.model import Administrator, ApiToken, Failures, Role, Source
from asterisk_hotdesk.networks import neighbourhood
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.store import Database, Tx, api_tokens, attempts, events
from asterisk_hotdesk.store import administrators as stored
from asterisk_hotdesk.store.events import Event

log = logging.getLogger(__name__)

LANGUAGES = ("en", "de")
"""What the web page speaks, the usual one first."""

NAME_FAILURES = 5
ADDRESS_FAILURES = 20
"""More than one administrator may sit behind one address."""

FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=1)

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
"""No further rules.  Source: NIST SP 800-63B, 5.1.1.2."""

TOKEN_PREFIX = "hotdesk_"  # noqa: S105 - so that scanners for secrets recognise one


@dataclass(frozen=True)
class Session:
    """The browser of an administrator who is logged in."""

    administrator: Administrator
    cookie: str = field(repr=False)

    @property
    def form_token(self) -> str:
        """Return what each of its forms carries, so that no other site can send one."""
        return hashlib.sha256(f"form:{self.cookie}".encode()).hexdigest()


class Administrators:
    """Lets people in by password, browsers by cookie, and programs by token."""

    def __init__(
        self,
        database: Database,
        pins: Pins,
        config: WebConfig,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._pins = pins
        self._longest = timedelta(hours=config.session_hours)
        self._idle = timedelta(minutes=config.idle_minutes)
        self._now = now

    async def log_in(self, name: str, password: str, address: str) -> Session:
        """Begin a session for whoever knows the password.

        *address* is a subject of the limits as well as *name*.  Raises `WrongPassword`
        or `LockedOut`, as slowly for a name that nobody has; both are recorded, the
        latter not more often than every 30 seconds.
        """
        name = name.strip().lower()
        subjects = self._subjects(name, address)
        # Each check holds much memory, and a place in the database.
        async with self._pins.turn(), self._database.transaction() as tx:
            await stored.hold_guesses(tx, subjects)
            found = await stored.find(tx, name)
            refusal = await self._refusal(tx, subjects, found, password)
            session = None
            if refusal is None and found is not None:
                session = await self._begin(tx, found)
                await attempts.forgive(tx, subjects[0])
            what = "web_refused" if refusal else "web_login"
            event = Event(
                at=self._now(),
                what=what,
                code=refusal.code if refusal else "",
                by="web",
                # What nobody is called may be a password, typed one line too high.
                actor=found.name if found else "",
                address=address,
            )
            # Whoever is locked out can ask as fast as the network allows.
            since = event.at - FIRST_LOCK
            if not isinstance(refusal, LockedOut) or not await events.is_known(
                tx, event, since
            ):
                await events.record(tx, event)
        # Only here: inside the transaction it would take the count back.
        if refusal or session is None:
            raise refusal or WrongPassword
        log.info("administrator %s logged in from %s", name, address)
        return session

    async def session(self, cookie: str, *, is_use: bool = True) -> Session | None:
        """Return whose browser has *cookie*, or None if that lets nobody in.

        Unless *is_use*, it grows old as if nobody had asked.
        """
        now = self._now()
        async with self._database.transaction() as tx:
            administrator = await stored.of_session(
                tx,
                _hash(cookie),
                now,
                began_after=now - self._longest,
                used_after=now - self._idle,
                touch=is_use,
            )
        return Session(administrator, cookie) if administrator else None

    async def log_out(self, session: Session, address: str) -> None:
        """End *session*."""
        async with self._database.transaction() as tx:
            await stored.end_session(tx, _hash(session.cookie))
            source = Source("web", session.administrator.name, address)
            await events.record(
                tx, Event(at=self._now(), what="web_logout", **vars(source))
            )

    async def change_password(
        self, session: Session, old: str, new: str, address: str
    ) -> None:
        """Give the administrator of *session* another password; end other sessions.

        Raises `WeakPassword`, `WrongPassword` or `LockedOut`.
        """
        name = session.administrator.name
        check_password(new, name)
        subjects = self._subjects(name, address)
        async with self._pins.turn():
            new_hash = await self._pins.hash(new)
            async with self._database.transaction() as tx:
                await stored.hold_guesses(tx, subjects)
                found = await stored.find(tx, name)
                refusal = await self._refusal(tx, subjects, found, old)
                if refusal is None and found is not None:
                    await stored.set_password_hash(tx, found, new_hash)
                    await stored.end_sessions(tx, found, but=_hash(session.cookie))
                    source = Source("web", name, address)
                    await _record(tx, "admin_password_set", name, source, self._now())
        if refusal:
            raise refusal

    async def set_language(self, session: Session, language: str) -> None:
        """Show the page in *language* from now on; empty: as the browser asks."""
        async with self._database.transaction() as tx:
            found = await stored.find(tx, session.administrator.name)
            if found:
                await stored.edit(tx, found, role=found.role, language=language)

    async def token(self, text: str) -> ApiToken | None:
        """Return which program has this token, or None if it lets nobody in."""
        if not text.startswith(TOKEN_PREFIX):
            return None
        async with self._database.transaction() as tx:
            return await api_tokens.used(tx, _hash(text), self._now())

    def _subjects(self, name: str, address: str) -> tuple[str, str]:
        return f"web:{self._pins.blind(name)}", f"web address:{neighbourhood(address)}"

    async def _refusal(
        self,
        tx: Tx,
        subjects: tuple[str, str],
        found: Administrator | None,
        password: str,
    ) -> Refused | None:
        """Return why *password* lets nobody in, which is counted; None: it does."""
        now = self._now()
        known = await attempts.failures(tx, *subjects)
        limits = (NAME_FAILURES, ADDRESS_FAILURES)
        for subject, limit in zip(subjects, limits, strict=True):
            if _is_locked(known[subject], limit, now):
                return LockedOut()
        # Longer ones are nobody's, and cost time.
        password = password[: LONGEST_PASSWORD + 1]
        if await self._pins.match(password, found.password_hash if found else None):
            return None
        for subject in subjects:
            await attempts.count(tx, subject, now, forget_before=now - FORGET_AFTER)
        return WrongPassword()

    async def _begin(self, tx: Tx, administrator: Administrator) -> Session:
        now = self._now()
        cookie = secrets.token_urlsafe(32)
        await stored.forget_sessions(
            tx, began_before=now - self._longest, used_before=now - self._idle
        )
        await stored.begin_session(tx, administrator, _hash(cookie), now)
        return Session(administrator, cookie)


async def add(
    database: Database,
    pins: Pins,
    *,
    name: str,
    password: str,
    role: Role,
    language: str,
    source: Source,
    now: datetime,
) -> None:
    """Add an administrator; raise `WeakPassword` or what the name lacks."""
    check_password(password, name)
    password_hash = await pins.hash(password)
    async with database.transaction() as tx:
        await stored.add(
            tx, name=name, role=role, language=language, password_hash=password_hash
        )
        await _record(tx, "admin_added", name, source, now, code=role)


async def edit(
    database: Database,
    *,
    name: str,
    role: Role | None,
    language: str | None,
    source: Source,
    now: datetime,
) -> None:
    """Change role and language, where given; another role ends all sessions."""
    async with database.transaction() as tx:
        found = await _named(tx, name)
        await stored.edit(
            tx,
            found,
            role=role or found.role,
            language=found.language if language is None else language,
        )
        if role and role != found.role:
            await stored.end_sessions(tx, found)
        await _record(tx, "admin_edited", name, source, now, code=role or "")


async def set_password(
    database: Database,
    pins: Pins,
    *,
    name: str,
    password: str,
    source: Source,
    now: datetime,
) -> None:
    """Make *password* the administrator's only one, forget wrong ones, end sessions."""
    check_password(password, name)
    password_hash = await pins.hash(password)
    async with database.transaction() as tx:
        found = await _named(tx, name)
        await stored.set_password_hash(tx, found, password_hash)
        await stored.end_sessions(tx, found)
        await attempts.forgive(tx, f"web:{pins.blind(name)}")
        await _record(tx, "admin_password_set", name, source, now)


async def remove(
    database: Database, *, name: str, source: Source, now: datetime
) -> None:
    """Remove an administrator, and end all sessions; raise `NotFound`."""
    async with database.transaction() as tx:
        await stored.remove(tx, await _named(tx, name))
        await _record(tx, "admin_removed", name, source, now)


async def add_token(
    database: Database, *, name: str, role: Role, source: Source, now: datetime
) -> str:
    """Return a new token for the program called *name*: nobody can show it again."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    async with database.transaction() as tx:
        await api_tokens.add(tx, name=name, role=role, token_hash=_hash(token), now=now)
        await _record(tx, "api_token_added", name, source, now, code=role)
    return token


async def remove_token(
    database: Database, *, name: str, source: Source, now: datetime
) -> None:
    """Let the token called *name* open nothing any more; raise `NotFound`."""
    async with database.transaction() as tx:
        if not await api_tokens.remove(tx, name):
            raise NotFound(f"There is no token {name}.")
        await _record(tx, "api_token_removed", name, source, now)


def check_password(password: str, name: str) -> None:
    """Raise `WeakPassword` unless it can be the password of *name*."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise WeakPassword
    if password.lower() == name:
        raise WeakPassword


async def _named(tx: Tx, name: str) -> Administrator:
    found = await stored.find(tx, name)
    if found is None:
        raise NotFound(f"There is no administrator {name}.")
    return found


async def _record(
    tx: Tx, what: str, name: str, source: Source, now: datetime, *, code: str = ""
) -> None:
    await events.record(
        tx, Event(at=now, what=what, code=code, name=name, **vars(source))
    )


def _is_locked(failures: Failures, limit: int, now: datetime) -> bool:
    until = rules.locked_until(
        failures, limit=limit, first_lock=FIRST_LOCK, longest_lock=LONGEST_LOCK
    )
    return until is not None and now < until


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
