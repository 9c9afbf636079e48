"""Collects the facts: files, AMI, ARI, the database and the phones' URL, all at once.

Nothing is changed.  Whatever cannot be looked at becomes a finding.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

from asterisk_hotdesk.config import Config
from asterisk_hotdesk.doctor import asking_pbx, reading_files
from asterisk_hotdesk.doctor.dialplan import phone_contexts
from asterisk_hotdesk.doctor.facts import Facts, Records
from asterisk_hotdesk.doctor.findings import Finding, error
from asterisk_hotdesk.doctor.phone_url import problem_of
from asterisk_hotdesk.errors import HotdeskError
from asterisk_hotdesk.store import Database, devices, installation, users

Opened = Callable[[], AbstractAsyncContextManager[Database]]
Found = TypeVar("Found")

_REMEDIES = {
    "database-unreachable": (
        "Start PostgreSQL, or compare database.dsn in hotdesk.toml."
    ),
    "ami-unreachable": (
        "Compare [asterisk] in hotdesk.toml with manager.conf: enabled=yes, port, and"
        " our account (hotdesk install adds it)."
    ),
    "ari-unreachable": (
        "Compare [asterisk] in hotdesk.toml with http.conf and ari.conf: enabled=yes,"
        " bindport, and our account (hotdesk install adds it)."
    ),
}


async def look(config: Config, folder: Path, opened: Opened) -> Facts:
    """Return what there is to see; *folder* has Asterisk's configuration files.

    *opened* gives the database.
    """
    unseen: list[Finding] = []
    reading = asyncio.create_task(asyncio.to_thread(reading_files.read, config, folder))
    url = asyncio.create_task(problem_of(config.provisioning))
    records = asyncio.create_task(
        _or_finding("database-unreachable", _records(config, opened), unseen)
    )
    ari = asyncio.create_task(
        _or_finding("ari-unreachable", asking_pbx.over_ari(config), unseen)
    )
    files = await reading
    seen_records = await records
    people = seen_records.users if seen_records else ()
    contexts = {
        config.emergency.context,
        *(user.context for user in people),
        *phone_contexts(files.conf("pjsip.conf")),
    }
    ami = await _or_finding(
        "ami-unreachable", asking_pbx.over_ami(config, contexts, people), unseen
    )
    return Facts(
        config=config,
        files=files,
        ari=await ari,
        ami=ami,
        records=seen_records,
        provisioning_problem=await url,
        unseen=unseen,
    )


async def _or_finding(
    code: str, looking: Awaitable[Found], unseen: list[Finding]
) -> Found | None:
    try:
        return await looking
    except HotdeskError as problem:
        unseen.append(error(code, f"{str(problem).rstrip('.')}.", _REMEDIES[code]))
        return None


async def _records(config: Config, opened: Opened) -> Records:
    async with opened() as database, database.transaction() as tx:
        return Records(
            devices=await devices.everything(tx),
            users=await users.everyone(tx),
            daemon_is_running=await installation.daemon_is_running(
                tx, database.schema, config.asterisk.application
            ),
        )
