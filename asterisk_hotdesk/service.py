"""The daemon: builds everything, runs it, and says when it is ready."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from asterisk_hotdesk import web
from asterisk_hotdesk.base_users import BaseUsers
from asterisk_hotdesk.catch_up import CatchUp
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.directory import Directory
from asterisk_hotdesk.display import Display
from asterisk_hotdesk.emergency import EmergencyCalls
from asterisk_hotdesk.enrolment import Enrolment
from asterisk_hotdesk.errors import ConfigError, HotdeskError, Unavailable
from asterisk_hotdesk.fencing import SignOfLife
from asterisk_hotdesk.follow import Follower
from asterisk_hotdesk.ivr import UNAVAILABLE_CONTEXT, Ivr, Sounds, available_sounds
from asterisk_hotdesk.login import ORIGIN, HotDesks
from asterisk_hotdesk.message_lamps import MessageLamps
from asterisk_hotdesk.model import Change, PhoneKind, Seating
from asterisk_hotdesk.notices import Notices
from asterisk_hotdesk.outages import Outage
from asterisk_hotdesk.pbx.ami import Ami
from asterisk_hotdesk.pbx.ari import Ari
from asterisk_hotdesk.pbx.endpoints import Endpoints
from asterisk_hotdesk.pbx.mailboxes import Mailboxes
from asterisk_hotdesk.pbx.routes import Routes
from asterisk_hotdesk.pbx.stasis import channels
from asterisk_hotdesk.pbx.voicemail import Voicemail
from asterisk_hotdesk.pepper import pepper, provisioning_key
from asterisk_hotdesk.phones import vendor_of_mac
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.pnp.responder import Responder, Sighting
from asterisk_hotdesk.proof import Proof
from asterisk_hotdesk.queue_members import QueueMembers
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.status import Listener
from asterisk_hotdesk.store import (
    ANSWER_SECONDS,
    Database,
    database_dsn,
    events,
    installation,
    migrate,
    open_database,
)

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
"""Callers hear that we are away until we have noticed that Asterisk is back."""

ORPHAN_SECONDS = 1.0
"""A channel in our application that sends no StasisStart so long is an orphan."""

T = TypeVar("T")
Reached = Callable[[], None]


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


async def run(config: Config) -> None:
    """Serve until cancelled.

    Whoever is unreachable is waited for.  Raises `ConfigError` where waiting would not
    help, and `Fenced` where another daemon serves this PBX.
    """
    dsn = await _database(config)
    asterisk = config.asterisk
    async with (
        open_database(
            dsn,
            config.database.schema_name,
            patience_seconds=ANSWER_SECONDS,
        ) as database,
        Ari(
            asterisk.ari_url,
            asterisk.ari_username,
            asterisk.ari_password.get_secret_value(),
            asterisk.application,
        ) as ari,
    ):
        await Daemon(config, database, ari).run()


async def _database(config: Config) -> str:
    """Return how to reach the database, once it is there and migrated."""

    async def prepare(_: Reached) -> str:
        found = await _running_database(config)
        for name in await migrate(found, config.database.schema_name):
            log.info("migration %s applied", name)
        return found

    return await _patiently(prepare, "PostgreSQL")


async def _running_database(config: Config) -> str:
    """Return how to reach the database; the embedded one is started if need be."""
    dsn = config.database.dsn
    given = dsn.get_secret_value() if dsn else None
    return await asyncio.to_thread(database_dsn, given, config.state_dir)


async def _patiently(attempt: Callable[[Reached], Awaitable[T]], what: str) -> T:
    """Return what *attempt* returns, once nothing that it needs is unavailable.

    An attempt that goes on for ever calls what it is given once all is there: the next
    outage is then a new one, with short pauses at its beginning.
    """
    outage = Outage(log, what)
    pause = FIRST_PAUSE_SECONDS

    def reached() -> None:
        nonlocal pause
        pause = FIRST_PAUSE_SECONDS
        outage.over()

    while True:
        try:
            result = await attempt(reached)
        except Unavailable as unavailable:
            outage.note(unavailable)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        else:
            reached()
            return result


class Daemon:
    """Everything that runs, and how the parts know each other."""

    def __init__(self, config: Config, database: Database, ari: Ari) -> None:
        self._config = config
        self._database = database
        self._ari = ari
        self._actions = self._ami(with_events=False)
        self._events = self._ami(with_events=True)
        routes = Routes(self._actions, self._events)
        self._refresher = Refresher(
            database, routes, per_second=config.refresh.per_second, now=now
        )
        self._lamps = MessageLamps(
            database,
            Mailboxes(self._actions, _message_account(config)),
            per_second=config.refresh.per_second,
        )
        self._queue_members = QueueMembers(database, self._actions)
        endpoints = Endpoints(ari, routes)
        directory = Directory(database, routes, config)
        self._follower = Follower(
            database,
            endpoints,
            routes,
            directory,
            self._refresher,
            self._lamps,
            self._queue_members,
            config,
            now,
        )
        self._catch_up = CatchUp(
            database, endpoints, routes, directory, self._follower, config
        )
        self._emergencies = EmergencyCalls(
            database,
            ari,
            routes,
            self._refresher,
            Notices(ari, config.emergency),
            config.emergency,
            now,
        )
        self._listener = Listener(
            self._events,
            database,
            self._refresher,
            self._lamps,
            self._queue_members,
            self._catch_up,
            now,
            also_told=[self._emergencies.take],
        )
        self.desks = HotDesks(
            database=database,
            pins=Pins(pepper(config)),
            limits=config.pins,
            second_login=config.policy.second_login,
            location_required=config.policy.refuse_login_without_location,
            follow=self._follow_decided,
            ask_mailbox_pin=Voicemail(self._actions).pin,
        )
        self._base_users = BaseUsers(self.desks, now)
        enrolment = Enrolment(
            database, config.provisioning, provisioning_key(config), now
        )
        self._pnp = Responder(
            _PnpPhones(enrolment, config.provisioning.base_url),
            address=config.pnp.address,
            port=config.pnp.port,
            interface=config.pnp.interface,
        )
        self._display = Display(
            database,
            routes,
            in_call=self._refresher.is_in_call,
            default_language=config.provisioning.language,
            per_second=config.refresh.per_second,
            now=now,
        )
        self._proof = Proof(database, self._refresher, self._display, now)
        self._configurations = web.Configurations(config, enrolment, self._proof)
        self._signs = web.Signs(enrolment, self._proof, self._refresher, self._lamps)
        self._menu = web.PhoneMenu(config, self.desks, enrolment, self._display, now)
        self._encryption = web.tls(config.provisioning)
        self.ready = asyncio.Event()
        """Set once calls are answered, phones served and everything is caught up."""
        self._calls: set[asyncio.Task[None]] = set()
        self._only_one = asyncio.Event()
        self._answering = asyncio.Event()
        self._ours = asyncio.Event()
        """Set once we know that no other daemon serves this Asterisk."""

    def _ami(self, *, with_events: bool) -> Ami:
        asterisk = self._config.asterisk
        return Ami(
            asterisk.ami_host,
            asterisk.ami_port,
            asterisk.ami_username,
            asterisk.ami_secret.get_secret_value(),
            with_events=with_events,
        )

    async def run(self) -> None:
        """Run all parts; the first one that fails for good ends them all."""
        async with asyncio.TaskGroup() as parts:
            for part in (
                self._keep_being_the_only_one,
                self._actions.run,
                self._events.run,
                self._listener.run,
                self._keep_caught_up,
                self._catch_up.keep_checking,
                self._catch_up.keep_hints,
                self._follower.keep_noting,
                self._keep_refreshing,
                self._keep_knowing_emergencies,
                self._keep_lamps_and_queues,
                self._keep_hearing_changes,
                self._keep_answering_calls,
                self._serve_phones,
                self._proof.keep,
                self._keep_seating_base_users,
                self._keep_displays_talking,
                self._say_ready,
            ):
                parts.create_task(part(), name=part.__qualname__)

    async def _keep_displays_talking(self) -> None:
        if self._config.provisioning.push:
            await self._display.run()

    async def _say_ready(self) -> None:
        await self._answering.wait()
        await self._actions.connected.wait()
        await self._events.connected.wait()
        await self._catch_up.done.wait()
        log.info("ready")
        self.ready.set()
        _notify_systemd("READY=1")

    async def _follow_decided(self, seating: Seating) -> None:
        self._configurations.forget(seating.desks)
        self._base_users.look()
        try:
            await self._follower.follow_decided(seating)
        except HotdeskError:
            self._catch_up.want()
            raise

    async def _keep_being_the_only_one(self) -> None:
        application = self._config.asterisk.application

        async def hold(reached: Reached) -> None:
            # The embedded PostgreSQL may have died: nobody but us starts it again.
            await _running_database(self._config)
            try:
                async with installation.only_daemon(
                    self._database, application
                ) as lost:
                    self._only_one.set()
                    reached()
                    await lost
            finally:
                self._only_one.clear()

        await _patiently(hold, "PostgreSQL")

    async def _keep_seating_base_users(self) -> None:
        await self._ours.wait()
        await self._base_users.run()

    async def _keep_caught_up(self) -> None:
        # Not before: to another daemon's desks, all of it would be wrong.
        await self._ours.wait()
        await self._catch_up.run()

    async def _keep_lamps_and_queues(self) -> None:
        await self._ours.wait()
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self._lamps.run())
            parts.create_task(self._queue_members.run())

    async def _keep_knowing_emergencies(self) -> None:
        await self._ours.wait()
        await self._emergencies.run()

    async def _keep_refreshing(self) -> None:
        # Not before: the phone of somebody who calls for help is to be left alone.
        await self._emergencies.known.wait()
        await self._refresher.run()

    async def _keep_hearing_changes(self) -> None:
        await self._ours.wait()

        async def hear(reached: Reached) -> None:
            async with events.announcements(self._database, ORIGIN) as changes:
                reached()
                # What was announced before this moment was not for our ears.
                self._catch_up.want()
                self._configurations.forget_all()
                self._configurations.hears_changes = True
                try:
                    async for change in changes:
                        await self._hear(change)
                finally:
                    self._configurations.hears_changes = False

        await _patiently(hear, "PostgreSQL")

    async def _hear(self, change: Change | None) -> None:
        if change is None:
            self._configurations.forget_all()
            self._catch_up.want()
            return
        self._configurations.forget(change.devices)
        self._base_users.look()
        try:
            await self._follower.follow(change)
        except HotdeskError:
            self._catch_up.want()

    async def _keep_answering_calls(self) -> None:
        sounds = await _patiently(self._sounds, "Asterisk's ARI")
        ivr = Ivr(self.desks, sounds, self._config.provisioning.language, now)
        await _patiently(
            lambda reached: self._answer_calls(ivr, reached), "Asterisk's ARI"
        )

    async def _sounds(self, _: Reached) -> Sounds:
        log.info("Asterisk %s", await self._ari.version())
        return await available_sounds(self._ari, self._config.prompts)

    async def _answer_calls(self, ivr: Ivr, reached: Reached) -> None:
        await self._only_one.wait()
        async with self._database.transaction() as tx:
            identity = await installation.identity(tx)
        sign = SignOfLife(self._ari, identity)
        await sign.check()
        self._ours.set()
        began: set[str] = set()
        helpers: list[asyncio.Task[None]] = []
        try:
            async with self._ari.events() as stream:
                self._answering.set()
                reached()
                helpers.append(asyncio.create_task(sign.beat()))
                helpers.append(asyncio.create_task(self._end_orphans(began)))
                if self._config.pnp.enabled:
                    helpers.append(asyncio.create_task(self._pnp.run()))
                async for channel in channels(self._ari, stream):
                    began.add(channel.id)
                    # Not cancelled with the connection: its caller is gone then, and
                    # what it has decided must be followed to the end.
                    call = asyncio.create_task(ivr.serve(channel))
                    self._calls.add(call)
                    call.add_done_callback(self._calls.discard)
        finally:
            self._answering.clear()
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _end_orphans(self, began: set[str]) -> None:
        """Let callers go whom an earlier connection left in our application.

        Asterisk keeps them there in silence, and tells nobody.
        """
        found = await self._ari.waiting_channels()
        await asyncio.sleep(ORPHAN_SECONDS)
        for channel in set(found) - began:
            log.warning("the call %s was left over; it is told to try again", channel)
            await self._ari.continue_in_dialplan(channel, UNAVAILABLE_CONTEXT)

    async def _serve_phones(self) -> None:
        app = web.phones_app(self._configurations, self._signs, self._menu)
        provisioning = self._config.provisioning
        host, port = provisioning.listen_host, provisioning.listen_port
        try:
            async with web.listening(app, host, port, encryption=self._encryption):
                await asyncio.Event().wait()
        except OSError as error:
            raise ConfigError(
                f"provisioning.listen_port: {host}:{port} cannot be used"
                f" ({error.strerror or error}); does another program use it?"
            ) from None


class _PnpPhones:
    """What phones are told that ask the whole network."""

    def __init__(self, enrolment: Enrolment, base_url: str) -> None:
        self._enrolment = enrolment
        self._base_url = base_url

    async def bootstrap_url(self, sighting: Sighting) -> str | None:
        mac = sighting.mac
        # Many say "OEM" of themselves: their addresses know better.
        vendor = vendor_of_mac(mac) or sighting.vendor.lower()
        token = await self._enrolment.bootstrap_token(mac)
        if token is not None:
            return web.bootstrap_url(self._base_url, token, mac, vendor)
        kind = PhoneKind(
            vendor=vendor, model=sighting.model, firmware=sighting.firmware
        )
        await self._enrolment.note_stranger(
            mac, kind, address=sighting.address, by="pnp"
        )
        return None


def _message_account(config: Config) -> str:
    """Return what a phone dials to hear the messages of whoever sits there."""
    host, port = config.provisioning.sip_server, config.provisioning.sip_port
    return (
        f"{config.codes.voicemail_code()}@{f'[{host}]' if ':' in host else host}:{port}"
    )


def _notify_systemd(state: str) -> None:
    """Tell systemd, if it started us.  Source: sd_notify(3)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        try:
            notify.sendto(state.encode(), address)
        except OSError as error:
            log.warning("systemd could not be told: %s", error.strerror)
