"""AGI(hotdesk-menu.agi): a spoken menu that needs no service of ours.

    same => n,AGI(hotdesk-menu.agi,${CHANNEL(endpoint)})

says who is logged in at this phone, which AstDB alone tells, and then offers another
PIN (1) and a logout from wherever the caller is logged in (2).  These use the database,
by the same way in as the service; where the settings, the pepper or the database cannot
be read by Asterisk's user, a voice says that they are not available.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from asterisk_hotdesk.agi.caller import Caller
from asterisk_hotdesk.agi.line import HUNG_UP, AstDb, Line, entry
from asterisk_hotdesk.config import Config, PinsConfig, PromptsConfig, load
from asterisk_hotdesk.conversation import act
from asterisk_hotdesk.dialogue import Act, Ask, Dialogue, Finish, Prompt, Step
from asterisk_hotdesk.errors import ConfigError, HotdeskError, Refused, Unavailable
from asterisk_hotdesk.login import HotDesks, require_hot_desk
from asterisk_hotdesk.model import Seating
from asterisk_hotdesk.pbx.routes import desk_entry, user_entry
from asterisk_hotdesk.pbx.voicemail import mailbox_pin
from asterisk_hotdesk.pepper import pepper
from asterisk_hotdesk.pins import Pins
from asterisk_hotdesk.store import (
    ANSWER_SECONDS,
    Database,
    logins,
    open_database,
    running_database_dsn,
)

log = logging.getLogger(__name__)

CHANGE_PIN, LOG_OUT = "1", "2"

ACT_SECONDS = 15.0
"""How long anything may take that the caller waits for."""

FOLLOW_SECONDS = 5.0
"""How long the service may take to follow; less than `ACT_SECONDS`."""

_LOOK_SECONDS = 0.1


def run() -> None:
    """Serve one AGI call on standard input and output."""
    _log_to_console()
    try:
        line = Line()
        device = (*sys.argv[1:2], "")[0]
        serve(line, device, _settings())
    except HUNG_UP:
        sys.exit(0)


def _log_to_console() -> None:
    """Write what Asterisk's console is to show of this script."""
    logging.basicConfig(format="hotdesk-menu.agi: %(message)s", level=logging.WARNING)
    # They say in other words, and more of them, what we say.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)


def serve(line: Line, device: str, config: Config | None) -> None:
    """Lead the caller at *device* through the menu; None: no settings can be read."""
    pins = config.pins if config else PinsConfig()
    prompts = config.prompts if config else PromptsConfig()
    caller = Caller(line, prompts, pins.silence_seconds)
    extension = sitting(line, device)
    chosen = _chosen(caller, extension, pins.tries_per_call)
    if not chosen:
        return caller.say((Prompt.GOODBYE,))
    if config is None:
        return caller.say((Prompt.UNAVAILABLE,))
    visit = _Visit(config, line, device)
    step = visit.begin(chosen, extension)
    while True:
        match step:
            case Ask(asked, most_digits):
                step = visit.dialogue.heard(caller.ask(asked, most_digits))
            case Finish(said, number):
                return caller.say(said, number)
            case _:
                step = visit.act(step)


def _chosen(caller: Caller, extension: str, tries: int) -> str:
    """Return which of the menu's keys was pressed, or nothing."""
    status = Prompt.LOGGED_IN if extension else Prompt.NOBODY_LOGGED_IN
    before: tuple[Prompt, ...] = (status,)
    for _ in range(tries):
        answer = caller.ask((*before, Prompt.MENU), 1, extension)
        if answer.digits in (CHANGE_PIN, LOG_OUT):
            return answer.digits
        before = ()
    return ""


def sitting(astdb: AstDb, device: str) -> str:
    """Return the extension of whoever sits at *device*, or nothing.

    A route counts only if the desk's entry and the user's agree.
    """
    if not re.fullmatch("[A-Za-z0-9]{1,32}", device):
        return ""
    generation, _, key = entry(astdb, desk_entry(device)).partition(":")
    if not key or entry(astdb, user_entry(key)) != f"{generation}:{device}":
        return ""
    return key.rpartition("/")[2]


def _settings() -> Config | None:
    try:
        return load(None, os.environ)
    except ConfigError as error:
        log.warning("%s", error)
        return None


class _Visit:
    """What a caller does with the database; it is reached for each step anew."""

    def __init__(self, config: Config, line: Line, device: str) -> None:
        self._config = config
        self._line = line
        self._device = device
        pins = config.pins
        self.dialogue = Dialogue(
            most_digits=pins.most_digits,
            pin_length=pins.length,
            tries=pins.tries_per_call,
        )

    def begin(self, chosen: str, extension: str) -> Step:
        """Return the first step, before which nobody is asked for a PIN in vain."""

        async def begin(desks: HotDesks) -> Step:
            await require_hot_desk(desks, device_name=self._device, now=_now())
            if chosen == CHANGE_PIN:
                return self.dialogue.change_pin(extension)
            return self.dialogue.log_out_everywhere(extension)

        return self._do(begin)

    def act(self, step: Act) -> Step:
        """Do *step*; return what comes next."""
        return self._do(
            lambda desks: act(desks, step, self.dialogue, self._device, _now())
        )

    def _do(self, task: Callable[[HotDesks], Awaitable[Step]]) -> Step:
        """Do *task*; whatever goes wrong with it, the caller is told something."""
        try:
            return asyncio.run(self._in_time(task))
        except Refused as refusal:
            return self.dialogue.refused(refusal)
        except HotdeskError as error:
            log.warning("%s", error)
        except Exception as error:
            # A mistake of ours must not leave somebody in silence.
            log.warning("%s", type(error).__name__)
        return self.dialogue.unavailable()

    async def _in_time(self, task: Callable[[HotDesks], Awaitable[Step]]) -> Step:
        config, dsn = self._config, self._config.database.dsn
        given = dsn.get_secret_value() if dsn else None
        async with (
            asyncio.timeout(ACT_SECONDS),
            open_database(
                running_database_dsn(given, config.state_dir),
                config.database.schema_name,
                patience_seconds=ANSWER_SECONDS,
            ) as database,
        ):
            return await task(
                HotDesks(
                    database=database,
                    pins=Pins(pepper(config)),
                    limits=config.pins,
                    second_login=config.policy.second_login,
                    follow=lambda seating: _in_force(database, seating),
                    ask_mailbox_pin=self._mailbox_pin,
                )
            )

    async def _mailbox_pin(self, mailbox: str) -> str:
        return self._line.value(mailbox_pin(mailbox))


async def _in_force(database: Database, seating: Seating) -> None:
    """Return once the service has brought Asterisk in line with *seating*.

    Raises `Unavailable` if that takes too long: it is done when the service is back.
    """
    deadline = time.monotonic() + FOLLOW_SECONDS
    while True:
        async with database.question() as tx:
            if not await logins.unrouted(tx, list(seating.desks)):
                return
        if time.monotonic() > deadline:
            raise Unavailable("the service has not followed")
        await asyncio.sleep(_LOOK_SECONDS)


def _now() -> datetime:
    return datetime.now(UTC)
