"""Everything that runs, built, started, and how the parts know each other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from asterisk_hotdesk import web
from asterisk_hotdesk.base_users import BaseUsers
from asterisk_hotdesk.catch_up import CatchUp
from asterisk_hotdesk.config import Config
from asterisk_hotdesk.desk_lamps import DeskLamps
from asterisk_hotdesk.directory import Directory
from asterisk_hotdesk.display import Display
from asterisk_hotdesk.emergency import EmergencyCalls
from asterisk_hotdesk.enrolment import Enrolment
from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.expiry import Expiry
from asterisk_hotdesk.follow import Follower
from asterisk_hotdesk.login import HotDesks
from asterisk_hotdesk.message_lamps import MessageLamps
from asterisk_hotdesk.model import Change, Seating
from asterisk_hotdesk.networks import Networks
from asterisk_hotdesk.notices import Notices
from asterisk_hotdesk.outages import Link
from asterisk_hotdesk.pbx.ami import Ami
from asterisk_hotdesk.pbx.ari import Ari
from asterisk_hotdesk.pbx.device_states import DeviceStates
from asterisk_hotdesk.pbx.endpoints import Endpoints
from asterisk_hotdesk.pbx.features import Features
from asterisk_hotdesk.pbx.mailboxes import Mailboxes
from asterisk_hotdesk.pbx.routes import Routes
from asterisk_hotdesk.pbx.voicemail import Voicemail
from asterisk_hotdesk.pepper import pepper, provisioning_key, pseudonym_key
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.pnp.responder import Responder
from asterisk_hotdesk.precedence import Precedence
from asterisk_hotdesk.proof import Proof
from asterisk_hotdesk.queue_members import QueueMembers
from asterisk_hotdesk.refresh import Refresher
from asterisk_hotdesk.retention import Retention
from asterisk_hotdesk.service.ami_interface import AmiInterface
from asterisk_hotdesk.service.calls import Calls
from asterisk_hotdesk.service.clock import now
from asterisk_hotdesk.service.metrics_page import MetricsPage
from asterisk_hotdesk.service.patience import Reached, patiently
from asterisk_hotdesk.service.pnp_phones import PnpPhones
from asterisk_hotdesk.service.serving import served
from asterisk_hotdesk.service.storage import running_database
from asterisk_hotdesk.service.systemd import notify_systemd
from asterisk_hotdesk.service.web_page import WebPage
from asterisk_hotdesk.staleness import Staleness
from asterisk_hotdesk.status import Listener
from asterisk_hotdesk.store import (
    Database,
    events,
    installation,
)
from asterisk_hotdesk.webhooks import Webhooks

log = logging.getLogger(__name__)


class Daemon:
    """Everything that runs, and how the parts know each other."""

    def __init__(self, config: Config, database: Database, ari: Ari) -> None:
        self._config = config
        self._database = database
        self._ari = ari
        self._actions = self._ami(with_events=False)
        self._events = self._ami(with_events=True)
        routes = Routes(self._actions, self._events)
        precedence = Precedence()
        self._refresher = Refresher(
            database, routes, per_second=config.refresh.per_second, now=now
        )
        self._lamps = MessageLamps(
            database,
            Mailboxes(self._actions, _message_account(config)),
            per_second=config.refresh.per_second,
        )
        self._queue_members = QueueMembers(database, self._actions)
        self._desk_lamps = DeskLamps(database, DeviceStates(ari, self._events))
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
            self._desk_lamps,
            precedence,
            config,
            now,
        )
        self._catch_up = CatchUp(
            database,
            endpoints,
            routes,
            directory,
            self._follower,
            self._desk_lamps,
            precedence,
            config,
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
        self.desks = HotDesks(
            database=database,
            pins=Pins(pepper(config)),
            limits=config.pins,
            second_login=config.policy.second_login,
            location_required=config.policy.refuse_login_without_location,
            follow=self._follow_decided,
            precedence=precedence,
            ask_mailbox_pin=Voicemail(self._actions).pin,
        )
        self._ami_interface = AmiInterface(self._actions, database, self.desks, config)
        self._listener = Listener(
            self._events,
            database,
            self._refresher,
            self._lamps,
            self._queue_members,
            self._catch_up,
            now,
            also_told=[self._emergencies.take, self._ami_interface.take],
        )
        self._base_users = BaseUsers(self.desks, now)
        enrolment = Enrolment(
            database, config.provisioning, provisioning_key(config), now
        )
        self._pnp = Responder(
            PnpPhones(enrolment, config.provisioning.base_url),
            address=config.pnp.address,
            port=config.pnp.port,
            interface=config.pnp.interface,
        )
        self._retention = Retention(
            database, config.history, pseudonym_key(config), now
        )
        self._display = Display(
            database,
            routes,
            Features(routes, config.features),
            in_call=self._refresher.is_in_call,
            default_language=config.provisioning.language,
            per_second=config.refresh.per_second,
            now=now,
        )
        self._expiry = Expiry(
            self.desks,
            config,
            ari,
            warn=self._display.warn if config.provisioning.push else None,
            hears_of_calls=self._events.connected.is_set,
            now=now,
        )
        self._proof = Proof(database, self._refresher, self._display, now)
        self._configurations = web.Configurations(config, enrolment, self._proof)
        self._signs = web.Signs(
            Networks(config.provisioning.allowed_networks),
            enrolment,
            self._proof,
            self._refresher,
            self._lamps,
        )
        self._menu = web.PhoneMenu(config, self.desks, enrolment, self._display, now)
        self._encryption = web.tls(config.provisioning)
        self._staleness = Staleness(
            database, stale_seconds=config.refresh.stale_seconds, now=now
        )
        self._webhooks = Webhooks(config.webhooks, database, precedence, now)
        self._web_page = WebPage(config, self.desks)
        self.ready = asyncio.Event()
        """Set once calls are answered, phones served and everything is caught up."""
        self._heard: asyncio.Queue[Change] = asyncio.Queue()
        """Changes that others announced, to be followed."""
        self._only_one = Link()
        self._calls = Calls(
            config,
            database,
            ari,
            self.desks,
            self._only_one,
            meanwhile=[self._pnp.run] if config.pnp.enabled else [],
        )
        self._metrics_page = MetricsPage(
            config,
            database,
            ami=[self._actions, self._events],
            ari=self._calls.answering,
            postgres=self._only_one,
            refresher=self._refresher,
            webhooks=self._webhooks,
        )

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
                self._catch_up.keep_checking,
                self._catch_up.keep_hints,
                self._follower.keep_noting,
                self._calls.run,
                self._serve_phones,
                self._metrics_page.run,
                self._web_page.run,
                self._proof.keep,
                self._keep_displays_talking,
                self._say_ready,
            ):
                parts.create_task(part(), name=part.__qualname__)
            for part in (
                self._catch_up.run,
                self._emergencies.run,
                self._lamps.run,
                self._queue_members.run,
                self._desk_lamps.run,
                self._base_users.run,
                self._staleness.run,
                self._keep_telling_webhooks,
                self._retention.run,
                self._ami_interface.run,
                self._keep_hearing,
                self._keep_following_others,
            ):
                # Not before: to another daemon's desks, all of it would be wrong.
                parts.create_task(after(self._calls.ours, part), name=part.__qualname__)
            # Not before: the phone of somebody who calls for help is to be left alone.
            for part in (self._refresher.run, self._expiry.run):
                parts.create_task(after(self._emergencies.known, part))

    async def _keep_displays_talking(self) -> None:
        if self._config.provisioning.push:
            await self._display.run()

    async def _say_ready(self) -> None:
        await self._calls.answering.wait()
        await self._actions.connected.wait()
        await self._events.connected.wait()
        await self._catch_up.done.wait()
        log.info("ready")
        self.ready.set()
        notify_systemd("READY=1")

    async def _follow_decided(self, seating: Seating) -> None:
        self._configurations.forget(seating.desks)
        if any(desk and not desk.user for desk in seating.desks.values()):
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
            await running_database(self._config)
            try:
                async with installation.only_daemon(
                    self._database, application
                ) as lost:
                    self._only_one.set()
                    reached()
                    await lost
            finally:
                self._only_one.clear()

        await patiently(hold, "PostgreSQL")

    async def _keep_hearing(self) -> None:
        async def hear(reached: Reached) -> None:
            async with events.announcements(
                self._database, self.desks.origin, self._ring
            ) as changes:
                reached()
                # What was announced before this moment was not for our ears.
                self._catch_up.want()
                self._configurations.forget_all()
                self._configurations.hears_changes = True
                try:
                    async for change in changes:
                        self._hear(change)
                finally:
                    self._configurations.hears_changes = False

        await patiently(hear, "PostgreSQL")

    def _ring(self) -> None:
        self._webhooks.ring()
        self._ami_interface.ring()

    def _hear(self, change: Change | None) -> None:
        if change is None:
            self._configurations.forget_all()
            self._catch_up.want()
        else:
            self._configurations.forget(change.devices)
            self._heard.put_nowait(change)

    async def _keep_following_others(self) -> None:
        # Apart from hearing: to follow may take Asterisk seconds.
        while True:
            change = await self._heard.get()
            self._base_users.look()
            try:
                await self._follower.follow(change)
            except HotdeskError:
                self._catch_up.want()

    async def _keep_telling_webhooks(self) -> None:
        await patiently(lambda _: self._webhooks.run(), "PostgreSQL")

    async def _serve_phones(self) -> None:
        provisioning = self._config.provisioning
        async with served(
            web.phones_app(self._configurations, self._signs, self._menu),
            provisioning.listen_host,
            provisioning.listen_port,
            setting="provisioning.listen_port",
            encryption=self._encryption,
        ):
            await asyncio.Event().wait()


async def after(
    event: asyncio.Event, part: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Run *part* once *event* is set."""
    await event.wait()
    await part()


def _message_account(config: Config) -> str:
    """Return what a phone dials to hear the messages of whoever sits there."""
    host, port = config.provisioning.sip_server, config.provisioning.sip_port
    return (
        f"{config.codes.voicemail_code()}@{f'[{host}]' if ':' in host else host}:{port}"
    )
