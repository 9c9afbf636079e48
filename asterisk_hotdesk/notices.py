"""Tell people on site of an emergency call: a phone rings, a program is started."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from asterisk_hotdesk.config import EmergencyConfig
from asterisk_hotdesk.errors import Unavailable
from asterisk_hotdesk.pbx.files import plain_text

log = logging.getLogger(__name__)

NOTICE_CONTEXT = "hotdesk-emergency-notice"
RING_SECONDS = 60
RING_TRIES = 5
PAUSE_SECONDS = 2.0
"""Before Asterisk is asked once more."""

_LONGEST_NAME = 60


class Phones(Protocol):
    """What we ask of Asterisk."""

    async def ring(
        self,
        endpoint: str,
        *,
        context: str,
        caller_id: str,
        seconds: int,
        variables: dict[str, str],
    ) -> None:
        """Ring *endpoint*; raise `Unavailable` where Asterisk can't be asked."""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What people on site have to know; the program gets it as JSON.

    The names are part of the public interface: never rename one.
    """

    device: str
    account: str
    location: str
    number: str
    """Which emergency number was called."""
    caller_id: str
    """The number that the emergency centre calls back; empty: the PBX's own."""
    user: str
    """The extension of whoever is logged in there; empty: nobody."""
    user_name: str
    at: datetime


class Notices:
    """Tells of emergency calls; what cannot be told is logged."""

    def __init__(self, phones: Phones, config: EmergencyConfig) -> None:
        self._phones = phones
        self._config = config

    async def tell(self, notice: Notice) -> None:
        """Return when everybody was told, or could not be."""
        await asyncio.gather(self._ring(notice), self._start_command(notice))

    async def _ring(self, notice: Notice) -> None:
        plan = self._config.of(notice.account)
        if plan.notify_extension is None:
            return
        for _ in range(RING_TRIES):
            try:
                await self._phones.ring(
                    f"Local/{plan.notify_extension}@{plan.notify_context}/n",
                    context=NOTICE_CONTEXT,
                    caller_id=_caller_id(notice),
                    seconds=RING_SECONDS,
                    variables={
                        "HOTDESK_EMERGENCY": notice.number,
                        "HOTDESK_DEVICE": notice.device,
                    },
                )
            except Unavailable as unavailable:
                log.error(
                    "%s could not be rung: %s", plan.notify_extension, unavailable
                )
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return

    async def _start_command(self, notice: Notice) -> None:
        command = self._config.notify_command
        if not command:
            return
        text = json.dumps(
            {"event": "emergency_call", **asdict(notice), "at": notice.at.isoformat()},
            ensure_ascii=False,
        )
        try:
            status = await _run(
                command, f"{text}\n".encode(), self._config.notify_command_seconds
            )
        except OSError as error:
            log.error("%s cannot be started: %s", command[0], error.strerror or error)
        except TimeoutError:
            log.error("%s took too long and was killed", command[0])
        else:
            if status != 0:
                log.error("%s ended with status %s", command[0], status)


def _caller_id(notice: Notice) -> str:
    name = plain_text(f"Emergency {notice.device} {notice.location}")[:_LONGEST_NAME]
    return f'"{name}" <{notice.caller_id or notice.device}>'


async def _run(command: Sequence[str], said: bytes, seconds: float) -> int:
    """Return the exit status of *command*, which gets *said* on its standard input.

    Raises OSError where it cannot be started, and TimeoutError after killing it.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(seconds):
            await process.communicate(said)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
    return await process.wait()
